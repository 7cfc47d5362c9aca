"""What parts that come back by themselves mean for the grammar of notes; what is said of them stands in `with_returns.py`."""

from __future__ import annotations

from collections.abc import Sequence

from lstmgen.media.tunes.notes.asked_form import ends_on
from lstmgen.media.tunes.notes.bar import Bar, BarNote
from lstmgen.media.tunes.notes.beat_clock import BeatClock
from lstmgen.media.tunes.notes.beats import BeatWork
from lstmgen.media.tunes.notes.measures import BAR
from lstmgen.media.tunes.notes.repeating import Repeating
from lstmgen.media.tunes.parts import MOST_TRACKS
from lstmgen.media.tunes.step_notes import Row
from lstmgen.music.constraints import Constraints


class Returning(Repeating):
    """A grammar of notes as far as lines come back by themselves."""

    _constraints: Constraints
    _instrument: int
    _returned: frozenset[int] = frozenset()
    """The lines that do in this bar."""

    def _find_playing(self) -> None:
        """Notes which lines may play, after that has changed."""
        raise NotImplementedError

    @property
    def may_return(self) -> bool:
        """Whether it can be said now what parts come back by themselves."""
        asked = self._begun and self._constraints.form is not None
        return self.returns and not self.settled and not asked

    @property
    def returns(self) -> bool:
        """Whether lines come back by themselves."""
        return isinstance(self._time, BeatWork) and self._time.returns

    @property
    def parts(self) -> list[int]:
        """The instruments that may play, ascending."""
        return sorted({line // MOST_TRACKS for line in self._playing})

    @property
    def instrument(self) -> int:
        """That which was said last."""
        return self._instrument

    @property
    def meter(self) -> int:
        """The number of the meter of the bar."""
        return -1 if self._beats is None else self._beats.meter

    @property
    def position(self) -> int:
        """How far behind the beginning of the bar it stands."""
        return 0 if self._beats is None else self.course.now - self._beats.bar_start

    @property
    def bar_before(self) -> Bar | None:
        """The last bar that is over."""
        return self._bars.at(1)

    def may_sound(self, part: Bar) -> bool:
        """Whether what one line plays may come back in this bar, which is at its beginning; what is drawn closes in a last bar."""
        if self._beats is None or (self._begun and self._beats.closing and not ends_on(part, self._tonic)):
            return False
        return self._fits(part, self._beats.bar_start)

    def come_back(self, line: int, notes: Sequence[BarNote]) -> None:
        """A line comes back by itself in this bar, with these notes, which are told at their moments with `play`."""
        if self._beats is not None:
            self._bars.write_out()
            self._hold(notes, self._beats.bar_start)
            self._instrument, self._returned = line // MOST_TRACKS, self._returned | {line}
            self._find_playing()

    def play(self, note: BarNote, place: int) -> list[Row]:
        """The moment of a note that comes back by itself."""
        self._bars.add(note)
        return [] if self._beats is None else self._rows_of([note], self._beats.bar_start, place)

    def _mark_bar(self, kind: str, clock: BeatClock) -> None:
        """What an event of time means for the bars so far: in the next one nothing has come back yet."""
        super()._mark_bar(kind, clock)
        if kind == BAR and self._returned:
            self._returned = frozenset()
            self._find_playing()
