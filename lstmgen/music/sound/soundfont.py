"""Sound from a SoundFont: recorded instruments in an .sf2 file, played by the package `midirenderer` of the extra `audio`.

The renderer is native code that reads a foreign file, so it runs in a process of its own: whatever a file does to it, this process only
hears of it. It plays at one rate and cuts off what is too loud; here it is asked to play softer until nothing is cut off, and the result
is brought to the wanted rate and level.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen import limits, storage
from lstmgen.errors import InputError, MissingExtraError
from lstmgen.music.midi.writer import to_midi_bytes
from lstmgen.music.score import Score
from lstmgen.music.sound import mixing
from lstmgen.music.sound.synth import check_length, check_sample_rate
from lstmgen.music.sound.wav import read_wav
from lstmgen.music.sound.waves import resampled
from lstmgen.wording import counted

_CHILD: Final = Path(__file__).with_name("soundfont_child.py")
_TAIL_S: Final = 2.0
"""The renderer stops where the file ends; this much is added for what still sounds there."""
_VOLUMES: Final = (100, 50, 25, 12, 6)
"""Channel volumes to play at, the usual one first: each is four times softer than the one before."""
_CUT_OFF: Final = 32_767
_START_S: Final = 60.0
"""Time that a renderer may take besides that of the piece itself; it needs a hundredth of this."""
_HEAD_BYTES: Final = 12
_INSTEAD: Final = "name another SoundFont (.sf2), or leave it out: the built-in synthesizer needs none"


def render(score: Score, soundfont: Path, *, sample_rate: int = 44_100) -> NDArray[np.int16]:
    """The sound of a score, played with the instruments of a SoundFont.

    Args:
        score: what to play.
        soundfont: an .sf2 file.
        sample_rate: frames a second.

    Returns:
        int16 of shape (frames, 2), left and right; two seconds longer than the score.

    Raises:
        UsageError: the sample rate is out of bounds.
        MissingExtraError: the renderer is not installed.
        InputError: there is no such file, it is no SoundFont, the renderer cannot read it or stopped over it, or the piece is too long.
        MachineError: a temporary file cannot be written.
    """
    check_sample_rate(sample_rate)
    check_length(score)
    _check_soundfont(soundfont)
    if importlib.util.find_spec("midirenderer") is None:
        raise MissingExtraError("a SoundFont needs the package midirenderer, which is not installed", remedy="pip install 'lstmgen[audio]'")
    score = score.changed(length_ticks=max(int(score.ticks_at(score.duration_s + _TAIL_S)), score.length_ticks))
    midi = to_midi_bytes(score)
    sound, rate = np.zeros((0, 2), np.int16), sample_rate
    for volume in _VOLUMES:
        sound, rate = _played(midi, soundfont, volume=volume, duration_s=score.duration_s)
        if not len(sound) or max(int(sound.max()), -int(sound.min())) < _CUT_OFF:
            break
    sound_2N = np.ascontiguousarray(sound.T, np.float32)
    del sound
    sound_2N *= np.float32(1.0 / 32_768.0)
    return mixing.to_samples(resampled(sound_2N, from_rate=rate, to_rate=sample_rate), sample_rate=sample_rate)


def _check_soundfont(path: Path) -> None:
    """Refuse what is no SoundFont by its first bytes.

    Raises:
        InputError: there is no such file, it cannot be read, it is something else, or it is too large.
    """
    name = ascii(os.fspath(path))
    try:
        if not path.is_file():
            found = "it is no file" if path.exists() else "there is no such file"
            raise InputError(f"cannot read the SoundFont {name}: {found}", remedy=_INSTEAD)
        with path.open("rb") as stream:
            head, size_bytes = stream.read(_HEAD_BYTES), os.fstat(stream.fileno()).st_size
    except OSError as error:
        raise InputError(f"cannot read the SoundFont {name}: {error.strerror or type(error).__name__}", remedy=_INSTEAD) from error
    if head[:4] != b"RIFF" or head[8:] != b"sfbk":
        raise InputError(f"{name} is no SoundFont: it begins with {head!r}, expected RIFF....sfbk", remedy=_INSTEAD)
    if size_bytes > limits.MAX_SOUNDFONT_BYTES:
        raise InputError(
            f"the SoundFont {name} has {size_bytes / 2**30:.1f} GiB, expected at most {limits.MAX_SOUNDFONT_BYTES / 2**30:.0f}",
            remedy="name a smaller one",
        )


def _played(midi: bytes, soundfont: Path, *, volume: int, duration_s: float) -> tuple[NDArray[np.int16], int]:
    """What the renderer makes of a MIDI file, in a process of its own, and the sample rate that it chose.

    Raises:
        InputError: it refused the SoundFont, or stopped.
        MachineError: a temporary file cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="lstmgen-sound-", ignore_cleanup_errors=True) as folder:
        names = {kind: str(Path(folder) / kind) for kind in ("midi", "wav", "refusal")}
        with storage.machine_errors("write", names["midi"]):
            Path(names["midi"]).write_bytes(_at_volume(midi, volume))
        job = json.dumps(names | {"soundfont": os.path.realpath(soundfont)})
        command = [sys.executable, "-P", str(_CHILD)]
        try:
            done = subprocess.run(  # noqa: S603 - our own script, by our own interpreter
                command, input=job.encode("ascii"), capture_output=True, check=False, timeout=_START_S + duration_s
            )
        except subprocess.TimeoutExpired as error:
            raise _stopped(soundfont, f"it was not done after {counted(round(error.timeout), 'second')}") from error
        if Path(names["refusal"]).exists():
            reason = Path(names["refusal"]).read_text(encoding="utf-8", errors="replace")
            raise InputError(
                f"the renderer refused the SoundFont {os.fspath(soundfont)!a}: {ascii(reason.strip())[1:-1][:200]}", remedy=_INSTEAD
            )
        if done.returncode:
            raise _stopped(soundfont, f"its process ended with {done.returncode}")
        try:
            return read_wav(Path(names["wav"]))
        except (OSError, ValueError) as error:
            raise _stopped(soundfont, "it left no sound") from error


def _stopped(soundfont: Path, how: str) -> InputError:
    return InputError(f"the SoundFont renderer stopped over {os.fspath(soundfont)!a}: {how}", remedy=_INSTEAD)


def _at_volume(midi: bytes, volume: int) -> bytes:
    """A MIDI file of ours that sets the volume of all channels before anything else.

    The events (delta 0, control change 7) go to the beginning of the first track, right behind the file's header of 14 bytes and the
    track's of 8.
    """
    events = b"".join(bytes([0, 0xB0 | channel, 7, volume]) for channel in range(16))
    length = int.from_bytes(midi[18:22], "big") + len(events)
    return midi[:18] + length.to_bytes(4, "big") + events + midi[22:]
