"""What the rails pin: tables of cases, and for each table how the result of a case is found, as plain JSON values.

`make_data.py` wrote the results of the version before the refactor into `data/pins/`, one file a table; the tests compute them again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import doors
import numpy as np

DATA = Path(__file__).parent / "data"
MADE_IN = "/tmp/rails-data"
"""The folder in which the stored runs were made; their settings name their sources in it."""

LITERAL = "Räder, naïve cafés & 漢字 — 🏮 lamp!\r\nTab\there, e\u0301 combined,\n\n  two  spaces;\tROW, Juno, row... 1234567890\n"
"""A text with characters of one to four bytes, line feeds, a carriage return, tabs and runs of spaces."""

TUNES = (
    "sakura",
    "sarabande-in-blue",
    "arirang",
    "estampie",
    "bucket-polka",
    "prelude-of-rain",
    "chorale-ebb",
    "blue-kettle",
    "otters-jig",
)
"""Tunes of `corpora/lanterns`, copied so that the rails do not depend on what is bundled."""

PROMPT_TUNE = "greensleeves"

COMMON = {
    "data.val_frac": 0.1,
    "data.errors": "strict",
    "data.pedal": "extend",
    "data.augment": True,
    "data.max_transpose": 6,
    "data.max_stretch": 0.05,
    "model.cell": "lstm",
    "model.hidden_size": 12,
    "model.num_layers": 2,
    "model.embedding_size": 8,
    "model.dropout": 0.1,
    "model.layer_norm": True,
    "model.residual": True,
    "model.tied": False,
    "model.matches": "none",
    "optimizer.lr": 0.01,
    "optimizer.lr_schedule": "linear",
    "optimizer.warmup_steps": 5,
    "optimizer.weight_decay": 0.05,
    "optimizer.beta1": 0.9,
    "optimizer.beta2": 0.99,
    "optimizer.grad_clip": 1.0,
    "training.max_steps": 50,
    "training.batch_size": 4,
    "training.seq_length": 24,
    "training.patience": 0,
    "training.eval_every": 2,
    "training.save_every_s": 3600.0,
    "training.sample_every_s": 0.0,
    "training.seed": 3,
    "training.openings": False,  # the pins are older than streams that begin afresh
    "runtime.device": "cpu",
    "runtime.precision": "fp32",
    "runtime.threads": 1,
}
"""Every setting that has a say, so that no preset has one."""

RUNTIME = ("--device", "cpu", "--precision", "fp32", "--threads", "1", "-q")


def furnish(folder):
    """Puts everything that the rails read into a folder; the stored runs then name their sources there."""
    for name in ("sources", "models", "runs"):
        shutil.copytree(DATA / name, folder / name)
    for config in (folder / "runs").glob("*/config.toml"):
        config.write_text(config.read_text().replace(MADE_IN, folder.as_posix()))
    return folder


# Tokenizers -------------------------------------------------------------------------------------------------------------------------

TOKENIZERS = {
    "char": ("char", {}),
    "byte": ("byte", {}),
    "word": ("word", {"vocab_size": 400}),
    "bpe": ("bpe", {"vocab_size": 400}),
    "unigram": ("unigram", {"vocab_size": 400}),
    "notes": ("notes", {"repeats": False, "guides": False, "apart": False, "seats": False, "grammar": False}),
    "notes-beats-24": (
        "notes",
        {"time_base": "beats", "steps_per_beat": 24, "repeats": False, "guides": False, "apart": False, "seats": False, "grammar": False},
    ),
    "notes-seconds": ("notes", {"time_base": "seconds", "apart": False, "seats": False, "grammar": False}),
    "performance": ("performance", {"ages": False, "grammar": False}),
    "grid": ("grid", {}),
    "grid-voices-3": ("grid", {"grid_form": "voices", "voices": 3, "steps_per_beat": 4, "hold": False}),
    "grid-chords": ("grid", {"grid_form": "chords", "steps_per_beat": 2, "grammar": False}),
}


def built(case):
    """The tokenizer of a case, fitted to the text or the tunes of the rails."""
    name, options = TOKENIZERS[case]
    if name in {"char", "byte", "word", "bpe", "unigram"}:
        return doors.text_tokenizer(name, (DATA / "sources/text.txt").read_text() + LITERAL, **options)
    return doors.score_tokenizer(name, list(_scores().values()), **options)


def _scores():
    return {path.stem: doors.score_of(path) for path in sorted((DATA / "sources").rglob("*.mid"))}


def tokenized(tokenizer):
    """What a tokenizer makes of the text or of the tunes."""
    found = {"name": tokenizer.name, "vocab_size": tokenizer.vocab_size}
    if hasattr(tokenizer, "safe_cut"):
        ids = tokenizer.encode(LITERAL)
        pieces = [tokenizer.piece(place) for place in range(tokenizer.vocab_size)]
        text = (DATA / "sources/other.txt").read_text()
        found |= {
            "literal": ids.tolist(),
            "literal_back": tokenizer.decode(ids),
            "text": _digest(tokenizer.encode(text, oov="skip")),
            "pieces": [_sha256(json.dumps(pieces).encode()), pieces[250:280] or pieces[:30]],
        }
    else:
        found["tunes"] = {}
        for name, score in _scores().items():
            ids = tokenizer.encode(score)
            back = tokenizer.decode(ids, like=score)
            moved = _digest(tokenizer.augmented(ids, semitones=-1, stretch=1.03))
            found["tunes"][name] = {"ids": _digest(ids), "augmented": moved, "back": _digest(doors.notes_of(back))}
    if tokenizer.name not in {"bpe", "unigram"}:  # their JSON may hold their pieces in another form one day
        found["fingerprint"] = doors.fingerprint(tokenizer)
    return found


def _digest(values):
    array = np.asarray(values, dtype=np.int64)
    return {"shape": list(array.shape), "sha256": _sha256(array.tobytes()), "first": array[: 20 if array.ndim == 1 else 3].tolist()}


def _sha256(content):
    return hashlib.sha256(content).hexdigest()


# Training ---------------------------------------------------------------------------------------------------------------------------

NO_GRAMMAR = {"tokenizer.grammar": False}
"""The pins are older than models that give what a grammar forbids no probability, which is the default now."""
AS_BEFORE = NO_GRAMMAR | {"tokenizer.repeats": False, "tokenizer.guides": False, "tokenizer.apart": False, "tokenizer.seats": False}
"""The pins are older than repeats, guides, tracks that stay apart and seats, which are the default now."""
BY_PITCH = NO_GRAMMAR | {"tokenizer.ages": False}
"""The pins are older than keys that go up by their age, which is the default now."""
AS_LOUD = {"data.max_louder": 0}
"""The pins are older than performances that are learned louder and softer than they are, which is the default now."""
TRAININGS = {
    "text": ("sources/text.txt", {}),
    "text-gru-cosine": ("sources/text.txt", {"model.cell": "gru", "optimizer.lr_schedule": "cosine", "model.residual": False}),
    "text-rnn-tied": ("sources/text.txt", {"model.cell": "rnn", "model.tied": True, "model.embedding_size": 12, "training.batch_size": 3}),
    "text-plain-one-layer": ("sources/text.txt", {"model.num_layers": 1, "model.layer_norm": False, "model.dropout": 0.0}),
    "text-val-apart": ("sources/text.txt", {"data.val": "sources/other.txt", "tokenizer.name": "bpe", "tokenizer.vocab_size": 400}),
    "tunes": ("sources/tunes", {"data.augment": False} | AS_BEFORE),
    "tunes-augmented": ("sources/tunes", AS_BEFORE),
    "tunes-seconds-augmented": (
        "sources/tunes",
        {"tokenizer.name": "notes", "tokenizer.time_base": "seconds", "tokenizer.apart": False} | NO_GRAMMAR,
    ),
    "tunes-performance": ("sources/tunes", {"tokenizer.name": "performance", "model.cell": "gru"} | BY_PITCH | AS_LOUD),
    "tunes-grid-augmented": ("sources/tunes", {"tokenizer.name": "grid", "tokenizer.voices": 3, "tokenizer.steps_per_beat": 4}),
    "tunes-chords": (
        "sources/tunes",
        {"tokenizer.name": "grid", "tokenizer.grid_form": "chords", "tokenizer.steps_per_beat": 2} | NO_GRAMMAR,
    ),
}


def trained(case, folder):
    """The losses of a training run of 50 steps: of the validation part after every second step, and of all steps together."""
    source, settings = TRAININGS[case]
    settings = COMMON | settings
    if "data.val" in settings:
        settings["data.val"] = str(folder / settings["data.val"])
    losses, summary = doors.train([folder / source], out=folder / f"new-{case}", settings=settings, cache=folder / "cache")
    told = ("tokenizer", "vocab_size", "parameters", "steps", "best_step", "tokens_seen", "stopped", "val")
    return losses | {"summary": {name: summary[name] for name in told}}


# Samples ----------------------------------------------------------------------------------------------------------------------------

TEXTS = {
    "default": ("models/char", "-p", "TAM:\n", "-e"),
    "without-a-prompt": ("models/char",),
    "cold": ("models/char", "-p", "The ", "-t", "0"),
    "hot": ("models/char", "-t", "1.4"),
    "ramp": ("models/char", "-t", "1.2:0.5"),
    "cycle": ("models/char", "-t", "1.0,0.4,0.2"),
    "top-k": ("models/char", "-t", "1", "--top-k", "5"),
    "top-p": ("models/char", "-t", "1", "--top-p", "0.7"),
    "min-p": ("models/char", "-t", "1", "--min-p", "0.1"),
    "typical-p": ("models/char", "-t", "1", "--typical-p", "0.6"),
    "penalty": ("models/char", "-p", "Row, ", "--repetition-penalty", "1.5", "--repeat-last-n", "20"),
    "every-filter": ("models/char", "-t", "0.9", "--top-k", "30", "--top-p", "0.95", "--min-p", "0.01", "--typical-p", "0.9",
                     "--repetition-penalty", "1.1"),
    "stop": ("models/char", "-p", "JUNO:", "--stop", "e ", "--stop", r"\n\n", "-e", "-n", "400"),
    "two": ("models/char", "-p", "Is it ", "--num-samples", "2"),
    "two-as-json": ("models/char", "-p", "Is it ", "--num-samples", "2", "--json"),
    "no-echo": ("models/char", "-p", "The sea ", "--no-echo"),
    "prompt-file": ("models/char", "-f", "sources/other.txt"),
    "unseen-skipped": ("models/char", "-p", "The ☂ sea", "--oov", "skip"),
    "unseen-replaced": ("models/char", "-p", "The ☂ sea", "--oov", "replace"),
    "novel": ("runs/text", "-p", "TAM", "--novel", "0.5"),
    "run": ("runs/text", "-p", "The sea "),
    **{f"model-{name}": (f"models/{name}", "-p", "The sea ") for name in ("gru", "rnn", "byte", "word", "bpe", "unigram")},
}  # fmt: skip


def sampled(case, folder):
    """What `sample` writes for a model of text, with the case's options laid over 120 tokens and seed 7."""
    model, *options = TEXTS[case]
    out = doors.command_line("sample", _model(model), "-n", 120, "-s", 7, "--ignore-end", *RUNTIME, *options, folder=folder)
    if "--json" in options:
        return [json.loads(line) for line in out.splitlines()]
    return out.decode()


