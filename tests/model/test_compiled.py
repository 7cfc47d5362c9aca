"""Compiled tokens against the usual path, whose numbers they give bit for bit."""

import ast
import collections
import dataclasses
import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from lstmgen.errors import ModelFileError
from lstmgen.generation import filters
from lstmgen.generation.compiled_blocks import TOKENS, CompiledBlocks
from lstmgen.generation.draw import Lane, begin, draw, generator_of, pick
from lstmgen.generation.filters import Moment
from lstmgen.generation.sampling import Ramp, Sampling
from lstmgen.media.text.char import CharTokenizer
from lstmgen.media.text.writer import TextPlan
from lstmgen.model import arrays, products
from lstmgen.model.compiled import ahead, code, layout, numpy_loops, step
from lstmgen.model.decoder import Decoder
from lstmgen.model.language_model import Architecture, LanguageModel

TOKENIZER = CharTokenizer.from_counts(collections.Counter("abcde "))
V = TOKENIZER.vocab_size
PRECISIONS = ["fp32", "bf16", "int8"]
pytestmark = pytest.mark.usefixtures("loops")
every_precision = pytest.mark.parametrize("precision", PRECISIONS)


def network_of(*, seed=0, **changes):
    values = {"vocab_size": V, "embedding_size": 8, "hidden_size": 40, "num_layers": 2, **changes}
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = LanguageModel(Architecture(**values))
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.add_(0.2 * torch.randn_like(parameter))
    return network.eval()


def compiled_of(network, precision="fp32"):
    decoder = Decoder(network, precision=precision)
    assert decoder.compile(), decoder.path
    return decoder


def assert_same_lanes(usual, compiled, lanes, *, tokens=6):
    states = usual.start(lanes), compiled.start(lanes)
    for ids in np.random.default_rng(lanes).integers(usual.vocab_size, size=(tokens, lanes)).tolist():
        (one_BV, one), (other_BV, other) = usual.step(ids, states[0]), compiled.step(ids, states[1])
        assert torch.equal(one_BV, other_BV)
        assert all(map(torch.equal, one.tensors().values(), other.tensors().values()))
        states = one, other


@every_precision
@pytest.mark.parametrize(
    "shape",
    [
        {},
        {"layer_norm": False, "residual": False},
        {"tied": True, "embedding_size": 40, "num_layers": 1},
        {"num_layers": 3, "hidden_size": 68, "vocab_size": 131},
        {"hidden_size": 640, "embedding_size": 16},
        {"hidden_size": 1040, "num_layers": 2, "vocab_size": 70},
        {"matches": "1,3", "match_slots": 32},
    ],
    ids=str,
)
def test_lanes_are_what_they_are_on_the_usual_path(precision, shape):
    network = network_of(**shape)
    usual, compiled = Decoder(network, precision=precision), compiled_of(network, precision)
    for lanes in (1, 4, 7) if network.architecture.hidden_size < 100 else (5,):
        assert_same_lanes(usual, compiled, lanes, tokens=6 if network.architecture.hidden_size < 100 else 2)


@every_precision
def test_so_are_they_when_threads_share_them(precision, monkeypatch):
    network = network_of()
    usual, compiled = Decoder(network, precision=precision), compiled_of(network, precision)
    monkeypatch.setattr(step, "MIN_SHARED", 0)
    torch.set_num_threads(3)
    torch.set_flush_denormal(True)
    for lanes in (2, 11):
        assert_same_lanes(usual, compiled, lanes)


def drawn(decoder, sampling, *, lanes=1, length=2 * TOKENS + 5, seed=1, **plan):
    context = begin(decoder, np.array([1, 2], dtype=np.int64))
    wanted = TextPlan(tokenizer=TOKENIZER, length=length, **plan)
    found = [Lane(wanted.writer(), context, sampling=sampling, length=length, generator=generator_of(seed, i)) for i in range(lanes)]
    pieces = list(draw(decoder, found))
    return [(lane.ids.tolist(), lane.nats, lane.ended, lane.writer.outcome().item) for lane in found], len(pieces)


@pytest.mark.parametrize("lanes", [1, 6])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"temperature": 0},
        {"temperature": 0.7, "top_k": 3},
        {"top_p": 0.8},
        {"min_p": 0.1, "temperature": 1.3},
        {"top_k": 4, "top_p": 0.9, "min_p": 0.2},
        {"temperature": 30.0, "top_k": 100, "top_p": 0.99999},
    ],
    ids=str,
)
@pytest.mark.parametrize("plan", [{}, {"ignore_end": True}, {"stops": ("ab", "e d")}], ids=str)
def test_blocks_hold_what_would_be_drawn_one_by_one(settings, plan, lanes):
    network, sampling = network_of(), Sampling(**settings)
    assert drawn(compiled_of(network), sampling, lanes=lanes, **plan) == drawn(Decoder(network), sampling, lanes=lanes, **plan)


