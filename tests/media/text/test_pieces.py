import base64
import json
import subprocess
import sys
import textwrap
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmgen.errors import ModelFileError, UsageError
from lstmgen.media import registry
from lstmgen.media.text import known_words, piece_proto
from lstmgen.media.text import tokenizers as text_tokenizers
from lstmgen.media.text.pieces import PieceTokenizer

BPE = PieceTokenizer("bpe", ("th", "the", " the", " ", "t", "h", "e"), tuple(map(float, range(0, -7, -1))))
UNIGRAM = PieceTokenizer("unigram", (" the", "th", " ", "t", "h", "e"), (-2.0, -3.0, -4.0, -5.0, -5.0, -5.0))
CODE = "".join(
    f"def stage_{number}(self, value):\n    if value > {number}:\n        for item in value:\n"
    "            self.add(item)\n    return value\n\n\n"
    for number in range(60)
)


def byte_ids(text):
    return [byte + 1 for byte in text.encode()]


def test_the_ids_are_pinned():
    assert BPE.encode("the theh\n").tolist() == [258, 259, 262, 11]
    assert UNIGRAM.encode("the thet").tolist() == [258, 262, 257, 260]
    assert BPE.encode("é the").tolist() == [*byte_ids("é"), 259]


def test_the_json_is_pinned():
    assert UNIGRAM.to_json() == {
        "name": "unigram",
        "version": 2,
        "pieces": [" the", "th", " ", "t", "h", "e"],
        "scores": [-2.0, -3.0, -4.0, -5.0, -5.0, -5.0],
        "raw_bytes": False,
    }


@settings(max_examples=60)
@given(scores=st.lists(st.floats(-1e7, 1e7, width=32), min_size=6, max_size=6))
def test_scores_come_back_as_they_were_from_nine_digits(scores):
    tokenizer = replace(UNIGRAM, scores=tuple(scores))
    text = json.dumps(tokenizer.to_json())
    assert len(text) < 250
    assert registry.tokenizer_from_json(json.loads(text)) == tokenizer


WORD_LIKE = ["the", " ", "  ", "th", "e", "\n", "\n\n", "é", "x" * 2100, " " * 2100, "\n" * 70, "the " * 600, "\n "]
MARKS = ["\0", "\u2581", "\udc80", "\udcc3", "\udca9", "\udcff", "\u2580", "\ud7ff"]
SPACELESS = PieceTokenizer("bpe", ("th", "e", "t", "h", "x", "the"), tuple(map(float, range(0, -6, -1))))


@pytest.mark.parametrize("tokenizer", [BPE, SPACELESS])
@settings(max_examples=80, deadline=None)
@given(parts=st.lists(st.sampled_from([*WORD_LIKE, *MARKS]), max_size=12))
def test_word_by_word_gives_the_ids_of_the_whole_and_marks_only_stand_apart(tokenizer, parts):
    text = "".join(parts)
    assert tokenizer._words is not None
    assert tokenizer.encode(text).tolist() == tokenizer.encode_whole(text, marked=True).tolist()


def test_a_mark_sends_no_other_word_past_what_is_known(monkeypatch):
    fresh, asked = replace(BPE), []
    encode = fresh._processor.encode
    fresh.encode("the th e\n" * 50)
    monkeypatch.setattr(fresh._processor, "encode", lambda texts: (asked.extend(texts), encode(texts))[1])
    text = "the th e\n" * 40 + "the\0he\udcfe e\n" + "the th e\n" * 40
    assert fresh.encode(text).tolist() == BPE.encode_whole(text, marked=True).tolist()
    assert asked == ["he"], "of all words only that behind the mark is new"


@pytest.mark.parametrize("bits", [3, 19])
def test_words_of_all_lengths_are_known_again_even_where_slots_are_few(monkeypatch, bits):
    """With eight slots most words find none, and stand in the dictionary alone."""
    monkeypatch.setattr(known_words, "_SLOT_BITS", bits)
    monkeypatch.setattr(known_words, "_AT_ONCE", 50)
    random = np.random.default_rng(0)
    words = ["".join(random.choice(list("theé語"), random.integers(1, 36))) for _ in range(40)]
    text = "".join(word + " \n"[random.integers(2)] for word in random.choice(words, 400))
    assert max(len(word.encode()) for word in words) > 32
    fresh = replace(BPE)
    assert fresh.encode(text).tolist() == fresh.encode(text).tolist() == BPE.encode_whole(text).tolist()
    assert len(fresh._words) < 90


def test_words_are_not_encoded_apart_where_a_piece_reaches_over_their_border():
    reaching = PieceTokenizer("bpe", ("e t", " t", "e ", " ", "t", "h", "e"), tuple(map(float, range(0, -7, -1))))
    assert reaching.encode("he the").tolist() == [262, 257, 262, 263]
    assert reaching._words is None
    assert UNIGRAM._words is None


