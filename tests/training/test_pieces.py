"""Pieces are read apart, whole, each once a turn, and exactly the same again after a restore."""

import contextlib
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from lstmgen.ids import BOUNDARY_ID
from lstmgen.media.legal import LegalAt, packed, unpacked
from lstmgen.model import reading
from lstmgen.model.language_model import Architecture, LanguageModel
from lstmgen.training.pieces import PieceStreams
from lstmgen.training.streams import IGNORED, Window
from lstmgen.training.validation import Share, Validation

PIECES = [[1, 2, 3, 4, 5, 6, 7], [8, 9], [10, 11, 12, 13, 14], [15], [16, 17, 18, 19]]


def collection():
    ids = np.concatenate([[BOUNDARY_ID, *piece] for piece in PIECES]).astype(np.uint8)
    return ids, np.flatnonzero(ids == BOUNDARY_ID)


def streams(**changes):
    ids, starts = collection()
    return PieceStreams(ids, starts, **{"batch_size": 2, "seq_length": 3, "seed": 5, **changes})


def told(reader, windows):
    """What each head learns, piece by piece: the counted targets from one fresh start to the next."""
    found = []
    open_ = [None] * reader.batch_size
    for _ in range(windows):
        window = reader.next_window()
        for head in range(reader.batch_size):
            if window.fresh_B[head]:
                open_[head] = []
                found.append(open_[head])
            targets = window.targets_TB[:, head].tolist()
            open_[head] += [target for target in targets if target != IGNORED]
    return found


def test_every_piece_is_learned_whole_and_ends_with_a_boundary():
    pieces = told(streams(), 40)[:-2]
    assert all(piece[-1] == BOUNDARY_ID and piece[:-1] in PIECES for piece in pieces)


def test_levelled_every_turn_takes_each_piece_whole_and_once():
    random = np.random.default_rng(2)
    pieces = [random.integers(1, 9, size).tolist() for size in random.integers(1, 40, 101)]
    ids = np.concatenate([[BOUNDARY_ID, *piece] for piece in pieces]).astype(np.uint8)
    reader = PieceStreams(ids, np.flatnonzero(ids == BOUNDARY_ID), batch_size=5, seq_length=7, seed=1, levelled=True)
    found = [piece[:-1] for piece in told(reader, 300)[: 2 * len(pieces)]]
    turns = found[: len(pieces)], found[len(pieces) :]
    assert sorted(turns[0]) == sorted(turns[1]) == sorted(pieces)
    assert turns[0] != turns[1]
    assert turns[0] != sorted(pieces, key=len)


def test_levelled_windows_are_as_long_as_the_longest_piece_in_them_and_nearly_full():
    random = np.random.default_rng(3)
    pieces = [[1] * size for size in random.integers(2, 15, 400)]
    ids = np.concatenate([[BOUNDARY_ID, *piece] for piece in pieces]).astype(np.uint8)
    options = {"batch_size": 8, "seq_length": 32, "seed": 1}
    filled = {}
    for levelled in (False, True):
        reader = PieceStreams(ids, np.flatnonzero(ids == BOUNDARY_ID), levelled=levelled, **options)
        windows = [reader.next_window() for _ in range(50)]
        assert all(window.counted == int((window.targets_TB != IGNORED).sum()) for window in windows)
        assert all(bool((window.targets_TB[-1] != IGNORED).any()) for window in windows) == levelled
        filled[levelled] = sum(window.counted for window in windows) / sum(window.targets_TB.numel() for window in windows)
    assert filled[False] < 0.4
    assert filled[True] > 0.9


@pytest.mark.parametrize("windows", [1, 7, 23])
def test_levelled_a_restored_reader_continues_exactly_where_it_stood(windows):
    one, other = streams(levelled=True), streams(levelled=True)
    for _ in range(windows):
        one.next_window()
    other.restore(one.state())
    for _ in range(20):
        left, right = one.next_window(), other.next_window()
        assert torch.equal(left.inputs_TB, right.inputs_TB)
        assert torch.equal(left.targets_TB, right.targets_TB)


def test_every_turn_takes_each_piece_once_in_an_order_of_its_own():
    first = [piece[:-1] for piece in told(streams(), 60)][:15]
    turns = [first[begin : begin + 5] for begin in (0, 5, 10)]
    assert all(sorted(turn) == sorted(PIECES) for turn in turns)
    assert len({str(turn) for turn in turns}) > 1


def test_inputs_are_targets_shifted_by_one_within_a_piece():
    reader = streams(seq_length=4)
    for _ in range(20):
        window = reader.next_window()
        for head in range(2):
            inputs, targets = window.inputs_TB[:, head].tolist(), window.targets_TB[:, head].tolist()
            assert all(targets[at] in {inputs[at + 1], IGNORED, BOUNDARY_ID} for at in range(3))