@every_precision
def test_a_decoder_may_change_over_at_any_token(precision, monkeypatch):
    network = network_of()
    expected = drawn(Decoder(network, precision=precision), Sampling(), lanes=3)
    asked = iter(range(100))
    monkeypatch.setattr(ahead.Ahead, "ready", lambda *_: next(asked) == 7)
    changing = Decoder(network, precision=precision)
    assert changing.compiled is None
    assert drawn(changing, Sampling(), lanes=3) == expected
    assert changing.compiled is not None
    assert "compiled loops" in changing.path


@pytest.mark.parametrize("equal", [False, True])
def test_equal_logits_are_drawn_as_the_filters_draw_them(equal):
    decoder, random = compiled_of(network_of()), np.random.default_rng(5)
    values = np.zeros(V) if equal else random.integers(3, size=V)
    logits_1V = torch.from_numpy(values.astype(np.float32))[None]
    allowed_V = random.random(V) < 0.7
    allowed_V[0] = True
    for settings in ({"top_k": 2}, {"top_p": 0.5}, {"temperature": 0}, {"min_p": 0.5}, {"top_k": 5, "top_p": 0.7}):
        sampling = Sampling(**settings)
        for mask_V in (None, allowed_V):
            blocks = CompiledBlocks(decoder.compiled, sampling, mask_V)
            for uniform in (0.0, 0.2, 0.5, 0.9, 1 - 2**-53):
                tokens, nats, *_ = blocks.draw(logits_1V, decoder.start(), np.array([[uniform]]))
                [expected] = pick(logits_1V, filters.build(sampling), [Moment(0, None, allowed_V=mask_V)], uniforms=[uniform])
                assert (tokens[0][0], nats[0][0]) == tuple(expected)


def test_infinite_logits_are_drawn_and_others_that_are_no_numbers_refused():
    decoder = compiled_of(network_of())
    blocks, uniform = CompiledBlocks(decoder.compiled, Sampling()), np.full((1, 1), 0.5)
    logits_1V = torch.full((1, V), float("nan"))
    with pytest.raises(ModelFileError, match="too large"):
        blocks.draw(logits_1V, decoder.start(), uniform)
    logits_1V[0, 3] = float("inf")
    assert blocks.draw(logits_1V, decoder.start(), uniform)[0] == [[3]]
    with pytest.raises(ValueError, match="one temperature"):
        CompiledBlocks(decoder.compiled, Sampling(temperature=Ramp(1.0, 0.5)))


def test_what_is_held_is_held_and_not_drawn_in_blocks():
    network = network_of()
    usual, compiled = (decoder.holding([(0, 1, 2, 0.5)]) for decoder in (Decoder(network), compiled_of(network)))
    assert compiled.block_lanes == 0
    assert_same_lanes(usual, compiled, 3)


def test_where_numbers_would_differ_nothing_is_compiled(monkeypatch):
    monkeypatch.setattr(arrays, "_NUMPY", dataclasses.replace(arrays._NUMPY, multiply=np.add))
    decoder = Decoder(network_of())
    assert not decoder.compile()
    assert "the numbers would differ" in decoder.path
    assert decoder.step([1], decoder.start())[0].shape == (1, V)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"cell": "gru"}, "not an LSTM"),
        ({"clock_period": 4, "clock_low": 2, "clock_high": 3}, "do not suit"),
        ({"hidden_size": 7}, "do not suit"),
    ],
    ids=str,
)
def test_what_loops_do_not_know_goes_the_usual_way(changes, why):
    decoder = Decoder(network_of(**changes), precision="int8")
    assert not decoder.compile()
    assert why in decoder.path
    assert "not an LSTM in fp32" in Decoder(network_of().double()).path


def test_without_numba_its_extra_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    decoder = Decoder(network_of())
    assert not decoder.compile()
    assert "pip install 'lstmgen[fast]'" in decoder.path


def test_where_numba_does_not_suit_the_usual_path_goes_on(monkeypatch):
    monkeypatch.setattr(numpy_loops, "_WANTED", ((np.tanh, "f->d"),))
    decoder = Decoder(network_of())
    assert not decoder.compile()
    assert "not compiled: " in decoder.path


class Process:
    def __init__(self, codes):
        self.codes = iter(codes)

    def poll(self):
        return next(self.codes)


@pytest.mark.parametrize(("codes", "expected"), [([None, None, 0], [20, 25, 30]), ([None, 1], [20, 25])])
def test_loops_are_ready_when_another_process_has_kept_them(monkeypatch, codes, expected):
    asked, process, step = [], Process(codes), iter(range(1, 60))
    monkeypatch.setattr(ahead, "_AFTER", 20)
    monkeypatch.setattr(ahead, "_ASKED_EVERY", 5)
    monkeypatch.setattr(ahead, "_other_process", lambda: asked.append(now) or process)
    waiting = ahead.Ahead()
    ready = False
    for now in step:  # noqa: B007 - `asked` reads it
        ready = waiting.ready(1)
        if ready:
            break
    assert asked == expected
    assert ready is (codes[-1] == 0)
    assert bool(waiting.problem) is not ready


