"""The laws of reading: how ids are cut, grouped and chunked changes no figure, and reading changes nothing of the network."""

import contextlib

import numpy as np
import pytest
import torch

from lstmgen.model.language_model import Architecture, LanguageModel
from lstmgen.model.reading import RUN_IN, Bounds, documents, lanes, read, spread, surprisals

V = 13
TINY = Bounds(spans=3, chunk=6, tokens=15, logits=12 * V)
"""So that a few dozen tokens pass through many groups and chunks."""


def network_of(cell="lstm", **changes):
    torch.manual_seed(2)
    shape = {"vocab_size": V, "embedding_size": 5, "hidden_size": 7, "num_layers": 2, "dropout": 0.5} | changes
    return LanguageModel(Architecture(cell=cell, **shape)).double().eval()


def ids_of(count, seed=0):
    return np.random.default_rng(seed).integers(1, V, count).astype(np.uint16)


def read_all(network, ids, spans, **how):
    """One surprisal for each id; not a number where none was given. No id is given twice."""
    nats = np.full(len(ids), np.nan)
    for places, found in surprisals(network, ids, np.asarray(spans, np.int64).reshape(-1, 2), **how):
        assert found.dtype == np.float64
        assert np.isnan(nats[places]).all()
        nats[places] = found
    return nats


def by_hand(network, ids, begin, end):
    """One token after the other, from an empty state."""
    nats, state = [], network.zero_state(1)
    for place in range(begin, end):
        with torch.inference_mode():
            logits_TBV, state = network(torch.tensor([[int(ids[place])]]), state)
        nats.append(-float(logits_TBV[0, 0].log_softmax(0)[int(ids[place + 1])]))
    return nats


def shapes_read(network, *arguments, **how):
    """The shape (T, B) of each call of the network."""
    shapes = []
    hook = network.register_forward_hook(lambda _, inputs, __: shapes.append(tuple(inputs[0].shape)))
    read_all(network, *arguments, **how)
    hook.remove()
    return shapes


SPANS = [(0, 9), (9, 10), (40, 47), (12, 39), (10, 12), (47, 47), (47, 49)]


@pytest.mark.parametrize("bounds", [Bounds(), TINY])
@pytest.mark.parametrize(
    "changes",
    [{"cell": "lstm"}, {"cell": "gru", "matches": "1,2", "match_slots": 16}, {"clock_period": 4, "clock_low": 3, "clock_high": 6}],
)
def test_spans_side_by_side_say_what_each_says_alone(changes, bounds):
    network, ids = network_of(**changes), ids_of(50)
    ids[[0, 12, 40]] = 0
    nats = read_all(network, ids, SPANS, bounds=bounds)
    for begin, end in SPANS:
        assert nats[begin + 1 : end + 1].tolist() == pytest.approx(by_hand(network, ids, begin, end), rel=1e-10)
    told = {place for begin, end in SPANS for place in range(begin + 1, end + 1)}
    assert set(np.flatnonzero(~np.isnan(nats)).tolist()) == told


def test_the_order_of_the_spans_is_of_no_matter():
    network, ids = network_of(), ids_of(50)
    np.testing.assert_allclose(read_all(network, ids, SPANS), read_all(network, ids, SPANS[::-1]), rtol=1e-12)


@pytest.mark.parametrize("chunk", [1, 2, 7, 46, 1000])
def test_the_size_of_a_chunk_changes_nothing(chunk):
    network, ids = network_of(), ids_of(48)
    whole, chunks = read_all(network, ids, [(0, 47)]), read_all(network, ids, [(0, 47)], bounds=Bounds(chunk=chunk))
    np.testing.assert_allclose(chunks, whole, rtol=1e-12)