def test_the_number_of_counted_targets_is_the_number_told():
    reader = streams()
    for _ in range(10):
        window = reader.next_window()
        assert window.counted == int((window.targets_TB != IGNORED).sum())


@pytest.mark.parametrize("after", [0, 1, 7, 23])
def test_a_restored_reader_goes_on_with_the_same_windows(after):
    def mirrored(ids, random, _):
        return ids[::-1].copy() if random.random() < 0.5 else ids

    one, two = streams(augment=mirrored), streams(augment=mirrored)
    for _ in range(after):
        one.next_window()
    two.restore(one.state())
    for _ in range(12):
        left, right = one.next_window(), two.next_window()
        assert torch.equal(left.inputs_TB, right.inputs_TB)
        assert torch.equal(left.targets_TB, right.targets_TB)
        assert torch.equal(left.fresh_B, right.fresh_B)


def test_a_piece_is_augmented_anew_each_time_it_is_taken():
    forms = {str(piece) for piece in told(streams(augment=lambda ids, random, _: ids + int(random.integers(100))), 60)}
    assert len(forms) > len(PIECES)


def test_validation_of_pieces_is_that_of_each_piece_alone():
    torch.manual_seed(1)
    network = LanguageModel(Architecture(vocab_size=20, embedding_size=5, hidden_size=7, num_layers=2))
    ids, starts = collection()
    nats, counted = Validation(ids, starts)(network, arithmetic=contextlib.nullcontext)
    alone = 0.0
    network.eval()
    with torch.inference_mode():
        for piece in PIECES:
            logits_TBV, _ = network(torch.tensor([[BOUNDARY_ID, *piece[:-1]]]).T, network.zero_state(1))
            alone += torch.nn.functional.cross_entropy(logits_TBV[:, 0], torch.tensor(piece), reduction="sum").item()
    assert counted == sum(map(len, PIECES))
    assert nats == pytest.approx(alone, rel=1e-5)
    assert network.training is False


def test_a_bounded_validation_takes_evenly_spread_pieces():
    ids, starts = collection()
    network = LanguageModel(Architecture(vocab_size=20, embedding_size=5, hidden_size=7, num_layers=1))
    _, counted = Validation(ids, starts)(network, arithmetic=contextlib.nullcontext, max_tokens=len(ids) // 2)
    assert 0 < counted < sum(map(len, PIECES))


def ascending(ids):
    """The rows of a grammar in which only larger ids may come, or the boundary."""
    return packed((np.arange(24) > np.append(0, ids)[:, None]) | (np.arange(24) == BOUNDARY_ID))


def test_every_target_has_the_row_of_its_place_in_its_piece_and_what_is_not_counted_has_all_ids():
    reader, other = streams(legal=ascending), streams(legal=ascending)
    for number in range(30):
        window = reader.next_window()
        may_TBV = unpacked(window.legal_TBK.numpy(), 24)
        for inputs, targets, may_V in zip(window.inputs_TB.flatten(), window.targets_TB.flatten(), may_TBV.reshape(-1, 24), strict=True):
            if targets == IGNORED:
                assert may_V.all()
            elif inputs != BOUNDARY_ID:
                np.testing.assert_array_equal(np.flatnonzero(may_V), [BOUNDARY_ID, *range(int(inputs) + 1, 24)])
        if number == 7:
            other.restore(reader.state())
        elif number > 7:
            assert torch.equal(other.next_window().legal_TBK, window.legal_TBK)
    back = Window.of(window.tensors(), counted=window.counted)
    assert torch.equal(back.legal_TBK, window.legal_TBK)


def test_validation_goes_over_what_may_come_and_so_does_another_process():
    ids, starts = collection()
    network = LanguageModel(Architecture(vocab_size=24, embedding_size=4, hidden_size=5, num_layers=1))
    validation = Validation(ids, starts, legal=LegalAt(ascending, ids, starts))
    nats, counted = validation(network, arithmetic=contextlib.nullcontext)
    expected = 0.0
    for piece in PIECES:
        with torch.inference_mode():
            logits_TBV, _ = network.eval()(torch.tensor([[BOUNDARY_ID], *[[each] for each in piece[:-1]]]), network.zero_state(1))
        may_TV = torch.from_numpy(unpacked(ascending(np.array(piece)), 24)[:-1])
        log_p_TV = logits_TBV[:, 0].double().masked_fill(~may_TV, -torch.inf).log_softmax(1)
        expected -= float(log_p_TV[torch.arange(len(piece)), torch.tensor(piece)].sum())
    assert counted == sum(map(len, PIECES))
    assert nats == pytest.approx(expected)
    share = Share(ids, reading.documents(starts, len(ids)), run_in=0, told_V=None, ends=False, legal=validation.legal).packed()
    there = Share.of(*share.order(), SimpleNamespace(rank=0, size=1))
    assert there(network, arithmetic=contextlib.nullcontext)[0].item() == pytest.approx(nats)
