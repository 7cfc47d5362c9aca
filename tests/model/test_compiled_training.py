"""Compiled layers train as torch's do: as near to fp64 as a precision allows to tell, and the same for every number of threads."""

import dataclasses
import hashlib
import re
import sys
from pathlib import Path

import pytest
import torch

from lstmgen.model.arithmetic import Arithmetic, choose_arithmetic
from lstmgen.model.cells import cell_of, lstm_ways
from lstmgen.model.compiled import crew, training
from lstmgen.model.compiled.kinds import KINDS, kind_for
from lstmgen.model.language_model import Architecture, LanguageModel
from lstmgen.model.layers import RecurrentLayer

BOUNDS = {"bf16": 0.01, "fp32": 2e-6}
"""Relative distance from the equations in fp64; torch's own layers are as far away."""
pytestmark = pytest.mark.skipif(training.problem("fp32").startswith("numba"), reason="numba is not installed")


@pytest.fixture(params=KINDS, ids=lambda kind: f"{kind.precision}-{kind.named}")
def kind(request, monkeypatch):
    """Each kind of numbers and vectors that this processor has, whichever it would take."""
    if not torch.cpu.get_capabilities().get(request.param.feature):
        pytest.skip(f"the processor has no {request.param.named}")
    monkeypatch.setattr(training, "_kind", lambda: request.param)
    return request.param


@pytest.fixture
def bound(kind):
    return BOUNDS[kind.precision]


def layers_and_input(window, streams, inputs, hidden):
    """The same layer in fp64 and fp32, with the same input."""
    torch.manual_seed(0)
    exact = RecurrentLayer(cell_of("lstm"), input_size=inputs, hidden_size=hidden).double()
    torch.nn.init.normal_(exact.weights["bias"], std=0.5)
    layer = RecurrentLayer(cell_of("lstm"), input_size=inputs, hidden_size=hidden)
    layer.load_state_dict(exact.state_dict())
    given = [torch.randn(window, streams, inputs, dtype=torch.float64), *(torch.randn(streams, hidden, dtype=torch.float64) for _ in "hc")]
    return [(one, [each.to(dtype).requires_grad_() for each in given]) for one, dtype in ((exact, torch.float64), (layer, torch.float32))]


def gradients(outputs, layer, given):
    """Of a weighted sum of all that a layer gives."""
    generator = torch.Generator().manual_seed(1)
    parts = (outputs[0], *outputs[1])
    total = sum((part * torch.randn(part.shape, dtype=torch.float64, generator=generator)).sum() for part in parts)
    return torch.autograd.grad(total, [*given, *layer.parameters()])


def compiled(layer, given):
    return training.run(given[0], tuple(given[1:]), layer.weights)


@pytest.mark.parametrize("shape", [(1, 8, 32, 32), (7, 16, 96, 64), (5, 13, 32, 96), (3, 3, 64, 32)])
def test_outputs_and_gradients_are_as_near_to_fp64_as_those_of_torch(shape, bound):
    (exact_layer, exact_given), (layer, given) = layers_and_input(*shape)
    (exact_y, exact_after), (y, after) = exact_layer(exact_given[0], tuple(exact_given[1:])), compiled(layer, given)
    for one, other in zip((y, *after), (exact_y, *exact_after), strict=True):
        assert one.dtype == torch.float32
        assert one.shape == other.shape
        assert (one - other).norm() / other.norm() < bound
    exact, found = gradients((exact_y, exact_after), exact_layer, exact_given), gradients((y, after), layer, given)
    for one, other in zip(found, exact, strict=True):
        assert one.shape == other.shape
        assert (one - other).norm() / other.norm() < bound


@pytest.mark.parametrize("shape", [(6, 16, 5, 64), (3, 13, 1, 32)])
def test_inputs_that_are_rows_of_a_table_give_what_they_give_one_by_one(shape, bound):
    window, streams, rows, hidden = shape
    (exact_layer, (_, *exact_state)), (layer, (_, *state)) = layers_and_input(1, streams, 24, hidden)
    ids_TB, exact_VI = torch.randint(rows, (window, streams)), torch.randn(rows, 24, dtype=torch.float64).requires_grad_()
    rows_VI = exact_VI.detach().float().requires_grad_()
    exact = exact_layer(exact_VI[ids_TB], tuple(exact_state))
    found = training.run_rows(rows_VI, ids_TB, tuple(state), layer.weights)
    pairs = [*zip((found[0], *found[1]), (exact[0], *exact[1]), strict=True)]
    pairs += zip(gradients(found, layer, [rows_VI, *state]), gradients(exact, exact_layer, [exact_VI, *exact_state]), strict=True)
    for one, other in pairs:
        assert one.shape == other.shape
        assert (one - other).norm() / other.norm() < bound


