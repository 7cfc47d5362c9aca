"""Whole items are held out evenly, and at least one of several."""

import pytest

from lstmgen.media.holding_out import held_out


@pytest.mark.parametrize(
    ("count", "val_frac", "places"),
    [
        (30, 0.1, [9, 19, 29]),
        (9, 0.1, [8]),
        (2, 0.1, [1]),
        (1, 0.1, []),
        (0, 0.1, []),
        (5, 0.0, []),
        (4, 0.5, [1, 3]),
        (10, 0.3, [3, 6, 9]),  # in floats 0.3 x 10 is below 3
    ],
)
def test_every_so_many_are_held_out(count, val_frac, places):
    assert held_out(count, val_frac).nonzero()[0].tolist() == places


def test_the_share_is_kept_of_many():
    assert held_out(1_000_000, 0.1).sum() == 100_000
    assert held_out(99_999, 0.123456789).sum() == int(99_999 * 0.123456789)
