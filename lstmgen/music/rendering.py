"""A score as a file that can be looked at or listened to; the ending of its name says which."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, get_args

from lstmgen import storage
from lstmgen.choices import Picture, Sound
from lstmgen.errors import UsageError
from lstmgen.music.excerpt import excerpt
from lstmgen.music.score import Score
from lstmgen.music.tidy import with_pedal

SOUNDS: Final = get_args(Sound)
KINDS: Final = (*get_args(Picture), *SOUNDS)
"""What a score can be rendered to."""
PICTURE_WIDTH: Final = 1600
SAMPLE_RATE: Final = 44_100


def kind_of(out: Path) -> str:
    """The kind of file that a name's ending asks for.

    Raises:
        UsageError: it is none of `KINDS`.
    """
    kind = out.suffix.lower().removeprefix(".")
    if kind not in KINDS:
        endings = ", ".join(f".{kind}" for kind in KINDS)
        found = f"the ending {out.suffix!r}" if out.suffix else "no ending"
        raise UsageError(
            f"{str(out)!r} has {found}, expected one of {endings}", remedy=f"name it {out.stem or 'tune'}.png or {out.stem or 'tune'}.wav"
        )
    return kind


def check_kind(kind: str) -> None:
    """Refuse a kind of file whose package is not installed.

    Raises:
        MissingExtraError: there is none.
    """
    if kind in SOUNDS:
        from lstmgen.music.sound import encoded

        encoded.check(kind)


def render_bytes(
    score: Score,
    kind: str,
    *,
    title: str = "",
    dark: bool = False,
    width: int = PICTURE_WIDTH,
    ticks: tuple[int, int] | None = None,
    soundfont: Path | None = None,
    sample_rate: int = SAMPLE_RATE,
    seed: int = 0,
    loop: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> bytes:
    """A score drawn, or made to sound, as the content of a file. Sound begins with the first note, where neither a part nor a loop is made.

    Args:
        score: with its pedals, if it has any: pictures show them, sound obeys them.
        kind: one of `KINDS`.
        title: shown at the head of a picture.
        dark: whether the picture is dark.
        width: of the picture, in pixels, 320 to 4000; the height follows from the piece.
        ticks: only what lies between these two.
        soundfont: an .sf2 file whose instruments play instead of the built-in ones.
        sample_rate: frames a second of the sound.
        seed: how strokes of the built-in synthesizer differ from one another.
        loop: make the sound just as long as the piece, and let what still sounds at its end be heard at its beginning; where a score loops,
            that is done in any case.
        progress: called with (done, all) while the built-in synthesizer works.

    Raises:
        UsageError: the width or the sample rate is out of bounds.
        InputError: the piece is too long for sound, or the SoundFont cannot be read.
        MissingExtraError: a SoundFont is given and its renderer is not installed, or a kind is asked for that needs another package.
        MachineError: a picture cannot be painted, or a temporary file cannot be written.
    """
    check_kind(kind)
    if kind not in SOUNDS:
        from lstmgen import drawing
        from lstmgen.music import roll

        return drawing.to_bytes(roll.lay_out(score, title=title, dark=dark, width=width, ticks=ticks), kind)
    from lstmgen.music.sound.encoded import encode
    from lstmgen.music.sound.wav import looped

    loop = loop or score.loops
    score = with_pedal(score, "extend")
    ticks = ticks or (None if loop else _from_first_note(score))
    score = excerpt(score, *ticks) if ticks else score
    if soundfont is None:
        from lstmgen.music.sound import synth

        sound = synth.render(score, sample_rate=sample_rate, seed=seed, progress=progress)
    else:
        from lstmgen.music.sound import soundfont as player

        sound = player.render(score, soundfont, sample_rate=sample_rate)
    if loop:
        sound = looped(sound, round(score.duration_s * sample_rate))
    return encode(sound, kind, sample_rate=sample_rate)


def _from_first_note(score: Score) -> tuple[int, int] | None:
    """The part of a score that is not silence before its first note; None where there is no note."""
    if not len(score.notes):
        return None
    first_tick = int(score.notes.start_ticks.min())
    return first_tick, max(score.length_ticks, first_tick + 1)


def render_file(score: Score, out: Path, *, kind: str | None = None, **options: Any) -> None:
    """What `render_bytes` makes, as a file that appears only when it is complete.

    Args:
        score: what is drawn or played.
        out: the file; its folder must exist.
        kind: as there; None: by the ending of `out`.
        options: as there.

    Raises:
        UsageError: the ending is none of `KINDS`.
        MachineError: the file cannot be written.
    """
    storage.atomic_write(out, render_bytes(score, kind or kind_of(out), **options))
