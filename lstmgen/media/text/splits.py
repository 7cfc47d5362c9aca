"""Which part of every document trains and which validates; decided in characters, before any tokenizer is chosen."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from lstmgen.errors import UsageError
from lstmgen.media.text.documents import Corpus, Document


@dataclass(frozen=True, kw_only=True)
class Span:
    """Characters [start, stop) of a document."""

    document: Document
    start: int
    stop: int


def split_at(chars: int, val_frac: float) -> int:
    """Number of characters of a document that train; those after them validate.

    `int((1 - val_frac) * chars)` in exact arithmetic, where `val_frac` means the decimal number that it prints as. A document of which
    one part would be empty trains as a whole.

    Raises:
        UsageError: `val_frac` does not lie in [0, 1).
    """
    if not 0 <= val_frac < 1:
        raise UsageError(f"val_frac: expected at least 0 and less than 1, found {val_frac}", remedy="--val-frac 0.1 is the default")
    training = int((1 - Fraction(str(float(val_frac)))) * chars)
    return training or chars


def spans(corpus: Corpus, val_frac: float) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """The training part and the validation part of a corpus, each in the order of the documents. Raises as `split_at`."""
    cuts = [(document, split_at(document.chars, val_frac)) for document in corpus.documents]
    training = tuple(Span(document=document, start=0, stop=cut) for document, cut in cuts)
    validation = tuple(Span(document=document, start=cut, stop=document.chars) for document, cut in cuts if cut < document.chars)
    return training, validation
