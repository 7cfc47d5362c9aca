"""Made `data/` with version 0.1.0 (commit 9521b74), before anything moved. It was run once and is no part of the tests, which only read.

    python tests/rails/make_data.py

It refuses to run where there are pins already: a result that has changed is a fault of the change, or is pinned anew by hand and with a
reason. A model or a run that a later version writes does not belong here, for what is kept is what users of 0.1.0 have.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).parent))

import doors
from recipes import COMMON, DATA, LITERAL, MADE_IN, PINS, PROMPT_TUNE, TOKENIZERS, TUNES, built, furnish

ROOT = Path(__file__).resolve().parents[2]

STRANGE = """
JUNO:
What does the card say?

TAM:
“Café Größe — naïve prices”, and beside it two signs: 灯台.

JUNO:
That is a lighthouse, 🏮. Ça va; row.
"""
"""Characters of two, three and four bytes, of our own."""

SMALL = COMMON | {"model.hidden_size": 7, "model.num_layers": 1, "model.embedding_size": 5, "training.eval_every": 5, "optimizer.lr": 0.02}
LEARNED = SMALL | {"training.max_steps": 200, "training.eval_every": 50}
LONGER = {"training.max_steps": 1000, "training.eval_every": 200, "training.batch_size": 8, "model.dropout": 0.0}

MODELS = {
    "char": ("text.txt", LONGER | {"model.hidden_size": 20, "model.num_layers": 2}),
    "notes": ("tunes", LONGER | {"model.hidden_size": 10, "model.embedding_size": 6, "training.seq_length": 48, "data.augment": False}),
    "gru": ("text.txt", {"model.cell": "gru", "model.num_layers": 2, "model.hidden_size": 11, "model.embedding_size": 6}),
    "rnn": ("text.txt", {"model.cell": "rnn", "model.tied": True, "model.hidden_size": 10, "model.embedding_size": 10}),
    "byte": ("text.txt", {"tokenizer.name": "byte", "model.layer_norm": False, "model.num_layers": 2}),
    "word": ("text.txt", {"tokenizer.name": "word", "tokenizer.vocab_size": 400}),
    "bpe": ("text.txt", {"tokenizer.name": "bpe", "tokenizer.vocab_size": 400, "model.residual": False}),
    "unigram": ("text.txt", {"tokenizer.name": "unigram", "tokenizer.vocab_size": 400, "model.cell": "gru"}),
    "notes-seconds": ("tunes", {"tokenizer.name": "notes", "tokenizer.time_base": "seconds"}),
    "performance": ("tunes", {"tokenizer.name": "performance", "model.cell": "gru"}),
    "grid": ("tunes", {"tokenizer.name": "grid", "tokenizer.voices": 3, "tokenizer.steps_per_beat": 4, "model.num_layers": 2}),
    "grid-chords": ("tunes", {"tokenizer.name": "grid", "tokenizer.grid_form": "chords", "tokenizer.steps_per_beat": 2}),
}
"""Every cell and every tokenizer, and in passing every kind of layer. The first two have learned enough that what is before matters."""

PAUSED = SMALL | {"training.max_steps": 40}
TEXT_RUN = {"model.hidden_size": 10, "model.num_layers": 2, "model.embedding_size": 6}
TUNES_RUN = {"model.hidden_size": 5, "model.embedding_size": 4}
RUNS = {"text": ("text.txt", TEXT_RUN), "tunes": ("tunes", TUNES_RUN), "piped-text": ("-", TEXT_RUN), "piped-tunes": ("-", TUNES_RUN)}
PIPED = {"piped-text": "text.txt", "piped-tunes": "tunes/otters-jig.mid"}


def write_sources(folder):
    """The texts and the tunes."""
    (folder / "tunes").mkdir(parents=True)
    underlamp = (ROOT / "corpora/underlamp/underlamp.txt").read_text()
    (folder / "text.txt").write_text(underlamp[:7000] + STRANGE + underlamp[7000:8000])
    (folder / "other.txt").write_text(underlamp[30_000:30_900])
    (folder / "unseen.txt").write_text(underlamp[40_000:40_600] + "\nZoë: ½ × 8 = 4.\n")  # noqa: RUF001 - it is to be unseen
    (folder / "short.txt").write_text(LITERAL, newline="")
    for name in TUNES:
        shutil.copy(ROOT / f"corpora/lanterns/{name}.mid", folder / "tunes")
    shutil.copy(ROOT / f"corpora/lanterns/{PROMPT_TUNE}.mid", folder / "prompt.mid")


def write_models(made):
    """Model files and run folders as version 0.1.0 writes them."""
    sources, cache = made / "sources", made / "cache"
    (made / "models").mkdir()
    for name, (source, changes) in MODELS.items():
        run = made / "learned" / name
        doors.train([sources / source], out=run, settings=LEARNED | changes, cache=cache)
        shutil.copy(run / "model.safetensors", made / f"models/{name}.safetensors")
    for name, (source, changes) in RUNS.items():
        out = made / "runs" / name
        settings = PAUSED | changes
        if name in PIPED:
            with (sources / PIPED[name]).open("rb") as stdin:
                doors.train(["-"], stdin=stdin, out=out, settings=settings, cache=cache, pause_after=20)
        else:
            doors.train([sources / source], out=out, settings=settings, cache=cache, pause_after=20)
        (out / ".lock").unlink()


def write_tokenizers(folder):
    """The JSON that describes each tokenizer in a model file."""
    folder.mkdir()
    for case in TOKENIZERS:
        (folder / f"{case}.json").write_text(json.dumps(built(case).to_json(), ensure_ascii=True) + "\n")


def write_pins(folder):
    """The result of every case, each found in a fresh folder."""
    folder.mkdir()
    for group, (cases, find) in PINS.items():
        lines = []
        for case in cases:
            with tempfile.TemporaryDirectory() as spare:
                pin = find(case, furnish(Path(spare) / "room"))
            lines.append(f"{json.dumps(case)}: {json.dumps(pin, ensure_ascii=True)}")
        (folder / f"{group}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


def main():
    """Makes all of it, or nothing."""
    import lstmgen

    if lstmgen.__version__ != "0.1.0" or (DATA / "pins").exists():
        sys.exit("the pins are there already, or this is not version 0.1.0: what has changed is pinned anew by hand and with a reason")
    made = Path(MADE_IN)
    write_sources(made / "sources")
    write_models(made)
    for name in ("sources", "models", "runs"):
        shutil.copytree(made / name, DATA / name)
    write_tokenizers(DATA / "tokenizers")
    write_pins(DATA / "pins")


if __name__ == "__main__":
    main()