def test_each_part_of_the_gradient_follows_from_its_own_output_alone(bound):
    (exact_layer, exact_given), (layer, given) = layers_and_input(4, 8, 32, 64)
    outputs, exact_outputs = compiled(layer, given), exact_layer(exact_given[0], tuple(exact_given[1:]))
    for part in (lambda out: out[0], lambda out: out[1][0], lambda out: out[1][1]):
        found = torch.autograd.grad(part(outputs).square().sum(), [*given, *layer.parameters()], retain_graph=True)
        exact = torch.autograd.grad(part(exact_outputs).square().sum(), [*exact_given, *exact_layer.parameters()], retain_graph=True)
        for one, other in zip(found, exact, strict=True):
            assert (one - other).norm() / other.norm() < bound


@pytest.mark.usefixtures("kind")
def test_what_is_not_a_number_stays_none():
    (_, (layer, given)) = layers_and_input(3, 8, 32, 32)
    given[0].data[1, 2, 3] = float("nan")
    y, (h, _) = compiled(layer, given)
    assert y[0].isfinite().all()
    assert not y[1, 2].isfinite().any()
    assert h[[0, 1, 3, 4, 5, 6, 7]].isfinite().all()


@pytest.mark.usefixtures("kind")
def test_large_inputs_shut_and_open_gates_altogether():
    (_, (layer, given)) = layers_and_input(2, 8, 32, 32)
    given[0].data.mul_(1e6)
    y, (_, c) = compiled(layer, given)
    assert y.abs().max() <= 1
    assert c.isfinite().all()
    assert all(gradient.isfinite().all() for gradient in gradients((y.double(), (y[-1].double(), c.double())), layer, given))


@pytest.mark.usefixtures("kind")
@pytest.mark.parametrize("of_torch", [True, False], ids=["threads of torch", "other threads"])
def test_a_stream_and_its_gradient_do_not_depend_on_threads_nor_on_the_others(monkeypatch, of_torch):
    if not of_torch:
        monkeypatch.setattr(crew, "openmp", lambda: None)
    elif crew.openmp() is None:
        pytest.skip("this torch has no OpenMP")
    (_, (layer, given)) = layers_and_input(6, 24, 64, 64)
    threads, found = torch.get_num_threads(), []
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            outputs = compiled(layer, given)
            found.append([outputs[0], *outputs[1], *torch.autograd.grad(outputs[0].square().sum(), given)])
    finally:
        torch.set_num_threads(threads)
    for other in found[1:]:
        assert all(torch.equal(one, two) for one, two in zip(found[0], other, strict=True))
    y, _ = compiled(layer, [each[..., 8:16, :] for each in given])
    assert torch.equal(y, found[0][0][:, 8:16])


@pytest.mark.parametrize("precision", ["bf16", "fp32"])
@pytest.mark.parametrize(
    ("given", "rows"),
    [
        ({}, True),
        ({"cell": "lstm-coupled"}, False),
        ({"clock_period": 4, "clock_low": 1, "clock_high": 2}, False),
        ({"vocab_size": 13}, False),
    ],
)
def test_a_network_with_everything_around_its_layers_learns_the_same(monkeypatch, precision, given, rows):
    if problem := training.problem(precision):
        pytest.skip(problem)
    architecture = Architecture(**{"vocab_size": 9, "embedding_size": 32, "hidden_size": 128, "num_layers": 2} | given)
    found = choose_arithmetic(precision, torch.device("cpu"), architecture=architecture, batch_size=8, seq_length=6, backward="compiled")
    assert (found.backward, found.reason) == ("compiled", "asked for; compiled layers")
    ran, run_rows = [], training.run_rows
    monkeypatch.setattr(training, "run_rows", lambda *given: ran.append(True) or run_rows(*given))
    torch.manual_seed(0)
    network, gradients_of = LanguageModel(architecture).train(), {}
    ids_TB = torch.randint(9, (6, 8))
    for backward in ("torch", "compiled"):
        network.zero_grad()
        with Arithmetic(torch.device("cpu"), precision, "", backward).context():
            logits_TBV, state = network(ids_TB, network.zero_state(8))
        torch.nn.functional.cross_entropy(logits_TBV.float().flatten(0, 1), ids_TB.roll(-1, 0).flatten()).backward()
        gradients_of[backward] = [parameter.grad for parameter in network.parameters()], state
    assert bool(ran) == rows
    for one, other in zip(*(each[0] for each in gradients_of.values()), strict=True):
        assert (one - other).norm() <= 2 * BOUNDS[precision] * other.norm()
    assert all(part.dtype == torch.float32 for layer in gradients_of["compiled"][1].layers for part in layer)


