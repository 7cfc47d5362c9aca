"""A tune in another key and at another speed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lstmgen.ids import Ids
from lstmgen.media.tunes.event_tokenizer import EventTokenizer


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """Key and speed are drawn evenly; pitches never leave what MIDI has.

    Attributes:
        tokenizer: of the ids.
        semitones: most semitones up or down.
        stretch: largest share by which a tune becomes slower, and its inverse the quicker; 0.05 means 0.952 to 1.05.
    """

    tokenizer: EventTokenizer
    semitones: int
    stretch: float

    def __call__(self, ids: Ids, random: np.random.Generator) -> Ids:
        """The ids of the tune in its other form."""
        least, most = self.tokenizer.transpositions(ids)
        shift = int(random.integers(max(-self.semitones, least), min(self.semitones, most), endpoint=True))
        limit = float(np.log1p(self.stretch))
        return self.tokenizer.augmented(ids, semitones=shift, stretch=float(np.exp(random.uniform(-limit, limit))))
