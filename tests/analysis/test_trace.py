"""A trace says of every token what the network computed there, for every cell, and its surprisals are those of the usual reader."""

import numpy as np
import pytest
import torch

from lstmgen import limits
from lstmgen.analysis.trace import Channel, read_trace
from lstmgen.choices import CELLS
from lstmgen.errors import InputError, UsageError
from lstmgen.model.cells import cell_of
from lstmgen.model.language_model import Architecture, LanguageModel
from lstmgen.model.reading import documents, surprisals

IDS = np.random.default_rng(0).integers(1, 9, size=300)


def network_of(cell="lstm"):
    torch.manual_seed(3)
    return LanguageModel(Architecture(vocab_size=9, embedding_size=6, hidden_size=8, num_layers=2, cell=cell)).eval()


@pytest.mark.parametrize("cell", list(CELLS))
def test_every_cell_says_what_it_computes_and_surprisals_are_those_of_the_reader(cell):
    network = network_of(cell)
    trace = read_trace(network, IDS)
    ids = np.concatenate([[0], IDS])
    ((_, expected),) = surprisals(network, ids, documents(np.array([0]), len(ids)))
    np.testing.assert_allclose(trace.nats_T, expected, atol=1e-5)
    names = {name for _, name in trace.values}
    assert names == set(cell_of(cell).quantities)
    assert all(series.shape == (300, 8) for series in trace.values.values())
    for (_, name), series in trace.values.items():
        quantity = cell_of(cell).quantity(name)
        assert quantity.about
        if quantity.bounds is not None:
            assert quantity.bounds[0] - 1e-6 <= series.min() <= series.max() <= quantity.bounds[1] + 1e-6


@pytest.mark.parametrize("cell", list(CELLS))
def test_what_is_carried_is_the_state(cell):
    network = network_of(cell)
    trace = read_trace(network, IDS[:40])
    with torch.inference_mode():
        _, state = network(torch.from_numpy(np.concatenate([[0], IDS[:40]])).unsqueeze(1), network.zero_state(1))
    record = cell_of(cell)
    parts = {quantity.part: name for name, quantity in record.quantities.items() if quantity.part is not None}
    assert sorted(parts) == list(range(len(state.layers[0])))
    for layer, carried in enumerate(state.layers):
        for part, tensor in enumerate(carried):
            np.testing.assert_allclose(trace.values[layer, parts[part]][-1], tensor[0], atol=1e-5)


def test_reading_in_pieces_and_keeping_less_change_no_number():
    whole, few = read_trace(network_of(), IDS), read_trace(network_of(), IDS, only={"cell"})
    assert {name for _, name in few.values} == {"cell"}
    assert np.array_equal(few.values[1, "cell"], whole.values[1, "cell"])
    short = read_trace(network_of(), IDS[:290])
    assert np.array_equal(short.values[0, "hidden"], whole.values[0, "hidden"][:290])


def test_a_unit_that_always_keeps_half_remembers_two_tokens():
    network = network_of()
    with torch.no_grad():
        network.layers[0].input_weight.zero_()
        network.layers[0].recurrent_weight.zero_()
        network.layers[0].bias.zero_()
        network.layers[0].bias.chunk(4)[1][3] = 40.0
    trace = read_trace(network, IDS)
    lengths = trace.memory_lengths()[0]
    assert lengths[:3] == pytest.approx([2.0] * 3)
    assert lengths[3] > 1e6
    shut, open_ = trace.saturation()[0, "forget"]
    assert (shut, open_) == (0.0, pytest.approx(1 / 8))


def test_what_is_shown_lies_within_its_bounds_and_is_written_as_it_is_typed():
    trace = read_trace(network_of(), IDS)
    for text in ("surprisal", "2:cell", "1:forget:8", "2:cell:3"):
        channel = Channel.parse(text)
        assert str(channel) == text
        values, (low, high) = channel.of(trace)
        assert values.shape == (300,)
        assert text == "surprisal" or low <= values.min() <= values.max() <= high
    assert Channel.parse("2:cell:3").of(trace)[0] == pytest.approx(np.tanh(trace.values[1, "cell"][:, 2]))


@pytest.mark.parametrize("text", ["", "cell", "0:cell", "1:", "1:cell:0", "1:cell:x", ":cell", "1:cell:", "x:cell:1", "-1:cell"])
def test_what_is_no_part_of_any_network_is_refused(text):
    with pytest.raises(UsageError, match="no part of a network"):
        Channel.parse(text)


@pytest.mark.parametrize("text", ["3:cell", "1:reset", "1:cell:9"])
def test_what_this_network_does_not_have_is_refused_with_what_it_has(text):
    with pytest.raises(UsageError, match="the network has no"):
        Channel.parse(text).of(read_trace(network_of(), IDS[:5]))


def test_nothing_and_more_than_can_be_held_are_refused(monkeypatch):
    with pytest.raises(InputError, match="nothing to look at"):
        read_trace(network_of(), IDS[:0])
    monkeypatch.setattr(limits, "MAX_TRACE_NUMBERS", 96 * 200)
    with pytest.raises(InputError, match="more than is held") as caught:
        read_trace(network_of(), IDS)
    assert read_trace(network_of(), IDS[: int(caught.value.remedy.split()[1])]).nats_T.size == 199
