"""The typeface of pictures: the scalable one that comes with Pillow, so that no font of the system is needed."""

from __future__ import annotations

import functools
import unicodedata
from typing import TYPE_CHECKING, Any, Final, cast

from lstmgen.errors import MachineError

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

FINE: Final = 4
"""Type is drawn this many times as large and made smaller, for the letters of small type would stand at whole pixels."""
_USUAL_WIDTH: Final = 0.55
_ABSENT: Final = "\uffff"
"""Never a character; it is drawn as every character is that the typeface lacks."""
_FOLDED: Final = dict(zip("\u2013\u2014\u2212\u00d7\u266f\u266d\u00f8\u00d8\u0142\u0141\u0111\u0110", "---x#boOlLdD", strict=True)) | {
    "\u00df": "ss",
    "\u00e6": "ae",
    "\u00c6": "AE",
    "\u0153": "oe",
    "\u0152": "OE",
}
"""What stands for characters that the typeface lacks and that do not consist of a letter and its accents."""


@functools.lru_cache(maxsize=32)
def font(size: float) -> FreeTypeFont:
    """The typeface for a type of `size` pixels to the em, `FINE` times as large.

    Raises:
        MachineError: this Pillow was built without FreeType.
    """
    from PIL import ImageFont

    try:
        return cast("FreeTypeFont", ImageFont.load_default(size * FINE))
    except ImportError as error:
        raise MachineError(
            "the installed Pillow cannot draw text: it was built without FreeType", remedy="draw an .svg, or reinstall Pillow from a wheel"
        ) from error


def text_width(text: str, size: float) -> float:
    """How many pixels wide a text is at this size; without a typeface about how many."""
    try:
        return font(size).getlength(shown(text)) / FINE
    except MachineError:
        return _USUAL_WIDTH * len(text) * size


def fitted(text: str, size: float, room: float) -> str:
    """As much of a text as has room, with an ellipsis where something is missing."""
    if text_width(text, size) <= room:
        return text
    kept = text[: max(1, int(room / (0.2 * size)))]
    while len(kept) > 1 and text_width(kept + "\u2026", size) > room:
        kept = kept[:-1]
    return kept.rstrip() + "\u2026"


def shown(text: str) -> str:
    """The text in characters that the typeface has, as far as possible: where one is missing, its accents are left off."""
    return "".join(character if _has(character) else _plain(character) for character in text)


def _plain(character: str) -> str:
    parts = unicodedata.normalize("NFKD", _FOLDED.get(character, character))
    return "".join(part for part in parts if not unicodedata.combining(part))


@functools.lru_cache(maxsize=4096)
def _has(character: str) -> bool:
    return _pixels(character) != _pixels(_ABSENT)


def _pixels(character: str) -> bytes:
    mask: Any = font(20.0).getmask(character)
    return bytes(mask)
