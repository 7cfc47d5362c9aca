"""What a tokenizer promises: text <-> ids, in numpy, never torch.

Ids are exactly `0 .. vocab_size - 1`. Id 0 is the document boundary: it stands before every document of a token file, it is what
generation starts from when there is no prompt, and it decodes to nothing.
"""

from __future__ import annotations

from typing import Any, Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
"""One-dimensional token ids."""

OovPolicy = Literal["error", "skip", "replace"]
"""What encoding does with a symbol that has no id: raise, leave it out, or put the replacement in its place."""

BOUNDARY_ID: Final = 0
"""The document boundary, in every tokenizer."""


class StreamDecoder(Protocol):
    """Turns ids into text one at a time; never emits half a character.

    `"".join(push(i) for i in ids) + finish() == tokenizer.decode(ids)` for every sequence of ids.
    """

    def push(self, token_id: int, /) -> str:
        """The text that this id completes; empty while a character is still open."""
        ...

    def finish(self) -> str:
        """What is still held back, with U+FFFD in place of an incomplete character."""
        ...


class Tokenizer(Protocol):
    """Text to ids and back."""

    @property
    def name(self) -> str:
        """`byte`, `char`, `word`, `bpe` or `unigram`."""
        ...

    @property
    def vocab_size(self) -> int:
        """Number of ids, the boundary included."""
        ...

    @property
    def lossless(self) -> bool:
        """Whether `decode(encode(x)) == x` for every x that encodes without an error.

        Byte escapes (U+DC80 to U+DCFF, bytes that are not UTF-8) come back as they were where the corpus held such; elsewhere a
        tokenizer that ends in bytes encodes them as their bytes and decodes them to U+FFFD.
        """
        ...

    @property
    def covers_everything(self) -> bool:
        """Whether every text that a file can hold encodes without an unseen symbol."""
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

    def decoder(self) -> StreamDecoder:
        """A fresh decoder for one stream of ids."""
        ...

    def piece(self, token_id: int) -> str:
        """One id as a person would read it, for tables; not necessarily decodable. Raises IndexError out of range."""
        ...

    def safe_cut(self, text: str) -> int:
        """The largest n such that encoding `text[:n]` and `text[n:]` apart gives the ids of the whole, whatever follows `text`.

        Lets a corpus be encoded chunk by chunk. 0 when no such place is known.
        """
        ...

    def to_json(self) -> dict[str, Any]:
        """All that `lstmgen.tokenizers.from_json` needs to rebuild it; `{"name": ..., "version": 1, ...}`."""
        ...