WARM = ("-t", "0.8")
"""The temperature of 0.1.0 where none was given; it is 1 now where time is in seconds, 0.9 with a least probability in beats."""
# "scale", "constraints", "performance-scale" and "chords" were pinned anew: what --scale and --pitch-range left was often a change of tempo
# and nothing else, and --max-polyphony kept what was drawn first, the lowest notes.
TUNES_DRAWN = {
    "bars": ("models/notes", "--bars", "4", *WARM),
    "bars-cold-and-few": ("models/notes", "--bars", "2", "-t", "0.5", "--top-k", "20", "--repetition-penalty", "1.2"),
    "seconds": ("models/notes", "--seconds", "3", *WARM),
    "length": ("models/notes", "-n", "150", *WARM),
    "two": ("models/notes", "--bars", "2", "--num-samples", "2", *WARM),
    "typed-prompt": ("models/notes", "-p", "C4 E4 G4:2 r C4+E4:1/2", "--bars", "2", *WARM),
    "prompt-continued": ("models/notes", "-f", "sources/prompt.mid", "--bars", "2", *WARM),
    "prompt-left-out": ("models/notes", "-f", "sources/prompt.mid", "--bars", "2", "--no-echo", *WARM),
    "scale": ("models/notes", "--bars", "3", "--scale", "C minor", *WARM),
    "constraints": ("models/notes", "--bars", "3", "--pitch-range", "C3-C5", "--max-polyphony", "2", "--max-note-length", "1", *WARM),
    "instruments": ("models/notes", "--bars", "3", "--instruments", "piano, bass, drums", *WARM),
    "bpm": ("models/notes", "--bars", "2", "--bpm", "90", *WARM),
    "run": ("runs/tunes", "--bars", "2", *WARM),
    "least-copied-of-ten": ("runs/tunes", "-f", "sources/tunes/sakura.mid", "--bars", "1", "--novel", "0.1", *WARM),
    "notes-seconds": ("models/notes-seconds", "--seconds", "3", *WARM),
    "notes-seconds-continued": ("models/notes-seconds", "-f", "sources/prompt.mid", "--seconds", "2", *WARM),
    "performance": ("models/performance", "--seconds", "4", *WARM),
    "performance-scale": ("models/performance", "--seconds", "4", "--scale", "D dorian", "--max-polyphony", "3", *WARM),
    "grid": ("models/grid", "--bars", "3"),
    "grid-scale": ("models/grid", "--bars", "2", "--scale", "G", "--pitch-range", "48-84"),
    "grid-continued": ("models/grid", "-f", "sources/prompt.mid", "--bars", "2"),
    "chords": ("models/grid-chords", "--bars", "3", "--max-polyphony", "3"),
}


