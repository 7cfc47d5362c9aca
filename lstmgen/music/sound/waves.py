"""What every instrument of the synthesizer is made of: partials, damped sinusoids, bands of noise and ramps.

Letters: N frames, K sinusoids, 2 channels (left, right).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import gcd
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Stereo = NDArray[np.float32]
"""Shape (2, N)."""

STRENGTHS: Final = 8
"""Kinds of touch between the softest and the hardest: velocity 0 to 15, 16 to 31 and so on."""
_FOLLOW: Final = 0.5
"""How far the brightness of an instrument goes along with the pitch, 0 to 1."""
_TILT_DB_PER_OCTAVE: Final = -1.5
"""High notes sound louder than low ones of the same power."""
_ROW_FRAMES: Final = 1024
_SEGMENT_ROWS: Final = (4, 16, 48, 128)
"""Where the sinusoids that have died meanwhile are left out, in rows."""
_INAUDIBLE: Final = 10 ** (-84 / 20)
"""Share of a sound below which a sinusoid is left out."""
DECAY_OF_60_DB: Final = 6.907755278982137
"""A sound has lost 60 dB when its exponent has reached this."""
_HIGHEST_HZ: Final = 15_000.0


@dataclass(frozen=True, eq=False)
class Tone:
    """The sound of one pitch at one strength, from its beginning.

    Attributes:
        sound_2N: float32, begins at 0.
        loop: from this frame on the sound repeats for ever; None where it dies away and N is its end.
    """

    sound_2N: Stereo
    loop: int | None = None


def amplitude(level_db: float) -> float:
    """The factor that a level in decibels stands for."""
    return 10.0 ** (level_db / 20.0)


def hertz(pitch: float) -> float:
    """Frequency of a pitch in equal temperament, A4 (69) at 440 Hz."""
    return 440.0 * 2.0 ** ((pitch - 69.0) / 12.0)


def highest_hz(sample_rate: int) -> float:
    """No sinusoid lies above this."""
    return min(_HIGHEST_HZ, 0.45 * sample_rate)


def hardness(strength: int) -> float:
    """0 for the softest of `STRENGTHS`, 1 for the hardest."""
    return strength / (STRENGTHS - 1)


def gain(level_db: float, pitch: int) -> float:
    """The factor that makes an instrument equally loud at every pitch, and louder or softer than others by `level_db`."""
    return amplitude(level_db + _TILT_DB_PER_OCTAVE * (pitch - 60) / 12)


def partials(count: int, *, levels: Sequence[float], slope: float) -> Floats:
    """Amplitudes of the first partials: those listed and nothing above them, or where none is, k to the minus `slope` for partial k."""
    level_K = np.zeros(count) if levels else np.arange(1, count + 1) ** -float(slope)
    level_K[: len(levels)] = levels
    return level_K


def brightness(hz_K: Floats, bright_hz: float, *, pitch: int, octaves: float) -> Floats:
    """How much is left of each partial: what is above `bright_hz` fades, 12 dB an octave; it lies `octaves` higher, at A4."""
    return 1.0 / (1.0 + (hz_K / (bright_hz * 2.0 ** (_FOLLOW * (pitch - 69) / 12 + octaves))) ** 2)


def of_unit_power(level_K: Floats) -> Floats:
    """The same amplitudes in proportion, such that the mean square of their sinusoids is 1; silence stays silent."""
    return level_K / np.sqrt(0.5 * float((level_K**2).sum()) + 1e-30)


def rise(count: int) -> NDArray[np.float32]:
    """A smooth way from 0 (included) to 1 (excluded), level at both ends."""
    return (0.5 - 0.5 * np.cos(np.pi * np.arange(count) / max(count, 1))).astype(np.float32)


def decaying(count: int, ring_s: float, *, sample_rate: int) -> NDArray[np.float32]:
    """An exponential from 1 that loses 60 dB in `ring_s`."""
    return np.exp(np.arange(count, dtype=np.float32) * np.float32(-DECAY_OF_60_DB / (ring_s * sample_rate)))


def damped_sinusoids(
    frequency_hz_K: Floats, decay_K: Floats, amplitude_2K: NDArray[np.complex128], *, frames: int, sample_rate: int
) -> Stereo:
    """The real part of the sum over k of a_k exp((-d_k + 2 pi i f_k) t), a matrix product.

    With z = exp((-d + 2 pi i f) / rate), frame A R + r of a sinusoid is (a z^(A R)) (z^r): all frames of all sinusoids are the product of
    a matrix of rows' beginnings and one of the first row, summed over the sinusoids by the product itself.

    Args:
        frequency_hz_K: of each sinusoid.
        decay_K: of each, per second.
        amplitude_2K: of each in both channels; its angle is the phase at the beginning.
        frames: N.
        sample_rate: frames a second.
    """
    rows = -(-frames // _ROW_FRAMES)
    step_K = np.exp((-np.asarray(decay_K) + 2j * np.pi * np.asarray(frequency_hz_K)) / sample_rate)
    first_KR = _powers(step_K, _ROW_FRAMES)
    begin_KA = _powers(first_KR[:, -1] * step_K, rows)
    peak_K = np.abs(amplitude_2K).max(axis=0)
    sound_2AR = np.empty((2, rows, _ROW_FRAMES), np.float32)
    edges = [0, *(edge for edge in _SEGMENT_ROWS if edge < rows), rows]
    for begin, end in itertools.pairwise(edges):
        alive_K = peak_K * np.abs(begin_KA[:, begin]) > _INAUDIBLE * peak_K.max(initial=0.0)
        left_2KA = amplitude_2K[:, alive_K, None] * begin_KA[alive_K, begin:end]
        left = np.concatenate([left_2KA.real, -left_2KA.imag], axis=1).transpose(0, 2, 1).astype(np.float32)
        right = np.concatenate([first_KR[alive_K].real, first_KR[alive_K].imag]).astype(np.float32)
        np.matmul(left, right, out=sound_2AR[:, begin:end])
    return sound_2AR.reshape(2, -1)[:, :frames]


def _powers(step_K: NDArray[np.complex128], count: int) -> NDArray[np.complex128]:
    """Powers 0 to count - 1, by doubling."""
    powers = np.ones((len(step_K), count), np.complex128)
    done, next_power = 1, step_K.copy()
    while done < count:
        more = min(done, count - done)
        np.multiply(powers[:, :more], next_power[:, None], out=powers[:, done : done + more])
        done += more
        next_power *= next_power
    return powers


def fast_frames(count: int) -> int:
    """The least number of frames from `count` on that a Fourier transform is quick with: a power of 2, or 3 or 5 times one."""
    least = max(count, 16)
    return min(odd * 2 ** max(0, int(np.ceil(np.log2(least / odd)))) for odd in (1, 3, 5))


def band_noise(
    frames: int, rng: np.random.Generator, *, sample_rate: int, shape: Callable[[Floats], Floats], periodic: bool = False
) -> Stereo:
    """Noise of mean square 1 in two independent channels.

    Args:
        frames: N.
        rng: where it comes from.
        sample_rate: frames a second.
        shape: amplitude at each frequency in hertz.
        periodic: whether the end must lead back into the beginning.
    """
    size = frames if periodic else fast_frames(frames)
    amplitude_F = np.asarray(shape(np.fft.rfftfreq(size, 1.0 / sample_rate)), np.float64)
    amplitude_F[0] = 0.0
    phase_2F = rng.random((2, len(amplitude_F))) * (2 * np.pi)
    scale = size / np.sqrt(2.0 * float((amplitude_F**2).sum()) + 1e-30)
    spectrum_2F = (amplitude_F * scale * np.exp(1j * phase_2F)).astype(np.complex64)
    return np.fft.irfft(spectrum_2F, size)[:, :frames].astype(np.float32)


def band(low_hz: float, high_hz: float) -> Callable[[Floats], Floats]:
    """The shape of a band with soft edges, for `band_noise`."""
    return lambda hz: 1.0 / np.sqrt((1.0 + (low_hz / np.maximum(hz, 1e-3)) ** 6) * (1.0 + (hz / high_hz) ** 6))


def resampled(sound_2N: Stereo, *, from_rate: int, to_rate: int) -> Stereo:
    """The same sound at another rate, as long as before to within one frame: what of its spectrum both rates can hold.

    Args:
        sound_2N: at `from_rate`.
        from_rate: frames a second before.
        to_rate: frames a second after.
    """
    shared = gcd(from_rate, to_rate)
    up, down = to_rate // shared, from_rate // shared
    if up == down:
        return sound_2N
    frames = sound_2N.shape[1]
    # A whole number of periods that both rates share, with some silence, for the end leads into the beginning.
    blocks = fast_frames(-(-frames // down) + 1)
    result_2N = np.empty((2, -(-frames * up // down)), np.float32)
    for side, result_N in zip(sound_2N, result_2N, strict=True):
        spectrum_F = np.fft.rfft(side, blocks * down)[: blocks * min(up, down) // 2]
        result_N[:] = np.fft.irfft(spectrum_F, blocks * up)[: result_2N.shape[1]] * np.float32(up / down)
    return result_2N
