"""The read heads: nothing is lost, nothing is read twice, targets are inputs shifted by one."""

import numpy as np
import pytest
import torch

from lstmgen.training.streams import Streams

N = 103


def windows(streams, count):
    pairs = [streams.next_window() for _ in range(count)]
    return torch.cat([window.inputs_TB for window in pairs]), torch.cat([window.targets_TB for window in pairs])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_windows_of_one_stream_put_end_to_end_are_the_text_itself(dtype):
    ids = np.arange(N).astype(dtype)
    streams = Streams(ids, batch_size=4, seq_length=7)
    inputs_TB, targets_TB = windows(streams, 40)
    starts = [N * head // 4 for head in range(4)]
    for head, start in enumerate(starts):
        expected = [(start + step) % N for step in range(7 * 40)]
        assert inputs_TB[:, head].tolist() == expected
        assert targets_TB[:, head].tolist() == [(place + 1) % N for place in expected]


def test_targets_are_inputs_shifted_by_one_across_windows_too():
    inputs_TB, targets_TB = windows(Streams(np.arange(N), batch_size=3, seq_length=5), 30)
    assert torch.equal(inputs_TB[1:], targets_TB[:-1])


def test_the_heads_together_read_every_token_once_a_pass():
    streams = Streams(np.arange(96), batch_size=4, seq_length=6)
    inputs_TB, _ = windows(streams, 4)
    assert sorted(inputs_TB.flatten().tolist()) == list(range(96))


def test_a_head_reads_on_where_the_next_one_began():
    streams = Streams(np.arange(96), batch_size=4, seq_length=6)
    inputs_TB, _ = windows(streams, 5)
    assert torch.equal(inputs_TB[24:, :3], inputs_TB[:6, 1:])


def test_a_position_is_all_it_takes_to_go_on():
    one = Streams(np.arange(N), batch_size=4, seq_length=7)
    windows(one, 13)
    two = Streams(np.arange(N), batch_size=4, seq_length=7)
    two.restore(one.state())
    for _ in range(20):
        left, right = one.next_window(), two.next_window()
        assert torch.equal(left.inputs_TB, right.inputs_TB)
        assert torch.equal(left.targets_TB, right.targets_TB)


def test_a_text_shorter_than_a_window_is_read_round_and_round():
    inputs_TB, targets_TB = windows(Streams(np.array([5, 6, 7]), batch_size=2, seq_length=8), 1)
    assert inputs_TB[:, 0].tolist() == [5, 6, 7, 5, 6, 7, 5, 6]
    assert targets_TB[:, 0].tolist() == [6, 7, 5, 6, 7, 5, 6, 7]


def test_a_reader_that_is_put_elsewhere_reads_on_from_there():
    one = Streams(np.arange(N), batch_size=4, seq_length=7)
    windows(one, 3)
    for position in (21, 5, 7 * N, 0):
        one.restore({"position": position})
        fresh = Streams(np.arange(N), batch_size=4, seq_length=7, position=position)
        assert torch.equal(one.next_window().inputs_TB, fresh.next_window().inputs_TB)
