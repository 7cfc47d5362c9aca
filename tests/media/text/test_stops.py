"""Stop texts, however the text arrives."""

import itertools

import pytest

from lstmgen import limits
from lstmgen.errors import UsageError
from lstmgen.media.text.stops import StopScanner


def shown(stops, pieces):
    """What was let through before the end, what was let through in all, and whether a stop text was found."""
    scanner = StopScanner(stops)
    parts = []
    for piece in pieces:
        parts.append(scanner.push(piece))
        if scanner.found:
            break
    return "".join(parts), "".join(parts) + scanner.finish(), scanner.found


def cuttings(text):
    for cuts in itertools.product([False, True], repeat=len(text) - 1):
        pieces, begin = [], 0
        for place, cut in enumerate(cuts, 1):
            if cut:
                pieces.append(text[begin:place])
                begin = place
        yield [*pieces, text[begin:]]


@pytest.mark.parametrize(
    ("stops", "text", "expected", "found"),
    [
        (["\n\n"], "a\nb\n\nc", "a\nb", True),
        (["aab"], "aaab", "a", True),
        (["abab"], "aabab", "a", True),
        (["xyz"], "axyxy", "axyxy", False),
        (["cd", "bcde"], "abcd", "ab", True),
        ([], "anything", "anything", False),
        (["a"], "abc", "", True),
    ],
)
def test_the_text_before_the_first_stop_is_shown_whatever_the_pieces(stops, text, expected, found):
    for pieces in cuttings(text):
        assert shown(stops, pieces)[1:] == (expected, found)


def test_no_beginning_of_a_stop_text_is_shown_before_it_is_decided():
    scanner = StopScanner(["END."])
    assert [scanner.push(character) for character in "theENtEND"] == ["t", "h", "e", "", "", "ENt", "", "", ""]
    assert scanner.finish() == "END"


def test_a_piece_that_holds_several_stops_ends_at_the_first():
    assert shown(["zz", "b"], ["abzz"])[1] == "a"


def test_after_the_stop_nothing_is_shown():
    scanner = StopScanner(["."])
    assert scanner.push("a.b") == "a"
    assert scanner.push("c") == ""
    assert scanner.finish() == ""


@pytest.mark.parametrize("stops", [[""], ["a", ""], ["x" * (limits.MAX_STOP_CHARS + 1)], ["a"] * (limits.MAX_STOP_TEXTS + 1)])
def test_empty_and_absurd_stop_texts_are_refused(stops):
    with pytest.raises(UsageError, match="stop text"):
        StopScanner(stops)
