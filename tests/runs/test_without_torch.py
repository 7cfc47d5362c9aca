"""Samples that compiled loops draw by themselves, against those of the usual path: the same to the last bit."""

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

import lstmgen
from lstmgen import cli
from lstmgen.checkpoint.model_file import save_model
from lstmgen.model import summing
from lstmgen.model.compiled import code
from lstmgen.model.compiled.decoder import CompiledDecoder
from lstmgen.model.decoder import Decoder
from lstmgen.runs import loading

pytestmark = pytest.mark.usefixtures("loops")
of_text = pytest.mark.parametrize("medium_case", ["char"], indirect=True)


def saved(model, folder, *, prove=True):
    """The file of a model, whose decoder was seen to have the numbers of compiled loops."""
    path = folder / "model.safetensors"
    save_model(path, model.network.tensors(), model.network.architecture, model.tokenizer, {"steps": 1})
    if prove:
        assert Decoder(model.network).compile()
    return path


@pytest.fixture(autouse=True)
def torch_is_not_there(monkeypatch):
    """As far as whoever loads a model can see."""
    monkeypatch.setattr(loading, "sys", SimpleNamespace(modules={}, platform=sys.platform))
    monkeypatch.setattr(loading, "_may_have_cuda", lambda: False)


@pytest.fixture
def both(medium_case, tmp_path):
    """A model that draws without torch, and the one that it was made from."""
    quick = lstmgen.load(saved(medium_case.model, tmp_path))
    assert isinstance(quick.drawing, CompiledDecoder)
    return quick, medium_case.model, medium_case


def told(samples):
    names = ("tokens", "nats_per_token", "ended", "warnings")
    return [(each.medium.to_bytes(each.item), *(getattr(each, name) for name in names)) for each in samples]


@pytest.mark.parametrize(
    "sampling",
    [{}, {"temperature": 0}, {"top_k": 3, "top_p": 0.9, "min_p": 0.05}, {"typical_p": 0.8, "repetition_penalty": 1.3}],
    ids=str,
)
def test_samples_are_those_of_the_usual_path(both, sampling):
    quick, usual, case = both
    options = {"length": 36, "seed": 3, "num_samples": 2, "sampling": lstmgen.Sampling(**sampling)}
    for prompts in (None, [case.prompt, case.prompt]):
        assert told(quick.generate(prompts=prompts, **options)) == told(usual.generate(prompts=prompts, **options))
    stream = quick.stream(case.prompt, length=40, seed=3)
    pieces = list(stream)
    assert pieces
    assert told([stream.result]) == told(usual.generate(case.prompt, length=40, seed=3))
    assert "network" not in vars(quick)


def test_what_loops_do_not_do_the_usual_decoder_does(both, monkeypatch):
    quick, usual, case = both
    monkeypatch.setattr(summing, "MOST_STEPPED", 3)
    for module in ("lstmgen.model.decoder", "lstmgen.model.compiled.decoder"):
        monkeypatch.setattr(f"{module}.MOST_STEPPED", 3)
    options = {"length": 20, "seed": 3}
    assert told(quick.generate(prompts=[case.prompt], **options)) == told(usual.generate(prompts=[case.prompt], **options))
    assert "network" in vars(quick)
    clamped = options | {"clamp": ["1:2=0.5"]}
    assert told(quick.generate(**clamped)) == told(usual.generate(**clamped))
    assert quick.score(case.items[0]).figures == usual.score(case.items[0]).figures


@of_text
@pytest.mark.parametrize(
    ("how", "there"),
    [
        ({}, True),
        ({"device": "cpu", "precision": "fp32", "threads": 1}, True),
        ({"precision": "int8"}, False),
        ({"objectives": ["gaps"]}, None),
    ],
    ids=str,
)
def test_only_a_model_that_suits_is_loaded_without_torch(medium_case, tmp_path, how, there):
    path = saved(medium_case.model, tmp_path)
    if there is None:
        with pytest.raises(lstmgen.UsageError):
            lstmgen.load(path, **how)
    else:
        assert isinstance(lstmgen.load(path, **how).drawing, CompiledDecoder) is there


@of_text
def test_without_a_proof_or_with_a_gpu_torch_is_loaded(medium_case, tmp_path, monkeypatch):
    path = saved(medium_case.model, tmp_path)
    monkeypatch.setattr(code, "is_proven", lambda *_: False)
    assert isinstance(lstmgen.load(path).drawing, Decoder)
    monkeypatch.undo()
    assert isinstance(lstmgen.load(path).drawing, Decoder)  # here torch is loaded
    monkeypatch.setattr(loading, "sys", SimpleNamespace(modules={}, platform=sys.platform))
    monkeypatch.setattr(loading, "_may_have_cuda", lambda: True)
    assert isinstance(lstmgen.load(path).drawing, Decoder)


@of_text
def test_a_damaged_file_is_refused(medium_case, tmp_path):
    path = saved(medium_case.model, tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[:-4] + b"\0\1\2\3")
    with pytest.raises(lstmgen.ModelFileError, match="checksum"):
        lstmgen.load(path)


@of_text
def test_a_decoder_keeps_the_proof_for_the_next_process_once(medium_case, monkeypatch):
    made, proven = [], [False]
    monkeypatch.setattr(code, "is_proven", lambda *_: proven[0])
    monkeypatch.setattr(Decoder, "compile", lambda decoder: made.append(decoder))  # noqa: PLW0108 - a method
    decoder = Decoder(medium_case.model.network)
    decoder.keep_ready()
    proven[0] = True
    decoder.keep_ready()
    Decoder(medium_case.model.network, precision="int8").keep_ready()
    assert made == [decoder]
    begun = []
    monkeypatch.setattr(code, "load", lambda: None)
    monkeypatch.setattr("lstmgen.model.compiled.ahead.begin", lambda: begun.append(1))
    decoder.keep_ready()
    assert (begun, made) == ([1], [decoder])


PROGRAM = """
import json, sys
from lstmgen.cli import run
for argv in json.loads(sys.argv[1]):
    assert run(argv) == 0, argv
    sys.stdout.buffer.flush()
heavy = ("torch", "numba", "sentencepiece", "safetensors", "pydantic", "PIL")
assert not [name for name in heavy if name in sys.modules], [name for name in heavy if name in sys.modules]
"""


def test_a_process_that_samples_loads_no_torch_and_writes_the_same_bytes(medium_case, tmp_path, capfdbinary):
    path = saved(medium_case.model, tmp_path)
    plain = ["sample", str(path), "-n", "60", "-s", "2", "--device", "cpu", "-o", "-"]
    commands = [plain, [*plain, "-p", medium_case.prompt, "-t", "1.2:0.6"], [*plain, "--num-samples", "3", "--json"]]
    done = subprocess.run([sys.executable, "-c", PROGRAM, json.dumps(commands)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    for argv in commands:
        assert cli.run(argv) == 0
    assert done.stdout == capfdbinary.readouterr().out
    assert done.stdout
