"""The key that sounds most: the quick sums choose what the correlations choose."""

import numpy as np
import pytest

from lstmgen.music import keys
from lstmgen.music.score import Notes, Score


def score_of(pitches):
    return Score.of(Notes.of([480 * place for place in range(len(pitches))], [480 * place + 480 for place in range(len(pitches))], pitches))


def by_correlation(pitches):
    weights = np.bincount(np.array(pitches) % 12, minlength=12) * 480.0
    return int(np.argmax([np.corrcoef(weights, profile)[0, 1] for profile in keys._PROFILES])) if weights.std() else 0


@pytest.mark.parametrize("count", [1, 2, 3, 7, 40])
def test_the_key_is_the_one_that_correlates_best_ties_included(count):
    random = np.random.default_rng(count)
    for _ in range(8):
        pitches = (60 + random.integers(0, 12, count)).tolist()
        assert keys.key_of(score_of(pitches), by_ending=False) == by_correlation(pitches)


@pytest.mark.parametrize("by_ending", [True, False])
def test_the_scale_of_d_major_is_in_d_major(by_ending):
    assert keys.key_name(keys.key_of(score_of([62, 64, 66, 67, 69, 71, 73, 74, 62, 69, 62]), by_ending=by_ending)) == "D major"


def test_a_key_is_found_by_how_a_piece_ends_too():
    scale = [60, 62, 64, 65, 67, 69, 71, 69]
    assert [keys.key_name(keys.key_of(score_of([*scale, last]))) for last in (60, 69)] == ["C major", "A minor"]
    assert keys.key_of(score_of([])) == 0