def test_a_network_in_double_precision_is_left_to_torch():
    network = LanguageModel(Architecture(vocab_size=9, embedding_size=32, hidden_size=128, num_layers=1)).train().double()
    ids_TB = torch.randint(9, (6, 8))
    with Arithmetic(torch.device("cpu"), "fp32", "", "compiled").context():
        assert network._way_by_rows(ids_TB) is None
        assert lstm_ways.way_for(torch.zeros(6, 8, 32), network.layers[0].weights) is None
        assert network.float()._way_by_rows(ids_TB) is not None


@pytest.mark.parametrize(
    ("features", "lanes", "problem"),
    [
        ({}, None, "the processor has no AVX-512 or AVX2"),
        ({"avx2": True}, 8, ""),
        ({"avx2": True, "avx512_f": True}, 16, ""),
    ],
)
def test_the_processor_decides_how_long_vectors_are(monkeypatch, features, lanes, problem):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: features)
    assert getattr(kind_for("fp32"), "lanes", None) == lanes
    assert training.problem("fp32") == problem
    assert training.problem("bf16") == "the processor has no AVX-512 BF16"


def test_with_dropout_inputs_are_no_rows_of_a_table():
    network = LanguageModel(Architecture(vocab_size=9, embedding_size=32, hidden_size=128, num_layers=1, dropout=0.1)).train()
    ids_TB = torch.randint(9, (6, 8))
    with Arithmetic(torch.device("cpu"), "fp32", "", "compiled").context():
        assert network._way_by_rows(ids_TB) is None
        network.architecture = dataclasses.replace(network.architecture, dropout=0.0)
        assert network._way_by_rows(ids_TB) is not None
        assert network.eval()._way_by_rows(ids_TB) is None


def test_shapes_that_the_loops_do_not_know_are_left_to_torch():
    assert training.pays(64, 128, 8)
    for shape in ((48, 128, 8), (64, 144, 8), (64, 64, 8), (64, 128, 7)):
        assert not training.pays(*shape)


def test_what_is_kept_is_compiled_anew_when_its_parts_change():
    here = Path(training.__file__).parent
    digest = hashlib.sha256(b"".join((here / f"{part}.py").read_bytes() for part in ("vectors", "tiles", "numbers"))).hexdigest()[:8]
    kept = re.search(r'^BUILT_ON: Final = "(.*)"$', (here / "training_loops.py").read_text(), re.MULTILINE)
    assert kept is not None
    assert kept[1] == digest, f"vectors.py, tiles.py or numbers.py changed: write {digest} into training_loops.py"


def test_without_numba_a_run_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(training.importlib.util, "find_spec", lambda _: None)
    shape = {"architecture": Architecture(vocab_size=9, embedding_size=32, hidden_size=128, num_layers=1), "batch_size": 8, "seq_length": 6}
    found = choose_arithmetic("fp32", torch.device("cpu"), **shape, backward="compiled")
    assert found.backward == "torch"
    assert found.reason.endswith("; no compiled layers: numba is not installed: pip install 'lstmgen[fast]'")


def test_a_numba_that_does_not_load_leaves_the_layers_to_torch(monkeypatch):
    monkeypatch.setattr(training, "_loops", lambda _: (_ for _ in ()).throw(ImportError("numba needs another numpy")))
    shape = {"architecture": Architecture(vocab_size=9, embedding_size=32, hidden_size=128, num_layers=1), "batch_size": 8, "seq_length": 6}
    found = choose_arithmetic("fp32", torch.device("cpu"), **shape, backward="compiled")
    assert (found.precision, found.backward) == ("fp32", "torch")
    assert found.reason.endswith("; no compiled layers: numba needs another numpy")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems' torch may have another library")
def test_loops_run_on_the_threads_on_which_torch_computes():
    assert ("OpenMP" in torch.__config__.parallel_info()) == (crew.openmp() is not None)


@pytest.mark.parametrize("of_torch", [True, False], ids=["threads of torch", "other threads"])
def test_each_part_is_taken_once_and_what_is_almost_zero_is_zero_on_each_thread(monkeypatch, of_torch):
    kind, threads = kind_for("fp32"), torch.get_num_threads()
    if kind is None:
        pytest.skip(training.problem("fp32"))
    if not of_torch:
        monkeypatch.setattr(crew, "openmp", lambda: None)
    width = 10 * kind.lanes
    dz_NG, ids_N = torch.ones(3, width), torch.tensor([1, 0, 1])
    dz_NG[1] = 1e-40
    torch.set_flush_denormal(False)
    try:
        for count in (1, 2, 3, 5):
            torch.set_num_threads(count)
            table_VG = torch.zeros(2, width)
            training._share(kind, "gather", 10, 1, 3, ids_N, dz_NG, 4 * width, table_VG, 4 * width)
            assert torch.equal(table_VG, torch.tensor([[0.0], [2.0]]).expand(2, width))
    finally:
        torch.set_num_threads(threads)
        torch.set_flush_denormal(True)