@pytest.mark.parametrize("bounds", [Bounds(), TINY])
@pytest.mark.parametrize("run_in", [0, 1, 5, 8])
def test_a_run_in_is_read_and_not_counted(run_in, bounds):
    network, ids = network_of(), ids_of(40)
    spans = [(0, 11), (11, 13), (20, 39), (3, 3)][::-1]
    nats = read_all(network, ids, spans, run_in=run_in, bounds=bounds)
    for begin, end in spans:
        first = max(0, begin - run_in)
        assert nats[begin + 1 : end + 1].tolist() == pytest.approx(by_hand(network, ids, first, end)[begin - first :], rel=1e-10)
    assert np.count_nonzero(~np.isnan(nats)) == sum(end - begin for begin, end in spans)


def test_a_run_in_as_long_as_the_stream_makes_lanes_equal_to_reading_in_one_go():
    network, ids = network_of(), ids_of(60)
    spans = [(0, 20), (20, 40), (40, 59)]
    np.testing.assert_allclose(read_all(network, ids, spans, run_in=60), read_all(network, ids, [(0, 59)]), rtol=1e-10)
    assert not np.allclose(read_all(network, ids, spans)[1:], read_all(network, ids, [(0, 59)])[1:], rtol=1e-6)


def test_spans_that_have_ended_are_left_out():
    shapes = shapes_read(network_of(), ids_of(70), [(0, 3), (3, 60), (60, 69)], bounds=Bounds(chunk=2))
    assert shapes == [(2, 3)] * 2 + [(2, 2)] * 3 + [(2, 1)] * 23 + [(1, 1)]


@pytest.mark.parametrize(
    ("bounds", "held"),
    [
        (Bounds(spans=2, tokens=1), lambda _, streams: streams / 2),
        (Bounds(chunk=6), lambda size, _: size / 6),
        (Bounds(spans=4, tokens=20), lambda size, streams: size * streams / 20),
        (Bounds(spans=4, logits=24 * V), lambda size, streams: size * streams * V / (24 * V)),
    ],
)
def test_what_is_held_at_a_time_is_bounded(bounds, held):
    spans = [(begin, begin + 10 + begin % 14) for begin in range(0, 360, 24)]
    shapes = shapes_read(network_of(), ids_of(400), spans, bounds=bounds)
    assert max(held(*shape) for shape in shapes) == 1


def test_a_vocabulary_larger_than_the_bound_is_read_token_by_token():
    assert shapes_read(network_of(), ids_of(9), [(0, 5), (5, 8)], bounds=Bounds(logits=V - 1)) == [(1, 1)] * 8


def test_short_spans_are_read_side_by_side_in_larger_numbers():
    spans = [(begin, begin + 1) for begin in range(300)]
    assert shapes_read(network_of(), ids_of(301), spans, bounds=Bounds(spans=3, tokens=100)) == [(1, 100)] * 3


def test_no_span_gives_no_surprisal():
    assert list(surprisals(network_of(), ids_of(3), np.empty((0, 2), np.int64))) == []
    assert list(surprisals(network_of(), ids_of(3), np.array([[1, 1]]), run_in=1)) == []


def test_reading_changes_neither_weights_nor_gradients_nor_mode_nor_random_numbers():
    network = network_of().train()
    weights = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    generator = torch.get_rng_state()
    for _ in surprisals(network, ids_of(50), np.array(SPANS), bounds=TINY):
        assert network.training
    read(network, ids_of(9).tolist(), network.zero_state(1))
    assert network.training
    assert all(parameter.grad is None for parameter in network.parameters())
    assert torch.equal(torch.get_rng_state(), generator)
    assert all(torch.equal(weights[name], tensor) for name, tensor in network.state_dict().items())


def test_reading_is_without_dropout():
    network, ids = network_of(), ids_of(50)
    expected = read_all(network, ids, SPANS)
    np.testing.assert_array_equal(read_all(network.train(), ids, SPANS), expected)


def test_the_mode_is_put_back_after_a_failure():
    network = network_of().train()
    with pytest.raises(IndexError):
        read_all(network, np.array([1, V, 1]), [(0, 2)])
    with pytest.raises(IndexError):
        read(network, [V], network.zero_state(1))
    assert network.training


