"""Streams that begin afresh at a paragraph: where, how often, and what of a window changes."""

import numpy as np
import pytest
import torch

from lstmgen.ids import BOUNDARY_ID
from lstmgen.training.openings import Openings
from lstmgen.training.streams import Streams

LINE_END, LETTERS = 1, 20
LINE_ENDS_V = np.arange(LETTERS) == LINE_END


def text(paragraphs, *, words=40, empty_lines=True, seed=1):
    """Paragraphs of letters, between empty lines or one a line; the boundary before all of them."""
    random = np.random.default_rng(seed)
    parts = [np.array([BOUNDARY_ID])]
    for _ in range(paragraphs):
        parts += [random.integers(2, LETTERS, random.integers(words // 2, words)), np.full(2 if empty_lines else 1, LINE_END)]
    return np.concatenate(parts)


def windows(ids, count, *, openings, batch_size=8, seq_length=7, position=0):
    streams = Streams(ids, batch_size=batch_size, seq_length=seq_length, position=position, openings=openings)
    return [streams.next_window() for _ in range(count)]


@pytest.mark.parametrize("empty_lines", [True, False])
def test_a_head_that_begins_afresh_reads_the_boundary_before_a_paragraph_and_learns_what_it_would_have(empty_lines):
    ids = text(300, empty_lines=empty_lines)
    plain = windows(ids, 1500, openings=None)
    opened = windows(ids, 1500, openings=Openings(ids, LINE_ENDS_V))
    found = 0
    for before, window in zip(plain, opened, strict=True):
        assert torch.equal(window.targets_TB, before.targets_TB)
        assert torch.equal(window.inputs_TB[1:], before.inputs_TB[1:])
        assert torch.equal(window.inputs_TB[0, ~window.fresh_B], before.inputs_TB[0, ~window.fresh_B])
        assert (window.inputs_TB[0, window.fresh_B] == BOUNDARY_ID).all()
        assert (before.inputs_TB[0, window.fresh_B] == LINE_END).all()
        assert (before.targets_TB[0, window.fresh_B] > LINE_END).all()
        found += int(window.fresh_B.sum())
    assert 20 < found < 0.02 * 8 * 1500


def test_lines_are_no_paragraphs_where_empty_lines_stand_between_these():
    random = np.random.default_rng(2)
    ids = text(400)
    ids[random.choice(len(ids), 600)] = LINE_END
    before = None
    for window in windows(ids, 2000, openings=Openings(ids, LINE_ENDS_V)):
        if before is not None and window.fresh_B.any():
            assert (before[-1, window.fresh_B] == LINE_END).all()
        before = window.inputs_TB


@pytest.mark.parametrize("ids", [np.array([0, 5]), np.array([0, 1]), np.full(50, 7), np.full(50, LINE_END)], ids=str)
def test_a_text_without_a_paragraph_has_none_to_begin_with(ids):
    assert not any(window.fresh_B.any() for window in windows(ids, 60, openings=Openings(ids, LINE_ENDS_V)))


def test_heads_begin_afresh_at_the_same_places_after_a_pause():
    ids = text(300)
    whole = windows(ids, 400, openings=Openings(ids, LINE_ENDS_V))
    rest = windows(ids, 200, openings=Openings(ids, LINE_ENDS_V), position=200 * 7)
    assert sum(int(window.fresh_B.sum()) for window in rest)
    for left, right in zip(whole[200:], rest, strict=True):
        assert torch.equal(left.fresh_B, right.fresh_B)
        assert torch.equal(left.inputs_TB, right.inputs_TB)
