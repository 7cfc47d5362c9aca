"""Everything that runs on a GPU: as on the CPU, the same every time, and whether recorded or not."""

import itertools
import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

import lstmgen
from lstmgen.choices import CELLS, OBJECTIVES
from lstmgen.config import Config
from lstmgen.media.legal import packed
from lstmgen.model import matching
from lstmgen.model.arithmetic import Arithmetic, choose_arithmetic, choose_device
from lstmgen.model.cells import cell_of
from lstmgen.model.decoder import Decoder
from lstmgen.model.language_model import Architecture, LanguageModel
from lstmgen.training.budget import Budget, Clock
from lstmgen.training.openings import Openings
from lstmgen.training.streams import Streams
from lstmgen.training.trainer import Trainer

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")]
V = 12
STEPS = 14
"""Some before a step is recorded, and some after."""
TOLD = {"matches": "1,3", "match_slots": 64}
"""What followed the last time is told as well: a window of 12 and, from 33 on, one in parts."""


@pytest.fixture(autouse=True)
def _chosen():
    choose_device("cuda")


def network_of(*, dtype=torch.float32, device="cuda", **changes):
    values = {"vocab_size": V, "embedding_size": 16, "hidden_size": 128, "num_layers": 2, **changes}
    torch.manual_seed(1)
    return LanguageModel(Architecture(**values)).to(device, dtype)


def trainer_of(*, precision="fp32", device="cuda", graphs=True, steps=STEPS, seq_length=12, ids=None, reader=Streams, **changes):
    config = Config().replace(
        {"training.batch_size": 8, "training.seq_length": seq_length, "training.eval_every": 2**30, "optimizer.lr": 0.01}
    )
    if ids is None:
        ids = np.random.default_rng(0).integers(1, V, 4_000).astype(np.uint8)
    ids[0] = 0
    trainer = Trainer(
        network_of(device=device, **changes),
        reader=reader(ids, batch_size=8, seq_length=seq_length),
        validation=None,
        config=config,
        budget=Budget(max_steps=steps),
        arithmetic=Arithmetic(torch.device(device), precision, "test"),
        clock=Clock(),
    )
    if not graphs:
        trainer.learner._captured.problem = "not wanted"
    return trainer


class Ascending(Streams):
    """Streams in which nothing but a larger id, or one of the first three, may come."""

    def next_window(self):
        window = super().next_window()
        larger_TBV = np.arange(V) > window.inputs_TB.numpy()[:, :, None]
        stands_TBV = np.arange(V) == window.targets_TB.numpy()[:, :, None]
        return replace(window, legal_TBK=torch.from_numpy(packed(larger_TBV | stands_TBV | (np.arange(V) < 3))))


def losses_of(trainer, steps=STEPS):
    trainer.network.train()
    losses = []
    for _ in range(steps):
        assert not trainer._step()
        trainer._settle()
        losses.append(trainer._window_nats)
    return losses


def same_weights(one, other):
    left, right = one.network.tensors(), other.network.tensors()
    return all(torch.equal(left[name].cpu(), right[name].cpu()) for name in left)


told_or_not = pytest.mark.parametrize("told", [{}, TOLD], ids=["plain", "matches"])


@told_or_not
@pytest.mark.parametrize("precision", ["fp32", "fp16", "bf16"])
def test_graphs_give_the_numbers_of_single_kernels_bit_for_bit(precision, told):
    recorded, plain = (trainer_of(precision=precision, dropout=0.2, graphs=graphs, **told) for graphs in (True, False))
    assert losses_of(recorded) == losses_of(plain)
    assert same_weights(recorded, plain)
    assert recorded.learner.path == "CUDA graphs"
    assert plain.learner.path == "kernel by kernel: not wanted"


def test_a_grammar_is_recorded_with_the_step_and_learned_as_on_a_cpu():
    recorded, plain, here = (trainer_of(dtype=torch.float64, reader=Ascending, **how) for how in ({}, {"graphs": False}, {"device": "cpu"}))
    losses = losses_of(recorded)
    assert losses == losses_of(plain)
    assert recorded.learner.path == "CUDA graphs"
    np.testing.assert_allclose(losses, losses_of(here), rtol=1e-6)


@told_or_not
@pytest.mark.parametrize("cell", list(CELLS))
def test_a_gpu_learns_what_a_cpu_learns(cell, told):
    there, here = (trainer_of(device=device, cell=cell, dtype=torch.float64, **told) for device in ("cuda", "cpu"))
    np.testing.assert_allclose(losses_of(there), losses_of(here), rtol=1e-6)  # the rate has single precision there
    assert there.learner.path == "CUDA graphs"