def test_words_are_forgotten_when_there_are_too_many(monkeypatch):
    monkeypatch.setattr(known_words, "_MOST_WORDS", 3)
    monkeypatch.setattr(known_words, "_AT_ONCE", 2)
    fresh = replace(BPE)
    texts = ["the th e", "h t", "the e the", "he het"]
    assert [fresh.encode(text).tolist() for text in texts] == [replace(BPE).encode(text).tolist() for text in texts]
    assert len(fresh._words) <= 3 + 2


def test_what_sentencepiece_cannot_carry_goes_by_its_bytes():
    assert BPE.encode("the\u2581the\0\udcfe").tolist() == [258, *byte_ids("\u2581"), 258, 1, 0xFF]
    assert BPE.decode(BPE.encode("the\u2581the\0")) == "the\u2581the\0"


@pytest.mark.parametrize("kind", ["bpe", "unigram"])
def test_a_space_goes_by_its_byte_where_no_piece_is_one(kind):
    tokenizer = PieceTokenizer(kind, ("a", "b", " a"), (-1.0, -2.0, -3.0))
    assert tokenizer.encode("a  b a▁").tolist() == [257, 33, 33, 258, 33, 257, *byte_ids("▁")]
    assert tokenizer.decode(tokenizer.encode("a  b a▁")) == "a  b a▁"


def test_pieces_are_shown_with_visible_spaces():
    assert [BPE.piece(token_id) for token_id in (0, 11, 259)] == ["<boundary>", "\\n", "␣the"]


@pytest.mark.parametrize("name", ["bpe", "unigram"])
def test_the_same_corpus_gives_the_same_pieces_however_it_is_cut(name, corpus, build_tokenizer):
    whole = text_tokenizers.build(name, lambda: [None, corpus, ""])
    assert registry.fingerprint(whole) == registry.fingerprint(build_tokenizer(name, corpus))


@pytest.mark.parametrize(("name", "characters_a_piece"), [("bpe", 3), ("unigram", 1.9)])
def test_source_code_gets_pieces_for_indentation_and_line_ends(name, characters_a_piece, build_tokenizer):
    tokenizer = build_tokenizer(name, CODE, vocab_size=400)
    ids = tokenizer.encode(CODE)
    assert tokenizer.decode(ids) == CODE
    assert len(CODE) / len(ids) > characters_a_piece
    pieces = {tokenizer.decode([token_id]) for token_id in set(ids.tolist())}
    assert any(piece.isspace() and len(piece) >= 3 and "\n" not in piece for piece in pieces)
    assert any(piece.startswith("\n") for piece in pieces)
    assert len(tokenizer.encode("\n            self.add(item)")) <= 11


@pytest.mark.parametrize("name", ["bpe", "unigram"])
def test_a_given_size_is_met_where_the_corpus_can_fill_it(name, build_tokenizer):
    assert build_tokenizer(name, CODE, vocab_size=321).vocab_size == 321


@pytest.mark.parametrize("name", ["bpe", "unigram"])
@pytest.mark.parametrize(
    "text", ["a", "\n", " ", "\0", "\u2581\u2581", "\u2585", "\udcff", "aaaaaaaaaaaaaaaaaaaaa", "\t\t", "ab" * 5000, "日本語"]
)
def test_a_corpus_too_small_for_the_size_gets_what_it_can_fill(name, text, build_tokenizer):
    tokenizer = build_tokenizer(name, text, vocab_size=700)
    assert 257 < tokenizer.vocab_size <= 700
    for anything in (text, " The tide,\n\n  the heron: \u2581\0é語😀 "):
        assert tokenizer.decode(tokenizer.encode(anything)) == anything


@pytest.mark.parametrize("name", ["bpe", "unigram"])
def test_an_alphabet_larger_than_the_vocabulary_leaves_its_rare_characters_to_the_bytes(name, build_tokenizer):
    text = "".join(chr(code) for code in range(0x4E00, 0x4F00)) + "人人" * 50
    tokenizer = build_tokenizer(name, text, vocab_size=300)
    assert tokenizer.vocab_size <= 300
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert len(tokenizer.encode("人人")) <= 2
    assert tokenizer.encode("\u4eff").tolist() == byte_ids("\u4eff")


@pytest.mark.parametrize("name", ["bpe", "unigram"])
def test_a_size_without_room_for_the_bytes_is_refused(name, build_tokenizer):
    with pytest.raises(UsageError, match="258"):
        build_tokenizer(name, vocab_size=258)
    assert build_tokenizer(name, vocab_size=259).vocab_size <= 259


