"""Every cell in the table: its fast forms equal its equations."""

import pytest
import torch

from lstmgen.choices import CELLS
from lstmgen.model.cells import cell_of
from lstmgen.model.layers import RecurrentLayer
from lstmgen.model.products import Products

T, B, I, H = 7, 3, 5, 4  # noqa: E741 - the letters of the equations
every_cell = pytest.mark.parametrize("name", list(CELLS))


def layer_and_input(name, seed=0):
    torch.manual_seed(seed)
    layer = RecurrentLayer(cell_of(name), input_size=I, hidden_size=H).double()
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter, std=0.6)
    state = tuple(torch.randn(B, *shape, dtype=torch.float64) for shape in layer.cell.state(H))
    return layer, torch.randn(T, B, I, dtype=torch.float64), state


def assert_close(found, expected, tolerance=1e-10):
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=tolerance)


@every_cell
def test_the_fused_form_equals_the_equations_in_float64(name):
    layer, x_TBI, state = layer_and_input(name)
    assert layer.cell.fused is not None
    fused_TBH, fused_after = layer(x_TBI, state)
    slow_TBH, slow_after, gates_T = layer.trace(x_TBI, state)
    assert_close((fused_TBH, *fused_after), (slow_TBH, *slow_after))
    assert len(gates_T) == T
    assert all(gate.shape == (B, H) for gate in gates_T[0].values())


@every_cell
def test_the_fused_form_and_the_equations_have_equal_gradients(name):
    layer, x_TBI, state = layer_and_input(name, seed=1)
    weight_TBH = torch.randn(T, B, H, dtype=torch.float64)
    gradients = []
    for run in (lambda: layer(x_TBI, state)[0], lambda: layer.trace(x_TBI, state)[0]):
        layer.zero_grad()
        (run() * weight_TBH).sum().backward()
        gradients.append([parameter.grad.clone() for parameter in layer.parameters()])
    assert_close(*gradients)


@every_cell
def test_the_gradient_of_the_equations_agrees_with_finite_differences(name):
    layer, x_TBI, state = layer_and_input(name, seed=2)
    names = list(layer.weights)
    tensors = [x_TBI[0], *state, *(weight.detach() for weight in layer.weights.values())]

    def step(x_BI, *rest):
        y_BH, after, _ = layer.cell.equations(x_BI, rest[: len(state)], dict(zip(names, rest[len(state) :], strict=True)))
        return y_BH, *after

    assert torch.autograd.gradcheck(step, [tensor.requires_grad_() for tensor in tensors])


@every_cell
@pytest.mark.parametrize("lanes", [1, B])
@pytest.mark.parametrize("hoisted", [True, False])
def test_the_kernel_equals_the_equations_and_changes_nothing_that_it_was_given(name, lanes, hoisted):
    layer, x_TBI, state = layer_and_input(name, seed=3)
    state = tuple(part_B[:lanes] for part_B in state)
    weights = {name: weight.detach() for name, weight in layer.weights.items()}
    kernel = layer.cell.kernel(weights, Products(), hoisted)
    slow, fast = state, state
    for x_BI in x_TBI[:, :lanes]:
        y_BH, slow, _ = layer.cell.equations(x_BI, slow, weights)
        given, copies = fast, [part_B.clone() for part_B in fast]
        found_BH, fast = kernel(layer.cell.hoist(x_BI, weights) if hoisted else x_BI, fast)
        assert_close((found_BH, *fast), (y_BH, *slow))
        assert all(map(torch.equal, given, copies))


@every_cell
def test_parameters_have_the_names_the_shapes_and_the_order_of_the_record(name):
    layer = RecurrentLayer(cell_of(name), input_size=I, hidden_size=H)
    found = [(parameter, tuple(weight.shape)) for parameter, weight in layer.named_parameters()]
    assert found == list(layer.cell.shapes(I, H).items())
    assert all(weight.requires_grad for weight in layer.parameters())


@every_cell
def test_recurrent_matrices_begin_orthogonal_gate_by_gate_and_a_seed_starts_where_it_did_with_torchs_layers(name):
    torch.manual_seed(5)
    layer = RecurrentLayer(cell_of(name), input_size=I, hidden_size=H)
    after = torch.rand(1)
    torch.manual_seed(5)
    module = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}[name](I, H)
    for first in range(0, len(module.weight_hh_l0), H):
        expected_HH = torch.nn.init.orthogonal_(torch.empty(H, H))
        torch.nn.init.xavier_uniform_(torch.empty(H, I))
        square_HH = layer.recurrent_weight[first : first + H]
        assert torch.equal(square_HH, expected_HH)
        assert torch.allclose(square_HH @ square_HH.T, torch.eye(H), atol=1e-6)
    assert torch.equal(torch.rand(1), after)


def test_a_fresh_lstm_forgets_with_bias_one():
    layer = RecurrentLayer(cell_of("lstm"), input_size=I, hidden_size=H)
    assert layer.bias.tolist() == [0.0] * H + [1.0] * H + [0.0] * 2 * H


def test_lstm_gates_have_the_textbook_ranges_and_compose_into_the_cell():
    layer, x_TBI, (h_BH, c_BH) = layer_and_input("lstm")
    y_BH, after, gates = layer.cell.equations(x_TBI[0], (h_BH, c_BH), layer.weights)
    for gate in ("input", "forget", "output"):
        assert ((gates[gate] > 0) & (gates[gate] < 1)).all()
    assert torch.equal(gates["cell"], gates["forget"] * c_BH + gates["input"] * gates["candidate"])
    assert torch.equal(y_BH, gates["output"] * torch.tanh(gates["cell"]))
    assert after == (gates["hidden"], gates["cell"])


def test_a_gru_resets_inside_the_candidate_and_mixes_with_the_update_gate():
    layer, x_TBI, (h_BH,) = layer_and_input("gru")
    y_BH, _, gates = layer.cell.equations(x_TBI[0], (h_BH,), layer.weights)
    assert torch.equal(y_BH, (1 - gates["update"]) * gates["candidate"] + gates["update"] * h_BH)


def test_an_unknown_cell_is_named_with_those_that_there_are():
    with pytest.raises(KeyError, match=r"abacus.*lstm"):
        cell_of("abacus")
