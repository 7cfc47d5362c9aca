"""Every cell in the table: its fast forms equal its equations."""

import numpy as np
import pytest
import torch

from lstmgen.choices import CELLS
from lstmgen.errors import MachineError
from lstmgen.model.arithmetic import choose_arithmetic
from lstmgen.model.arrays import arrays_for
from lstmgen.model.cells import cell_of
from lstmgen.model.cells.derived import OPEN
from lstmgen.model.language_model import Architecture
from lstmgen.model.layers import RecurrentLayer
from lstmgen.model.products import Products

T, B, I, H = 7, 3, 5, 4  # noqa: E741 - the letters of the equations
every_cell = pytest.mark.parametrize("name", list(CELLS))


def layer_and_input(name, seed=0):
    """Random weights, and a state that every cell can come to: the normaliser of slstm is positive."""
    torch.manual_seed(seed)
    layer = RecurrentLayer(cell_of(name), input_size=I, hidden_size=H).double()
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter, std=0.6)
    state = tuple(0.1 + torch.rand(B, *shape, dtype=torch.float64) for shape in layer.cell.state(H))
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
    given = [x_TBI, *state]
    for part in given:
        part.requires_grad_()
    for run in (layer, layer.trace):
        layer.zero_grad()
        for part in given:
            part.grad = None
        y_TBH, after, *_ = run(x_TBI, state)
        (sum(part.sin().sum() for part in after) + (y_TBH * weight_TBH).sum()).backward()
        gradients.append([part.grad.clone() for part in (*layer.parameters(), *given)])
    assert_close(*gradients)


@every_cell
def test_a_window_in_two_parts_with_the_state_carried_gives_the_same_numbers(name):
    layer, x_TBI, state = layer_and_input(name, seed=4)
    whole_TBH, whole_after = layer(x_TBI, state)
    for cut in (1, 4):
        first_TBH, between = layer(x_TBI[:cut], state)
        last_TBH, after = layer(x_TBI[cut:], between)
        assert_close((torch.cat([first_TBH, last_TBH]), *after), (whole_TBH, *whole_after))


@every_cell
def test_the_fused_form_from_an_empty_state_equals_the_equations_in_float32(name):
    torch.manual_seed(6)
    layer = RecurrentLayer(cell_of(name), input_size=I, hidden_size=H)
    x_TBI, state = torch.randn(T, B, I), tuple(torch.zeros(B, *shape) for shape in layer.cell.state(H))
    y_TBH, after = layer(x_TBI, state)
    slow_TBH, slow_after, _ = layer.trace(x_TBI, state)
    assert_close((y_TBH, *after), (slow_TBH, *slow_after), 1e-5)


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
    kernel, by = layer.cell.kernel(weights, Products(), hoisted), arrays_for(x_TBI)
    slow, fast = state, tuple(map(by.view, state))
    for x_BI in x_TBI[:, :lanes]:
        y_BH, slow, _ = layer.cell.equations(x_BI, slow, weights)
        given, copies = fast, [part_B.copy() for part_B in fast]
        found_BH, fast = kernel(by.view(layer.cell.hoist(x_BI, weights) if hoisted else x_BI), fast)
        assert_close([by.tensor(part_BH) for part_BH in (found_BH, *fast)], (y_BH, *slow))
        assert all(map(np.array_equal, given, copies))


@every_cell
def test_parameters_have_the_names_the_shapes_and_the_order_of_the_record(name):
    layer = RecurrentLayer(cell_of(name), input_size=I, hidden_size=H)
    found = [(parameter, tuple(weight.shape)) for parameter, weight in layer.named_parameters()]
    assert found == list(layer.cell.shapes(I, H).items())
    assert all(weight.requires_grad for weight in layer.parameters())


@pytest.mark.parametrize("name", ["lstm", "gru", "rnn"])
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


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("lstm", [0, 1, 0, 0]),
        ("lstm-peephole", [0, 1, 0, 0]),
        ("lstm-coupled", [1, 0, 0]),
        ("lstm-no-input", [1, 0, 0]),
        ("lstm-1997", [0, 0, 0]),
    ],
)
def test_a_fresh_forget_gate_has_bias_one_and_all_others_zero(name, begins):
    layer = RecurrentLayer(cell_of(name), input_size=I, hidden_size=H)
    assert layer.bias.tolist() == [float(bias) for bias in begins for _ in range(H)]


def one_token(name):
    """What the equations of a cell give for a token, and what they were given."""
    layer, x_TBI, state = layer_and_input(name)
    weights = {key: weight.detach() for key, weight in layer.weights.items()}
    return layer.cell.equations(x_TBI[0], state, weights), (x_TBI[0], state, weights)


def test_without_peepholes_the_peephole_lstm_is_the_lstm_bit_for_bit():
    _, (x_BI, state, weights) = one_token("lstm-peephole")
    plain = {key: weight for key, weight in weights.items() if key != "peepholes"}
    y_BH, after, _ = cell_of("lstm-peephole").equations(x_BI, state, weights | {"peepholes": torch.zeros(3 * H, dtype=torch.float64)})
    expected_BH, expected_after, _ = cell_of("lstm").equations(x_BI, state, plain)
    assert all(map(torch.equal, (y_BH, *after), (expected_BH, *expected_after)))


