"""From ids to a text in pieces: no half of a character, nothing of a stop text."""

import numpy as np
import pytest

from lstmgen import limits
from lstmgen.config import DataConfig
from lstmgen.errors import UsageError
from lstmgen.media.text import tokenizers
from lstmgen.media.text.byte import ByteTokenizer
from lstmgen.media.text.medium import DEFAULT_LENGTH, MEDIUM
from lstmgen.media.text.writer import TextPlan

CHAR = tokenizers.build("char", lambda: iter(["abcdefgh .\nEND"]))
BYTE = ByteTokenizer()


def written(ids, tokenizer=CHAR, *, cut=False, **options):
    """The pieces that a writer gives until it ends, those that hold nothing left out; and the writer."""
    writer = TextPlan(tokenizer, None, **options).writer()
    pieces = []
    for token in ids.tolist():
        pieces.append(writer.push(token))
        if writer.ended:
            break
    pieces.append(writer.finish(cut=cut))
    return [piece for piece in pieces if piece], writer


def test_pieces_joined_are_the_text():
    pieces, writer = written(CHAR.encode("abc def."))
    assert "".join(pieces) == writer.outcome().item == writer.outcome().facts["text"] == "abc def."
    assert (writer.ended, writer.outcome().warnings) == (None, ())


def test_half_a_character_is_never_a_piece():
    assert written(BYTE.encode("aé€🎵z"), BYTE)[0] == ["a", "é", "€", "🎵", "z"]


def test_a_character_of_which_only_the_beginning_was_drawn_is_shown_as_replaced_or_not_at_all():
    half = BYTE.encode("a🎵")[:3]
    for cut, text in ((False, "a\ufffd"), (True, "a")):
        pieces, writer = written(half, BYTE, cut=cut)
        assert "".join(pieces) == writer.outcome().item == text


def test_a_stop_text_ends_the_text_and_is_no_part_of_it():
    pieces, writer = written(CHAR.encode("abc END. def"), stops=("END", "def"))
    assert "".join(pieces) == writer.outcome().item == "abc "
    assert writer.ended == "stop"


@pytest.mark.parametrize("cut", [False, True])
def test_the_beginning_of_a_stop_text_at_the_end_is_given(cut):
    pieces, writer = written(CHAR.encode("abc EN"), stops=("END",), cut=cut)
    assert "".join(pieces) == writer.outcome().item == "abc EN"
    assert writer.ended is None


def test_nothing_pushed_is_an_empty_text():
    pieces, writer = written(CHAR.encode(""))
    assert (pieces, writer.outcome().item) == ([], "")


def test_only_the_boundary_is_ever_forbidden_and_only_where_it_is_ignored():
    assert TextPlan(CHAR, 5).writer().allowed() is None
    writer = TextPlan(CHAR, 5, ignore_end=True).writer()
    allowed_V = writer.allowed()
    assert np.flatnonzero(~allowed_V).tolist() == [0]
    writer.push(1)
    assert writer.allowed() is allowed_V, "one array as long as nothing changes"
    with pytest.raises(ValueError, match="read-only"):
        allowed_V[0] = True


def test_a_model_of_nothing_but_the_boundary_cannot_ignore_it():
    class Nothing:
        vocab_size = 1

    with pytest.raises(UsageError, match="nothing but the end"):
        TextPlan(Nothing(), 5, ignore_end=True)


@pytest.mark.parametrize(("length", "expected"), [(None, DEFAULT_LENGTH), (0, 0), (7, 7), (-1, None)])
def test_left_out_a_length_is_the_usual_one_and_minus_one_is_no_end(length, expected):
    prompt = MEDIUM.parse_prompt(CHAR, "a", {}, DataConfig())
    plan = MEDIUM.plan(CHAR, prompt, {}, length=length, echo=True, data=DataConfig())
    assert (plan.length, plan.ends) == (expected, expected is not None)
    assert MEDIUM.plan(CHAR, prompt, {"stop": "a"}, length=-1, echo=True, data=DataConfig()).ends


@pytest.mark.parametrize("stop", ["", [""], ["a", ""], ["x" * (limits.MAX_STOP_CHARS + 1)], ["a"] * (limits.MAX_STOP_TEXTS + 1)])
def test_stop_texts_that_cannot_be_meant_are_refused_before_a_model_is_there(stop):
    with pytest.raises(UsageError, match="stop text"):
        MEDIUM.check_options({"stop": stop})
