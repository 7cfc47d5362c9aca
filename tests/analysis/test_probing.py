"""Units that follow a feature are found on one half and judged on the other."""

import numpy as np
import pytest

from lstmgen.analysis.probing import best_units
from lstmgen.analysis.trace import Trace
from lstmgen.errors import InputError
from lstmgen.model.cells import cell_of

RANDOM = np.random.default_rng(1)
YES = (RANDOM.random(400) < 0.3).astype(np.float64)


def trace_of(*columns):
    noise = RANDOM.standard_normal((400, 5)).astype(np.float32)
    series = np.concatenate([noise, *(column[:, None].astype(np.float32) for column in columns)], axis=1)
    return Trace(cell_of("lstm"), np.ones(400, np.int64), np.zeros(400), {(0, "hidden"): noise, (1, "cell"): series})


def test_a_unit_that_knows_it_is_found_and_verified_whatever_its_sign():
    for sign in (1, -1):
        (best, *_) = best_units(trace_of(sign * (4 * YES + 0.1 * RANDOM.standard_normal(400))), YES, yes_or_no=True, top=3)
        assert (best.layer, best.quantity, best.unit, best.rising) == (1, "cell", 5, sign > 0)
        assert best.found == best.verified == 1.0
        assert (best.high, best.low) == (pytest.approx(4 * sign, abs=0.1), pytest.approx(0, abs=0.1))


def test_a_unit_that_knows_it_on_the_first_half_only_is_found_out():
    half = np.arange(400) < 200
    (best, *_) = best_units(trace_of(np.where(half, YES, 1 - YES)), YES, yes_or_no=True, top=1)
    assert best.found == 1.0
    assert best.verified == 0.0


def test_ties_count_half():
    (best, *_) = best_units(trace_of(np.where(YES > 0, 1.0, np.arange(400) % 2)), YES, yes_or_no=True, top=1)
    assert best.found == pytest.approx(0.75, abs=0.06)


def test_a_number_is_followed_by_correlation_and_places_without_one_do_not_count():
    number = np.arange(400) % 37.0
    number[:40] = np.nan
    (best, *_) = best_units(trace_of(-2 * np.nan_to_num(number, nan=900.0)), number, yes_or_no=False, top=2)
    assert best.unit == 5
    assert not best.rising
    assert best.found == pytest.approx(1.0)
    assert best.verified == pytest.approx(1.0)
    assert best.high < best.low


def test_of_a_number_that_is_mostly_as_large_as_it_gets_both_means_are_told():
    number = np.where(RANDOM.random(400) < 0.2, 0.0, 1.0)
    (best, *_) = best_units(trace_of(3 * number), number, yes_or_no=False, top=1)
    assert (best.high, best.low) == (3.0, 0.0)


def test_finds_come_in_falling_order_and_a_dead_unit_follows_nothing():
    finds = best_units(trace_of(np.zeros(400)), np.arange(400.0), yes_or_no=False, top=11)
    scores = [find.found for find in finds]
    assert scores == sorted(scores, reverse=True)
    assert len(finds) == 11
    assert scores[-1] == 0.0


def test_a_feature_that_never_changes_tells_nothing():
    for values in (np.zeros(400), np.concatenate([YES[:200], np.ones(200)]), np.full(400, np.nan)):
        with pytest.raises(InputError, match="everywhere the same"):
            best_units(trace_of(), values, yes_or_no=True, top=1)
