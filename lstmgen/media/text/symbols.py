"""Single characters: how they are shown to people, which of them are text, and the error that names the unseen ones.

A Python string can hold what no text file can: surrogates. Those of U+DC80 to U+DCFF are *byte escapes*, the way in which a corpus read
with `surrogateescape` carries bytes that are not UTF-8 (PEP 383), and have a meaning. Every other surrogate is *stray*: it came from
broken JSON or the like, stands for nothing, and is treated as a symbol that no tokenizer knows.
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.choices import OovPolicy
from lstmgen.errors import UnseenSymbolError
from lstmgen.wording import counted

REPLACEMENT_CHARACTER: Final = "\ufffd"
"""What stands for something that could not be read."""

_STRAY_SURROGATE: Final = re.compile("[\ud800-\udc7f\udd00-\udfff]")
BYTE_ESCAPE: Final = re.compile("[\udc80-\udcff]")
"""What Python's `surrogateescape` makes of a byte that is not UTF-8 (PEP 383)."""
_VISIBLE_SPACE: Final = "\u2423"
_MAX_SHOWN: Final = 12


def code_points(text: str) -> NDArray[np.unsignedinteger]:
    """The code points of a text, surrogates too, in whichever width is at hand."""
    if text.isascii():
        return np.frombuffer(text.encode("ascii"), dtype=np.uint8)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def is_byte_escape(character: str) -> bool:
    """Whether a character stands for one byte that is not UTF-8."""
    return "\udc80" <= character <= "\udcff"


def is_stray_surrogate(character: str) -> bool:
    """Whether a character is a surrogate that stands for nothing."""
    return "\ud800" <= character <= "\udfff" and not is_byte_escape(character)


def has_surrogates(text: str) -> bool:
    """Whether a text holds any, whatever they stand for; several times as fast as to look for some of them."""
    if text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def has_byte_escapes(text: str) -> bool:
    """Whether a text carries bytes that are not UTF-8."""
    return has_surrogates(text) and BYTE_ESCAPE.search(text) is not None


def utf8_bytes(text: str) -> int:
    """Bytes of a text in UTF-8; a byte escape counts as the one byte that it stands for, a stray surrogate as three."""
    if text.isascii():
        return len(text)
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        return len(text.encode("utf-8", "surrogatepass")) - 2 * len(BYTE_ESCAPE.findall(text))


def without_strays(text: str) -> str:
    """A text that can be written in UTF-8: each surrogate that stands for nothing becomes a question mark."""
    return _STRAY_SURROGATE.sub("?", text)


def printable(text: str) -> str:
    r"""A text as it may stand in a table or a message: no control, format, or private character in it, spaces visible.

    Controls become `\n`, `\x1b`, `\u2028` and so on, a space becomes U+2423. Not meant to be read back.
    """
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character == " ":
        return _VISIBLE_SPACE
    if is_byte_escape(character):
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")


def stray_surrogates(text: str) -> tuple[str, ...]:
    """The distinct surrogates of a text that stand for nothing, in order of first appearance."""
    if not has_surrogates(text):
        return ()
    return tuple(dict.fromkeys(_STRAY_SURROGATE.findall(text)))


def settle_strays(text: str, oov: OovPolicy) -> str:
    """A text in which every surrogate that is left is a byte escape.

    Raises:
        UnseenSymbolError: it holds a stray surrogate and `oov` is `error`.
    """
    first = _STRAY_SURROGATE.search(text) if has_surrogates(text) else None
    if first is None:
        return text
    if oov == "error":
        raise unseen_symbols(stray_surrogates(text), first_index=first.start())
    return _STRAY_SURROGATE.sub(REPLACEMENT_CHARACTER if oov == "replace" else "", text)


def unseen_symbols(symbols: tuple[str, ...], *, first_index: int) -> UnseenSymbolError:
    """The error that names symbols without an id; `first_index` counts the characters before the first of them."""
    named = ", ".join(f"'{printable(symbol)}' (U+{ord(symbol):04X})" for symbol in symbols[:_MAX_SHOWN])
    more = f" and {len(symbols) - _MAX_SHOWN} more" if len(symbols) > _MAX_SHOWN else ""
    what = counted(len(symbols), "symbol")
    return UnseenSymbolError(
        f"the text holds {what} that the tokenizer has never seen: {named}{more}; the first is character {first_index + 1} of the text",
        symbols=symbols,
        remedy="leave such symbols out with --oov skip, or put a known one in their place with --oov replace",
    )
