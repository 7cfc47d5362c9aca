"""What is declared as plain data arrives as values."""

import io
from types import SimpleNamespace

import pytest

from lstmgen.cli.command import Action, Command, build
from lstmgen.cli.output import Streams
from lstmgen.cli.wording import parse_duration
from lstmgen.errors import UsageError
from lstmgen.options import Option, given

OPTIONS = (
    Option(name="names", help="Names.", unit="NAME...", repeated=True),
    Option(name="size", flags="-n --size", help="Size.", type=int, unit="N", low=1, high=9, default=3),
    Option(name="share.of", flags="--share", help="Share.", type=float, unit="X"),
    Option(name="kind", flags="--kind", help="Kind.", choices=("red", "green")),
    Option(name="marks", flags="--mark", help="Marks.", choices=("a", "b"), repeated=True),
    Option(name="time", flags="--time", help="Time.", type=parse_duration),
    Option(name="loud", flags="--loud", help="Loud.", type=bool),
    Option(name="echo", flags="--echo/--no-echo", help="Echo.", type=bool, default=True),
    Option(name="tied", flags="--tied/--no-tied", help="Tied.", type=bool),
)
NOTHING = {
    "names": (), "size": 3, "share.of": None, "kind": None, "marks": (), "time": None, "loud": False, "echo": True, "tied": None,
}  # fmt: skip


def values_of(*argv, options=OPTIONS, actions=()):
    """What the command was called with."""
    seen = SimpleNamespace(values=None)

    def run(streams, **values):
        assert isinstance(streams, Streams)
        seen.values = values

    command = build(Command(name="play", run=run, help="Play.", examples=(), options=options, actions=actions))
    streams = Streams(stdin=io.BytesIO(), stdout=io.BytesIO(), stderr=io.BytesIO())
    with command.make_context("play", list(argv), obj=streams) as context:
        context.command.invoke(context)
    return seen.values


def test_what_is_not_given_has_its_default_and_is_not_among_what_was_given():
    assert values_of() == NOTHING
    assert given(OPTIONS, NOTHING) == {"size": 3, "echo": True}


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("x y", {"names": ("x", "y")}),
        ("-n 7", {"size": 7}),
        ("--size 7 --share 0.5", {"size": 7, "share.of": 0.5}),
        ("--kind green --mark b --mark a", {"kind": "green", "marks": ("b", "a")}),
        ("--time 1m30s", {"time": 90.0}),
        ("--loud --no-echo --no-tied", {"loud": True, "echo": False, "tied": False}),
        ("--tied", {"tied": True}),
    ],
)
def test_what_is_given_arrives_in_its_type_under_its_name(line, values):
    assert values_of(*line.split()) == NOTHING | values


def test_every_word_that_is_not_among_its_choices_is_named_at_once():
    with pytest.raises(UsageError) as caught:
        values_of("--kind", "blue", "--mark", "a", "--mark", "c")
    assert caught.value.message == "--kind: expected one of red, green, found 'blue'; --mark: expected one of a, b, found 'c'"
    assert caught.value.remedy == "--kind red"


def test_a_function_that_reads_a_value_says_itself_what_is_wrong_with_it():
    with pytest.raises(UsageError, match="'soon' is not a length of time"):
        values_of("--time", "soon")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("-n 0", "1 to 9, found 0"),
        ("-n 10", "1 to 9, found 10"),
        ("-n x", "a whole number, found 'x'"),
        ("--share nan", "finite number, found nan"),
    ],
)
def test_a_number_out_of_its_bounds_is_refused(line, found):
    with pytest.raises(Exception, match=found):
        values_of(*line.split())


def test_an_argument_that_is_required_is_missed():
    options = (Option(name="model", help="Model.", unit="MODEL", required=True),)
    assert values_of("m", options=options) == {"model": "m"}
    with pytest.raises(Exception, match="Missing parameter: model"):
        values_of(options=options)


