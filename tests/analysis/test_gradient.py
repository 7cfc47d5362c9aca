"""The share of the gradient that reaches back, against closed forms."""

import pytest
import torch

from lstmgen.analysis.gradient import gradient_kept, untrained
from lstmgen.model.language_model import Architecture, LanguageModel

LAGS = (1, 3, 8)


def network_of(cell, layers=1):
    torch.manual_seed(0)
    return LanguageModel(
        Architecture(vocab_size=9, embedding_size=6, hidden_size=7, num_layers=layers, cell=cell, layer_norm=False, residual=False)
    )


@pytest.mark.parametrize("bias", [0.0, 1.0, 3.0])
def test_an_lstm_whose_gates_see_nothing_keeps_sigmoid_of_its_forget_bias_to_the_power_of_the_distance(bias):
    network = network_of("lstm")
    with torch.no_grad():
        layer = network.layers[0]
        layer.recurrent_weight.zero_()
        layer.input_weight.chunk(4)[1].zero_()
        layer.bias.chunk(4)[1].fill_(bias)
    kept = {row.part: row for row in gradient_kept(network, torch.randint(9, (12, 5)), lags=(0, *LAGS))}
    share = torch.sigmoid(torch.tensor(bias, dtype=torch.float64)).item()
    first, *rest = kept["c"].median
    assert [value / first for value in rest] == pytest.approx([share**lag for lag in LAGS])
    assert kept["h"].median[1:] == (0.0, 0.0, 0.0)


def test_the_cell_of_1997_keeps_all_of_it():
    network = network_of("lstm-1997")
    with torch.no_grad():
        network.layers[0].recurrent_weight.zero_()
    kept = {row.part: row for row in gradient_kept(network, torch.randint(9, (12, 5)), lags=(0, *LAGS))}
    assert kept["c"].median == pytest.approx([kept["c"].median[0]] * 4)


def test_there_is_a_row_for_every_layer_and_part_and_quantiles_are_in_order():
    rows = gradient_kept(network_of("lstm", layers=2), torch.randint(9, (12, 5)), lags=(*LAGS, 500))
    assert [(row.layer, row.part) for row in rows] == [(layer, part) for layer in (0, 1) for part in ("all", "h", "c")]
    for row in rows:
        assert row.lags == LAGS
        assert all(low <= median <= high for low, median, high in zip(row.low, row.median, row.high, strict=True))


def test_measuring_changes_nothing_in_the_network():
    network = network_of("gru")
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    gradient_kept(network, torch.randint(9, (12, 5)), lags=LAGS)
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())


def test_an_untrained_lstm_with_a_large_forget_bias_keeps_more_than_one_without_and_that_more_than_a_plain_rnn():
    kept = [untrained(cell, forget_bias=bias, lags=(20,)).median[0] for cell, bias in (("lstm", 3.0), ("lstm", None), ("rnn", None))]
    assert kept[0] > 10 * kept[1] > 100 * kept[2]