def test_the_output_gate_looks_at_the_new_cell():
    (_, _, gates), (x_BI, state, weights) = one_token("lstm-peephole")
    rows_BH = x_BI @ weights["input_weight"][3 * H :].T + state[0] @ weights["recurrent_weight"][3 * H :].T + weights["bias"][3 * H :]
    torch.testing.assert_close(gates["output"], torch.sigmoid(rows_BH + weights["peepholes"][2 * H :] * gates["cell"]))


@pytest.mark.parametrize(("name", "gate"), [("lstm-1997", "forget"), ("lstm-no-input", "input"), ("lstm-no-output", "output")])
def test_the_gate_that_is_left_out_is_exactly_open_in_the_fused_form_too(name, gate):
    (_, _, gates), _ = one_token(name)
    assert torch.equal(gates[gate], torch.ones(B, H, dtype=torch.float64))
    assert torch.sigmoid(torch.tensor(OPEN, dtype=torch.float64)) == 1


def test_the_cell_of_1997_with_its_own_squashing_is_the_cell_here_at_twice_the_size():
    """g(x) = 4 sigmoid(x) - 2 and h(x) = 2 sigmoid(x) - 1, as in the paper; the factor of two goes into the weights."""
    (y_BH, (_, c_BH), _), (x_BI, (h_BH, before_BH), weights) = one_token("lstm-1997")
    rows_BG = x_BI @ weights["input_weight"].T + weights["bias"] + h_BH @ weights["recurrent_weight"].T
    i_BH, g_BH, o_BH = rows_BG.chunk(3, dim=1)
    original_BH = 2 * before_BH + torch.sigmoid(i_BH) * (4 * torch.sigmoid(2 * g_BH) - 2)
    torch.testing.assert_close(original_BH, 2 * c_BH)
    torch.testing.assert_close(torch.sigmoid(o_BH) * (2 * torch.sigmoid(original_BH) - 1), y_BH)


def test_the_stabilised_slstm_is_the_one_that_is_not():
    layer, x_TBI, _ = layer_and_input("slstm", seed=7)
    state = tuple(torch.zeros(B, *shape, dtype=torch.float64) for shape in layer.cell.state(H))
    y_TBH, _, _ = layer.trace(x_TBI, state)
    h_BH = c_BH = n_BH = torch.zeros(B, H, dtype=torch.float64)
    whole_GH = torch.cat([torch.block_diag(*(block.chunk(4)[gate] for block in layer.recurrent_weight)) for gate in range(4)])
    for x_BI, y_BH in zip(x_TBI, y_TBH, strict=True):
        rows_BG = x_BI @ layer.input_weight.T + layer.bias + h_BH @ whole_GH.T
        i_BH, f_BH, z_BH, o_BH = rows_BG.chunk(4, dim=1)
        c_BH = torch.sigmoid(f_BH) * c_BH + torch.exp(i_BH) * torch.tanh(z_BH)
        n_BH = torch.sigmoid(f_BH) * n_BH + torch.exp(i_BH)
        h_BH = torch.sigmoid(o_BH) * c_BH / n_BH
        torch.testing.assert_close(y_BH, h_BH)


@pytest.mark.parametrize("size", [80.0, -80.0])
def test_exponential_gates_far_out_of_range_give_finite_numbers_and_gradients(size):
    layer, x_TBI, _ = layer_and_input("slstm")
    layer = layer.float()
    layer.bias.data.fill_(size)
    y_TBH, after = layer(x_TBI.float(), tuple(torch.zeros(B, *shape) for shape in layer.cell.state(H)))
    y_TBH.sum().backward()
    assert all(torch.isfinite(part).all() for part in (y_TBH, *after, *(parameter.grad for parameter in layer.parameters())))


def test_the_gates_of_minimal_cells_see_the_input_alone():
    for name in ("mingru", "minlstm"):
        layer, x_TBI, state = layer_and_input(name)
        gates = [layer.cell.equations(x_TBI[0], (part,), layer.weights)[2] for part in (state[0], state[0] + 1)]
        assert all(torch.equal(gates[0][gate], gates[1][gate]) for gate in gates[0] if gate != "hidden")


@pytest.mark.parametrize("name", [name for name in CELLS if cell_of(name).only_fp32])
def test_a_cell_that_only_grows_is_trained_in_fp32_only(name):
    shape = {
        "architecture": Architecture(vocab_size=5, embedding_size=3, hidden_size=4, num_layers=1, cell=name),
        "batch_size": 2,
        "seq_length": 3,
    }
    assert choose_arithmetic("auto", torch.device("cpu"), **shape).precision == "fp32"
    with pytest.raises(MachineError, match="only grows"):
        choose_arithmetic("bf16", torch.device("cpu"), **shape)


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