def test_a_window_in_parts_is_told_the_same_there():
    there, here = (trainer_of(device=device, dtype=torch.float64, seq_length=75, **TOLD) for device in ("cuda", "cpu"))
    np.testing.assert_allclose(losses_of(there), losses_of(here), rtol=1e-6)
    assert there.learner.path == "CUDA graphs"


def test_without_the_kernel_a_window_is_told_the_same(monkeypatch):
    one = losses_of(trainer_of(**TOLD))
    monkeypatch.setattr(matching, "remembered", lambda *_: None)
    assert losses_of(trainer_of(**TOLD)) == one


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_half_the_bits_learn_nearly_as_well(precision):
    cycle = np.array([0, *itertools.islice(itertools.cycle([1, 2, 3, 4, 5, 6, 5, 4]), 4_000)], dtype=np.uint8)
    half, whole = (losses_of(trainer_of(precision=each, ids=cycle.copy()), 60) for each in (precision, "fp32"))
    assert half[-1] < 0.3 * half[0]
    assert abs(half[-1] - whole[-1]) < 0.1


@pytest.mark.parametrize("cell", [name for name in CELLS if not cell_of(name).only_fp32])
def test_products_and_their_layers_have_the_number_type_that_was_asked_for(cell):
    network = network_of(cell=cell)
    for dtype in (torch.float16, torch.bfloat16):
        with torch.autocast("cuda", dtype=dtype):
            logits_TBV, _ = network(torch.ones(3, 8, dtype=torch.int64, device="cuda"), network.zero_state(8))
        assert logits_TBV.dtype == dtype


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
@pytest.mark.parametrize(
    "shape", [{"cell": "lstm"}, {"cell": "gru"}, {"cell": "lstm-peephole"}, TOLD], ids=["lstm", "gru", "lstm-peephole", "matches"]
)
def test_going_on_equals_never_having_stopped(shape, precision):
    whole = trainer_of(**shape, precision=precision, dropout=0.2)
    losses = losses_of(whole)
    first = trainer_of(**shape, precision=precision, dropout=0.2)
    assert losses_of(first, 6) == losses[:6]
    tensors, values = first.state()
    tensors = {name: tensor.cpu().clone() for name, tensor in tensors.items()}
    second = trainer_of(**shape, precision=precision, dropout=0.2)
    losses_of(second, 5)  # its graph is recorded before it becomes the other run
    second.restore(tensors, values)
    assert losses_of(second, STEPS - 6) == losses[6:]
    assert same_weights(whole, second)


@told_or_not
@pytest.mark.parametrize("devices", [("cuda", "cpu"), ("cpu", "cuda")])
def test_a_run_moves_from_one_device_to_another(devices, told):
    first, second = (trainer_of(device=device, dtype=torch.float64, **told) for device in devices)
    losses_of(first, 6)
    tensors, values = first.state()
    second.restore({name: tensor.cpu() for name, tensor in tensors.items()}, values)
    np.testing.assert_allclose(losses_of(second, 6), losses_of(first, 6), rtol=1e-6)


@pytest.mark.parametrize("objective", [name for name in OBJECTIVES if OBJECTIVES[name].both_ways])
def test_every_objective_is_recorded(objective):
    def trained(*, graphs):
        symbols = 1 + 7 * len(OBJECTIVES[objective].labels) if OBJECTIVES[objective].labels else V
        trainer = trainer_of(objective=objective, graphs=graphs, seq_length=24, vocab_size=symbols, hidden_size=64)
        return losses_of(trainer), trainer.learner.path

    recorded, plain = trained(graphs=True), trained(graphs=False)
    assert recorded[1] == "CUDA graphs"
    assert recorded[0] == plain[0]


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_a_step_that_is_not_finite_changes_no_weight_and_empties_the_states(precision):
    trainer = trainer_of(precision=precision)
    losses_of(trainer, 6)
    before = {name: tensor.clone() for name, tensor in trainer.network.tensors().items()}
    scale = trainer.learner.scaler.get_scale()
    trainer.learner.carried = trainer.learner.carried.__class__(
        tuple(tuple(torch.full_like(part, math.nan) for part in layer) for layer in trainer.learner.carried.layers)
    )
    trainer._step()
    trainer._settle()
    assert trainer.counters.skipped_steps == 1
    after = trainer.network.tensors()
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert not any(part.any() for part in trainer.learner.carried.tensors().values())
    assert trainer.learner.scaler.get_scale() == (scale / 2 if precision == "fp16" else scale)
    assert math.isfinite(losses_of(trainer, 1)[0])