def test_few_spans_are_read_by_one_thread_and_many_by_all():
    network, before = network_of(), torch.get_num_threads()
    threads = []
    network.register_forward_hook(lambda *_: threads.append(torch.get_num_threads()))
    torch.set_num_threads(3)
    try:
        read_all(network, ids_of(20), [(place, place + 1) for place in range(7)])
        read_all(network, ids_of(20), [(place, place + 1) for place in range(8)])
        assert threads == [1, 3]
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_only_the_network_runs_in_the_arithmetic():
    entered = []

    @contextlib.contextmanager
    def noted():
        entered.append(True)
        yield

    shapes = shapes_read(network_of(), ids_of(50), SPANS, arithmetic=noted, bounds=TINY)
    assert len(entered) == len(shapes)


@pytest.mark.parametrize("window", [1, 3, 7, 1024])
def test_a_prompt_in_windows_gives_the_numbers_of_the_whole(window):
    network = network_of(clock_period=4, clock_low=3, clock_high=6, matches="1,3", match_slots=16)
    ids = [0, *ids_of(20).tolist()]
    with torch.inference_mode():
        _, earlier = network(torch.tensor([[5]]), network.zero_state(1))
        logits_TBV, after = network(torch.tensor(ids)[:, None], earlier)
    logits_V, state = read(network, ids, earlier, window=window)
    torch.testing.assert_close(logits_V, logits_TBV[-1, 0], rtol=1e-11, atol=1e-11)
    torch.testing.assert_close(state.tensors(), after.tensors(), rtol=1e-11, atol=1e-11)


def test_documents_predict_every_token_but_boundaries():
    assert documents(np.array([0, 4, 5, 7]), 10).tolist() == [[0, 3], [4, 4], [5, 6], [7, 9]]


@pytest.mark.parametrize("window", [1, 2, 3, 9, 100])
def test_windows_of_documents_count_every_token_once_and_start_at_boundaries(window):
    starts, count = [0, 8, 9, 11, 30], 31
    spans = documents(np.array(starts, np.uint64), count, window=window)
    expected = []
    for begin, end in zip(starts, [*starts[1:], count], strict=True):
        expected += [[at, min(at + window, end - 1)] for at in range(begin, end - 1, window)]
    assert spans.tolist() == expected
    predicted = np.concatenate([np.arange(begin, end) + 1 for begin, end in spans])
    assert predicted.tolist() == [place for place in range(count) if place not in starts]


@pytest.mark.parametrize("count", [1, 4 * RUN_IN, 37 * RUN_IN + 5, 2000 * RUN_IN])
def test_lanes_count_every_token_of_a_stream_once(count):
    spans = lanes(count)
    assert spans[0, 0] == 0
    assert spans[-1, 1] == count
    assert (spans[1:, 0] == spans[:-1, 1]).all()
    assert len(spans) == 1 or (spans[:-1, 1] - spans[:-1, 0]).min() >= 4 * RUN_IN


@pytest.mark.parametrize("max_tokens", [1, 1000, 9 * RUN_IN, 100 * RUN_IN])
def test_bounded_lanes_are_equally_long_and_spread_over_the_stream(max_tokens):
    spans = lanes(400 * RUN_IN, max_tokens=max_tokens)
    lengths = spans[:, 1] - spans[:, 0]
    assert max_tokens <= lengths.sum() < max_tokens + len(spans)
    assert len(set(lengths.tolist())) == 1
    assert len(set(np.diff(spans[:, 0]).tolist())) <= 1
    assert spans[-1, 1] > 400 * RUN_IN * (1 - 2 / len(spans))


def test_a_limit_takes_spans_at_equal_distances():
    spans = documents(np.arange(0, 100, 5), 100)
    assert spread(spans, None).tolist() == spread(spans, 100).tolist() == spans.tolist()
    assert spread(spans, 50).tolist() == spans[::2].tolist()
    assert spread(spans, 34).tolist() == spans[::3].tolist()
    assert spread(spans[:0], 34).tolist() == []