def test_an_action_takes_the_place_of_the_command_whatever_else_is_missing():
    import typer

    acted = []
    action = Action(Option(name="version", flags="--version", help="Version.", type=bool), acted.append)
    with pytest.raises(typer.Exit):
        values_of("--version", options=(Option(name="model", help="Model.", required=True),), actions=(action,))
    assert len(acted) == 1


@pytest.mark.parametrize(
    ("flags", "flag"),
    [("-n --length --max-tokens", "--length"), ("--echo/--no-echo", "--echo"), ("", "THING")],
)
def test_messages_call_an_option_by_its_first_long_name(flags, flag):
    assert Option(name="x", help="x", flags=flags, unit="THING").flag == flag


VARIABLES = {
    "PLAY_SIZE": ("7", {"size": 7}),
    "PLAY_SHARE": ("0.5", {"share.of": 0.5}),
    "PLAY_KIND": ("green", {"kind": "green"}),
    "PLAY_MARK": ("a\nb", {"marks": ("a", "b")}),
    "PLAY_TIME": ("1m30s", {"time": 90.0}),
    "PLAY_LOUD": ("yes", {"loud": True}),
    "PLAY_ECHO": ("0", {"echo": False}),
    "PLAY_TIED": ("1", {"tied": True}),
}


@pytest.mark.parametrize("variable", VARIABLES)
def test_every_option_is_read_from_its_variable_where_it_is_not_typed(monkeypatch, variable):
    text, values = VARIABLES[variable]
    monkeypatch.setenv(variable, text)
    assert values_of() == NOTHING | values
    monkeypatch.setenv(variable, "")
    assert values_of() == NOTHING


def test_what_is_typed_wins_over_a_variable(monkeypatch):
    for variable, text in (("PLAY_SIZE", "7"), ("PLAY_ECHO", "1"), ("PLAY_MARK", "a")):
        monkeypatch.setenv(variable, text)
    found = values_of("-n", "2", "--no-echo", "--mark", "b")
    assert (found["size"], found["echo"], found["marks"]) == (2, False, ("b",))


@pytest.mark.parametrize(
    ("variable", "text"), [("PLAY_SIZE", "10"), ("PLAY_KIND", "blue"), ("PLAY_TIME", "soon"), ("PLAY_LOUD", "maybe"), ("PLAY_SHARE", "x")]
)
def test_a_wrong_value_is_named_by_the_variable_that_holds_it(monkeypatch, variable, text):
    monkeypatch.setenv(variable, text)
    with pytest.raises(UsageError) as caught:
        values_of()
    assert caught.value.message.startswith(f"{variable}: ")
    assert text in caught.value.message


@pytest.mark.parametrize("message", ["--size is 7, which is odd", "size is 7, which is odd"])
def test_a_mistake_that_the_command_finds_is_named_by_the_variable_too(monkeypatch, message):
    monkeypatch.setenv("PLAY_SIZE", "7")

    def run(*_, **__):
        raise UsageError(message, remedy="--size 6")

    command = build(Command(name="play", run=run, help="Play.", examples=(), options=OPTIONS))
    streams = Streams(stdin=io.BytesIO(), stdout=io.BytesIO(), stderr=io.BytesIO())
    with command.make_context("play", [], obj=streams) as context, pytest.raises(UsageError, match=r"^PLAY_SIZE \(--size\) is 7"):
        context.command.invoke(context)


def test_no_two_options_of_the_program_share_a_variable_nor_take_that_of_its_folder():
    from lstmgen.cli import _ROOT
    from lstmgen.cli.command import Elsewhere
    from lstmgen.cli.values import variable_of

    def variables(command, path):
        options = command.options() if callable(command.options) else command.options
        yield from (variable_of(path, option) for option in options if option.flags)
        for child in command.commands:
            yield from variables(child.found() if isinstance(child, Elsewhere) else child, f"{path} {child.name}")

    found = list(variables(_ROOT, "lstmgen"))
    assert len(found) > 100
    assert len(set(found)) == len(found)
    assert "LSTMGEN_HOME" not in found
    assert "LSTMGEN_TRAIN_MAX_TIME" in found
