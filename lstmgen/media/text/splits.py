"""What of a corpus trains and what validates; decided in characters, before any tokenizer is chosen.

Of a file that is one document the end is held out; of files that hold several, whole documents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import numpy as np
from numpy.typing import NDArray

from lstmgen.errors import UsageError
from lstmgen.media.holding_out import held_out
from lstmgen.media.text.documents import Corpus, TextFile

Texts = Callable[[], Iterator[tuple[str, Iterable[str]]]]
"""Gives every text of a part, from the first each time that it is called: the name of its file, and its characters in chunks."""


def split(corpus: Corpus, val_frac: float) -> tuple[Texts, Texts | None]:
    """The texts that train, and those that validate where there are such. Raises as `split_at`."""
    if not corpus.division.divides:
        training, validation = spans(corpus, val_frac)
        return partial(_read, corpus, training), partial(_read, corpus, validation) if validation else None
    split_at(1, val_frac)
    held_N = held_out(corpus.num_documents, val_frac)
    return partial(_chosen, corpus, ~held_N), partial(_chosen, corpus, held_N) if held_N.any() else None


def _read(corpus: Corpus, chosen: Iterable[Span]) -> Iterator[tuple[str, Iterable[str]]]:
    return ((span.file.name, corpus.read(span.file, span.start, span.stop)) for span in chosen)


def _chosen(corpus: Corpus, chosen_N: NDArray[np.bool_]) -> Iterator[tuple[str, Iterable[str]]]:
    return ((name, (text,)) for (name, text), chosen in zip(corpus.documents(), chosen_N.tolist(), strict=True) if chosen)


@dataclass(frozen=True, kw_only=True)
class Span:
    """Characters [start, stop) of a file."""

    file: TextFile
    start: int
    stop: int


def split_at(chars: int, val_frac: float) -> int:
    """Number of characters of a file that train; those after them validate.

    `int((1 - val_frac) * chars)` in exact arithmetic, where `val_frac` means the decimal number that it prints as. A file of which
    one part would be empty trains as a whole.

    Raises:
        UsageError: `val_frac` does not lie in [0, 1).
    """
    if not 0 <= val_frac < 1:
        raise UsageError(f"val_frac: expected at least 0 and less than 1, found {val_frac}", remedy="--val-frac 0.1 is the default")
    training = int((1 - Fraction(str(float(val_frac)))) * chars)
    return training or chars


def spans(corpus: Corpus, val_frac: float) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """The training part and the validation part of every file, each in the order of the files. Raises as `split_at`."""
    cuts = [(file, split_at(file.chars, val_frac)) for file in corpus.files]
    training = tuple(Span(file=file, start=0, stop=cut) for file, cut in cuts)
    validation = tuple(Span(file=file, start=cut, stop=file.chars) for file, cut in cuts if cut < file.chars)
    return training, validation
