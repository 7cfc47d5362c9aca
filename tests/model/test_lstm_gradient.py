"""The backward pass of our own equals the equations, and is taken where it is wanted and pays."""

import itertools

import pytest
import torch

from lstmgen.model import arithmetic
from lstmgen.model.arithmetic import Arithmetic, choose_arithmetic
from lstmgen.model.cells import cell_of, lstm_gradient, lstm_ways
from lstmgen.model.compiled import training as compiled
from lstmgen.model.language_model import Architecture
from lstmgen.model.layers import RecurrentLayer

BOUND = 0.01
"""Relative distance in bf16 from the equations in fp64; torch's own bf16 layer is as far away."""
WIDE = {"vocab_size": 7, "embedding_size": 6, "hidden_size": 8, "num_layers": 2}
WINDOW = {"batch_size": 3, "seq_length": 5}
needs_bf16 = pytest.mark.skipif(not torch.ops.mkldnn._is_mkldnn_bf16_supported(), reason="oneDNN has no bf16 products here")


def layer_and_input(window=6, streams=3, inputs=5, hidden=4, *, dtype=torch.float64):
    torch.manual_seed(0)
    layer = RecurrentLayer(cell_of("lstm"), input_size=inputs, hidden_size=hidden).to(dtype)
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    given = [torch.randn(window, streams, inputs, dtype=dtype), *(torch.randn(streams, hidden, dtype=dtype) for _ in range(2))]
    return layer, [tensor.requires_grad_() for tensor in given]


def gradients(outputs, layer, given):
    """Of a weighted sum of all that a layer gives."""
    torch.manual_seed(1)
    y_TBH, after = outputs
    total = sum((part * torch.randn(part.shape, dtype=torch.float64)).sum() for part in (y_TBH, *after))
    return torch.autograd.grad(total, [*given, *layer.parameters()])


@pytest.fixture
def always(monkeypatch):
    """Every layer is one for which it pays."""
    monkeypatch.setattr(lstm_gradient, "pays", lambda *_: True)


@pytest.mark.parametrize("window", [1, 2, 5])
def test_outputs_and_gradients_are_those_of_the_equations(window):
    layer, (x_TBI, *state) = layer_and_input(window)
    own = lstm_gradient.run(x_TBI, tuple(state), layer.weights, torch.float64)
    y_TBH, after, _ = layer.trace(x_TBI, tuple(state))
    for one, other in zip((own[0], *own[1]), (y_TBH, *after), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-12)
    pairs = zip(gradients(own, layer, [x_TBI, *state]), gradients((y_TBH, after), layer, [x_TBI, *state]), strict=True)
    for one, other in pairs:
        torch.testing.assert_close(one, other, rtol=0, atol=1e-12)


@needs_bf16
@pytest.mark.parametrize("shape", [(7, 3, 24, 32), (12, 16, 40, 24)])
def test_bf16_stays_as_near_to_fp64_as_torch_does(shape):
    exact_layer, exact_given = layer_and_input(*shape)
    exact = gradients(exact_layer(exact_given[0], tuple(exact_given[1:])), exact_layer, exact_given)
    layer, given = layer_and_input(*shape, dtype=torch.float32)
    layer.load_state_dict(exact_layer.state_dict())
    given = [tensor.detach().float().requires_grad_() for tensor in exact_given]
    found = gradients(lstm_gradient.run(given[0], tuple(given[1:]), layer.weights), layer, given)
    for one, other in zip(found, exact, strict=True):
        assert one.dtype == torch.float32
        assert (one - other).norm() / other.norm() < BOUND


@pytest.mark.usefixtures("always")
def test_a_window_is_taken_only_where_it_is_wanted_and_learned_from(monkeypatch):
    ran = []
    own = lstm_gradient.run
    monkeypatch.setattr(lstm_gradient, "run", lambda *given: ran.append(True) or own(*given, torch.float64))
    layer, (x_TBI, *state) = layer_and_input()
    expected = []
    for wanted, learning, training in itertools.product([False, True], repeat=3):
        layer.train(training)
        with torch.autocast("cpu"), lstm_ways.wanted("own" if wanted else "torch"), torch.set_grad_enabled(learning):
            layer(x_TBI, tuple(state))
        expected += [True] * (wanted and learning and training)
        assert ran == expected


def test_it_pays_for_wide_layers_and_few_streams():
    assert lstm_gradient.pays(768, 768, 32)
    assert lstm_gradient.pays(1024, 1024, 128)
    assert not lstm_gradient.pays(512, 512, 16)
    assert not lstm_gradient.pays(768, 768, 256)


