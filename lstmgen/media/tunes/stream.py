"""Notes as their ids come, each as soon as its end is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Protocol, final

from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.step_notes import Row, StepNotes
from lstmgen.music.score import Notes

_NONE: Final = Notes.empty()


class Reader(Protocol):
    """What the ids of one tokenizer tell, one at a time: the slow twin of reading them all at once."""

    def push(self, kind: str, value: int, place: int, /) -> Iterable[Row]:
        """The notes whose end this event tells; `place` is its index."""
        ...

    def finish(self) -> Iterable[Row]:
        """The notes that end because nothing follows."""
        ...


@final
class ReadStream:
    """A `lstmgen.media.base.NoteStream`.

    Args:
        reader: at the beginning of a piece.
        table: the ranges of ids.
        prompt: ids that were read before, whose notes are not given.
        played: what turns notes in steps into those of a score.
    """

    def __init__(self, reader: Reader, table: EventTable, prompt: Ids, played: Callable[[StepNotes], Notes]) -> None:
        self._reader, self._table, self._played = reader, table, played
        self._since, self._count = len(prompt), 0
        for token_id in prompt.tolist():
            self._rows(token_id)

    def _rows(self, token_id: int) -> list[Row]:
        kind, value = self._table.event(token_id)
        self._count += 1
        return [] if token_id == BOUNDARY_ID else list(self._reader.push(kind, value, self._count - 1))

    def _notes(self, rows: Iterable[Row]) -> Notes:
        new = [row for row in rows if row[-1] >= self._since]
        return self._played(StepNotes.of_rows(new)) if new else _NONE

    def push(self, token_id: int, /) -> Notes:
        """The notes that this id completes. Raises IndexError where there is no such id."""
        return self._notes(self._rows(token_id))

    def finish(self) -> Notes:
        """The notes that were still sounding."""
        return self._notes(self._reader.finish())
