"""The fused layers equal the equations."""

import pytest
import torch

from lstmgen.model.cells import Weights, lstm_step
from lstmgen.model.layers import RecurrentLayer

T, B, I, H = 7, 3, 5, 4  # noqa: E741 - the letters of the equations
CELLS = ["lstm", "gru", "rnn"]


def layer_and_input(cell, seed=0):
    torch.manual_seed(seed)
    layer = RecurrentLayer(cell, input_size=I, hidden_size=H).double()
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter, std=0.6)
    parts = 2 if cell == "lstm" else 1
    return layer, torch.randn(T, B, I, dtype=torch.float64), tuple(torch.randn(B, H, dtype=torch.float64) for _ in range(parts))


@pytest.mark.parametrize("cell", CELLS)
def test_fused_layer_equals_its_equations_in_float64(cell):
    layer, x_TBI, state = layer_and_input(cell)
    fused_TBH, fused_after = layer(x_TBI, state)
    slow_TBH, slow_after, gates_T = layer.trace(x_TBI, state)
    assert torch.allclose(fused_TBH, slow_TBH, rtol=0, atol=1e-10)
    for fused, slow in zip(fused_after, slow_after, strict=True):
        assert torch.allclose(fused, slow, rtol=0, atol=1e-10)
    assert len(gates_T) == T


@pytest.mark.parametrize("cell", CELLS)
def test_fused_layer_and_equations_have_equal_gradients(cell):
    layer, x_TBI, state = layer_and_input(cell, seed=1)
    weight_TBH = torch.randn(T, B, H, dtype=torch.float64)
    gradients = []
    for run in (lambda: layer(x_TBI, state)[0], lambda: layer.trace(x_TBI, state)[0]):
        layer.zero_grad()
        (run() * weight_TBH).sum().backward()
        gradients.append([parameter.grad.clone() for parameter in layer.parameters() if parameter.requires_grad])
    for fused, slow in zip(*gradients, strict=True):
        assert torch.allclose(fused, slow, rtol=0, atol=1e-10)


def test_lstm_gradient_agrees_with_finite_differences():
    torch.manual_seed(2)
    shapes = [(B, I), (B, H), (B, H), (4 * H, I), (4 * H, H), (4 * H,), (4 * H,)]
    tensors = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]

    def step(x, h, c, *weights):
        gates = lstm_step(x, h, c, Weights(*weights))
        return gates.hidden, gates.cell

    assert torch.autograd.gradcheck(step, tensors)


def test_lstm_gates_have_the_textbook_ranges_and_compose_into_the_cell():
    layer, x_TBI, (h_BH, c_BH) = layer_and_input("lstm")
    gates = lstm_step(x_TBI[0], h_BH, c_BH, layer.weights)
    for gate in (gates.input, gates.forget, gates.output):
        assert ((gate > 0) & (gate < 1)).all()
    assert torch.equal(gates.cell, gates.forget * c_BH + gates.input * gates.candidate)
    assert torch.equal(gates.hidden, gates.output * torch.tanh(gates.cell))


def test_a_fresh_lstm_forgets_with_bias_one_and_its_recurrence_is_orthogonal():
    layer = RecurrentLayer("lstm", input_size=I, hidden_size=H)
    bias_G = layer.weights.input_bias_G + layer.weights.recurrent_bias_G
    assert bias_G.tolist() == [0.0] * H + [1.0] * H + [0.0] * 2 * H
    for gate in range(4):
        square_HH = layer.weights.recurrent_GH[gate * H : (gate + 1) * H]
        assert torch.allclose(square_HH @ square_HH.T, torch.eye(H), atol=1e-6)
