"""Mutants of every kind of file that is read: bytes that are changed at random, and values that are changed and sealed again.

Each is refused with one of our errors, quickly and in little memory, or read rightly: what is read is what was written, or is at least of
use, as its subject says.
"""

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import torch
from campaign import SETTINGS, TEXT
from mutation import Subject, campaign_of, changed_bytes, changed_values
from safetensors.torch import load_file

import lstmgen
from lstmgen import strict_json
from lstmgen.analysis.novelty import NoveltyIndex
from lstmgen.checkpoint.model_file import load_model, read_description
from lstmgen.checkpoint.run_folder import RunFolder
from lstmgen.checkpoint.tensor_writer import Packed
from lstmgen.config import Config, from_toml
from lstmgen.corpus.token_file import PREFIX, TokenFile, sealed
from lstmgen.errors import DivergedError, LstmgenError
from lstmgen.media.registry import tokenizer_from_json
from lstmgen.media.text import tokenizers as of_text
from lstmgen.media.tunes import tokenizers as of_tunes
from lstmgen.model.arithmetic import Arithmetic
from lstmgen.model.language_model import LanguageModel
from lstmgen.music.midi.reader import read_midi
from lstmgen.music.midi.writer import to_midi_bytes
from lstmgen.music.score import Notes, Score
from lstmgen.runs import resuming
from lstmgen.runs.history import read_history
from lstmgen.training.budget import Budget, Clock
from lstmgen.training.streams import Streams
from lstmgen.training.trainer import Trainer


