"""Tunes that nobody needs to listen to are told from ordinary ones."""

import numpy as np
import pytest

from lstmgen.music.listening import warnings_of
from lstmgen.music.score import Notes, Score


def tune(pitches, *, step=240, velocity=80, **more):
    starts = step * np.arange(len(pitches))
    return Score.of(Notes.of(starts, starts + step // 2, np.array(pitches), velocity=velocity), **more)


ORDINARY = np.random.default_rng(3).integers(48, 84, 200).tolist()


def test_nothing_is_said_of_ordinary_music():
    assert warnings_of(tune(ORDINARY)) == ()
    assert warnings_of(tune([60, 62, 64, 65, 67, 69, 71, 72] * 2)) == ()  # twice is no loop


@pytest.mark.parametrize(
    ("score", "words"),
    [
        (Score.of(Notes.empty(), length_ticks=4800), "not a single note"),
        (tune([60, 64], step=480 * 50, length_ticks=480 * 400), "nearly silent"),
        (tune(ORDINARY, length_ticks=240 * 200 + 480 * 120), "silent for"),
        (tune(ORDINARY, velocity=5), "hardly to be heard"),
        (tune([60] * 50), "one note is repeated"),
        (tune(ORDINARY[:20] + [60, 62, 64, 67] * 30 + [50]), "the same 4 notes 30 times"),
    ],
)
def test_what_a_listener_would_complain_about_is_said(score, words):
    assert any(words in warning for warning in warnings_of(score)), warnings_of(score)


def test_drums_may_go_round():
    starts = 240 * np.arange(100)
    drums = Notes.of(starts, starts + 60, np.tile([36, 38], 50), drum=True)
    melody = tune(ORDINARY).notes
    assert warnings_of(Score.of(Notes.joined([drums, melody]))) == ()


def test_a_loop_is_one_of_pitches_lengths_and_times():
    pitches = [60, 62, 64, 67] * 30
    starts = np.cumsum(np.random.default_rng(1).choice([60, 120, 180, 240], len(pitches)))
    assert warnings_of(Score.of(Notes.of(starts, starts + 40, np.array(pitches)))) == ()