def test_many_lanes_count_for_more_than_one(monkeypatch):
    monkeypatch.setattr(ahead, "_AFTER", 20)
    monkeypatch.setattr(ahead, "_other_process", lambda: None)
    waiting = ahead.Ahead()
    steps = next(steps for steps in range(1, 30) if waiting.ready(33) or waiting.problem)
    assert steps == 4


def test_the_other_process_can_do_its_work():
    program = ahead._CODE.format(path=sys.path)
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_is_kept_is_made_anew_when_the_loops_change(monkeypatch):
    before = code._name()
    monkeypatch.setattr(code, "_SOURCES", code._SOURCES[1:])
    code._name.cache_clear()
    assert code._name() != before
    monkeypatch.undo()
    code._name.cache_clear()
    assert code._name() == before
    used = {name for source in ("loops.py", "numbers.py", "rows.py") for name in compiled_imports(Path(code.__file__).with_name(source))}
    assert used == set(code._SOURCES) - {"loops.py"}


def compiled_imports(file):
    """The files of compiled loops that a file imports."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "lstmgen.model.compiled":
            yield from (f"{alias.name}.py" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module.startswith("lstmgen.model.compiled."):
            yield node.module.rpartition(".")[2] + ".py"


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Folders of its own for what is kept; the first cannot be written."""
    (tmp_path / "file").touch()
    folders = [tmp_path / "file", tmp_path / "cache"]
    kept = (code._folders()[0] / code._name()).read_bytes()
    monkeypatch.setattr(code, "_folders", lambda: folders)
    code.load.cache_clear()
    yield folders[1], kept
    code.load.cache_clear()


def test_what_is_kept_is_checked_and_lies_where_it_can_be_written(elsewhere):
    folder, kept = elsewhere
    assert code.load() is None
    assert code.is_first_to_make()
    assert not code.is_first_to_make()
    code._write(code._name(), kept)
    code.load.cache_clear()
    assert code.load() is not None
    assert not code.is_first_to_make()
    for damaged in (b"", kept[:20], kept[:-1], kept[:40] + b"?" + kept[41:]):
        (folder / code._name()).write_bytes(damaged)
        code.load.cache_clear()
        assert code.load() is None


def test_a_proof_is_of_a_shape_a_precision_and_the_packages(elsewhere, monkeypatch):
    folder, kept = elsewhere
    code._write(code._name(), kept)
    code.load.cache_clear()
    network = network_of()
    facts = step.facts(network.architecture, "fp32")
    assert not code.is_proven(code.load(), facts)
    compiled_of(network)
    assert code.is_proven(code.load(), facts)
    assert code.is_proven(code.load(), step.facts(dataclasses.replace(network.architecture, dropout=0.3), "fp32"))
    assert not code.is_proven(code.load(), step.facts(dataclasses.replace(network.architecture, hidden_size=41), "fp32"))
    assert not code.is_proven(code.load(), step.facts(network.architecture, "bf16"))
    monkeypatch.setattr(code, "_MADE_BY", ("numpy",))
    assert not code.is_proven(code.load(), facts)
    assert len([*folder.iterdir()]) == 2


def test_a_ufunc_that_looks_otherwise_is_refused(monkeypatch):
    monkeypatch.setattr(numpy_loops, "_WANTED", ((np.frompyfunc(abs, 1, 1), "O->O"),))
    assert numpy_loops.addresses().shape == (1, 2)
    monkeypatch.setattr(numpy_loops, "_WANTED", ((np.tanh, "f->d"),))
    with pytest.raises(ValueError, match="not in list"):
        numpy_loops.addresses()


def test_products_of_one_row_are_those_of_many():
    """Rows longer than what is added in turn, in every precision, against the products of torch."""
    for precision in PRECISIONS:
        for inputs in (512, 516, 1024, 1600, 2064):
            ways = products.Products(precision)
            weight_GI = torch.randn(70, inputs, generator=torch.Generator().manual_seed(inputs))
            x_BI = np.random.default_rng(inputs).normal(size=(6, inputs)).astype(np.float32)
            out_BG, nothing = np.zeros((6, 70), dtype=np.float32), np.zeros((0, 2, inputs), dtype=np.float32)
            matrix = step._matrices([[weight_GI.numpy()]], step._KINDS[precision])
            room, bias_G = layout.room(6, inputs, 70, 0), np.zeros(70, dtype=np.float32)
            task = layout.Inputs(room, numpy_loops.addresses(), x_BI, nothing, 1e-5, matrix, bias_G, out_BG)
            words, _kept = layout.words(task)
            assert code.load().call("inputs", words)
            assert np.array_equal(ways.of(weight_GI)(x_BI), out_BG), (precision, inputs)


def test_an_array_in_a_wrong_place_is_refused():
    with pytest.raises(ValueError, match="expected bool and 1"):
        layout.words(layout.Choice(1.0, 0, 1.0, -1.0, np.zeros(2)))
