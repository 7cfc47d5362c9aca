"""A cell is added by a record and nothing else: a toy that the package does not know learns, resumes, scores and samples."""

import sys
import types

import pytest
import torch
from safetensors.torch import load_file

import lstmgen
from lstmgen.choices import CELLS
from lstmgen.model.cells.base import Cell
from lstmgen.model.decoder import Decoder
from lstmgen.model.language_model import Architecture, LanguageModel

TEXT = "".join(f"{name} has {count} pears.\n" for count in range(60) for name in ("Ada", "Ben"))
SETTINGS = {
    "model.cell": "toy",
    "model.hidden_size": 6,
    "model.num_layers": 2,
    "model.embedding_size": 5,
    "training.batch_size": 4,
    "training.seq_length": 8,
    "training.max_steps": 12,
    "training.sample_every_s": 0.0,
    "runtime.threads": 1,
    "runtime.precision": "fp32",
}


def equations(x_BI, state, w):
    """A fading memory of pairs of features, read by the newest ones: its state is a matrix."""
    key_BH = torch.tanh(x_BI @ w["key"].T)
    memory_BHH = torch.sigmoid(w["fade"]) * state[0] + key_BH[:, :, None] * key_BH[:, None, :]
    return (memory_BHH @ key_BH[:, :, None]).squeeze(2), (memory_BHH,), {"key": key_BH}


@pytest.fixture(autouse=True)
def toy(monkeypatch):
    module = types.ModuleType("toy_cell")
    module.CELL = Cell(
        shapes=lambda input_size, hidden_size: {"key": (hidden_size, input_size), "fade": (hidden_size, 1)},
        state=lambda hidden_size: ((hidden_size, hidden_size),),
        equations=equations,
    )
    monkeypatch.setitem(sys.modules, "toy_cell", module)
    monkeypatch.setitem(CELLS, "toy", "toy_cell")


@pytest.fixture
def train(tmp_path):
    (tmp_path / "pears.txt").write_text(TEXT)

    def start(name, **options):
        sources = () if "resume" in options else (tmp_path / "pears.txt",)
        settings = {} if "resume" in options else {"settings": SETTINGS, "out": tmp_path / name}
        return list(lstmgen.train(sources, cache=tmp_path / "cache", **settings, **options))

    return start


def test_a_toy_cell_trains_resumes_bit_for_bit_loads_scores_and_samples(train, tmp_path):
    train("unbroken")
    train("resumed", pause_after=5)
    train("resumed", resume=tmp_path / "resumed")
    for name in ("last.safetensors", "model.safetensors"):
        one, other = load_file(tmp_path / "unbroken" / name), load_file(tmp_path / "resumed" / name)
        assert one.keys() == other.keys()
        assert all(torch.equal(one[key], other[key]) for key in one)
    assert {"layers.1.key", "layers.1.fade"} <= one.keys()
    model = lstmgen.load(tmp_path / "resumed", device="cpu", threads=1)
    untrained = LanguageModel(model.network.architecture)
    assert not torch.equal(untrained.layers[0].fade, model.network.layers[0].fade)
    assert 0 < model.score(TEXT).nats_per_token < 4
    samples = model.generate("Ada", length=20, seed=1, num_samples=2, ignore_end=True)
    assert [len(sample.text) for sample in samples] == [20, 20]
    assert samples == model.generate("Ada", length=20, seed=1, num_samples=2, ignore_end=True)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_its_decoder_equals_the_network_and_its_lanes_those_that_are_alone(dtype):
    torch.manual_seed(0)
    network = LanguageModel(Architecture(vocab_size=11, embedding_size=5, hidden_size=7, num_layers=2, cell="toy")).to(dtype).eval()
    decoder = Decoder(network)
    ids_TB = torch.randint(11, (6, 5))
    with torch.inference_mode():
        expected_TBV, _ = network(ids_TB, network.zero_state(5))
    state, alone = decoder.start(5), [decoder.start() for _ in range(5)]
    for ids_B, expected_BV in zip(ids_TB, expected_TBV, strict=True):
        logits_BV, state = decoder.step(ids_B, state)
        torch.testing.assert_close(logits_BV, expected_BV, rtol=1e-4, atol=1e-4)
        for lane, token in enumerate(ids_B.tolist()):
            logits_1V, alone[lane] = decoder.step([token], alone[lane])
            assert torch.equal(logits_1V[0], logits_BV[lane])


def test_it_is_looked_into_with_whatever_it_computes_and_carries():
    from lstmgen.analysis.gradient import gradient_kept
    from lstmgen.analysis.trace import Channel, read_trace

    torch.manual_seed(0)
    network = LanguageModel(Architecture(vocab_size=9, embedding_size=5, hidden_size=6, num_layers=1, cell="toy")).eval()
    trace = read_trace(network, torch.arange(1, 9).numpy())
    assert {place: series.shape for place, series in trace.values.items()} == {(0, "key"): (8, 6), (0, "state 1"): (8, 36)}
    assert Channel.parse("1:state 1:36").of(trace)[0].shape == (8,)
    kept = gradient_kept(network, torch.randint(9, (8, 3)), lags=(1, 4))
    assert [row.part for row in kept] == ["all", "state 1"]
    assert kept[0].median == kept[1].median
