import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmgen.errors import ModelFileError, UsageError
from lstmgen.media.text import word
from lstmgen.media.text.word import WordTokenizer

FEW = WordTokenizer(("é", "語", " the", "heron", " n'est"))


def units(text):
    return word._unit_pattern().findall(text)


def test_frequent_words_have_ids_and_rare_ones_are_spelled():
    assert FEW.encode("heron the théß語").tolist() == [260, 259, *(1 + byte for byte in b" th"), 257, 196, 160, 258]
    assert [FEW.piece(token_id) for token_id in (0, 1, 196, 257, 259)] == ["<boundary>", "\\x00", "\\xc3", "é", "␣the"]
    assert FEW.vocab_size == 262


def test_the_json_is_pinned():
    assert FEW.to_json() == {"name": "word", "version": 1, "units": ["é", "語", " the", "heron", " n'est"], "raw_bytes": False}


def test_a_text_is_cut_into_words_numbers_marks_and_white_space():
    text = "The heron's dish, e\u0301te\u0301: x_1 = 123456;\r\n\r\n    return  12\t\t!\n\n“So”"
    expected = "The| heron's| dish|,| e\u0301te\u0301|:| x|_|1| =| 1234|56|;|\r\n\r\n|   | return| | 12|\t\t|!|\n\n|“|So|”"
    assert units(text) == expected.split("|")


@settings(max_examples=80)
@given(st.text(st.one_of(st.characters(), st.sampled_from("a'\u2019 \n\r\t_1é\u0301\u200d")), max_size=60))
def test_units_joined_are_the_text_and_none_is_long(text):
    assert "".join(units(text)) == text
    assert all(0 < len(unit) < 400 for unit in units(text * 20))


def test_the_most_frequent_units_get_the_ids_in_order(build_tokenizer):
    tokenizer = build_tokenizer("word", "ß the the a the a cat the a\n" * 5, vocab_size=260)
    assert tokenizer.units == ("ß", " the", " a")
    assert tokenizer.vocab_size == 260


def test_without_a_size_every_unit_seen_three_times_gets_an_id(build_tokenizer):
    tokenizer = build_tokenizer("word", "tide tide tide tide; ü ü ü heron heron\n")
    assert tokenizer.units == ("ü", " tide", " ü")


def test_units_are_counted_whole_however_the_corpus_is_cut(build_tokenizer, corpus):
    whole = WordTokenizer.train(lambda: [corpus], counts={symbol: corpus.count(symbol) for symbol in set(corpus)})
    assert build_tokenizer("word", corpus) == whole


def test_counting_stays_bounded_and_keeps_what_is_frequent(monkeypatch):
    monkeypatch.setattr(word, "_MAX_COUNTED_UNITS", 50)
    lines = [f"tide {number}x heron\n" for number in range(1000, 3000)]
    counts = word._count_units(iter(lines))
    assert counts["tide"] == counts[" heron"] == 2000
    assert len(counts) < 110


def test_a_size_without_room_for_the_bytes_is_refused(build_tokenizer):
    assert build_tokenizer("word", vocab_size=257).units == ()
    with pytest.raises(UsageError, match="256"):
        build_tokenizer("word", vocab_size=256)


def test_a_line_with_something_on_it_starts_a_unit_whatever_stands_before():
    text = "one\n\n  two\r\n\nthree"
    start = word._line_start(text, len(text) - 2)
    assert text[start:] == "three"
    assert start in [match.start() for match in re.finditer(word._unit_pattern(), text)]
    assert word._line_start("\n" * 500 + "xyz", 490) == 0


@pytest.mark.parametrize(
    "values",
    [
        {"units": ["a"]},
        {"units": [" the", " the"]},
        {"units": [""]},
        {"units": ["x" * 5000]},
        {"units": ["\udcff"]},
        {"units": ["ab\ud800"]},
        {"units": [1]},
        {"units": None},
        {"raw_bytes": 0},
        {"extra": []},
    ],
)
def test_other_json_is_refused(values):
    with pytest.raises(ModelFileError):
        WordTokenizer.from_json(FEW.to_json() | values)
