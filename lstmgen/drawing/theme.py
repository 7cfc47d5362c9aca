"""The colours of pictures: a light and a dark theme, and the colours of tracks and curves, which stay apart for colour-blind eyes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SHADES: Final = 12
"""Steps of loudness that a note's colour can show."""
_FAINTEST: Final = 0.34
"""How much of its colour the softest note keeps."""


@dataclass(frozen=True, kw_only=True)
class Theme:
    """Every colour of a picture, as `#rrggbb`."""

    page: str
    panel: str
    black_row: str
    beat_line: str
    bar_line: str
    octave_line: str
    text: str
    muted: str
    white_key: str
    key_line: str
    black_key: str
    drums: str
    tracks: tuple[str, ...]
    """One for each track or curve, in order of appearance."""

    def track_colour(self, place: int) -> str:
        """The colour of the track that appears at this place; beyond the last those again, but nearer to the colour of the text."""
        again, place = divmod(place, len(self.tracks))
        return mixed(self.tracks[place], self.text, 1 / (1 + 0.7 * again))


LIGHT: Final = Theme(
    page="#faf8f4",
    panel="#ffffff",
    black_row="#f5f3ee",
    beat_line="#ece8e0",
    bar_line="#cfc9bd",
    octave_line="#ddd8ce",
    text="#26252e",
    muted="#726e7a",
    white_key="#ffffff",
    key_line="#cfc9bd",
    black_key="#3a3842",
    drums="#4a4853",
    tracks=("#2460b4", "#e2711d", "#2bb592", "#b3246c", "#efc233", "#43256f", "#86cdf2", "#7d3a26"),
)
DARK: Final = Theme(
    page="#13141a",
    panel="#1b1d26",
    black_row="#171922",
    beat_line="#242733",
    bar_line="#3c4152",
    octave_line="#2e3240",
    text="#f1f0f6",
    muted="#8f92a3",
    white_key="#c9cbd8",
    key_line="#8f92a3",
    black_key="#13141a",
    drums="#c4c6d4",
    tracks=("#74a4f8", "#f0913f", "#45e0b4", "#e04590", "#fbe35c", "#8558ea", "#b9e6ff", "#b85848"),
)


def rgb(colour: str) -> tuple[int, int, int]:
    """The three parts of `#rrggbb`, 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def mixed(colour: str, other: str, share: float) -> str:
    """A colour between two: `share` of the first, the rest of the other."""
    parts = (round(share * one + (1 - share) * two) for one, two in zip(rgb(colour), rgb(other), strict=True))
    return "#" + "".join(f"{part:02x}" for part in parts)


def shades(colour: str, ground: str) -> tuple[str, ...]:
    """A colour in `SHADES` steps of loudness, the softest first and nearest to the ground."""
    return tuple(mixed(colour, ground, _FAINTEST + (1 - _FAINTEST) * step / (SHADES - 1)) for step in range(SHADES))
