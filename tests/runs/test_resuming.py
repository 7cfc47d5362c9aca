"""Resuming from a state whose checksum is right and which no training wrote: it is refused, and nothing else happens."""

import copy
import json
import shutil
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

import lstmgen
from lstmgen.checkpoint.tensor_writer import Packed
from lstmgen.errors import LstmgenError, ModelFileError
from lstmgen.music.midi.writer import to_midi_bytes
from lstmgen.music.score import Notes, Score

TEXT = "the quick brown fox jumps over the lazy dog\n" * 60


@pytest.fixture(scope="module", params=["text", "tunes"])
def run(request, tmp_path_factory):
    """A run of each medium that was interrupted after five steps."""
    folder = tmp_path_factory.mktemp("resuming")
    source = folder / ("story.txt" if request.param == "text" else "tune.mid")
    tune = Score.of(Notes.of([240 * at for at in range(64)], [240 * at + 200 for at in range(64)], [60 + at % 12 for at in range(64)]))
    source.write_bytes(TEXT.encode() if request.param == "text" else to_midi_bytes(tune))
    settings = {
        "model.hidden_size": 6,
        "model.embedding_size": 4,
        "training.batch_size": 3,
        "training.seq_length": 8,
        "training.max_steps": 12,
        "training.eval_every": 4,
        "training.sample_every_s": 0.0,
        "runtime.threads": 1,
        "runtime.precision": "fp32",
    }
    list(lstmgen.train(source, out=folder / "run", settings=settings, cache=folder / "cache", pause_after=5))
    return folder


def parts(path):
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    document = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["lstmgen"])
    del document["sha256"]
    return load_file(path), document


def resume(run, tmp_path, change):
    """Resumes a copy of the run whose state was changed and sealed again."""
    folder = tmp_path / "copy"
    shutil.copytree(run / "run", folder)
    tensors, document = parts(folder / "last.safetensors")
    change(SimpleNamespace(tensors=tensors, meta=document["meta"]))
    (folder / "last.safetensors").write_bytes(b"".join(Packed(tensors, document)))
    *_, last = lstmgen.train(resume=folder, cache=run / "cache", pause_after=1)
    return last


def test_a_state_that_was_not_changed_is_resumed(run, tmp_path):
    before = parts(run / "run" / "last.safetensors")[1]["meta"]["trainer"]["counters"]["step"]
    assert resume(run, tmp_path, id).step == before + 1


def first(tensors, beginning):
    return next(name for name in sorted(tensors) if name.startswith(beginning))


def dropped(beginning):
    return lambda state: state.tensors.pop(first(state.tensors, beginning))


def put(beginning, make):
    def change(state):
        name = first(state.tensors, beginning)
        state.tensors[name] = make(state.tensors[name])

    return change


def without_moments(state):
    for name in [name for name in state.tensors if name.startswith("optimizer.")]:
        del state.tensors[name]


def of_shape(*shape):
    return lambda tensor: tensor.new_zeros(shape)


TENSORS = {
    "a weight is missing": dropped("network."),
    "a carried tensor is missing": dropped("carried."),
    "a moment is missing": dropped("optimizer.0.exp_avg"),
    "a count of steps is missing": dropped("optimizer.1.step"),
    "all moments are missing": without_moments,
    "a weight more": lambda state: state.tensors.update({"network.more": torch.zeros(2)}),
    "a moment more": lambda state: state.tensors.update({"optimizer.99.exp_avg": torch.zeros(2)}),
    "a moment without a number": lambda state: state.tensors.update({"optimizer.x.exp_avg": torch.zeros(2)}),
    "a carried tensor more": lambda state: state.tensors.update({"carried.9.9": torch.zeros(2)}),
    "a weight of another shape": put("network.", of_shape(2, 2)),
    "a carried tensor of fewer streams": put("carried.0", lambda tensor: tensor[:1]),
    "a moment of another shape": put("optimizer.0.exp_avg_sq", of_shape(3)),
    "a moment that could be broadcast": put("optimizer.0.exp_avg", of_shape(1)),
    "a count of steps with a dimension": put("optimizer.0.step", lambda tensor: tensor.reshape(1)),
    "a weight of double precision": put("network.", torch.Tensor.double),
    "a moment of whole numbers": put("optimizer.0.exp_avg", torch.Tensor.long),
    "a carried tensor of half precision": put("carried.0", torch.Tensor.bfloat16),
    "squares below zero": put("optimizer.0.exp_avg_sq", lambda tensor: tensor - 1),
    "steps below zero": put("optimizer.0.step", lambda tensor: -tensor),
}


