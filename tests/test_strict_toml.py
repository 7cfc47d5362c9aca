"""TOML from hostile files."""

import pytest

from lstmgen import limits, strict_toml
from lstmgen.config import Config, from_toml
from lstmgen.errors import UsageError
from lstmgen.strict_toml import StrictTomlError, shown

HOSTILE = {
    "no TOML": "no toml",
    "lists in lists": "[model]\nx = " + "[" * 100_000 + "]" * 100_000,
    "tables in tables": "x = " + "{a = " * 50_000,
    "a key of many parts": "a." * 30_000 + "a = 1",
    "a section of many parts": "[" + "a." * 30_000 + "a]",
    "quoted parts": '"a".' * 1_000 + "a = 1",
    "quotes behind backslashes": 'x = "' + '\\"' * 400_000,
    "a key of many parts behind an apostrophe": 'x = ["""\nit\'s""", {' + "a." * 30_000 + "a = ''}]",
    "a key of many parts behind quotes in a text": "x = \"'''\"\n" + "a." * 30_000 + "a = 1",
    "a key of many parts behind quotes in a comment": '# """\n' + "a." * 30_000 + "a = 1",
    "a number of many digits": "[model]\nhidden_size = " + "9" * 5_000,
    "too large": "# " + "x" * limits.MAX_CONFIG_BYTES,
    "a list in a list in a section": "[model]\nx = [[1]]",
    "a table in a table in a section": "[model.x.y]\nz = 1",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_settings_is_refused(text):
    with pytest.raises(StrictTomlError):
        strict_toml.loads(text)
    with pytest.raises(UsageError):
        from_toml(text)


def test_dots_and_brackets_in_texts_do_not_count():
    text = '# a.b.c.d.e.f.g.h.i.j.k\n[data]\nsources = ["a.b.c.d.e.f.g.h.i.j.k.l", \'1.2.3.4.5.6.7.8.9.10\', "[[[[[["]'
    assert strict_toml.loads(text)["data"]["sources"][1] == "1.2.3.4.5.6.7.8.9.10"


@pytest.mark.parametrize(
    "line",
    [
        "hidden_size = 1" + "0" * 400,
        "dropout = 1" + "0" * 400,
        "dropout = -1" + "0" * 400,
        "dropout = inf",
        "hidden_size = []",
        "cell = [1]",
        "cell = 1979-05-27",
        "layer_norm = 2",
    ],
)
def test_a_value_of_the_wrong_kind_or_size_is_a_mistake_that_is_named(line):
    with pytest.raises(UsageError, match="model") as caught:
        from_toml(f"[model]\n{line}")
    assert len(caught.value.message) < 300


@pytest.mark.parametrize("line", ["sources = 5", "sources = true", "sources = [1]", "sources = 'x'"])
def test_sources_that_are_no_list_of_texts_are_a_mistake(line):
    with pytest.raises(UsageError, match="a list of strings"):
        from_toml(f"[data]\n{line}")


def test_of_very_many_mistakes_the_first_are_named():
    with pytest.raises(UsageError) as caught:
        from_toml("[model]\n" + "".join(f"k{number} = 1\n" for number in range(50_000)) + "".join(f"[s{number}]\n" for number in range(99)))
    assert len(caught.value.mistakes) == 20


def test_a_value_is_shown_in_a_few_characters():
    deep = {}
    for _ in range(100_000):
        deep = {"a": deep}
    assert len(shown(deep)) < 100
    assert len(shown("x" * 10**6)) < 100


def test_characters_that_toml_does_not_take_raw_are_written_as_numbers():
    config = Config().replace({"data.sources": ['a\x1b\x7f"\\.txt']})
    assert r"a\u001b\u007f\"\\.txt" in config.to_toml()
    assert from_toml(config.to_toml()) == config