ZEN_4 = {"avx512_bf16": True, "avx_vnni": False, "amx_tile": False}
ZEN_5 = ZEN_4 | {"avx_vnni": True}
AMX = ZEN_5 | {"amx_tile": True}
NO_NUMBA = "numba is not there"


def chosen(features, monkeypatch, *, precision="bf16", cell="lstm", backward=None, numba=False):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: features)
    monkeypatch.setattr(compiled, "pays", lambda *_: True)
    monkeypatch.setattr(compiled, "problem", lambda _: "" if numba else NO_NUMBA)
    monkeypatch.setattr(arithmetic._Probe, "gradient_error", lambda *_: 0.0)
    architecture = Architecture(**WIDE, cell=cell)
    return choose_arithmetic(precision, torch.device("cpu"), architecture=architecture, backward=backward, **WINDOW)


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize(
    ("features", "given", "backward"),
    [
        (ZEN_4, {}, "own"),
        (ZEN_4, {"backward": "torch"}, "torch"),
        (ZEN_4, {"precision": "fp32", "backward": "own"}, "torch"),
        (ZEN_4, {"cell": "lstm-coupled"}, "own"),
        (ZEN_4, {"cell": "gru", "backward": "own"}, "torch"),
        (ZEN_5, {}, "own"),
        (AMX, {}, "torch"),
        ({}, {}, "torch"),
        ({}, {"backward": "own"}, "own"),
        (ZEN_4, {"numba": True}, "compiled"),
        (ZEN_4, {"numba": True, "backward": "own"}, "own"),
        (ZEN_4, {"numba": True, "backward": "torch"}, "torch"),
        (ZEN_4, {"numba": True, "precision": "fp32"}, "compiled"),
        (ZEN_5, {"numba": True, "precision": "fp32"}, "compiled"),
        (AMX, {"numba": True, "precision": "fp32"}, "torch"),
        ({"avx512_f": True}, {"numba": True, "precision": "fp32"}, "torch"),
        (ZEN_4, {"numba": True, "precision": "fp32", "backward": "compiled"}, "compiled"),
        ({"avx2": True}, {"numba": True, "precision": "fp32", "backward": "compiled"}, "compiled"),
        (ZEN_4, {"numba": True, "cell": "gru"}, "torch"),
        (ZEN_5, {"numba": True}, "compiled"),
        (AMX, {"numba": True}, "torch"),
        (AMX, {"numba": True, "backward": "compiled"}, "compiled"),
        (ZEN_4, {"backward": "compiled"}, "torch"),
    ],
)
def test_the_backward_pass_is_chosen_by_processor_cell_and_wish(monkeypatch, features, given, backward):
    found = chosen(features, monkeypatch, **given)
    assert found.backward == backward
    assert ("own backward pass" in found.reason) == (backward == "own")
    assert ("; compiled layers" in found.reason) == (backward == "compiled")
    tries_compiled = (
        given.get("backward", "compiled" if features in (ZEN_4, ZEN_5) else "") == "compiled" and {"cell": "gru"}.items() - given.items()
    )
    assert (f"; no compiled layers: {NO_NUMBA}" in found.reason) == bool(tries_compiled and not given.get("numba"))


def test_layers_for_which_it_does_not_pay_keep_that_of_torch(monkeypatch):
    assert chosen(ZEN_4, monkeypatch, backward="own", numba=True).backward == "torch"


@needs_bf16
@pytest.mark.usefixtures("always")
def test_a_broken_backward_pass_is_found_before_training_begins(monkeypatch):
    own = lstm_gradient.run
    monkeypatch.setattr(lstm_gradient, "run", lambda x_TBI, state, weights: own(x_TBI * 1.2, state, weights))
    shape = {"architecture": Architecture(**WIDE), **WINDOW}
    found = choose_arithmetic("bf16", torch.device("cpu"), **shape, backward="own")
    assert (found.precision, found.backward) == ("bf16", "torch")


@pytest.mark.usefixtures("always")
def test_the_context_of_a_run_says_which_is_wanted(monkeypatch):
    monkeypatch.setattr(compiled, "pays", lambda *_: True)
    layer, (x_TBI, *_) = layer_and_input()
    for backward, run in (("torch", None), ("own", lstm_gradient.run), ("compiled", compiled.run)):
        with Arithmetic(torch.device("cpu"), "bf16", "", backward).context():
            assert lstm_ways.way_for(x_TBI, layer.weights) is run
    assert lstm_ways.way_for(x_TBI, layer.weights) is None
