"""What the command line makes of the options that media declare."""

import pytest

from lstmgen import api, choices
from lstmgen.cli.media import chosen, first_sample, label_of, options_of
from lstmgen.cli.sample_options import COMMON, TURN_LENGTH
from lstmgen.errors import UsageError
from lstmgen.media.registry import medium
from lstmgen.media.text.medium import DEFAULT_LENGTH

NOTHING = {option.name: () if option.repeated else None for command in ("sample", "score") for option in options_of(command)}


@pytest.mark.parametrize("command", ["train", "sample", "score"])
def test_every_option_of_a_medium_stands_under_its_label_and_has_no_default_of_the_command_line(command):
    declared = {option.name: (label, option.flags) for label, options in api.media_options(command).items() for option in options}
    found = {option.name: (option.panel, option.flags) for option in options_of(command)}
    assert declared.items() <= found.items()
    assert all(option.default is None for option in options_of(command))


def test_the_default_that_a_medium_has_is_shown():
    assert next(option for option in options_of("score") if option.name == "oov").help.endswith("[error]")


def test_a_medium_is_called_the_same_before_and_after_it_is_loaded():
    assert {name: medium(name).label for name in choices.MEDIA} == {name: choices.label_of(name) for name in choices.MEDIA}


def test_what_was_not_given_is_not_passed_on():
    assert chosen("sample", "text", {**NOTHING, "oov": "skip", "stop": ("x",)}) == {"oov": "skip", "stop": ("x",)}


@pytest.mark.parametrize(("label", "name", "value", "flag"), [("text", "bars", 3, "--bars"), ("music", "stop", ("x",), "--stop")])
def test_an_option_of_another_medium_is_refused(label, name, value, flag):
    with pytest.raises(UsageError, match=f"{flag} is for .*, and this model has learned {label}"):
        chosen("sample", label, {**NOTHING, name: value})


def test_every_model_has_a_first_sample_and_so_has_what_is_unknown():
    assert {label_of(name) for name in choices.MEDIA["tunes"].tokenizers} == {"music"}
    assert {label_of(name) for name in choices.MEDIA["text"].tokenizers} == {"text"}
    assert first_sample("music", "RUN", "") == "lstmgen sample RUN -o tune.mid --png --wav"
    assert first_sample("text", "my run", "it's dark") == """lstmgen sample 'my run' -p 'it'"'"'s dark'"""
    assert first_sample("text", "RUN", "") == first_sample(label_of("digits"), "RUN", "1 2 3") == "lstmgen sample RUN"


def test_the_help_says_how_long_a_text_is_where_nothing_is_asked_for():
    text = next(option.help for option in COMMON if option.name == "length")
    assert f"[{DEFAULT_LENGTH} of text, a document, {TURN_LENGTH} a turn]" in text
