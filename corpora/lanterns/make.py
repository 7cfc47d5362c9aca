# ruff: noqa: INP001 - a script beside its output
"""Writes the tunes of this folder: python corpora/lanterns/make.py [FOLDER].

    songs, carols, dances, ballroom, hymns, pianos, evenings   the tunes as they are typed
    notation                                         typed notes and chords to ticks
    arranging, voices, bands, orchestra              who plays what
    make                                             tempo, loudness, MIDI

The same source gives the same files, byte for byte.
"""

from __future__ import annotations

import io
import math
import sys
from pathlib import Path
from typing import Final

import ballroom
import carols
import dances
import evenings
import hymns
import mido
import pianos
import songs
from arranging import Part
from notation import LEVELS, TICKS_PER_BEAT, Plan, Tone, Tune, laid_out

from lstmgen.music.midi.writer import to_midi_bytes
from lstmgen.music.score import Key, Meter, Notes, Score, Track

TUNES: Final = (*songs.TUNES, *carols.TUNES, *dances.TUNES, *ballroom.TUNES, *hymns.TUNES, *pianos.TUNES, *evenings.TUNES)
_PHRASE_BARS: Final = 4
_PHRASE_SWELL: Final = 7
"""How much louder the middle of a phrase is than its ends."""
_GRID: Final = TICKS_PER_BEAT // 12
"""On which every note begins and ends, that of the triplets' halves."""
_DOWNBEAT: Final = 6
_OFFBEAT: Final = -4
_SLOWING: Final = ((2, 0.93), (1, 0.84))
"""Bars before the end, and the share of the tempo from there on."""


def score_of(tune: Tune) -> Score:
    """A tune as it is played.

    Raises:
        ValueError: bars and chords do not fit, or a note is out of the range of its instrument.
    """
    plan = laid_out(tune)
    parts = [part for layer in tune.band for part in layer.play(plan) if part.tones]
    beat_us = round(60e6 / tune.tempo)
    end = plan.bars[-1].end
    slower = [(end - bars * plan.bar_ticks, round(beat_us / share)) for bars, share in _SLOWING] if tune.slows else []
    beats, part_of_whole = (int(number) for number in tune.meter.split("/"))
    return Score.of(
        Notes.joined(_notes(part, place, plan) for place, part in enumerate(parts)),
        ticks_per_beat=TICKS_PER_BEAT,
        tempos=[(0, beat_us), *slower],
        meters=[Meter(0, beats, part_of_whole)],
        keys=[Key(0, plan.key.sharps, plan.key.minor)],
        tracks=[Track(name) for name in _names(parts)],
        length_ticks=end,
    )


def _names(parts: list[Part]) -> list[str]:
    """Names of the tracks; of several with the same name the later ones are numbered."""
    names = [part.instrument.name for part in parts]
    earlier = [names[:place].count(name) for place, name in enumerate(names)]
    return [f"{name} {before + 1}" if before else name for name, before in zip(names, earlier, strict=True)]


def _notes(part: Part, track: int, plan: Plan) -> Notes:
    player = part.instrument
    outside = [tone.pitch for tone in part.tones if not player.low <= tone.pitch <= player.high]
    if outside:
        raise ValueError(f"{plan.tune.file}: {player.name} cannot play {outside}")
    centre = sum(tone.pitch for tone in part.tones) / len(part.tones)
    times = [(_swung(tone.start), _swung(tone.end)) if plan.tune.swing else (tone.start, tone.end) for tone in part.tones]
    times = [(start, max(start + _GRID, round(end / _GRID) * _GRID)) for start, end in times]
    return Notes.of(
        [start for start, _ in times],
        [end for _, end in times],
        [tone.pitch for tone in part.tones],
        velocity=[_velocity(tone, part, plan, centre) for tone in part.tones],
        track=track,
        program=player.program,
        drum=player.drum,
    )


def _velocity(tone: Tone, part: Part, plan: Plan, centre: float) -> int:
    """Loudness: that of the section, swelling over each phrase, stronger on strong beats, louder where a melody rises."""
    bar, within = divmod(tone.start, plan.bar_ticks)
    section = plan.bars[min(bar, len(plan.bars) - 1)].section
    level = plan.levels.get(section, plan.levels.get(section.upper(), LEVELS["mf"]))
    phrase = (tone.start / plan.bar_ticks % _PHRASE_BARS) / _PHRASE_BARS
    accent = _DOWNBEAT if within == 0 else 0 if within % plan.beat_ticks == 0 else _OFFBEAT
    rising = max(-5.0, min(5.0, (tone.pitch - centre) / 2)) if part.sings else 0.0
    breath = (tone.start // 60 * 7 + tone.pitch * 5) % 5 - 2
    loudness = level + part.level + tone.accent + accent + _PHRASE_SWELL * math.sin(math.pi * phrase) + rising + breath
    return max(12, min(120, round(loudness)))


def _swung(tick: int) -> int:
    """A time as swing has it: the first half of a beat takes two thirds of it."""
    beat, within = divmod(tick, TICKS_PER_BEAT)
    half = TICKS_PER_BEAT // 2
    late = within * 4 // 3 if within <= half else TICKS_PER_BEAT * 2 // 3 + (within - half) * 2 // 3
    return beat * TICKS_PER_BEAT + late


def midi_of(tune: Tune) -> bytes:
    """The file of a tune. Notes end by a note_on of velocity 0, so that the status is said once for many events: a quarter fewer bytes."""
    file = mido.MidiFile(file=io.BytesIO(to_midi_bytes(score_of(tune))))
    for track in file.tracks:
        for place, message in enumerate(track):
            if message.type == "note_off":
                track[place] = mido.Message("note_on", channel=message.channel, note=message.note, velocity=0, time=message.time)
    stream = io.BytesIO()
    file.save(file=stream)
    return stream.getvalue()


def main(folder: Path) -> None:
    """Write every tune into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for tune in TUNES:
        (folder / f"{tune.file}.mid").write_bytes(midi_of(tune))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent)
