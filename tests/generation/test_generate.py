"""From drawn ids to text in pieces, with a drawing made of given ids."""

import pytest

from lstmgen import limits
from lstmgen.errors import InputError, UnseenSymbolError
from lstmgen.generation.draw import Drawn
from lstmgen.generation.generate import SampleStream, encode_given
from lstmgen.media.text import tokenizers as text_tokenizers
from lstmgen.media.text.byte import ByteTokenizer

CHAR = text_tokenizers.build("char", lambda: iter(["abcdefgh .\nEND"]))
BYTE = ByteTokenizer()


def stream_of(text, tokenizer=CHAR, *, end=False, ids=None, **values):
    tokens = list(tokenizer.encode(text) if ids is None else ids) + [0] * end
    return SampleStream(tokenizer, iter([Drawn(int(token), 0.5) for token in tokens]), index=3, seed=8, **values)


def test_pieces_joined_are_the_text():
    stream = stream_of("abc def.")
    assert "".join(stream) == "abc def."
    result = stream.result
    assert (result.text, result.tokens, result.nats_per_token, result.ended) == ("abc def.", 8, 0.5, "length")
    assert (result.index, result.seed, result.prompt, result.notes) == (3, 8, "", ())


def test_half_a_character_is_never_a_piece():
    pieces = list(stream_of("aé€🎵z", BYTE))
    assert pieces == ["a", "é", "€", "🎵", "z"]


def test_a_character_of_which_only_the_beginning_was_drawn_is_shown_as_replaced_or_not_at_all():
    ids = BYTE.encode("a🎵")[:3].tolist()
    assert "".join(stream_of("", BYTE, ids=ids)) == "a\ufffd"
    assert "".join(stream_of("", BYTE, ids=ids, keep_half=False)) == "a"


def test_a_stop_text_ends_the_sample_and_is_not_emitted():
    stream = stream_of("abc END. def", stop=("END", "def"))
    assert "".join(stream) == "abc "
    assert stream.result.ended == "stop"
    assert stream.result.tokens == 7


def test_the_beginning_of_a_stop_text_at_the_end_is_emitted():
    stream = stream_of("abc EN", stop=("END",))
    assert "".join(stream) == "abc EN"
    assert stream.result.ended == "length"


def test_a_boundary_ends_the_sample_as_the_end_of_the_document_and_does_not_count():
    stream = stream_of("abc EN", stop=("END",), end=True)
    assert "".join(stream) == "abc EN"
    assert stream.result.ended == "end-of-document"
    assert stream.result.tokens == 6


def test_nothing_drawn_is_an_empty_sample():
    stream = stream_of("")
    assert list(stream) == []
    assert stream.result.nats_per_token is None
    assert stream.result.ended == "length"


def test_a_reader_who_leaves_keeps_what_was_emitted():
    stream = stream_of("abcdef")
    assert next(stream) + next(stream) == "ab"
    stream.close()
    assert list(stream) == []
    assert stream.result.text == "ab"
    assert stream.result.ended == "interrupted"


def test_an_interruption_while_drawing_keeps_what_was_emitted():
    def interrupted():
        yield Drawn(int(CHAR.encode("a")[0]), 1.0)
        raise KeyboardInterrupt

    stream = SampleStream(CHAR, interrupted(), index=0, seed=0)
    assert next(stream) == "a"
    with pytest.raises(KeyboardInterrupt):
        next(stream)
    assert stream.result.text == "a"
    assert stream.result.ended == "interrupted"


@pytest.mark.parametrize("leave", [False, True])
def test_the_end_is_told_once(leave):
    told = []
    stream = stream_of("abc", on_end=told.append)
    next(stream)
    if leave:
        stream.close()
    list(stream)
    stream.close()
    assert told == [stream]


def test_unseen_symbols_are_refused_left_out_or_replaced_and_reported():
    with pytest.raises(UnseenSymbolError):
        encode_given(CHAR, "aéb\x1b", oov="error", what="the prompt")
    ids, notes = encode_given(CHAR, "aéb\x1b", oov="skip", what="the prompt")
    assert CHAR.decode(ids) == "ab"
    assert len(notes) == 1
    assert "left out" in notes[0]
    assert "'é'" in notes[0]
    assert "\x1b" not in notes[0]
    ids, notes = encode_given(CHAR, "aéb", oov="replace", what="the prompt")
    assert len(ids) == 3
    assert "replaced" in notes[0]
    assert encode_given(CHAR, "ab", oov="skip", what="the prompt")[1] == ()
    assert encode_given(BYTE, "é", oov="skip", what="the prompt")[1] == ()


def test_a_text_that_is_too_long_is_refused(monkeypatch):
    monkeypatch.setattr(limits, "MAX_PROMPT_CHARS", 5)
    with pytest.raises(InputError, match="6 characters"):
        encode_given(CHAR, "abcdef", oov="error", what="the prompt")