def composed(case, folder):
    """The tunes that `sample` writes for a model of music, and what it says of them, with seed 7."""
    model, *options = TUNES_DRAWN[case]
    out = folder / f"tunes-{case}"
    out.mkdir(exist_ok=True)
    told = doors.command_line("sample", _model(model), "-s", 7, "--json", "-o", out.name, *RUNTIME, *options, folder=folder)
    rows = [json.loads(line) for line in told.splitlines()]
    names = ("index", "seed", "notes", "seconds", "bars", "tokens", "nats_per_token", "ended")
    found = []
    for path, row in zip(sorted(out.glob("*.mid")), rows, strict=True):
        score = doors.score_of(path)
        notes = doors.notes_of(score)
        found.append({"told": {name: row[name] for name in names}, "frame": doors.frame_of(score), "notes": notes})
    return found


def _model(name):
    return f"{name}.safetensors" if name.startswith("models/") else name


# Scores -----------------------------------------------------------------------------------------------------------------------------

SCORES = {
    "text": ("models/char", "sources/other.txt"),
    "text-window": ("models/char", "sources/other.txt", "--window", "40"),
    "text-several": ("models/char", "sources/other.txt", "sources/text.txt"),
    "text-unseen": ("models/char", "sources/short.txt", "--oov", "replace"),
    "text-lines": ("models/char", "sources/other.txt", "--per-line"),
    "text-tokens": ("models/char", "sources/other.txt", "--per-token"),
    "text-val": ("runs/text", "--split", "val"),
    "text-val-window": ("runs/text", "--split", "val", "--window", "64"),
    "text-train": ("runs/text", "--split", "train"),
    "text-novelty": ("runs/text", "--novelty", "sources/other.txt", "sources/text.txt"),
    "tunes": ("models/notes", "sources/prompt.mid"),
    "tunes-window": ("models/notes", "sources/prompt.mid", "--window", "40"),
    "tunes-several": ("models/notes", "sources/tunes"),  # its last row, the total, was added from the rows of 0.1.0
    "tunes-bars": ("models/notes", "sources/prompt.mid", "--per-line"),  # here and of grids its bars were numbered anew: from its upbeat, 0
    "tunes-tokens": ("models/notes", "sources/prompt.mid", "--per-token"),
    "tunes-val": ("runs/tunes", "--split", "val"),
    "tunes-val-window": ("runs/tunes", "--split", "val", "--window", "64", "--per-line"),
    "tunes-train": ("runs/tunes", "--split", "train"),
    "tunes-novelty": ("runs/tunes", "--novelty", "sources/prompt.mid", "sources/tunes/sakura.mid"),
    **{f"model-{name}": (f"models/{name}", "sources/unseen.txt", "--oov", "skip", "--per-line")
       for name in ("gru", "rnn", "byte", "word", "bpe", "unigram")},
    **{f"model-{name}": (f"models/{name}", "sources/prompt.mid", "--per-line")
       for name in ("notes-seconds", "performance", "grid", "grid-chords")},
}  # fmt: skip


