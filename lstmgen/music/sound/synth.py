"""The built-in synthesizer: a score becomes sound, by numpy alone.

Notes are sorted by what they sound like. Each tone is then made once, at the length that its longest note needs, added wherever it is
played, every time in another mixture of its parts, and forgotten: a piece costs its sound, 8 bytes a frame, and one tone, whatever it is
made of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen import limits
from lstmgen.errors import InputError, UsageError
from lstmgen.music.score import Notes, Score
from lstmgen.music.sound import drum_sounds, mixing, touch, waves
from lstmgen.music.sound.voices import PROGRAMS
from lstmgen.music.sound.waves import Parts, Tone
from lstmgen.wording import counted

_DRUM_SEED: Final = 1000
_CHANCE_SEED: Final = 2000
_SCRATCH_FRAMES: Final = 2**16
_TRACKS_WIDTH: Final = 0.45
"""How far the outermost of several tracks stand from the middle."""
_CHOKE_S: Final = 0.02


@dataclass(frozen=True, eq=False)
class _Plan:
    """What is to be played, one entry a note, in frames.

    Attributes:
        start: where the note begins.
        held: frames from there to its end, or to where it is choked.
        release: frames that it sounds on after that.
        kind: notes of equal kind are played with the same tone.
    """

    start: NDArray[np.int64]
    held: NDArray[np.int64]
    release: NDArray[np.int64]
    kind: NDArray[np.int64]


def render(
    score: Score, *, sample_rate: int = 44_100, seed: int = 0, progress: Callable[[int, int], None] | None = None
) -> NDArray[np.int16]:
    """The sound of a score: every note at its frame, in stereo, in a small room, at a level of -1 dBFS or less.

    No two strokes are the same, and the same score and seed give the same samples. Pedals are not looked at: `tidy.with_pedal` has made
    them part of the notes. The sound lasts until the last note has died away and the room with it, and at least as long as the score.

    Args:
        score: what to play; a General MIDI program for each note, or a drum of the kit.
        sample_rate: frames a second.
        seed: how strokes differ from one another.
        progress: called with the notes that are done and all notes.

    Returns:
        int16 of shape (frames, 2), left and right.

    Raises:
        UsageError: the sample rate is out of bounds.
        InputError: the piece is too long, or too much sounds at once.
    """
    check_sample_rate(sample_rate)
    check_length(score)
    notes = score.notes
    if not len(notes):
        return np.zeros((round(score.duration_s * sample_rate), 2), np.int16)
    plan = _plan(score, sample_rate=sample_rate)
    end = int((plan.start + plan.held + plan.release).max())
    whole = max(end, round(score.duration_s * sample_rate)) + round(mixing.TAIL_S * sample_rate)
    sound_2N = np.zeros((2, whole), np.float32)
    scratch_2N = np.empty((2, _SCRATCH_FRAMES), np.float32)
    gain_M23 = _gains(notes, seed)
    space_3N = np.empty((3, _longest(notes, plan, sample_rate) + waves.ROW_FRAMES), np.float32)
    done = 0
    for members in _kinds(plan):
        frames = int((plan.held + plan.release)[members].max())
        tone = _tone(notes, members[0], frames=frames, plan=plan, sample_rate=sample_rate, space_3N=space_3N)
        for note in members:
            held, release = int(plan.held[note]), int(plan.release[note])
            mixing.add(sound_2N, tone, int(plan.start[note]), gain_23=gain_M23[note], held=held, release=release, scratch_2N=scratch_2N)
        done += len(members)
        if progress is not None:
            progress(done, len(notes))
    mixing.put_into(mixing.room(sample_rate), sound_2N)
    return mixing.to_samples(sound_2N, sample_rate=sample_rate)


def check_sample_rate(sample_rate: int) -> None:
    """Refuse a sample rate that no player knows.

    Raises:
        UsageError: it is out of bounds.
    """
    if not limits.MIN_SAMPLE_RATE <= sample_rate <= limits.MAX_SAMPLE_RATE:
        raise UsageError(
            f"a sample rate of {sample_rate}, expected {limits.MIN_SAMPLE_RATE} to {limits.MAX_SAMPLE_RATE} frames a second",
            remedy="take 44100, or leave it out",
        )


def check_length(score: Score) -> None:
    """Refuse a piece that would fill the memory.

    Raises:
        InputError: it is too long.
    """
    if score.duration_s > limits.MAX_SOUND_S:
        lasts = counted(round(score.duration_s / 60), "minute")
        raise InputError(
            f"the piece lasts {lasts}, expected at most {limits.MAX_SOUND_S / 60:.0f} to make sound of",
            remedy="cut it into parts",
        )


def _plan(score: Score, *, sample_rate: int) -> _Plan:
    """Frames of every note.

    Raises:
        InputError: too much sounds at once.
    """
    notes = score.notes
    start_s, end_s = score.seconds_at(notes.start_ticks), score.seconds_at(notes.end_ticks)
    pitch, program, is_drum = notes.pitch.astype(np.int64), notes.program.astype(np.int64), notes.drum
    held_s = end_s - start_s
    length_s, release_s = _lengths(pitch, program)
    drum_s = np.array([drum_sounds.drum(number).length_s() for number in range(128)])[pitch]
    sounding_s = np.where(is_drum, drum_s, np.minimum(held_s, length_s))
    choked_s = _choked(notes, start_s)
    release_s = np.where(is_drum, np.where(choked_s < sounding_s, _CHOKE_S, 0.0), np.clip(length_s - held_s, 0.0, release_s))
    held_s = np.minimum(sounding_s, choked_s)
    if float((held_s + release_s).sum()) > limits.MAX_SOUNDING_S:
        sounding = counted(round(float(held_s.sum()) / 3600), "hour")
        raise InputError(
            f"all notes together sound for {sounding}, expected at most {limits.MAX_SOUNDING_S / 3600:.0f}",
            remedy="render a part of it",
        )
    start = np.rint(start_s * sample_rate).astype(np.int64)
    held = np.maximum(np.rint((start_s + held_s) * sample_rate).astype(np.int64) - start, 1)
    variant = np.where(is_drum, _turns(pitch, is_drum), 0)
    kind = ((is_drum * 128 + np.where(is_drum, 0, program)) * 128 + pitch) * drum_sounds.VARIANTS + variant
    return _Plan(start=start, held=held, release=np.rint(release_s * sample_rate).astype(np.int64), kind=kind)


def _lengths(pitch: NDArray[np.int64], program: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How long each note can be heard when it is held, and how long after its end, in seconds."""
    combined, place = np.unique(program * 128 + pitch, return_inverse=True)
    length_s = np.array([PROGRAMS[number // 128].length_s(number % 128) for number in combined.tolist()])
    release_s = np.array([PROGRAMS[number // 128].release_of(number % 128) for number in combined.tolist()])
    return length_s[place], release_s[place]


def _choked(notes: Notes, start_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """After how many seconds another drum of the same group silences each drum; infinite where none does."""
    group = np.array([drum_sounds.drum(number).choke for number in range(128)])[notes.pitch] * notes.drum
    choked_s = np.full(len(notes), np.inf)
    for number in np.unique(group[group > 0]):
        members = np.flatnonzero(group == number)
        moments_s = np.unique(start_s[members])
        following = np.searchsorted(moments_s, start_s[members], side="right")
        choked_s[members] = np.append(moments_s, np.inf)[following] - start_s[members]
    return choked_s


def _turns(pitch: NDArray[np.int64], is_drum: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each stroke of a drum, which of its variants it is: one after the other."""
    turn = np.zeros(len(pitch), np.int64)
    for number in np.unique(pitch[is_drum]):
        struck = is_drum & (pitch == number)
        turn[struck] = np.arange(int(struck.sum())) % drum_sounds.VARIANTS
    return turn


def _kinds(plan: _Plan) -> Iterator[NDArray[np.int64]]:
    """The notes of each kind, in time."""
    order = np.argsort(plan.kind, kind="stable")
    yield from np.split(order, np.flatnonzero(np.diff(plan.kind[order])) + 1)


def _longest(notes: Notes, plan: _Plan, sample_rate: int) -> int:
    """The most frames that a tone of these notes can have."""
    played = np.unique(notes.program[~notes.drum]).tolist()
    return min(int((plan.held + plan.release).max()), round(max((PROGRAMS[number].most_s for number in played), default=0.0) * sample_rate))


def _tone(notes: Notes, note: int, *, frames: int, plan: _Plan, sample_rate: int, space_3N: Parts) -> Tone:
    """The tone that a note is played with."""
    pitch, program = int(notes.pitch[note]), int(notes.program[note])
    if notes.drum[note]:
        variant = int(plan.kind[note]) % drum_sounds.VARIANTS
        return drum_sounds.drum(pitch).tone(variant, sample_rate=sample_rate, seed=_DRUM_SEED + pitch)
    return PROGRAMS[program].tone(pitch, frames=frames, sample_rate=sample_rate, seed=program, space_3N=space_3N)


def _gains(notes: Notes, seed: int) -> NDArray[np.float32]:
    """Factors of the parts of every note left and right: by velocity, chance, the place of its track and its pitch, low notes left."""
    chance_M3 = np.random.default_rng((seed, _CHANCE_SEED)).uniform(-1.0, 1.0, (len(notes), 3))
    width = np.array([voice.width for voice in PROGRAMS])[notes.program]
    by_pitch_M = np.clip((notes.pitch.astype(np.float64) - 64.0) / 36.0, -1.0, 1.0) * width
    side_of_drum = np.array([drum_sounds.drum(number).side for number in range(128)])[notes.pitch]
    place_M = np.where(notes.drum, side_of_drum * 0.8, _places(notes)[notes.track] + by_pitch_M)
    mixing_M = [
        drum_sounds.MIXING if drum else PROGRAMS[program].mixing
        for program, drum in zip(notes.program.tolist(), notes.drum.tolist(), strict=True)
    ]
    return touch.gains(notes.velocity, mixing_M, chance_M3, place_M)


def _places(notes: Notes) -> NDArray[np.float64]:
    """Where each track stands: one alone in the middle, the lowest of several in the middle too, the others around it by turns."""
    played = np.unique(notes.track[~notes.drum])
    places = np.zeros(int(notes.track.max()) + 1)
    mean_pitch = np.array([float(notes.pitch[(notes.track == track) & ~notes.drum].mean()) for track in played])
    ordered = played[np.argsort(mean_pitch, kind="stable")]
    for number, track in enumerate(ordered[1:].tolist(), start=1):
        side = -1.0 if number % 2 else 1.0
        places[track] = side * _TRACKS_WIDTH * ((number + 1) // 2) / max(1, len(ordered) // 2)
    return places
