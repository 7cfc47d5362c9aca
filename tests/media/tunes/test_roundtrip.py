"""What a tokenizer loses is what is reported."""

import numpy as np
import pytest

from lstmgen.media.tunes.grid.tokenizer import GridTokenizer
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.media.tunes.performance.tokenizer import PerformanceTokenizer
from lstmgen.media.tunes.roundtrip import corpus_loss
from lstmgen.music.score import Notes, Score


def tune(shift=0):
    """Quarter notes, all late by `shift` ticks of 480; half a second each."""
    starts = 480 * np.arange(20) + shift
    return Score.of(Notes.of(starts, starts + 480, 60 + np.arange(20)))


def test_what_lies_on_the_steps_loses_nothing():
    found = corpus_loss([tune()], NotesTokenizer("beats", 12))
    assert (found.notes, found.kept, found.lost) == (20, 20, 0)
    assert (found.onset_error_ms_p95, found.duration_error_ms_p95) == (0, 0)


def test_notes_between_the_steps_are_off_by_just_that():
    # 10 of 480 ticks are 10.4 ms; a step of a twelfth is 40 ticks, so all begin 10 ticks early.
    found = corpus_loss([tune(10)], NotesTokenizer("beats", 12))
    assert found.onset_error_ms_p50 == pytest.approx(500 * 10 / 480)
    assert found.duration_error_ms_p50 == pytest.approx(0)


def test_drums_are_lost_where_there_are_none():
    notes = tune().notes
    drums = Notes.of(notes.start_ticks, notes.end_ticks, 38, drum=True)
    score = Score.of(Notes.joined([notes, drums]))
    assert corpus_loss([score], PerformanceTokenizer()).lost == 20
    assert corpus_loss([score], NotesTokenizer("beats", 12)).lost == 0


def test_voices_that_are_too_many_are_lost():
    starts = np.repeat(480 * np.arange(10), 3)
    score = Score.of(Notes.of(starts, starts + 480, 60 + np.tile([0, 4, 7], 10), track=np.tile([0, 1, 2], 10)))
    assert corpus_loss([score], GridTokenizer(form="voices", voices=2, steps_per_beat=1)).lost == 10
    assert corpus_loss([score], GridTokenizer(form="voices", voices=3, steps_per_beat=1)).lost == 0


def test_a_corpus_is_the_sum_of_its_tunes_and_of_many_some_are_taken():
    tokenizer = NotesTokenizer("beats", 12)
    assert corpus_loss([tune(), tune(10)], tokenizer).notes == 40
    assert corpus_loss([tune()] * 100, tokenizer, max_notes=200).notes == 200
    empty = corpus_loss([], tokenizer)
    assert (empty.notes, empty.onset_error_ms_p50) == (0, None)


def test_of_notes_that_come_back_fewer_the_nearest_are_compared():
    # Three of one pitch within one step: one is left, at the step of all of them.
    score = Score.of(Notes.of([0, 4, 8, 480], [2, 6, 10, 960], [60, 60, 60, 60]))
    found = corpus_loss([score], NotesTokenizer("beats", 12))
    assert (found.kept, found.lost) == (2, 2)
    assert found.onset_error_ms_p95 == pytest.approx(0, abs=10)
