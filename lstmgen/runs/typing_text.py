"""How many keys the suggestions of a model save, beside those of an n-gram of what it was trained on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lstmgen.choices import Part
from lstmgen.errors import UsageError
from lstmgen.generation.typist import Keystrokes, keystrokes
from lstmgen.ids import BOUNDARY_ID
from lstmgen.media.writing import Item, Spelled
from lstmgen.runs.model import TrainedModel


def typed_part(model: TrainedModel, part: Part, *, cache: Path) -> bytes:
    """A part of a model's own sources as bytes, documents on lines of their own.

    Raises:
        UsageError: the model is none of texts.
        ModelFileError: it does not lie in the folder of its run.
        CorpusError: its sources have changed since, or it held nothing out.
    """
    entries = dict(enumerate(_spelled(model).entries)) | {BOUNDARY_ID: b"\n"}
    ids = model.origin.token_file(part, cache=cache).ids[:]
    return b"".join(entries[token] for token in ids.tolist()).strip(b"\n")


def typed(
    model: TrainedModel, item: Item, *, learned: bytes | None, words: int, progress: Callable[[int, int], None] | None = None
) -> Keystrokes:
    """How many keys are pressed for the first words of an item.

    Args:
        model: of texts.
        item: what is typed.
        learned: what the n-gram counts; None: there is none.
        words: how many at most.
        progress: called with the number of words done and of all.

    Raises:
        UsageError: the model is none of texts.
        UnseenSymbolError, InputError: the item cannot be read.
    """
    spelled, ids = _spelled(model), model.medium.encode(model.tokenizer, model.prepare(item), {}).ids
    return keystrokes(model.decoder, spelled, ids, learned, most=words, progress=progress)


def _spelled(model: TrainedModel) -> Spelled:
    found = model.medium.spelled(model.tokenizer, model.medium.parse_prompt(model.tokenizer, None, {}, model.data))
    if found is None:
        raise UsageError(f"{model.medium.label} is not typed", remedy="lstmgen score MODEL FILE, without --keystrokes")
    return found
