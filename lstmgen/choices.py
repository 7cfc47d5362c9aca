"""Every list of words that a user may choose from, once: cells, media and their tokenizers, policies, devices.

Free of numpy and torch: the command line completes and explains with these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

PedalPolicy = Literal["extend", "drop"]
TimeBase = Literal["beats", "seconds"]
GridForm = Literal["voices", "chords"]
Kept = Literal["highest", "lowest"]
"""Which notes stay where too many sound at once."""
Precision = Literal["auto", "fp32", "bf16", "fp16"]
BackwardPass = Literal["torch", "own", "compiled"]
"""Whose backward pass a layer is trained with."""
BenchTask = Literal["sample", "lanes", "train", "train-fp32", "encode"]
"""What `lstmgen bench` measures."""
BENCH_TASKS: Final = get_args(BenchTask)
SamplingPrecision = Literal["auto", "fp32", "bf16", "int8", "fp16"]
"""What the weights of a trained model are multiplied in; training has fewer."""
Device = Literal["auto", "cpu", "cuda"]
Schedule = Literal["linear", "cosine", "constant"]
PresetName = Literal["auto", "tiny", "small", "medium", "large"]
Part = Literal["val", "train"]
"""Of what a run was given."""
Picture = Literal["png", "svg"]
"""What a tune can be drawn as, by the ending of the file."""
Sound = Literal["wav", "flac", "ogg"]
"""What a tune can be played to, by the ending of the file."""
Rendering = Picture | Sound
CurvePicture = Literal["svg", "png"]
"""What curves can be made into, by the ending of the file."""
CurveAxis = Literal["steps", "time"]
"""What the horizontal axis of curves counts."""
PieceModel = Literal["bpe", "unigram"]
"""The tokenizers of learned pieces."""
ErrorsPolicy = Literal["strict", "replace", "ignore", "surrogateescape"]
Documents = Literal["file", "line", "blank-line"]
"""What of a text file is one document."""
InfillMethod = Literal["auto", "both-ways", "told", "candidates"]
"""How gaps are filled; `auto`: as the model can best."""
OovPolicy = Literal["error", "skip", "replace"]
"""What is done with a symbol that has no id: it is an error, it is left out, or a replacement takes its place."""

HORIZON: Final = 40
"""Tokens behind a gap by which a way to fill it is weighed."""
USUAL_TEMPERATURE: Final = 0.8
"""At which samples are drawn where neither the user nor the medium wants another."""

CELLS: Final = {
    "lstm": "lstmgen.model.cells.lstm",
    "gru": "lstmgen.model.cells.gru",
    "rnn": "lstmgen.model.cells.rnn",
    "lstm-coupled": "lstmgen.model.cells.coupled",
    "lstm-1997": "lstmgen.model.cells.ablated:NO_FORGET",
    "lstm-no-input": "lstmgen.model.cells.ablated:NO_INPUT",
    "lstm-no-output": "lstmgen.model.cells.ablated:NO_OUTPUT",
    "lstm-peephole": "lstmgen.model.cells.peephole",
    "mingru": "lstmgen.model.cells.minimal:MINGRU",
    "minlstm": "lstmgen.model.cells.minimal:MINLSTM",
    "slstm": "lstmgen.model.cells.slstm",
}
"""Every kind of recurrent cell, the default first, and where its record is: a module, and the record's name where it is not `CELL`."""
LAB_TASKS: Final = {
    "reber": "lstmgen.lab.reber:EMBEDDED",
    "reber-continual": "lstmgen.lab.reber:ENDLESS",
    "parity": "lstmgen.lab.bits:PARITY",
    "counting": "lstmgen.lab.bits:COUNTING",
    "temporal-order": "lstmgen.lab.lags:ORDER",
    "timing": "lstmgen.lab.lags:TIMING",
    "copying": "lstmgen.lab.lags:COPYING",
    "addition": "lstmgen.lab.addition:ADDITION",
}
"""The generated tasks of `lstmgen lab`, and where their records are."""
WITHOUT: Final = {"input": "lstm-no-input", "forget": "lstm-1997", "output": "lstm-no-output"}
"""The gates that an LSTM can do without, and the cell that it then is."""


@dataclass(frozen=True, kw_only=True)
class Objective:
    """What a network learns to say of an item.

    Attributes:
        home: where its record is.
        about: in words, behind "a model that".
        both_ways: whether it reads from right to left too.
        use: the command that its models are for.
        figures: of what its losses are, where that is not every token.
        tokenizer: the one that it needs, where not any will do.
        labels: what each token is told to be one of, in place of predicting tokens; none: tokens are predicted.
    """

    home: str
    about: str
    both_ways: bool
    use: str
    figures: str = ""
    tokenizer: str = ""
    labels: tuple[str, ...] = ()


MARKS: Final = ",.;:!?"
TAGS: Final = ("plain", "capital", *MARKS)
"""What `tags` says of a character: as it is, a capital letter, or behind one of these marks. Model files depend on the order."""
OBJECTIVES: Final = {
    "next": Objective(home="lstmgen.training.objectives:NEXT", about="predicts what comes next", both_ways=False, use="sample"),
    "gaps": Objective(
        home="lstmgen.training.gaps:GAPS",
        about="fills gaps and writes nothing without them",
        both_ways=True,
        use="infill",
        figures="in gaps of 5 tokens",
    ),
    "tags": Objective(
        home="lstmgen.training.tags:TAGS",
        about="restores case and punctuation and writes nothing",
        both_ways=True,
        use="restore",
        figures="of labels",
        tokenizer="tagged",
        labels=TAGS,
    ),
}
"""Everything that a network may be trained for, the default first."""


@dataclass(frozen=True)
class MediumEntry:
    """A kind of thing that can be learned.

    Attributes:
        home: the package that it lives in: `medium.py` holds its record, `options.py` what it adds to commands.
        tokenizers: the names of its tokenizers, the default first.
        label: what messages call it; its key where nothing else is given.
    """

    home: str
    tokenizers: tuple[str, ...]
    label: str = ""


MEDIA: Final = {
    "text": MediumEntry("lstmgen.media.text", ("char", "byte", "word", *get_args(PieceModel), "tagged")),
    "tunes": MediumEntry("lstmgen.media.tunes", ("notes", "performance", "grid"), label="music"),
}
"""Every medium; what no other medium recognises is the first one's."""


def tokenizer_names() -> tuple[str, ...]:
    """Every tokenizer of every medium."""
    return tuple(name for medium in MEDIA.values() for name in medium.tokenizers)


def label_of(medium: str) -> str:
    """What messages call a medium."""
    return MEDIA[medium].label or medium


def objective_names() -> tuple[str, ...]:
    """Every objective."""
    return tuple(OBJECTIVES)


def cell_names() -> tuple[str, ...]:
    """Every cell."""
    return tuple(CELLS)
