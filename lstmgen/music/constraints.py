"""What a tune must keep to while it is drawn, in musical terms; the tokenizers turn it into masks.

pitches   ──┐
length    ──┼─► Constraints ─► Cursor.allowed() ─► which ids may be drawn
programs  ──┤       │
end       ──┘       └─► polyphony ─► which of the notes that were drawn stay
"""

from __future__ import annotations

from dataclasses import dataclass

from lstmgen.choices import Kept
from lstmgen.music.form import Form


@dataclass(frozen=True, kw_only=True)
class Constraints:
    """Restrictions on the notes that are drawn; what a prompt holds is never touched.

    Attributes:
        pitches: the only pitches (0 to 127) that may be drawn, drums apart; None: all.
        max_polyphony: most pitched notes that may sound at once, over all tracks, those of the prompt included; None: any number. What is
            drawn has all its notes, of which so many stay (`lstmgen.music.thinning`).
        keep: which of them stay: of each track the highest or the lowest.
        max_note_beats: longest note in beats (quarter notes); None: any length.
        max_note_s: longest note in seconds; None: any length.
        programs: the only General MIDI programs that may be drawn; None: all. An empty set leaves drums only.
        drums: whether drums may be drawn.
        key: the key that a model is told which knows keys, as `lstmgen.music.keys` counts them; None: as it is drawn.
        tempo_us: the tempo with which a model begins that knows tempi, in microseconds a beat; None: as it is drawn.
        loop: the end is to lead into the beginning: a model that is told how many bars are left is told of as many again, and there is no
            upbeat.
        form: which bars come back, counted as `bars` are; None: as it is drawn.
        keep_tempo: draw no change of tempo.
        keep_meter: draw no change of time signature.
        bars: end exactly after so many whole bars, counted from the end of the bar in which the prompt ends; where a model is told how many
            bars remain, an upbeat is none of them.
        seconds: end exactly after so many seconds, counted from the end of the prompt.
    """

    pitches: frozenset[int] | None = None
    max_polyphony: int | None = None
    keep: Kept = "highest"
    max_note_beats: float | None = None
    max_note_s: float | None = None
    programs: frozenset[int] | None = None
    drums: bool = True
    key: int | None = None
    tempo_us: int | None = None
    loop: bool = False
    form: Form | None = None
    keep_tempo: bool = False
    keep_meter: bool = False
    bars: int | None = None
    seconds: float | None = None


FREE = Constraints()
"""No restriction but the grammar."""
