"""WAV files: 16 bits, stereo, by the standard library."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def to_wav(sound: NDArray[np.int16], *, sample_rate: int = 44_100) -> bytes:
    """A sound of shape (frames, 2) as the content of a WAV file.

    Raises:
        ValueError: the sound has another shape or type.
    """
    if sound.ndim != 2 or sound.shape[1] != 2 or sound.dtype != np.int16:
        raise ValueError(f"a sound of {sound.dtype} and shape {sound.shape}, expected int16 and (frames, 2)")
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setparams((2, 2, sample_rate, len(sound), "NONE", ""))
        file.writeframesraw(np.ascontiguousarray(sound, "<i2").tobytes())
    return stream.getvalue()


def looped(sound: NDArray[np.int16], frames: int) -> NDArray[np.int16]:
    """A sound that is so many frames long, with all that is behind them laid over its beginning, as often as it takes.

    Played again and again without a gap it is what the piece would be. Where the sum is too loud all of it is made softer.
    """
    parts = [sound[begin : begin + frames].astype(np.int32) for begin in range(0, len(sound), max(1, frames))]
    whole = np.zeros((frames, 2), np.int32)
    for part in parts:
        whole[: len(part)] += part
    loudest, most = int(np.abs(whole).max(initial=0)), np.iinfo(np.int16).max
    return (whole if loudest <= most else np.rint(whole * (most / loudest))).astype(np.int16)


def read_wav(path: Path) -> tuple[NDArray[np.int16], int]:
    """The sound of a 16-bit WAV file, of shape (frames, 2), and its sample rate; one channel is heard on both sides.

    Raises:
        ValueError: it is no WAV file, or one of another kind.
        OSError: it cannot be read.
    """
    try:
        with wave.open(str(path), "rb") as file:
            channels, width = file.getnchannels(), file.getsampwidth()
            content, sample_rate = file.readframes(file.getnframes()), file.getframerate()
    except (wave.Error, EOFError) as error:
        raise ValueError(f"not a WAV file: {error}") from error
    if width != 2 or channels not in {1, 2}:
        raise ValueError(f"a WAV file of {8 * width} bits and {channels} channels, expected 16 bits and 1 or 2 channels")
    whole = len(content) - len(content) % (2 * channels)
    samples = np.frombuffer(content[:whole], "<i2").astype(np.int16, copy=False).reshape(-1, channels)
    return (samples if channels == 2 else np.repeat(samples, 2, axis=1)), sample_rate
