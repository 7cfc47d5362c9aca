"""What a tokenizer of text promises: text <-> ids.

`decode(encode(x)) == x` for every x that encodes without an error. Byte escapes (U+DC80 to U+DCFF, bytes that are not UTF-8) come back as
they were where the corpus held such; elsewhere a tokenizer that ends in bytes encodes them as their bytes and decodes them to U+FFFD.
"""

from __future__ import annotations

from typing import Final, Protocol

from lstmgen.choices import OovPolicy
from lstmgen.ids import Ids
from lstmgen.media.base import Tokenizer
from lstmgen.media.text.byte_table import ByteStreamDecoder

END_OF_DOCUMENT: Final = 1
"""Characters, and bytes, for which the end of a document counts where it is predicted: those of the line end that it stands for."""


class TextTokenizer(Tokenizer, Protocol):
    """Text to ids and back."""

    @property
    def covers_everything(self) -> bool:
        """Whether every text that a file can hold encodes without an unseen symbol."""
        ...

    def entries(self) -> tuple[bytes, ...]:
        """The bytes that every id stands for; none of the boundary."""
        ...

    def encode(self, text: str, *, oov: OovPolicy = "error") -> Ids:
        """The ids of a text, without any boundary.

        Raises:
            UnseenSymbolError: the text holds a symbol without an id and `oov` is `error`.
        """
        ...

    def unseen(self, text: str) -> tuple[str, ...]:
        """The distinct symbols of a text that have no id, in order of first appearance."""
        ...

    def decode(self, ids: Ids | list[int]) -> str:
        """The text of these ids; boundaries decode to nothing."""
        ...

    def decoder(self) -> ByteStreamDecoder:
        """A fresh decoder for one stream of ids."""
        ...

    def safe_cut(self, text: str) -> int:
        """The largest n such that encoding `text[:n]` and `text[n:]` apart gives the ids of the whole, whatever follows `text`.

        Lets a corpus be encoded chunk by chunk. 0 when no such place is known.
        """
        ...
