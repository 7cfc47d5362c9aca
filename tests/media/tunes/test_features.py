"""Features of a tune at its events."""

import numpy as np
import pytest

from lstmgen.media.tunes.medium import MEDIUM
from lstmgen.music.typed import parse_tune


def followed(tokenizer, tune, feature):
    ids = tokenizer.encode(tune)
    return MEDIUM.readable(tokenizer, ids), MEDIUM.follow(tokenizer, ids, tune, feature)[1]


@pytest.fixture
def notes():
    from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer

    return NotesTokenizer("beats", 12, repeats=False, guides=False)


def at_notes(words, values):
    """The values at the events that say a pitch, in order."""
    return [value for word, value in zip(words, values.tolist(), strict=True) if word.startswith("pitch")]


def test_where_a_note_stands_in_its_bar_and_what_was_said_last(notes):
    tune = parse_tune("C4:1 D4:1 E4:1.5 F4:0.5 G4:4")
    words, bar = followed(notes, tune, "bar")
    assert at_notes(words, bar) == pytest.approx([0, 0.25, 0.5, 0.875, 0])
    assert at_notes(*followed(notes, tune, "beat")) == [1, 1, 1, 0, 1]
    assert at_notes(*followed(notes, tune, "last-beat")) == [0, 0, 0, 1, 0]
    assert at_notes(*followed(notes, tune, "pitch")) == [60, 62, 64, 65, 67]


def test_a_pattern_is_looked_for_in_the_words_of_the_events(notes):
    tune = parse_tune("C4 D4 C4 E4")
    assert at_notes(*followed(notes, tune, "C4")) == [1, 0, 1, 0]


def test_every_tokenizer_gives_a_value_for_every_event(tune_case):
    for item in tune_case.items:
        ids = tune_case.tokenizer.encode(item)
        for feature in MEDIUM.features:
            _, values = MEDIUM.follow(tune_case.tokenizer, ids, item, feature.name)
            assert len(values) == len(ids)
            assert np.isfinite(values).any()
