"""Scores to MIDI files, type 1, by mido: a conductor track, then one track for each instrument of each part.

    conductor   tempo map, time signatures, key signatures; a mark where silences last so long that a reader might take them for damage
    the others  name, program, notes, pedal; a channel of its own each, drums always the tenth

Where there are more than fifteen pitched ones, those of the same instrument share channels; where the instruments alone are more than
fifteen, instruments share them too, and each says its program again before it plays. Those that share a channel say that they are on
different ports, for readers that know of ports. Of two notes of one pitch in one track that sound
at once the earlier ends where the later begins, for a file cannot say which of them an end belongs to: programs read it in different ways.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any, Final

import mido
import numpy as np
from numpy.typing import NDArray

from lstmgen.music.midi.metas import OWN_MARK
from lstmgen.music.midi.silences import absurd_silences
from lstmgen.music.score import KEY_NAMES, PERCUSSION_CHANNEL, Notes, Score
from lstmgen.music.tidy import without_overlaps

_PITCHED_CHANNELS: Final = tuple(channel for channel in range(16) if channel != PERCUSSION_CHANNEL)
_PEDAL: Final = 64
_LONGEST_DELTA: Final = 2**28 - 1
"""Ticks between two events that four bytes can say."""
_SLOWEST_US: Final = 2**24 - 1
_MAX_NUMERATOR: Final = 255
_MAX_DENOMINATOR: Final = 64
_PORTS: Final = 128

_OFF, _PROGRAM, _CONTROL, _ON = range(4)
"""Order of events at one tick: what ends there makes room for what begins."""

_Event = tuple[int, int, str, dict[str, Any]]
"""Tick, order within the tick, kind of message, what it says."""


def to_midi_bytes(score: Score) -> bytes:
    """A score as the bytes of a MIDI file; the same score gives the same bytes.

    What a file cannot say is left out or brought to the nearest that it can: time signatures whose lower number is no power of two up to
    64 or whose upper one is above 255, and tempos below 3.6 beats per minute.
    """
    score = without_overlaps(score)
    file = mido.MidiFile(type=1, ticks_per_beat=score.ticks_per_beat, charset="utf-8")
    file.tracks.append(_track(list(_conductor(score)), score.length_ticks))
    file.tracks.extend(_track(events, score.length_ticks) for events in _parts(score))
    stream = io.BytesIO()
    file.save(file=stream)
    return stream.getvalue()


def _conductor(score: Score) -> Iterator[_Event]:
    if absurd_silences(score)[1].any():
        yield 0, -1, "sequencer_specific", {"data": OWN_MARK}
    for tick, tempo in score.tempos:
        yield tick, 0, "set_tempo", {"tempo": min(tempo, _SLOWEST_US)}
    for meter in score.meters:
        upper, lower = meter.numerator, meter.denominator
        if upper <= _MAX_NUMERATOR and lower <= _MAX_DENOMINATOR and lower & (lower - 1) == 0:
            yield meter.tick, 1, "time_signature", {"numerator": upper, "denominator": lower}
    for key in score.keys:
        if abs(key.sharps) <= 7:
            yield key.tick, 2, "key_signature", {"key": KEY_NAMES[key.minor][key.sharps + 7] + "m" * key.minor}


def _parts(score: Score) -> Iterator[list[_Event]]:
    """The events of each instrument of each track of the score, in its order."""
    notes = score.notes
    key_N = (notes.track.astype(np.int64) * 2 + notes.drum) * 128 + notes.program
    keys, part_N = np.unique(key_N, return_inverse=True)
    programs, drums, tracks = (keys % 128).tolist(), (keys // 128 % 2).astype(bool).tolist(), (keys // 256).tolist()
    channels = _channels(programs, drums)
    changed_N = _program_changes(notes, np.array(channels, np.int64)[part_N] if len(keys) else part_N)
    for place, (program, drum, track) in enumerate(zip(programs, drums, tracks, strict=True)):
        mine, channel = part_N == place, channels[place]
        begins = notes.start_ticks[mine & changed_N].tolist()
        # mido encodes strictly, and half a character has no bytes.
        name = score.tracks[track].name.encode("utf-8", "replace").decode("utf-8")
        events: list[_Event] = [(0, -2, "track_name", {"name": name})]
        port = channels[:place].count(channel) % _PORTS
        if port and not drum:
            events.insert(0, (0, -3, "midi_port", {"port": port}))
        said = {"channel": channel, "program": program}
        events += [(tick, _PROGRAM, "program_change", said) for tick in begins] or [(0, -1, "program_change", said)]
        for pedal in () if drum else score.pedals.of_track(track):
            events.append((pedal.tick, _CONTROL, "control_change", {"channel": channel, "control": _PEDAL, "value": 127 * pedal.down}))
        yield [*events, *_playing(notes.take(mine), channel)]


def _channels(programs: Sequence[int], drums: Sequence[bool]) -> list[int]:
    """The channel of each part."""
    pitched = [program for program, drum in zip(programs, drums, strict=True) if not drum]
    distinct = list(dict.fromkeys(pitched))
    own = len(pitched) <= len(_PITCHED_CHANNELS)
    given = iter(range(len(pitched)))
    return [
        PERCUSSION_CHANNEL if drum else _PITCHED_CHANNELS[(next(given) if own else distinct.index(program)) % len(_PITCHED_CHANNELS)]
        for program, drum in zip(programs, drums, strict=True)
    ]


def _program_changes(notes: Notes, channel_N: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Which notes need their program said before them, because another instrument played on their channel."""
    changed_N = np.zeros(len(notes), np.bool_)
    for channel in np.unique(channel_N):
        mine = np.flatnonzero(channel_N == channel)
        program = notes.program[mine]
        if np.any(program != program[:1]):
            # At one tick the tracks play in their order, which is that of the notes but for their pitches.
            mine = mine[np.lexsort((program, notes.track[mine], notes.start_ticks[mine]))]
            program = notes.program[mine]
            changed_N[mine] = np.concatenate([[True], program[1:] != program[:-1]])
    return changed_N


def _playing(notes: Notes, channel: int) -> Iterator[_Event]:
    columns = zip(notes.start_ticks.tolist(), notes.end_ticks.tolist(), notes.pitch.tolist(), notes.velocity.tolist(), strict=True)
    for start, end, pitch, velocity in columns:
        yield start, _ON, "note_on", {"channel": channel, "note": pitch, "velocity": velocity}
        yield end, _OFF, "note_off", {"channel": channel, "note": pitch, "velocity": 0}


def _track(events: list[_Event], length_ticks: int) -> mido.MidiTrack:
    track, now = mido.MidiTrack(), 0
    end: _Event = (max([length_ticks, *(event[0] for event in events)]), _ON + 1, "end_of_track", {})
    for tick, _, kind, said in [*sorted(events, key=lambda event: event[:2]), end]:
        while tick - now > _LONGEST_DELTA:
            track.append(mido.MetaMessage("text", text="", time=_LONGEST_DELTA))
            now += _LONGEST_DELTA
        message = mido.Message if kind in _OF_A_CHANNEL else mido.MetaMessage
        track.append(message(kind, time=tick - now, **said))
        now = tick
    return track


_OF_A_CHANNEL: Final = {"note_on", "note_off", "program_change", "control_change"}
