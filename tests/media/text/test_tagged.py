"""Case and marks taken off a text: what is, what is not, and that nothing is lost."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmgen.choices import OBJECTIVES, TAGS
from lstmgen.errors import ModelFileError
from lstmgen.ids import labelled_ids, labels_of, symbols_of
from lstmgen.media.text import tokenizers
from lstmgen.media.text.tagged import TaggedTokenizer, take_off

TRICKY = st.text(st.sampled_from("aB z.,!?;:'\"-9\nİßΩǅ語)"), max_size=14)
TOKENIZER = tokenizers.build("tagged", lambda: ["aB z.,!?;:'\"-9\nİßΩǅ語)"])


@pytest.mark.parametrize(
    ("text", "plain", "told"),
    [
        ("Speak, speak.\n", "speak speak\n", {0: "capital", 5: ",", 11: "."}),
        ("Who's there?--I!\n", "who's there--i\n", {0: "capital", 11: "?", 13: "capital", 14: "!"}),
        ("3.14 and U.S.A\n", "3.14 and u.s.a\n", {9: "capital", 11: "capital", 13: "capital"}),
        ("so... . what?!", "so... . what?!", {}),
        ('"No," he said;\n', '"no" he said\n', {1: "capital", 3: "plain", 12: ";"}),
        ("İ ß ǅ Ω", "İ ß ǅ ω", {6: "capital"}),
        ("", "", {}),
    ],
)
def test_marks_behind_words_and_case_that_comes_back_are_taken_off(text, plain, told):
    found, labels_T = take_off(text)
    assert found == plain
    names = {place: TAGS[label] for place, label in enumerate(labels_T) if TAGS[label] != "plain"}
    expected = {place: name for place, name in told.items() if name != "plain"}
    assert names == expected | ({3: ","} if text.startswith('"No') else {})


@settings(max_examples=40, deadline=None)
@given(TRICKY)
def test_nothing_is_lost_and_only_allowed_labels_are_given(text):
    plain, labels_T = take_off(text)
    assert TOKENIZER.restored(plain, labels_T) == text
    ids = TOKENIZER.encode(text)
    assert TOKENIZER.decode(ids) == text
    assert TOKENIZER.allowed(ids)[np.arange(len(ids)), labels_T].all()
    same, plain_ids = TOKENIZER.plain_of(text)
    assert same == plain
    assert np.array_equal(symbols_of(plain_ids, len(TAGS)), symbols_of(ids, len(TAGS)))
    assert np.array_equal(labelled_ids(symbols_of(ids, len(TAGS)), labels_of(ids, len(TAGS)), len(TAGS)), ids)
    assert np.array_equal(labels_of(ids, len(TAGS)), labels_T)


def test_the_vocabulary_grows_behind_what_is_known_and_a_file_holds_no_capitals():
    grown = TOKENIZER.extended("Éa")
    assert grown.vocab_size == TOKENIZER.vocab_size + len(TAGS)
    assert np.array_equal(grown.encode("B, a\n"), TOKENIZER.encode("B, a\n"))
    assert TaggedTokenizer.from_json(grown.to_json()) == grown
    with pytest.raises(ModelFileError, match="capital"):
        tokenizers.from_json(TOKENIZER.to_json() | {"symbols": ["A", " "], "replacement": " "})
    assert OBJECTIVES["tags"].labels == TAGS
