"""The media that there are, and which of them something is of.

medium_of(tokenizer)     is asked once, at the door
tokenizer_from_json      any tokenizer, out of a model file
choose                   of which medium some files are
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from lstmgen import choices
from lstmgen.corpus.locate import Candidate
from lstmgen.corpus.token_writer import Encoding
from lstmgen.errors import UsageError
from lstmgen.media import checks
from lstmgen.media.base import Medium, Tokenizer
from lstmgen.opening import open_regular

_PROBE_BYTES: Final = 8192
_LEAST_SHARE: Final = 0.25
"""Share of the files of a mixed folder from which on they are not taken for strays."""


def medium(name: str) -> Medium:
    """The medium of this name. Raises KeyError: there is none."""
    return importlib.import_module(f"{choices.MEDIA[name].home}.medium").MEDIUM


def medium_of(tokenizer: Tokenizer | str) -> Medium:
    """The medium that a tokenizer, or one of this name, is of. Raises UsageError: there is no tokenizer of this name."""
    wanted = tokenizer if isinstance(tokenizer, str) else tokenizer.name
    for name, entry in choices.MEDIA.items():
        if wanted in entry.tokenizers:
            return medium(name)
    expected = choices.tokenizer_names()
    raise UsageError(f"there is no tokenizer {wanted!r}, expected one of {', '.join(expected)}", remedy=f"--tokenizer {expected[0]}")


def tokenizer_from_json(values: Any) -> Tokenizer:
    """The tokenizer that its `to_json` described; nothing in `values` is trusted.

    Raises:
        ModelFileError: `values` is not what `to_json` gives.
    """
    if not isinstance(values, Mapping):
        checks.refuse(f"found {type(values).__name__}, expected a table")
    name = values.get("name")
    names = choices.tokenizer_names()
    if not isinstance(name, str) or name not in names:
        checks.refuse(f"its name is {ascii(name)[:40]}, expected one of {', '.join(names)}")
    return medium_of(name).from_json(values)


def fingerprint(tokenizer: Tokenizer) -> str:
    """The sha256 of a tokenizer's JSON in its one canonical form; equal where the tokenizers are."""
    canonical = json.dumps(tokenizer.to_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def choose(groups: Mapping[str, Sequence[Candidate]]) -> tuple[Medium, tuple[str, ...]]:
    """Of which medium some sources are, and what the user should know about that.

    In a folder, glob or corpus that holds files of several media, the one counts that is not the first in the table, where at least a
    quarter of the files are of it: texts lie beside tunes more often than tunes among texts.

    Args:
        groups: for each source, as it was named, its files.

    Raises:
        UsageError: the sources that were named are of several media.
    """
    notes: list[str] = []
    chosen: dict[str, Medium] = {}
    for source, candidates in groups.items():
        counts = _counts(candidates)
        default, *others = counts
        present = [name for name, count in counts.items() if count]
        total = sum(counts.values())
        winner = next((name for name in others if counts[name] and counts[name] >= _LEAST_SHARE * total), default)
        if present or not chosen:
            chosen.setdefault(winner, medium(winner))
        if len(present) > 1:
            held = " and ".join(f"{counts[name]:,} of {medium(name).label}" for name in present)
            other = next(name for name in present if name != winner)
            notes.append(
                f"{source} holds files of several kinds, {held}: taken for {medium(winner).label};"
                f" --tokenizer {choices.MEDIA[other].tokenizers[0]} takes it for {medium(other).label}"
            )
    if len(chosen) > 1:
        kinds = " and ".join(each.label for each in chosen.values())
        raise UsageError(
            f"the sources hold {kinds}, and a model learns one of them",
            remedy="name sources of one kind, or say which with --tokenizer "
            + " or --tokenizer ".join(choices.MEDIA[name].tokenizers[0] for name in chosen),
        )
    return next(iter(chosen.values())), tuple(notes)


def medium_of_content(head: bytes) -> Medium | None:
    """The medium that recognises a file that begins like this; the first in the table is asked last. None: no medium does."""
    first, *others = choices.MEDIA
    return next((medium(name) for name in (*others, first) if head and medium(name).recognises(head)), None)


def encoding_of(tokenizer: Tokenizer) -> Encoding:
    """What token files say of the tokenizer that made their ids."""
    return Encoding(name=tokenizer.name, vocab_size=tokenizer.vocab_size, sha256=fingerprint(tokenizer))


def _counts(candidates: Sequence[Candidate]) -> dict[str, int]:
    """How many of the files each medium recognises."""
    counts = dict.fromkeys(choices.MEDIA, 0)
    for candidate in candidates:
        with contextlib.suppress(OSError), open_regular(candidate.path) as stream:
            found = medium_of_content(stream.read(_PROBE_BYTES))
            if found is not None:
                counts[found.name] += 1
    return counts
