"""Windows that are read a second time as prefix, suffix and middle: nothing of the plain order changes, nothing of a copy is lost."""

import numpy as np
import pytest
import torch

from lstmgen.ids import BOUNDARY_ID
from lstmgen.training.pieces import PieceStreams
from lstmgen.training.rearranged import Rearranged, suffix_tokens
from lstmgen.training.streams import IGNORED, Streams

V, T, B = 60, 16, 6


def stream():
    return Streams(np.random.default_rng(1).integers(1, V, 997), batch_size=B, seq_length=T)


def pieces():
    random = np.random.default_rng(2)
    parts = [np.append(BOUNDARY_ID, random.integers(1, V, size)) for size in (3, 9, 40, 2, 25, 1, 17)]
    starts = np.cumsum([0, *map(len, parts)])[:-1]
    return PieceStreams(np.concatenate(parts), starts, batch_size=B, seq_length=T, seed=5)


def rearranged(reader, share=0.4, **options):
    return Rearranged(reader, share=share, vocab_size=V, seed=3, **options)


def copies(window):
    """Of every copy its inputs and targets, and those of the head that it is one of."""
    for column, head in enumerate(window.copied_E.tolist(), B):
        yield tuple(part[:, place].tolist() for place in (column, head) for part in (window.inputs_TB, window.targets_TB))


@pytest.mark.parametrize("make", [stream, pieces])
def test_the_columns_of_the_heads_are_those_of_the_reader_alone(make):
    reader, plain = rearranged(make()), make()
    for _ in range(30):
        window, alone = reader.next_window(), plain.next_window()
        assert torch.equal(window.inputs_TB[:, :B], alone.inputs_TB)
        assert torch.equal(window.targets_TB[:, :B], alone.targets_TB)
        assert window.counted == alone.counted


@pytest.mark.parametrize("make", [stream, pieces])
def test_what_a_copy_reads_and_its_suffix_turned_round_are_what_the_head_reads(make):
    reader, learned = rearranged(make()), 0
    for window in (reader.next_window() for _ in range(30)):
        for inputs, targets, plain, following in copies(window):
            if all(target == IGNORED for target in targets):
                continue
            learned += 1
            assert inputs[0] == V
            middle_at, end = inputs.index(V + 1), targets.index(V)
            suffix, middle = inputs[middle_at - 1 : 0 : -1], inputs[middle_at + 1 : end + 1]
            together = [*middle, *suffix]
            assert together == [*plain[:1], *following][: len(together)]
            assert 1 <= len(suffix) <= suffix_tokens(T)
            wanted = [target for target in targets if target != IGNORED]
            assert len(wanted) >= 1
            assert wanted == [*middle, V][-len(wanted) :] == targets[end + 1 - len(wanted) : end + 1]
    assert learned > 50


def test_the_share_is_that_of_all_columns():
    for share in (0.05, 0.3, 0.75):
        reader = rearranged(stream(), share)
        columns = [reader.next_window().inputs_TB.shape[1] for _ in range(400)]
        assert 1 - 400 * B / sum(columns) == pytest.approx(share, abs=0.02)


def test_what_a_model_is_told_is_not_learned_in_a_gap_either():
    told_V = np.arange(V) % 2 == 0
    told_V[BOUNDARY_ID] = False
    reader = rearranged(stream(), told_V=told_V)
    found = torch.cat([reader.next_window().targets_TB[:, B:].flatten() for _ in range(30)])
    assert not any(told_V[found[(found != IGNORED) & (found != V)].numpy()])
    assert (found == V).any()


def test_no_item_ends_within_a_gap():
    ids = np.where(np.arange(997) % 11 == 0, BOUNDARY_ID, 7)
    reader, learned = rearranged(Streams(ids, batch_size=B, seq_length=T)), 0
    for window in (reader.next_window() for _ in range(30)):
        for _, targets, *_ in copies(window):
            assert BOUNDARY_ID not in targets
            learned += V in targets
    assert learned > 10


@pytest.mark.parametrize("make", [stream, pieces])
def test_plain_values_are_all_it_takes_to_go_on(make):
    one, two = rearranged(make()), rearranged(make())
    for _ in range(13):
        one.next_window()
    two.restore(one.state())
    for _ in range(20):
        left, right = one.next_window(), two.next_window()
        assert torch.equal(left.inputs_TB, right.inputs_TB)
        assert torch.equal(left.targets_TB, right.targets_TB)
