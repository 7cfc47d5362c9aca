"""What texts hold, for people who look before they train."""

from __future__ import annotations

from typing import Any, Final

from lstmgen.media.text.material import TextMaterial

_COMMON: Final = 12


def survey(material: TextMaterial) -> dict[str, Any]:
    """Counts, the most frequent characters, and what was noticed, as plain values."""
    corpus, counts = material.corpus, material.corpus.character_counts()
    return {
        "documents": len(corpus.documents),
        "chars": corpus.chars,
        "bytes": corpus.bytes,
        "distinct_chars": len(counts),
        "most_common": sorted(counts, key=lambda character: -counts[character])[:_COMMON],
        "notes": [f"{document.name}: {note}" for document in corpus.documents for note in document.notes],
        "skipped": [f"{name}: {reason}" for name, reason in corpus.skipped],
        "sha256": corpus.sha256,
    }