def at(*keys, value):
    def change(state):
        table = state.meta
        for key in keys[:-1]:
            table = table[key]
        table[keys[-1]] = value

    return change


def without(*keys):
    def change(state):
        table = state.meta
        for key in keys[:-1]:
            table = table[key]
        del table[keys[-1]]

    return change


NO_NUMBERS = {"text": "5", "list": [], "nothing": None, "true": True, "fraction": 2.5, "negative": -2, "huge": 2**63}
VALUES = {
    **{f"steps are {name}": at("trainer", "counters", "step", value=value) for name, value in NO_NUMBERS.items()},
    **{f"rollbacks are {name}": at("trainer", "counters", "rollbacks", value=value) for name, value in NO_NUMBERS.items()},
    **{f"the rate is {value}": at("trainer", "counters", "lr_scale", value=value) for value in ("x", [], True)},
    **{f"the loss is {value}": at("trainer", "counters", "best_nats", value=value) for value in ("x", [], True)},
    "a rate above the whole": at("trainer", "counters", "lr_scale", value=7.0),
    "a rate below nothing": at("trainer", "counters", "lr_scale", value=-1.0),
    "a counter more": at("trainer", "counters", "more", value=1),
    "no steps": without("trainer", "counters", "step"),
    "no counters": without("trainer", "counters"),
    "counters are a list": at("trainer", "counters", value=[]),
    "no reader": without("trainer", "reader"),
    "the reader is a list": at("trainer", "reader", value=[1]),
    "the reader knows nothing": at("trainer", "reader", value={}),
    "time runs backwards": at("trainer", "elapsed_s", value=-3.0),
    "time is a text": at("trainer", "elapsed_s", value="now"),
    "no time": without("trainer", "elapsed_s"),
    "the scaler is a list": at("trainer", "scaler", value=[1]),
    "the scaler knows more": at("trainer", "scaler", value={"more": 1}),
    "no trainer": without("trainer"),
    "the trainer is a number": at("trainer", value=7),
    "no architecture": without("architecture"),
    "an architecture that is a text": at("architecture", value="lstm"),
    "another width": at("architecture", "hidden_size", value=7),
    "a width beyond all machines": at("architecture", "hidden_size", value=16_384),
    "another cell": at("architecture", "cell", value="gru"),
    "another vocabulary": at("architecture", "vocab_size", value=9),
    "no tokenizer": without("tokenizer"),
    "a tokenizer that is a number": at("tokenizer", value=3),
    "a tokenizer of no name": at("tokenizer", "name", value="x"),
    "no hash of the sources": without("sources_sha256"),
    "a hash that is a number": at("sources_sha256", value=7),
    "a standard input that is a number": at("standard_input", value=7),
}


@pytest.mark.parametrize("run", ["text"], indirect=True)
@pytest.mark.parametrize("change", [*TENSORS.values(), *VALUES.values()], ids=[*TENSORS, *VALUES])
def test_a_state_that_no_training_wrote_is_refused(run, tmp_path, change):
    with pytest.raises(ModelFileError) as caught:
        resume(run, tmp_path, change)
    assert caught.value.message


@pytest.mark.parametrize(
    "state",
    [
        {"position": -8},
        {"position": 1.5},
        {"position": 40, "more": 1},
        {"taken": -1, "heads": [[0, 0]] * 3},
        {"taken": 3, "heads": [[0, 0]] * 2},
        {"taken": 3, "heads": [[0, 0, 0]] * 3},
        {"taken": 3, "heads": [[3, 0]] * 3},
        {"taken": 3, "heads": [[-2, 0]] * 3},
        {"taken": 3, "heads": [[0, -1]] * 3},
        {"taken": 3, "heads": [[0, 10**9]] * 3},
        {"taken": 3, "heads": [[0.5, 0]] * 3},
        {"taken": 3, "heads": "abc"},
    ],
    ids=str,
)
def test_a_reader_that_stands_nowhere_is_refused(run, tmp_path, state):
    with pytest.raises(ModelFileError, match="the state is damaged"):
        resume(run, tmp_path, at("trainer", "reader", value=copy.deepcopy(state)))


def test_refused_or_not_the_state_on_disk_stays_as_it_was(run, tmp_path):
    with pytest.raises(LstmgenError):
        resume(run, tmp_path, VALUES["no counters"])
    tensors, document = parts(tmp_path / "copy" / "last.safetensors")
    assert "counters" not in document["meta"]["trainer"]
    assert tensors
