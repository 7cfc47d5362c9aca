"""The laws of lstmgen.media.base, for every tokenizer."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lstmgen.errors import UnseenSymbolError
from lstmgen.ids import BOUNDARY_ID
from lstmgen.media import registry

LIGHT = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

TRICKY = [
    *("a", "e\u0301", "don't", "naïve", " ", "  ", "\n", "\r\n", "\r", "\t", "\0", "\x1b", "\x85", "\u2028", "\u2029", "\u2581", "\u2585"),
    *(
        "\ufeff",
        "\u200d",
        "\u200f",
        "\u202e",
        "\u00a0",
        "\u3000",
        "\ufffd",
        "\uffff",
        "\U0010ffff",
        "👩‍👩‍👧‍👦",
        "🏴‍☠️",
        "🇮🇸",
        "👍🏽",
        "שלום",
        "مرحبا",
    ),
    *(
        "क्षि",
        "日本語",
        "ﬁ",
        "\u017f",
        "İ",
        "²",
        "٣",
        "1234567",
        "_",
        "__init__",
        "'",
        "\u2019",
        "“",
        "...",
        "<unk>",
        "<0x41>",
        "<s>",
        "</s>",
        "▁▁",
        "\u0303",
    ),
    *("The tide", " heron", "    def wait(self):\n        return", "x" * 40, " " * 70, "\n" * 70, "ab " * 700, "z" * 2100),
]
PLAIN_TEXT = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(TRICKY), max_size=12).map("".join))
FILE_TEXT = st.one_of(
    PLAIN_TEXT,
    st.binary(max_size=60).map(lambda data: data.decode("utf-8", "surrogateescape")),
    st.tuples(PLAIN_TEXT, st.binary(max_size=5), PLAIN_TEXT).map(
        lambda parts: (parts[0].encode() + parts[1] + parts[2].encode()).decode("utf-8", "surrogateescape")
    ),
)
"""Text as files can give it: with byte escapes where their bytes are not UTF-8."""


def known(tokenizer, text):
    """The part of a text that the tokenizer has ids for."""
    unseen = set(tokenizer.unseen(text))
    return "".join(symbol for symbol in text if symbol not in unseen)


def some_ids(tokenizer):
    anything = st.integers(0, tokenizer.vocab_size - 1)
    return st.lists(st.one_of(anything, anything, st.integers(0, min(tokenizer.vocab_size - 1, 256))), max_size=40)


@LIGHT
@given(text=PLAIN_TEXT)
def test_what_encodes_decodes_to_itself(tokenizer, text):
    text = known(tokenizer, text)
    assert tokenizer.decode(tokenizer.encode(text)) == text


@LIGHT
@given(text=FILE_TEXT)
@pytest.mark.parametrize("name", ["raw byte", "raw word", "raw bpe"])
def test_bytes_that_are_not_utf8_come_back_where_the_corpus_held_such(built, name, text):
    assert built[name].decode(built[name].encode(text)) == text


@LIGHT
@given(text=FILE_TEXT)
@pytest.mark.parametrize("name", ["byte", "word", "bpe", "unigram"])
def test_bytes_that_are_not_utf8_become_the_replacement_character_where_the_corpus_held_none(built, name, text):
    raw = text.encode("utf-8", "surrogateescape")
    assert built[name].decode(built[name].encode(text)) == raw.decode("utf-8", "replace")


@LIGHT
@given(data=st.data())
def test_streamed_pieces_joined_equal_the_whole_decoded_at_once_for_any_ids(tokenizer, data):
    ids = data.draw(some_ids(tokenizer))
    decoder = tokenizer.decoder()
    assert "".join([decoder.push(token_id) for token_id in ids]) + decoder.finish() == tokenizer.decode(ids)


@LIGHT
@given(text=PLAIN_TEXT)
def test_a_stream_of_valid_text_never_emits_half_a_character(tokenizer, text):
    text = known(tokenizer, text).replace("\ufffd", "")
    decoder = tokenizer.decoder()
    written = ""
    for token_id in tokenizer.encode(text).tolist():
        written += decoder.push(token_id)
        assert text.startswith(written)
    assert decoder.finish() == ""


@LIGHT
@given(text=FILE_TEXT, later=FILE_TEXT)
def test_a_text_cut_at_the_safe_place_encodes_as_the_whole_does_whatever_follows(tokenizer, text, later):
    text, later = known(tokenizer, text), known(tokenizer, later)
    cut = tokenizer.safe_cut(text)
    whole = text + later
    assert 0 <= cut <= len(text)
    apart = np.concatenate([tokenizer.encode(whole[:cut]), tokenizer.encode(whole[cut:])])
    assert apart.tolist() == tokenizer.encode(whole).tolist()


@LIGHT
@given(pieces=st.lists(FILE_TEXT, max_size=6))
def test_a_text_encoded_chunk_by_chunk_gives_the_ids_of_the_whole(tokenizer, pieces):
    pieces = [known(tokenizer, piece) for piece in pieces]
    ids, rest = [], ""
    for piece in pieces:
        rest += piece
        cut = tokenizer.safe_cut(rest)
        ids.extend(tokenizer.encode(rest[:cut]).tolist())
        rest = rest[cut:]
    ids.extend(tokenizer.encode(rest).tolist())
    assert ids == tokenizer.encode("".join(pieces)).tolist()


def test_the_safe_place_is_near_the_end_of_ordinary_text(tokenizer, corpus):
    for text in (corpus[:3000], "one long line of words " * 400, "unbroken" * 2000):
        encodable = known(tokenizer, text)
        assert len(encodable) - tokenizer.safe_cut(encodable) <= 2200


@LIGHT
@given(text=FILE_TEXT)
def test_ids_lie_between_the_boundary_and_the_vocabulary_size(tokenizer, text):
    ids = tokenizer.encode(known(tokenizer, text))
    assert ids.dtype == np.int64
    assert ids.ndim == 1
    assert ((ids > BOUNDARY_ID) & (ids < tokenizer.vocab_size)).all()


def test_every_id_has_a_piece_that_may_be_printed_and_none_lies_outside(tokenizer):
    pieces = [tokenizer.piece(token_id) for token_id in range(tokenizer.vocab_size)]
    assert all(piece and piece.isprintable() and " " not in piece for piece in pieces)
    learnt = pieces[257:] if tokenizer.name != "char" else pieces
    assert len(set(learnt)) == len(learnt)
    for outside in (-1, tokenizer.vocab_size):
        with pytest.raises(IndexError, match=str(outside)):
            tokenizer.piece(outside)
        with pytest.raises(IndexError, match=str(outside)):
            tokenizer.decode([1, outside])
        with pytest.raises(IndexError, match=str(outside)):
            tokenizer.decoder().push(outside)


def test_the_boundary_decodes_to_nothing(tokenizer):
    ids = tokenizer.encode("the").tolist()
    assert tokenizer.decode([BOUNDARY_ID, *ids, BOUNDARY_ID, BOUNDARY_ID, *ids]) == "thethe"
    assert tokenizer.decode([BOUNDARY_ID]) == tokenizer.decode([]) == tokenizer.decode(np.zeros(0, np.uint16)) == ""


def test_nothing_encodes_to_nothing(tokenizer):
    assert tokenizer.encode("").tolist() == []
    assert tokenizer.encode("").dtype == np.int64
    assert tokenizer.unseen("") == ()
    assert tokenizer.safe_cut("") == 0


def test_a_tokenizer_comes_back_from_its_json_as_it_was(tokenizer, corpus):
    again = registry.tokenizer_from_json(json.loads(json.dumps(tokenizer.to_json())))
    assert again == tokenizer
    assert registry.fingerprint(again) == registry.fingerprint(tokenizer)
    assert again.encode(corpus).tolist() == tokenizer.encode(corpus).tolist()


def test_a_surrogate_that_stands_for_nothing_follows_the_policy(tokenizer):
    text = "the\ud800tide\udfff"
    assert tokenizer.unseen(text) == ("\ud800", "\udfff")
    with pytest.raises(UnseenSymbolError, match="character 4") as caught:
        tokenizer.encode(text)
    assert caught.value.symbols == ("\ud800", "\udfff")
    assert tokenizer.decode(tokenizer.encode(text, oov="skip")) == "thetide"
    standing_in = " " if tokenizer.name in {"char", "tagged"} else "\ufffd"
    assert tokenizer.decode(tokenizer.encode(text, oov="replace")) == f"the{standing_in}tide{standing_in}"


@pytest.mark.parametrize("letter", ["a", " ", "\n", "😀", "'", "\u0301"])
def test_a_long_run_of_one_character_is_no_burden(tokenizer, letter):
    text = known(tokenizer, letter * 200_000)
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert tokenizer.safe_cut(text) >= len(text) - 2200
