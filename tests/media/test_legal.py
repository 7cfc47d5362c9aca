"""Rows of bits: of which ids may come, at any places of many items."""

import numpy as np
import pytest

from lstmgen.media.legal import ANYTHING, LegalAt, Remembered, legal_at, packed, unpacked, width, with_what_stands

V = 11


def rows(ids):
    """Behind each id what is larger, and the boundary always."""
    before = np.append(0, ids)
    return packed((np.arange(V) > before[:, None]) | (np.arange(V) == 0))


def test_masks_come_back_from_their_rows():
    masks_NV = np.random.default_rng(1).random((7, V)) < 0.5
    assert packed(masks_NV).shape == (7, width(V))
    np.testing.assert_array_equal(unpacked(packed(masks_NV), V), masks_NV)


def test_where_something_forbidden_stands_nothing_is_forbidden():
    ids = np.array([3, 5, 4, 9])
    found = with_what_stands(rows(ids), ids)
    assert (found[2] == ANYTHING).all()
    np.testing.assert_array_equal(found[[0, 1, 3, 4]], rows(ids)[[0, 1, 3, 4]])
    strict = packed(np.zeros((2, V), bool))
    assert (with_what_stands(strict, np.array([10])) == ANYTHING).all(), "behind an item stands its boundary"


def test_at_any_places_of_many_items_stand_the_rows_of_each():
    items = [np.array([1, 4, 6]), np.array([], np.int64), np.array([2, 9])]
    ids = np.concatenate([part for item in items for part in (np.array([0]), item)])
    found = LegalAt(rows, ids, np.flatnonzero(ids == 0))
    expected = np.concatenate([rows(item) for item in items])  # of every place but the very first, a boundary with what is before it
    np.testing.assert_array_equal(found(np.arange(1, len(ids) + 1)), expected)
    shuffled = np.random.default_rng(2).permutation(np.arange(1, len(ids) + 1))
    np.testing.assert_array_equal(found(shuffled), expected[shuffled - 1])
    assert legal_at(None, ids, np.flatnonzero(ids == 0)) is None


@pytest.mark.parametrize(("most_bytes", "asked"), [(10**6, 3), (20, 4)])
def test_what_was_asked_for_is_kept_as_long_as_there_is_room(most_bytes, asked):
    count = []
    kept = Remembered(lambda ids: (count.append(1), rows(ids))[1], most_bytes=most_bytes)
    for item in ([1, 2], [1, 2], [3, 4, 5], [6, 7, 8, 9], [1, 2]):
        np.testing.assert_array_equal(kept(np.array(item)), rows(np.array(item)))
    assert len(count) == asked
