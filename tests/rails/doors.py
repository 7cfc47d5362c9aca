"""Every way by which the rails enter the package. When modules move, this file changes and nothing else of the rails does.

What it leans on beyond the command line, `lstmgen.load` and `lstmgen.train` is imported where it is used.
"""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path
from unittest import mock

import lstmgen


def text_tokenizer(name, text, *, vocab_size=None):
    """The tokenizer that a text gives."""
    from lstmgen.media.text.tokenizers import build

    return build(name, lambda: iter([text]), vocab_size=vocab_size)


def score_tokenizer(name, scores, **options):
    """The tokenizer that fits some scores."""
    from lstmgen.media.tunes.tokenizers import build

    return build(name, scores, **options)


def tokenizer_from_json(values):
    """The tokenizer that a model file describes."""
    from lstmgen.media.registry import tokenizer_from_json

    return tokenizer_from_json(values)


def fingerprint(tokenizer):
    """The sha256 of a tokenizer's JSON."""
    from lstmgen.media.registry import fingerprint as of

    return of(tokenizer)


def score_of(path):
    """The score that a MIDI file holds."""
    from lstmgen.music.midi.reader import read_midi

    return read_midi(Path(path).read_bytes()).score


def notes_of(score):
    """The notes of a score, each as start, end, pitch, velocity, program and whether it is of a drum, times in ticks."""
    notes = score.notes
    columns = (notes.start_ticks, notes.end_ticks, notes.pitch, notes.velocity, notes.program, notes.drum)
    return [list(row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def frame_of(score):
    """What a score says of time."""
    return {
        "ticks_per_beat": score.ticks_per_beat,
        "tempos": [score.tempos.ticks.tolist(), score.tempos.us_per_beat.tolist()],
        "meters": [[meter.tick, meter.numerator, meter.denominator] for meter in score.meters],
    }


def train(sources=(), **options):
    """A training run to its end: validation losses by step, the mean loss of the training steps, and the last summary."""
    from lstmgen.training.events import Evaluated, Stepped

    training = lstmgen.train(sources, **options)
    losses = {}
    for event in training:
        if isinstance(event, Evaluated):
            losses.setdefault("val", []).append([event.step, event.val_nats])
        elif isinstance(event, Stepped):
            losses["train"] = event.loss_nats  # up to step 50 the smoothed loss is the mean of all
    return losses, training.summary


def generate(model, prompt, **options):
    """The texts that a model file gives through the Python interface."""
    return [sample.text for sample in lstmgen.load(model, device="cpu", precision="fp32", threads=1).generate(prompt, **options)]


def command_line(*argv, folder, stdin=b""):
    """What a command line writes to standard output, run in this process with `folder` as its working directory.

    Raises:
        AssertionError: it failed; says what was on standard error.
    """
    from lstmgen.cli import run

    raw = {"stdin": io.BytesIO(stdin), "stdout": io.BytesIO(), "stderr": io.BytesIO()}
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.chdir(folder))
        stack.enter_context(mock.patch.dict(os.environ, {"LSTMGEN_HOME": str(Path(folder) / "home"), "NO_COLOR": "1"}))
        for name, buffer in raw.items():
            stack.enter_context(mock.patch(f"sys.{name}", io.TextIOWrapper(buffer, encoding="utf-8", write_through=True)))
        code = run([str(word) for word in argv])
        if code:
            raise AssertionError(f"lstmgen {' '.join(map(str, argv))} gave {code}: {raw['stderr'].getvalue().decode()}")
        return raw["stdout"].getvalue()