def test_learning_and_refusing_say_nothing_on_the_standard_streams():
    script = """
        from lstmgen.media.text import tokenizers as text_tokenizers
        from lstmgen.media import registry
        from lstmgen.errors import ModelFileError
        for name in ("bpe", "unigram"):
            for text in ("aaaa", "the heron waits\\n" * 40):
                model = text_tokenizers.build(name, lambda: [text], vocab_size=5000).to_json()
            try:
                registry.tokenizer_from_json(model | {"pieces": ["<unk>"], "scores": [0.0]})
            except ModelFileError:
                pass
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")


def test_importing_the_room_loads_neither_sentencepiece_nor_torch():
    script = "import sys, lstmgen.media.text.tokenizers; print(sorted({'sentencepiece', 'torch'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "[]"


def of_version_1(tokenizer, **changes):
    model = base64.b64encode(piece_proto.write(tokenizer.name, tokenizer.pieces, tokenizer.scores)).decode()
    return {"name": tokenizer.name, "version": 1, "model": model, "raw_bytes": tokenizer.raw_bytes} | changes


@pytest.mark.parametrize("tokenizer", [BPE, replace(UNIGRAM, raw_bytes=True)], ids=["bpe", "unigram"])
def test_the_json_of_version_1_gives_the_same_tokenizer(tokenizer):
    assert registry.tokenizer_from_json(of_version_1(tokenizer)) == tokenizer


@pytest.mark.parametrize(
    "values",
    [
        {"model": ""},
        {"model": "not base64!"},
        {"model": "é"},
        {"model": "AAA"},
        {"model": None},
        {"model": base64.b64encode(b"\n" * 300).decode()},
        {"model": of_version_1(UNIGRAM)["model"]},  # under the name of bpe
        {"model": of_version_1(replace(BPE, pieces=("a",) * 7))["model"]},
        {"model": of_version_1(replace(BPE, pieces=("",), scores=(0.0,)))["model"]},
        {"model": of_version_1(replace(BPE, pieces=("a" * 5000,), scores=(0.0,)))["model"]},
        {"model": of_version_1(replace(BPE, pieces=("<0x41>",), scores=(0.0,)))["model"]},
        *({"model": of_version_1(replace(BPE, scores=(score,) * 7))["model"]} for score in (float("nan"), float("inf"), -1e30)),
        {"raw_bytes": "yes"},
        {"extra": 1},
        {"pieces": []},
        {"version": True},
    ],
)
def test_other_json_of_version_1_is_refused(values):
    with pytest.raises(ModelFileError):
        registry.tokenizer_from_json(of_version_1(BPE) | values)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"pieces": "the"}, "expected a list"),
        ({"pieces": ["the", 3, *"abcde"]}, "entry 1 of pieces is int"),
        ({"pieces": ["", *"abcdef"]}, "0 characters"),
        ({"pieces": ["a" * 5000, *"bcdefg"]}, "5,000 characters"),
        ({"pieces": ["a", *"abcdef"]}, "twice"),
        ({"pieces": ["\ud800", *"abcdef"]}, "half a character"),
        *(({"pieces": [f"x{symbol}", *"abcdef"]}, "no piece can hold") for symbol in ("\u2581", "\0", "\udc80")),
        ({"pieces": ["<0x41>", *"abcdef"]}, "sentencepiece"),
        ({"pieces": ["<unk>", *"abcdef"]}, "sentencepiece"),
        ({"pieces": [*"abcdef"]}, "no list of 6"),
        ({"scores": None}, "expected a list"),
        ({"scores": [0.0]}, "no list of 7"),
        *(({"scores": [score] * 7}, "bounded") for score in (float("nan"), float("-inf"), -1e30, 10**400, True, "1", None, [1.0])),
        ({"raw_bytes": "yes"}, "expected true or false"),
        ({"extra": 1}, "extra"),
        ({"model": ""}, "model"),
        ({"version": 3}, "version is 3, expected 2"),
        ({"name": "word"}, "version is 2, expected 1"),
    ],
)
def test_other_json_is_refused(values, reason):
    assert registry.tokenizer_from_json(BPE.to_json()) == BPE
    with pytest.raises(ModelFileError, match=reason):
        registry.tokenizer_from_json(BPE.to_json() | values)


@pytest.mark.parametrize("form", [PieceTokenizer.to_json, of_version_1])
def test_more_pieces_than_a_vocabulary_may_have_are_refused(form, monkeypatch):
    monkeypatch.setattr("lstmgen.limits.MAX_VOCABULARY", 260)
    with pytest.raises(ModelFileError, match="at most 3"):
        registry.tokenizer_from_json(form(BPE))
