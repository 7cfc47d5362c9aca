"""Text on its way in: files to documents (`sources`), documents to token ids on disk (`token_file`), corpora by name (`catalog`).

The names below are loaded when they are first used: listing corpora needs no numpy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lstmgen.corpus.catalog import Entry
    from lstmgen.corpus.prepared import Prepared, prepare
    from lstmgen.corpus.sources import Corpus, Document, gather
    from lstmgen.corpus.token_file import TokenFile
    from lstmgen.corpus.token_writer import write_token_file

__all__ = ["Corpus", "Document", "Entry", "Prepared", "TokenFile", "gather", "prepare", "write_token_file"]

_HOMES = {
    "Corpus": "sources",
    "Document": "sources",
    "Entry": "catalog",
    "Prepared": "prepared",
    "TokenFile": "token_file",
    "gather": "sources",
    "prepare": "prepared",
    "write_token_file": "token_writer",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