def scored(case, folder):
    """What `score --json` says, long lists shortened to their ends."""
    model, *options = SCORES[case]
    runtime = ("--device", "cpu", "--threads", "1", "-q")
    out = doors.command_line("score", _model(model), "--json", *runtime, *options, folder=folder)
    return [_shortened(json.loads(line)) for line in out.splitlines()]


def _shortened(value):
    if isinstance(value, dict):
        return {key: _shortened(item) for key, item in value.items()}
    if isinstance(value, list) and len(value) > 12:
        return {"length": len(value), "first": value[:8], "last": value[-3:]}
    return value


# Run folders and models of the version before ---------------------------------------------------------------------------------------

RUNS = ("text", "tunes", "piped-text", "piped-tunes")


def resumed(case, folder):
    """The rest of a stored run, which paused after 20 of its 40 steps."""
    losses, summary = doors.train(resume=folder / "runs" / case, cache=folder / "cache")
    return losses | {"summary": {name: summary[name] for name in ("steps", "best_step", "tokens_seen", "val")}}


STARTED = {
    "text": ("runs/text", "sources/unseen.txt"),
    "gru": ("models/gru.safetensors", "sources/unseen.txt"),
    "bpe": ("models/bpe.safetensors", "sources/unseen.txt"),
    "tunes": ("runs/tunes", "sources/tunes"),
    "grid": ("models/grid.safetensors", "sources/tunes"),
}


