"""Files to scores: found, read, and described; what cannot be used is listed with its reason."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from lstmgen.corpus.locate import Candidate
from lstmgen.errors import CorpusError
from lstmgen.media.base import MakeExecutor
from lstmgen.media.tunes.midi_files import read_all
from lstmgen.music.midi.reader import Finding
from lstmgen.music.score import Score
from lstmgen.wording import counted, duration

_READER_VERSION: Final = 2
"""Part of a collection's hash. It stays although damaged files are read better than they were, so that runs that began before can be
resumed: token files are known by the scores, not by this."""
_NAMES_SHOWN: Final = 3


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One file that holds music.

    Attributes:
        name: as the user would recognise it; printable.
        sha256: of its bytes.
        score: what it holds.
        findings: what is not as it should be about it.
    """

    name: str
    sha256: str
    score: Score
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Collection:
    """Pieces in their order, and what was left out."""

    pieces: tuple[Piece, ...]
    skipped: tuple[tuple[str, str], ...] = ()
    """Name and reason of every file that could not be used."""
    left_out: str = ""
    """What of the tunes is not learned from, in words."""

    @property
    def sha256(self) -> str:
        """Hash of the pieces' hashes in order: equal hashes mean equal scores."""
        identity = {"reader": _READER_VERSION, "pieces": [piece.sha256 for piece in self.pieces]}
        return hashlib.sha256(json.dumps(identity, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    @property
    def notes(self) -> int:
        """Notes of all pieces."""
        return sum(len(piece.score.notes) for piece in self.pieces)

    @property
    def duration_s(self) -> float:
        """How long it takes to play them all."""
        return sum(piece.score.duration_s for piece in self.pieces)

    def summary_lines(self) -> tuple[str, ...]:
        """How much there is, and by reason what was damaged or skipped, with some names."""
        lines = [f"{counted(len(self.pieces), 'tune')}, {counted(self.notes, 'note')}, {duration(self.duration_s)}"]
        lines += _by_reason("damaged but read", ((piece.name, finding.reason) for piece in self.pieces for finding in piece.findings))
        lines += _by_reason("skipped", self.skipped)
        lines += [self.left_out] if self.left_out else []
        return tuple(lines)


def _by_reason(what: str, found: Sequence[tuple[str, str]] | Iterator[tuple[str, str]]) -> list[str]:
    names: dict[str, list[str]] = {}
    for name, reason in found:
        names.setdefault(reason, []).append(name)
    return [
        f"{what}: {len(where):,} x {reason} ({_some(where)})" for reason, where in sorted(names.items(), key=lambda item: -len(item[1]))
    ]


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _NAMES_SHOWN:,} more" if len(names) > _NAMES_SHOWN else ""
    return ", ".join(names[:_NAMES_SHOWN]) + more


def gather_scores(
    candidates: Sequence[Candidate], *, executor: MakeExecutor | None = None, progress: Callable[[int, int], None] | None = None
) -> Collection:
    """Read what was found.

    A file that was named is refused when it cannot be read; of a folder, a glob or a corpus it is listed in `skipped`. The same bytes are
    taken once.

    Args:
        candidates: the files.
        executor: makes what helps to read large collections; None: everything is read in this process.
        progress: called with (bytes read, bytes in all).

    Raises:
        CorpusError: a file that was named cannot be used, or nothing usable is there.
    """
    pieces: list[Piece] = []
    skipped: list[tuple[str, str]] = []
    first_of: dict[str, str] = {}
    with contextlib.closing(read_all([candidate.path for candidate in candidates], executor=executor, progress=progress)) as results:
        for candidate, (sha256, result) in zip(candidates, results, strict=True):
            reason = candidate.obstacle or (result if isinstance(result, str) else "")
            if not reason and sha256 in first_of:
                reason = f"the same as {first_of[sha256]}"
            elif reason and candidate.named:
                raise CorpusError(f"{candidate.name}: {reason}", remedy="name a MIDI file, or a folder that holds some")
            if reason or isinstance(result, str):
                skipped.append((candidate.name, reason))
                continue
            first_of[sha256] = candidate.name
            pieces.append(Piece(name=candidate.name, sha256=sha256, score=result.score, findings=result.findings))
    if not pieces:
        raise _nothing_usable(skipped)
    return Collection(pieces=tuple(pieces), skipped=tuple(skipped))


def _nothing_usable(skipped: list[tuple[str, str]]) -> CorpusError:
    reasons = "; ".join(_by_reason("skipped", skipped)[:5])
    return CorpusError(f"no usable MIDI among {counted(len(skipped), 'file')}: {reasons}", remedy="name a folder that holds .mid files")