def test_auto_is_fp16_and_its_gradients_are_near_those_of_fp32():
    network = network_of(hidden_size=256)
    chosen = choose_arithmetic("auto", torch.device("cuda"), architecture=network.architecture, batch_size=16, seq_length=32)
    assert chosen.precision == "fp16"
    ids_TB = torch.randint(V, (32, 16), generator=torch.Generator().manual_seed(0)).cuda()

    def gradient(arithmetic):
        network.zero_grad()
        with arithmetic.context():
            logits_TBV, _ = network(ids_TB, network.zero_state(16))
        loss = torch.nn.functional.cross_entropy(logits_TBV.float().flatten(0, 1), ids_TB.roll(-1, 0).flatten())
        (1024 * loss).backward()
        return torch.cat([parameter.grad.flatten() for parameter in network.parameters() if parameter.grad is not None])

    exact = gradient(Arithmetic(torch.device("cuda"), "fp32", ""))
    assert (gradient(chosen) - exact).norm() < 0.02 * exact.norm()


@told_or_not
@pytest.mark.parametrize("cell", list(CELLS))
def test_a_lane_is_the_same_whatever_is_beside_it(cell, told):
    decoder = Decoder(network_of(cell=cell, clock_period=4, clock_low=2, clock_high=6, **told).eval())
    random = np.random.default_rng(0)
    ids_TB = random.integers(1, V, (7, 130))
    logits_BV, together = decoder.step([0] * 130, decoder.start(130))
    for ids in ids_TB:
        logits_BV, together = decoder.step(ids, together)
    assert decoder.lanes_agree
    for lane in (0, 63, 64, 129):
        logits_1V, alone = decoder.step([0], decoder.start())
        for ids in ids_TB:
            logits_1V, alone = decoder.step([ids[lane]], alone)
        assert torch.equal(logits_1V[0], logits_BV[lane])
        part = together.select(slice(lane, lane + 1)).tensors()
        assert all(torch.equal(tensor, part[name]) for name, tensor in alone.tensors().items())


@told_or_not
def test_greedy_decoding_is_that_of_the_cpu_token_for_token(told):
    network = network_of(dtype=torch.float64, **told).eval()
    for parameter in network.parameters():
        parameter.data.mul_(2.0)
    found = []
    for device in ("cuda", "cpu"):
        decoder = Decoder(network.to(device))
        state, token, ids = decoder.start(), 0, []
        for _ in range(600):
            logits_1V, state = decoder.step([token], state)
            ids.append(token := int(logits_1V[0].argmax()))
        found.append(ids)
    assert found[0] == found[1]
    assert len(set(found[0])) > 1


@told_or_not
def test_states_are_values(told):
    decoder = Decoder(network_of(**told).eval())
    state = decoder.start()
    kept = []
    for token in range(1, 9):
        logits_1V, state = decoder.step([token], state)
        kept.append((logits_1V, logits_1V.clone(), state.tensors(), {name: tensor.clone() for name, tensor in state.tensors().items()}))
    for logits_1V, copy_1V, tensors, copies in kept:
        assert torch.equal(logits_1V, copy_1V)
        assert all(torch.equal(tensors[name], copies[name]) for name in tensors)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    (folder / "text.txt").write_text("the quick brown fox jumps over the lazy dog, and the dog sleeps on.\n" * 400)
    for device in ("cuda", "cpu"):
        settings = {"training.max_steps": 60, "model.hidden_size": 128, "training.seed": 1, "runtime.device": device}
        for _ in lstmgen.train(folder / "text.txt", out=folder / device, settings=settings):
            pass
    return folder


@pytest.mark.parametrize("trained_on", ["cuda", "cpu"])
def test_a_model_is_the_same_wherever_it_is_loaded(runs, trained_on):
    texts, losses = [], []
    for device in ("cuda", "cpu"):
        model = lstmgen.load(runs / trained_on, device=device)
        texts.append([sample.text for sample in model.generate(num_samples=3, length=80, seed=5)])
        losses.append(model.score((runs / "text.txt").read_text()).nats_per_token)
    assert texts[0] == texts[1]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_windows_that_lie_on_the_gpu_teach_what_those_on_the_host_do():
    ids = np.random.default_rng(0).integers(1, V, 4_000).astype(np.uint8)
    ids[0] = 0
    readers = [partial(Streams, openings=Openings(ids, np.arange(V) == 1), device=torch.device(device)) for device in ("cuda", "cpu")]
    there, here = (trainer_of(ids=ids, reader=reader, seq_length=5) for reader in readers)
    assert losses_of(there) == losses_of(here)
    assert same_weights(there, here)
    window = there.reader.next_window()
    assert all(part.is_cuda for part in (window.inputs_TB, window.targets_TB, window.fresh_B))
