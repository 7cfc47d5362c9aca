"""Features of a text at its characters, and at the last character of tokens that hold several."""

import numpy as np
import pytest

from lstmgen.errors import UsageError
from lstmgen.media.text.features import FEATURES
from lstmgen.media.text.medium import MEDIUM


def marked(text, feature, tokenizer):
    """The values as a line of digits."""
    ids = tokenizer.encode(text)
    _, values = MEDIUM.follow(tokenizer, ids, text, feature)
    return "".join("?" if np.isnan(value) else f"{value:.0f}" for value in values)


@pytest.fixture(scope="module")
def byte():
    from lstmgen.media.text import tokenizers

    return tokenizers.build("byte", lambda: iter(["x"]))


@pytest.mark.parametrize(
    ("feature", "text", "expected"),
    [
        ("quotes", 'say "no" or', "00001110000"),
        ("quotes", "don't say 'no' it's", "0000000000111000000"),
        ("quotes", "b'x' rb'y' fab'x'", "01100001100000000"),
        ("quotes", '"""a\n\n"b""" c', "1111111111000"),
        ("quotes", 'a "b\n\nc" d', "0000000000"),
        ("quotes", r'"a\"b" c', "11111000"),
        ("brackets", "f(a[1])b", "01111100"),
        ("brackets", "a) (b\n\nc", "00011100"),
        ("brackets", "'(' # (\nx", "000000000"),
        ("comment", "x # y\nz", "0011100"),
        ("comment", "'#' #", "00001"),
        ("column", "ab\nc\n\nd", "1201001"),
        ("indent", "  a\n b", "122211"),
        ("line-end", "abc\nd", "21000"),
        ("word", "ab, c", "12001"),
        ("[ab]+", "cabc", "0110"),
    ],
)
def test_what_holds_after_each_character(feature, text, expected, byte):
    assert marked(text, feature, byte) == expected


def test_a_token_of_several_characters_counts_as_its_last_one_and_half_a_character_as_the_one_before(byte):
    from lstmgen.media.text import tokenizers

    pieces = tokenizers.build("bpe", lambda: iter(["the cat and the dog and the cow " * 20]), vocab_size=280)
    text = "the cat and the dog"
    ids = pieces.encode(text)
    _, values = MEDIUM.follow(pieces, ids, text, "column")
    ends = np.cumsum([len(piece) for piece in MEDIUM.readable(pieces, ids)])
    assert len(ids) < len(text)
    assert values.tolist() == ends.tolist()
    assert marked("aé", "column", byte) == "112"
    assert marked("é", "column", byte) == "?1"


def test_every_feature_takes_every_text(byte):
    random = np.random.default_rng(5)
    for _ in range(60):
        text = "".join(random.choice(list("ab \n\t\"'#([{}])\\é“”\r")) for _ in range(random.integers(1, 60)))
        ids = byte.encode(text)
        for feature in FEATURES:
            _, values = MEDIUM.follow(byte, ids, text, feature.name)
            assert len(values) == len(ids)
            assert not feature.yes_or_no or set(np.unique(values[~np.isnan(values)])) <= {0.0, 1.0}


def test_what_is_neither_a_feature_nor_an_expression_is_refused(byte):
    with pytest.raises(UsageError, match="neither a feature nor a regular expression"):
        MEDIUM.follow(byte, byte.encode("a"), "a", "qoutes(")
