import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmgen.cli.output import MessageText, Streams, Styled, encode, one_line, to_json, visible

ANY_TEXT = st.text(st.characters(codec=None, categories=None), max_size=40)


class Closed(io.BytesIO):
    def write(self, _, /):
        raise BrokenPipeError


def streams(**changes):
    return Streams(**({"stdin": io.BytesIO(), "stdout": io.BytesIO(), "stderr": io.BytesIO()} | changes))


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("a\rb", "a\\x0db"),
        ("\x9b31m", "\\x9b31m"),
        ("\x7f\x07\x08", "\\x7f\\x07\\x08"),
        ("x\u202egnp.exe", "x\\u202egnp.exe"),
        ("\u2066a\u2069\u200f", "\\u2066a\\u2069\\u200f"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_steers_a_terminal_is_written_out(hostile, shown):
    assert visible(hostile) == shown


def test_newline_tab_and_every_ordinary_character_stay_as_they_are():
    text = "two\nlines\tand \u00e9\u00df\u6587\U0001f600 [bold] :smile: [/x]"
    assert visible(text) == text


@given(ANY_TEXT)
def test_no_control_byte_reaches_a_terminal(text):
    out = io.BytesIO()
    streams(stdout=out, out_is_terminal=True).product(text)
    written = out.getvalue().decode("utf-8")
    assert not any(
        (ord(c) < 32 and c not in "\n\t") or 0x7F <= ord(c) < 0xA0 or 0x202A <= ord(c) <= 0x202E or 0x2066 <= ord(c) <= 0x2069
        for c in written
    )


@given(st.text(max_size=40))
def test_a_pipe_receives_the_text_byte_for_byte(text):
    out = io.BytesIO()
    streams(stdout=out).product(text)
    assert out.getvalue() == text.encode("utf-8")


@given(st.binary(max_size=40))
def test_bytes_that_came_in_by_surrogateescape_go_out_as_they_were(data):
    assert encode(data.decode("utf-8", "surrogateescape")) == data


def test_a_half_surrogate_becomes_a_question_mark_and_nothing_else_changes():
    assert encode("a\ud800b\udcffc") == b"a?b\xffc"


def test_a_message_stays_on_one_line():
    assert one_line("two\nlines\x1b") == "two lines\\x1b"


@given(ANY_TEXT, st.sampled_from(["say", "insist", "explain"]), st.booleans())
def test_a_message_is_one_line_without_a_control_character_wherever_its_words_come_from(text, how, colour):
    out = io.BytesIO()
    told = streams(stderr=out, verbose=True, colour=colour)
    getattr(told, how)(text)
    told.say(Styled("red", text), text)
    written = re.sub(r"\x1b\[(2|1;31|0)m", "", out.getvalue().decode("utf-8")) if colour else out.getvalue().decode("utf-8")
    assert written.count("\n") == 2
    assert visible(written) == written


def test_a_notice_past_every_buffer_is_one_line_too(tmp_path):
    with (tmp_path / "err").open("wb") as err:
        streams(stderr=err).send_at_once("saving a\nb\x1b[2J", control="\x1b[?25h\n")
    assert (tmp_path / "err").read_bytes() == b"\x1b[?25h\nsaving a b\\x1b[2J\n"


@given(st.dictionaries(ANY_TEXT, ANY_TEXT, max_size=3))
def test_json_is_one_clean_line_that_reads_back(value):
    line = to_json(value)
    assert visible(line) == line
    assert "\n" not in line
    line.encode("utf-8")
    assert json.loads(line) == value


def test_json_has_null_for_what_is_not_finite():
    assert json.loads(to_json({"a": float("nan"), "b": [float("inf"), 1.5], "c": (2,)})) == {"a": None, "b": [None, 1.5], "c": [2]}


def test_a_message_that_nobody_reads_is_dropped():
    silent = streams(stderr=Closed())
    assert silent.say("into the void") is None
    assert silent.insist("into the void") is None
    assert MessageText(silent).write("into the void") == len("into the void")


def test_a_product_that_cannot_be_delivered_is_an_error():
    with pytest.raises(BrokenPipeError):
        streams(stdout=Closed()).product("into the void")


def test_quiet_silences_messages_but_not_what_is_insisted_on():
    said = io.BytesIO()
    quiet = streams(stderr=said, quiet=True)
    quiet.say("chatter")
    quiet.insist("matter")
    assert said.getvalue() == b"matter\n"


def test_explanations_are_for_the_verbose():
    said = io.BytesIO()
    streams(stderr=said).explain("why")
    assert said.getvalue() == b""
    streams(stderr=said, verbose=True).explain("why")
    assert said.getvalue() == b"why\n"


class Terminal(io.TextIOWrapper):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("environ", "colour", "animated"),
    [
        ({}, True, True),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, False, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, False),
    ],
)
def test_on_a_terminal_the_environment_decides_on_colour_and_animation(monkeypatch, environ, colour, animated):
    monkeypatch.setattr("sys.stderr", Terminal(io.BytesIO()))
    found = Streams.of_process(environ)
    assert (found.colour, found.animated) == (colour, animated)


@pytest.mark.parametrize(("environ", "colour"), [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)])
def test_off_a_terminal_there_is_no_animation_and_colour_only_by_force(monkeypatch, environ, colour):
    monkeypatch.setattr("sys.stderr", io.TextIOWrapper(io.BytesIO()))
    found = Streams.of_process(environ)
    assert (found.colour, found.animated) == (colour, False)


def test_closed_streams_become_empty_ones(monkeypatch):
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(f"sys.{name}", None)
    found = Streams.of_process({})
    found.product("nowhere")
    found.say("nowhere")
    assert found.stdin.read() == b""


def test_no_color_and_quiet_switch_the_animation_off_and_nothing_switches_it_on():
    live = streams(colour=True, animated=True)
    off = {"quiet": False, "verbose": False, "debug": False, "no_color": False}
    assert live.adjusted(**off).animated
    assert not live.adjusted(**off | {"no_color": True}).animated
    assert not live.adjusted(**off | {"quiet": True}).animated
    assert not streams().adjusted(**off).animated


def test_a_signal_handler_writes_past_the_buffer(tmp_path):
    with (tmp_path / "log").open("wb") as end:
        found = streams(stderr=end)
        end.write(b"held back")
        found.send_at_once("now")
        assert (tmp_path / "log").read_bytes() == b"now\n"
