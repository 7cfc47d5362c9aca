"""Numbers as people read them, in the messages of every room."""

import ast
import re

import pytest
from package_files import every_file, parsed

from lstmgen.wording import cells, counted, duration, rounded

NOUNS = re.findall(
    "[a-z]+",
    "bar beat byte character column core corpus cycle document entry epoch event file format hour item layer line minute name note option "
    "parameter part piece point problem row run sample second source step symbol text thread time token track tune voice word",
)
PLURALS = {"entry": "entries", "corpus": "corpora"}
_BEHIND = re.compile(r" (?:more |different |such )?([a-z]+)\b")


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [
        (0, "step", "0 steps"),
        (1, "step", "1 step"),
        (1240, "step", "1,240 steps"),
        (1.0, "bar", "1 bar"),
        (32.3698, "bar", "32.4 bars"),
        (0.9999, "bar", "1 bar"),
        (0.25, "beat", "0.25 beats"),
        (0.00001, "hour", "0 hours"),
        (999.7, "second", "1,000 seconds"),
    ],
)
def test_a_number_and_its_noun_agree_and_have_three_figures(number, noun, text):
    assert counted(number, noun) == text


def test_a_plural_of_its_own_can_be_given():
    assert (counted(1, "corpus", "corpora"), counted(2, "corpus", "corpora")) == ("1 corpus", "2 corpora")
    assert (rounded(4.0), rounded(32.37), rounded(1240.04)) == ("4", "32.4", "1,240")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0.0s"), (8.44, "8.4s"), (52.2, "52s"), (59.9, "1m00s"), (185, "3m05s"), (7800, "2h10m"), (273_600, "3d4h")]
)
def test_a_duration_is_shown_in_its_two_largest_units(seconds, text):
    assert duration(seconds) == text


def test_wide_characters_take_two_columns_and_accents_none():
    assert (cells("abc"), cells("\u6587\u5b57"), cells("e\u0301")) == (3, 4, 1)


def uncounted(tree):
    """Places of f-strings where the plural of a noun stands behind a number that may be one: `counted` is for those.

    A constant of ours, such as a limit, is known not to be one; so is what was written by `amount`, which counts in thousands.
    """
    plurals = {PLURALS.get(noun, f"{noun}s") for noun in NOUNS}
    for node in ast.walk(tree):
        if not isinstance(node, ast.JoinedStr):
            continue
        for value, behind in zip(node.values, node.values[1:], strict=False):
            if not isinstance(value, ast.FormattedValue) or not isinstance(behind, ast.Constant):
                continue
            match = _BEHIND.match(behind.value)
            if match and match[1] in plurals and not _never_one(value.value):
                yield f"line {node.lineno}: {ast.unparse(node)}"


def _never_one(value):
    named = ast.unparse(value)
    return named.rpartition(".")[2].isupper() or named.startswith(("counted(", "amount(", "_counted("))


@every_file
def test_no_message_counts_without_looking_whether_there_is_one(path):
    assert list(uncounted(parsed(path))) == []


@pytest.mark.parametrize("source", ["f'{n} files'", "f'{len(x):,} more notes'", "f'{a} of {b} entries'"])
def test_the_walk_notices_a_number_that_is_not_counted(source):
    assert list(uncounted(ast.parse(source)))
    assert not list(uncounted(ast.parse("f'{limits.MAX_FILES} files {counted(n, \"note\")} is'")))
