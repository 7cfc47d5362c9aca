"""Totals, lines and tokens."""

import json
import math

import numpy as np
import pytest
from lstmgen.analysis.report import Detail, Score, combine, summarise_totals, utf8_bytes

from lstmgen.errors import InputError
from lstmgen.media.text import tokenizers as text_tokenizers
from lstmgen.media.text.byte import ByteTokenizer

BYTE = ByteTokenizer()


def score_of(*texts, tokenizer=BYTE):
    documents, begin = [], 1
    for text in texts:
        ids = tokenizer.encode(text)
        documents.append((ids, np.arange(begin, begin + len(ids), dtype=np.float64)))
        begin += len(ids)
    whole = "".join(texts)
    totals = summarise_totals(
        nats=float(sum(nats.sum() for _, nats in documents)), tokens=begin - 1, chars=len(whole), bytes_=utf8_bytes(whole)
    )
    return Score(**totals, detail=Detail(tokenizer, tuple(documents)))


def test_the_figures_are_ratios_of_the_same_sum():
    totals = summarise_totals(nats=12.0, tokens=4, chars=6, bytes_=8)
    expected = {
        "tokens": 4,
        "nats_per_token": 3.0,
        "perplexity": math.exp(3.0),
        "chars": 6,
        "nats_per_char": 2.0,
        "bits_per_char": 2.0 / math.log(2),
        "bytes": 8,
        "bits_per_byte": 1.5 / math.log(2),
    }
    assert totals.keys() == expected.keys()
    assert totals == pytest.approx(expected)


def test_what_has_no_value_is_none_and_the_rest_is_json():
    totals = summarise_totals(nats=1e6, tokens=1, chars=0, bytes_=0)
    assert totals["perplexity"] is None
    assert totals["nats_per_char"] is totals["bits_per_char"] is totals["bits_per_byte"] is None
    json.dumps(totals, allow_nan=False)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one\ntwo\n", ["one", "two"]),
        ("one\ntwo", ["one", "two"]),
        ("\n\nx", ["", "", "x"]),
        ("\n", [""]),
        ("x", ["x"]),
        ("a\u2028b\r\nc", ["a\u2028b\r", "c"]),
        ("é€\n🎵", ["é€", "🎵"]),
    ],
)
def test_lines_end_at_line_feeds_and_their_nats_sum_to_the_whole(text, lines):
    score = score_of(text)
    rows = list(score.lines())
    assert [row.text for row in rows] == lines
    assert [row.line for row in rows] == list(range(1, len(lines) + 1))
    assert sum(row.chars for row in rows) == len(text)
    assert sum(row.nats for row in rows) == pytest.approx(score.nats_per_token * score.tokens)
    for row in rows:
        assert row.nats_per_char == pytest.approx(row.nats / row.chars)


def test_a_line_feed_belongs_to_the_line_that_it_ends():
    first, second = score_of("a\nb").lines()
    assert (first.nats, second.nats) == (1.0 + 2.0, 3.0)


def test_a_token_belongs_to_the_line_in_which_it_begins():
    text = "ab\nab\nab\nab\n" * 30
    tokenizer = text_tokenizers.build("bpe", lambda: iter([text]), vocab_size=300)
    score = score_of("ab\nab\nab", tokenizer=tokenizer)
    tokens = list(score.per_token())
    assert [row.index for row in tokens] == list(range(len(tokens)))
    decoded = ""
    for row in tokens:
        assert row.line == decoded.count("\n") + 1
        decoded = tokenizer.decode([each.token for each in tokens[: row.index + 1]])
    assert sum(row.nats for row in score.lines()) == pytest.approx(sum(row.nats for row in tokens))


def test_lines_are_counted_on_from_document_to_document():
    score = score_of("a\nb", "c\n", "d")
    assert [(row.line, row.text) for row in score.lines()] == [(1, "a"), (2, "b"), (3, "c"), (4, "d")]
    assert [row.line for row in score.per_token()] == [1, 1, 2, 3, 3, 4]


def test_tokens_are_shown_without_control_characters():
    assert [row.text for row in score_of("a\x1b\n").per_token()] == ["a", "\\x1b", "\\n"]


def test_the_tables_are_in_the_json_when_asked_for():
    score = score_of("a\nb")
    assert set(score.to_json()) == set(summarise_totals(nats=1, tokens=1, chars=1, bytes_=1))
    table = json.loads(json.dumps(score.to_json(per_line=True, per_token=True), allow_nan=False))
    assert table["lines"][1] == {"line": 2, "text": "b", "chars": 1, "nats": 3.0, "nats_per_char": 3.0}
    assert table["per_token"][0] == {"index": 0, "line": 1, "token": 98, "text": "a", "nats": 1.0}


def test_a_score_of_sums_alone_has_no_tables():
    score = Score(**summarise_totals(nats=1.0, tokens=1, chars=1, bytes_=1))
    assert list(score.lines()) == list(score.per_token()) == []


def test_combined_scores_weigh_every_token_the_same():
    one, other = score_of("aaaa"), score_of("é")
    both = combine([one, other])
    assert (both.tokens, both.chars, both.bytes) == (6, 5, 6)
    assert both.nats_per_token == pytest.approx((1 + 2 + 3 + 4 + 1 + 2) / 6)
    with pytest.raises(InputError):
        combine([])


@pytest.mark.parametrize(("text", "expected"), [("", 0), ("abc", 3), ("é", 2), ("€🎵", 7), ("a\udcffb", 3), ("\ud800", 3)])
def test_bytes_are_those_of_utf8_and_a_byte_escape_is_one(text, expected):
    assert utf8_bytes(text) == expected
