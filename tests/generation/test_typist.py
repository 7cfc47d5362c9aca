"""Keys are counted as a typist presses them: one takes a suggestion and the space behind it."""

import pytest

from lstmgen.generation import typist
from lstmgen.generation.typist import keystrokes
from lstmgen.model.learning_rule import LearningRule

LEARNED = b"the cat sat on the mat"


of_characters = pytest.mark.parametrize("case", ["char"], indirect=True)


def counted(model, text, learned=LEARNED, *, most=1000):
    ids = model.tokenizer.encode(text)
    spelled = model.medium.spelled(model.tokenizer, model.medium.parse_prompt(model.tokenizer, "", {}, model.data))
    return keystrokes(model.decoder, spelled, ids, learned, most=most)


@of_characters
@pytest.mark.parametrize(
    ("text", "pressed"),
    [
        ("the cat sat", 3),  # each word is suggested at once, and brings its space
        ("the dog", 4),  # the space comes with the word before; what was never learned is typed
        ("on. the", 5),  # o is typed, then on is taken; the stop, the space, and the
        ("mat\nmat", 3),  # a line end is a key of its own
        ("theo", 4),
    ],
)
def test_the_keys_with_an_ngram_are_those_counted_by_hand(case, text, pressed):
    found = counted(case.model, text)
    assert found.pressed_ngram == pressed
    assert found.keys == len(text)


@pytest.mark.parametrize("case", ["char", "bpe"], indirect=True)
def test_a_model_that_knows_the_text_saves_keys_and_one_that_knows_nothing_costs_none(case):
    text = "the quick brown fox.\n"
    stranger = counted(case.model, text, None)
    assert stranger.pressed <= stranger.keys == len(text)
    assert stranger.pressed_ngram is None
    learned = case.model.adapted(text * 80, LearningRule(rate=0.02, segment=10))
    found = counted(learned, text, None)
    assert found.pressed < 0.7 * found.keys
    assert found.to_json()["saved"] == pytest.approx(1 - found.pressed / found.keys)


@of_characters
def test_the_first_words_are_counted_to_the_end_of_the_last_and_progress_is_told(case):
    told = []
    spelled = case.medium.spelled(case.tokenizer, case.medium.parse_prompt(case.tokenizer, "", {}, case.model.data))
    ids = case.tokenizer.encode("the lazy dog. the fox")
    found = keystrokes(case.model.decoder, spelled, ids, None, most=3, progress=lambda *done: told.append(done))
    assert (found.words, found.keys) == (3, len("the lazy dog"))
    assert told == [(1, 3), (2, 3), (3, 3)]


@of_characters
def test_suggestions_are_the_words_that_are_predicted(case):
    model = case.model
    content = b"the lazy dog"
    spelled = model.medium.spelled(model.tokenizer, model.medium.parse_prompt(model.tokenizer, "", {}, model.data))
    reader = typist._Reader(model.decoder, spelled, model.tokenizer.encode(content.decode()))
    for start in (0, 4, 9):
        found = reader.suggestions(content, start)(b"")
        predicted = model.predict(content[:start].decode(), words=True, top=3)
        assert [word.decode() for word in found] == [each.text for each in predicted.candidates]