def started_from(case, folder):
    """The losses of a new run from the weights of a stored model; unseen.txt has characters that the models do not know."""
    model, source = STARTED[case]
    settings = {key: value for key, value in COMMON.items() if not key.startswith("model.") or key == "model.dropout"}
    losses, summary = doors.train(
        [folder / source],
        init_from=folder / model,
        out=folder / f"from-{case}",
        settings=settings | {"training.max_steps": 10},
        cache=folder / "cache",
    )
    return losses | {"summary": {name: summary[name] for name in ("vocab_size", "parameters", "val")}}


DESCRIBED = tuple(f"runs/{name}" for name in RUNS) + tuple(
    f"models/{name}.safetensors"
    for name in ("char", "notes", "gru", "rnn", "byte", "word", "bpe", "unigram", "notes-seconds", "performance", "grid", "grid-chords")
)


def described(case, folder):
    """What `info --json` says of a stored model, but for its settings, of which the sources are elsewhere now."""
    told = json.loads(doors.command_line("info", case, "--json", "-q", folder=folder))
    del told["summary"]["settings"], told["summary"]["sources"]
    told["tokenizer"] = {name: told["tokenizer"][name] for name in ("name", "vocab_size")}
    return told


PINS = {
    "tokenizers": (TOKENIZERS, lambda case, _: tokenized(built(case))),
    "training": (TRAININGS, trained),
    "texts": (TEXTS, sampled),
    "tunes": (TUNES_DRAWN, composed),
    "scores": (SCORES, scored),
    "resumed": (RUNS, resumed),
    "started_from": (STARTED, started_from),
    "described": (DESCRIBED, described),
}
"""Each file of pins: its cases, and what finds the result of a case in a furnished folder."""