def a_tune() -> bytes:
    at = range(0, 40 * 120, 120)
    return to_midi_bytes(Score.of(Notes.of(list(at), [begin + 110 for begin in at], [60 + begin // 120 % 13 for begin in at])))


def midi(folder: Path) -> Subject:
    """MIDI files: what is read can be written and read again; of two notes that sound at once on one key MIDI may lose one."""
    del folder
    tune = a_tune()

    def read(content: bytes) -> str | None:
        score = read_midi(content).score
        try:
            again = read_midi(to_midi_bytes(score)).score
        except LstmgenError as error:
            return f"what is written of it is refused: {error.message}"
        return None if 0 < len(again.notes) <= len(score.notes) else "what is written of it has other notes than what was read"

    return Subject(lambda chance: changed_bytes(tune, chance), read)


def a_run(folder: Path) -> Path:
    """A run that was interrupted after four steps."""
    (folder / "story.txt").write_text(TEXT)
    training = lstmgen.train(folder / "story.txt", out=folder / "run", settings=SETTINGS, cache=folder / "cache", pause_after=4)
    for _ in training:
        pass
    return folder / "run"


def parts(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Tensors and document of a model or a state."""
    content = path.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    document = json.loads(header["__metadata__"]["lstmgen"])
    del document["sha256"]
    return {name: tensor.clone() for name, tensor in load_file(path).items()}, document  # it maps the file, which is written over


def changed_tensors(tensors: dict[str, torch.Tensor], chance: random.Random) -> dict[str, torch.Tensor]:
    """The same with one that is gone, renamed, of another shape or type, or holds other numbers."""
    tensors, name = dict(tensors), chance.choice(sorted(tensors))
    tensor = tensors.pop(name)
    match chance.randrange(7):
        case 0:
            pass
        case 1:
            tensors[chance.choice((name + "x", "network.0", "optimizer.7.step", "carried.0.0.0", "carried.x"))] = tensor
        case 2:
            tensors[name] = tensor.reshape(-1) if tensor.dim() != 1 else tensor.reshape(1, -1)
        case 3:
            tensors[name] = tensor[:-1].contiguous() if tensor.dim() else tensor.reshape(1)
        case 4:
            tensors[name] = tensor.to(chance.choice((torch.float64, torch.float16, torch.int64, torch.uint8)))
        case 5:
            tensors[name] = tensor * chance.choice((-1, 0, 1000))
        case _:
            tensors |= {name: tensor, "more": tensor.clone()}
    return tensors


def repacked(tensors: dict[str, torch.Tensor], document: dict[str, Any], chance: random.Random) -> bytes:
    """A file with changed tensors, or a changed document, whose checksum is right; or as JSON can say it and our writer does not."""
    try:
        if chance.random() < 0.4:
            return b"".join(Packed(changed_tensors(tensors, chance), document))
        return b"".join(Packed(tensors, changed_values(document, chance)))
    except (ValueError, RecursionError, DivergedError):
        return repacked(tensors, document, chance)


def models(folder: Path) -> Subject:
    """Model files: what is read has the weights that were saved, or is sealed and of its architecture."""
    path = a_run(folder) / "model.safetensors"
    content, (tensors, document) = path.read_bytes(), parts(path)
    network = load_model(path).network.tensors()

    def mutant(chance: random.Random) -> tuple[bytes, bool]:
        raw = chance.random() < 0.5
        return (changed_bytes(content, chance) if raw else repacked(tensors, document, chance)), raw

    def read(drawn: tuple[bytes, bool]) -> str | None:
        path.write_bytes(drawn[0])
        described = told(path)
        model = load_model(path)
        if isinstance(described, LstmgenError):
            return f"told to be damaged, and loaded: {described.message}"
        same = all(torch.equal(tensor, network[name]) for name, tensor in model.network.tensors().items())
        if drawn[1] and not same:
            return "other weights than were saved"
        ids = model.tokenizer.encode("ships", oov="skip")
        model.tokenizer.decode(ids)
        return None

    return Subject(mutant, read)


def told(path: Path) -> Any:
    """What is told of a model, or how it is refused."""
    try:
        return read_description(path)
    except LstmgenError as error:
        return error


def states(folder: Path) -> Subject:
    """States of runs: what is taken trains on."""
    run = a_run(folder)
    path, config = run / "last.safetensors", RunFolder(run).read_config()
    (run / "last.previous.safetensors").unlink(missing_ok=True)
    content, (tensors, document) = path.read_bytes(), parts(path)
    (file,) = (folder / "cache").rglob("train.tokens")
    ids = TokenFile.open(file).ids[:]
    arithmetic = Arithmetic(torch.device("cpu"), "fp32", "")

    def mutant(chance: random.Random) -> bytes:
        return changed_bytes(content, chance) if chance.random() < 0.3 else repacked(tensors, document, chance)

    def read(drawn: bytes) -> str | None:
        path.write_bytes(drawn)
        found = resuming.read(RunFolder(run), warn=lambda _: None)
        network = LanguageModel(found.architecture)
        reader = Streams(ids, batch_size=config.training.batch_size or 1, seq_length=config.training.seq_length or 1)
        trainer = Trainer(
            network, reader=reader, validation=None, config=config, budget=Budget(max_steps=10**6), arithmetic=arithmetic, clock=Clock()
        )
        trainer.restore(found.tensors, found.values["trainer"])
        before = trainer.counters.step
        trainer._step()
        return None if trainer.counters.step == before + 1 else "no step was taken"

    return Subject(mutant, read)


def token_files(folder: Path) -> Subject:
    """Token files: what is read is what was written."""
    a_run(folder)
    path = next((folder / "cache").rglob("train.tokens"))
    content = path.read_bytes()
    _, _, length = PREFIX.unpack_from(content)
    header = strict_json.loads(content[PREFIX.size : PREFIX.size + length])
    ids, starts = TokenFile.open(path).ids[:], TokenFile.open(path).starts

    def mutant(chance: random.Random) -> bytes:
        if chance.random() < 0.5:
            return (
                changed_bytes(content, chance)
                if chance.random() < 0.5
                else changed_bytes(content[: 16 + length], chance) + content[16 + length :]
            )
        changed = changed_values(header, chance)
        try:
            changed = sealed({key: value for key, value in changed.items() if key != "sha256"}) if chance.random() < 0.7 else changed
            text = strict_json.dumps(changed).encode()
        except (ValueError, RecursionError):
            return content[:-1]
        return content[: PREFIX.size - 4] + len(text).to_bytes(4, "little") + text.ljust(4080, b"\0") + content[4096:]

    def read(drawn: bytes) -> str | None:
        path.write_bytes(drawn)
        tokens = TokenFile.open(path, tokenizer_sha256=header["tokenizer_sha256"])
        tokens.verify()
        found = tokens.ids[:]
        return (
            None if len(found) == len(ids) and (found == ids).all() and (tokens.starts == starts).all() else "other ids than were written"
        )

    return Subject(mutant, read)


def settings(folder: Path) -> Subject:
    """Settings: what is read can be written, and is then read as the same."""
    del folder
    config = Config().replace(
        {"data.sources": ["a.txt", "b/*.txt"], "model.hidden_size": 8, "training.max_steps": 40, "optimizer.lr": 0.01}
    )
    text, plain = config.to_toml().encode(), config.to_dict()

    def mutant(chance: random.Random) -> bytes:
        if chance.random() < 0.6:
            return changed_bytes(text, chance)
        return "\n".join(
            f"[{section}]\n" + "\n".join(f"{key} = {in_toml(value)}" for key, value in values.items() if value is not None)
            for section, values in changed_values(plain, chance).items()
            if isinstance(values, dict)
        ).encode("utf-8", "surrogatepass")

    def read(drawn: bytes) -> str | None:
        found = from_toml(drawn.decode("utf-8", "surrogateescape"))
        return None if from_toml(found.to_toml()) == found else "what is written of it is not what was read"

    return Subject(mutant, read)


def in_toml(value: Any) -> str:
    """JSON values as TOML, as far as they are alike."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {in_toml(item)}" for key, item in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


def metrics(folder: Path) -> Subject:
    """Metrics: nothing is refused; what is read is finite and in its order, and what a resumed run keeps is of steps before."""
    path = folder / "metrics.jsonl"
    rows = [{"event": "stepped", "step": step, "loss_nats": 3.0 / (1 + step), "elapsed_s": 0.5 * step} for step in range(40)]
    content = "".join(json.dumps(row) + "\n" for row in rows).encode()

    def mutant(chance: random.Random) -> bytes:
        if chance.random() < 0.6:
            return changed_bytes(content, chance)
        return "".join(json.dumps(row) + "\n" for row in changed_values(rows, chance)).encode("utf-8", "surrogatepass")

    def read(drawn: bytes) -> str | None:
        path.write_bytes(drawn)
        history = read_history(folder)
        if not all(abs(point.nats) < 1e30 and abs(point.step) < 2**62 for point in history.training):
            return "a loss that nobody can draw"
        RunFolder(folder).truncate_metrics(20)
        kept = [json.loads(line) for line in path.read_bytes().split(b"\n") if line]  # a carriage return is a blank of JSON
        return "a step behind the state was kept" if any(type(row.get("step")) is int and row["step"] > 20 for row in kept) else None

    return Subject(mutant, read)


def tokenizers(folder: Path) -> Subject:
    """The JSON of tokenizers, sentencepiece's among them: what is taken encodes and decodes."""
    del folder
    built = [of_text.build(name, lambda: iter([TEXT])) for name in of_text.NAMES]
    built += [of_tunes.build(name, [read_midi(a_tune()).score]) for name in of_tunes.NAMES]
    described = [tokenizer.to_json() for tokenizer in built]

    def read(values: Any) -> str | None:
        values = strict_json.loads(json.dumps(values).encode())
        tokenizer = tokenizer_from_json(values)
        if tokenizer_from_json(tokenizer.to_json()).to_json() != tokenizer.to_json():
            return "another tokenizer comes back"
        if tokenizer.name in of_text.NAMES:
            ids = tokenizer.encode("ships, lamps \U0001f600", oov="skip")
            tokenizer.decode(ids)
            if len(ids) and not 0 < int(ids.min()) <= int(ids.max()) < tokenizer.vocab_size:
                return "ids of no vocabulary"
        return None

    def checked(values: Any) -> str | None:
        try:
            return read(values)
        except strict_json.StrictJsonError:
            return "refused"

    return Subject(lambda chance: changed_values(chance.choice(described), chance), checked)


def indexes(folder: Path) -> Subject:
    """Indexes of novelty: what is read can be asked."""
    path = folder / "novelty.index"
    words = np.arange(400, dtype=np.uint32) % 90 + 1
    NoveltyIndex.of("words", [("a", words[:200]), ("b", words[200:])]).save(path)
    content = path.read_bytes()

    def read(drawn: bytes) -> str | None:
        path.write_bytes(drawn)
        found = NoveltyIndex.open(path).examine(words[:50])
        return None if 0 <= found.copied_share <= 1 else "a share of nothing"

    return Subject(lambda chance: changed_bytes(content, chance), read)


CAMPAIGNS = {make.__name__: campaign_of(make) for make in (midi, models, states, token_files, settings, metrics, tokenizers, indexes)}
