"""What every instrument of the synthesizer is made of: partials, damped sinusoids, bands of noise and ramps.

Every tone has three parts. The first two are the same touch by touch, soft and hard: their partials go together, so that a mixture of them
is a touch in between. The third is what strokes and ears differ in: the other string, the other players, other noise. How a stroke mixes
them is said in `touch.py`. Letters: N frames, K sinusoids, F frequencies, 3 parts, 2 channels (left, right).
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
Parts = NDArray[np.float32]
"""Shape (3, N): soft, hard, other."""

TOUCHES: Final = (0.0, 1.0, 0.5)
"""How hard the touch is that each part stands for."""
ROW_FRAMES: Final = 512
"""Frames are made by so many: space for them is to be so much longer."""
_FOLLOW: Final = 0.5
"""How far the brightness of an instrument goes along with the pitch, 0 to 1."""
_SEGMENT_ROWS: Final = (8, 32, 96, 256)
"""Where the sinusoids that have died meanwhile are left out, in rows."""
_INAUDIBLE: Final = 10 ** (-78 / 20)
"""Share of a sound below which a sinusoid is left out."""
DECAY_OF_60_DB: Final = 6.907755278982137
"""A sound has lost 60 dB when its exponent has reached this."""
_HIGHEST_HZ: Final = 15_000.0


@dataclass(frozen=True, eq=False)
class Tone:
    """The sound of one pitch, from its beginning.

    Attributes:
        sound_3N: float32, begins at 0.
        loop: from this frame on the sound repeats for ever; None where it dies away and N is its end.
    """

    sound_3N: Parts
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


def partials(count: int, *, levels: Sequence[float], slope: float) -> Floats:
    """Amplitudes of the first partials: those listed and nothing above them, or where none is, k to the minus `slope` for partial k."""
    level_K = np.zeros(count) if levels else np.arange(1, count + 1) ** -float(slope)
    level_K[: len(levels)] = levels
    return level_K


def brightness(hz_K: Floats, bright_hz: float, *, pitch: int, octaves: float) -> Floats:
    """How much is left of each partial in each part, of shape (3, K): what is above `bright_hz` fades, 12 dB an octave.

    That frequency holds at A4 and a middle touch; between the softest and the hardest it rises by some octaves.
    """
    rise_31 = np.array(TOUCHES)[:, None] * octaves - octaves / 2
    return 1.0 / (1.0 + (hz_K / (bright_hz * 2.0 ** (_FOLLOW * (pitch - 69) / 12 + rise_31))) ** 2)


def equally_loud(level_K: Floats, hz_K: Floats) -> Floats:
    """The same amplitudes in proportion, such that their sinusoids together are about as loud as one of 1 kHz with a mean square of 1.

    The ear is taken to lose what is low and to hear best what lies around 3 kHz, as at moderate levels. Silence stays silent.
    """
    hz_K = np.maximum(hz_K, 1.0)
    ear_K = (1.0 + 0.5 / (1.0 + (1500.0 / hz_K) ** 2)) / np.sqrt(1.0 + (220.0 / hz_K) ** 2)
    return level_K / np.sqrt(0.5 * ((level_K * ear_K) ** 2).sum(axis=-1, keepdims=True) + 1e-30)


def rise(count: int) -> NDArray[np.float32]:
    """A smooth way from 0 (included) to 1 (excluded), level at both ends."""
    return (0.5 - 0.5 * np.cos(np.pi * np.arange(count) / max(count, 1))).astype(np.float32)


def decaying(count: int, ring_s: float, *, sample_rate: int) -> NDArray[np.float32]:
    """An exponential from 1 that loses 60 dB in `ring_s`."""
    return np.exp(np.arange(count, dtype=np.float32) * np.float32(-DECAY_OF_60_DB / (ring_s * sample_rate)))


def damped_sinusoids(hz_K: Floats, decay_K: Floats, wave_CK: NDArray[np.complex128], *, sample_rate: int, space_CN: Parts) -> None:
    """The real parts of sums over k of a_ck exp((-d_k + 2 pi i f_k) t), a matrix product.

    With z = exp((-d + 2 pi i f) / rate), frame A R + r of a sinusoid is (a z^(A R)) (z^r): all frames of all sinusoids are the product of
    a matrix of rows' beginnings and one of the first row, summed over the sinusoids by the product itself.

    Args:
        hz_K: frequency of each sinusoid.
        decay_K: of each, per second.
        wave_CK: amplitude of each in C sums; its angle is the phase at the beginning.
        sample_rate: frames a second.
        space_CN: where the sums go, from the first frame to the last; N is a multiple of `ROW_FRAMES`, each row lies in one piece.
    """
    space_CAR = space_CN.reshape(len(space_CN), -1, ROW_FRAMES)
    rows = space_CAR.shape[1]
    step_K = np.exp((-np.asarray(decay_K) + 2j * np.pi * np.asarray(hz_K)) / sample_rate)
    first_KR = _powers(step_K, ROW_FRAMES)
    begin_KA = _powers(first_KR[:, -1] * step_K, rows)
    right = np.concatenate([first_KR.real, first_KR.imag]).astype(np.float32)
    peak_K = np.abs(wave_CK).max(axis=0)
    edges = [0, *(edge for edge in _SEGMENT_ROWS if edge < rows), rows]
    for begin, end in itertools.pairwise(edges):
        alive_K = np.flatnonzero(peak_K * np.abs(begin_KA[:, begin]) > _INAUDIBLE * peak_K.max(initial=0.0))
        left_CKA = wave_CK[:, alive_K, None] * begin_KA[alive_K, begin:end]
        left_CAK = np.concatenate([left_CKA.real, -left_CKA.imag], axis=1, dtype=np.float32).transpose(0, 2, 1)
        of_alive = right[np.concatenate([alive_K, alive_K + len(step_K)])]
        for left_AK, space_AR in zip(left_CAK, space_CAR[:, begin:end], strict=True):
            np.matmul(left_AK, of_alive, out=space_AR)


def rows(space_CN: Parts, frames: int) -> Parts:
    """The least part of a space that holds so many frames and whole rows."""
    return space_CN[:, : -(-frames // ROW_FRAMES) * ROW_FRAMES]


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
    frames: int, rng: np.random.Generator, *, sample_rate: int, shapes: Sequence[Callable[[Floats], Floats]], periodic: bool = False
) -> NDArray[np.float32]:
    """Noise of mean square 1, one row for each shape; all rows but the last are the same noise, filtered otherwise.

    Args:
        frames: N.
        rng: where it comes from.
        sample_rate: frames a second.
        shapes: amplitudes at frequencies in hertz.
        periodic: whether the end must lead back into the beginning.
    """
    size = frames if periodic else fast_frames(frames)
    hz_F = np.maximum(np.fft.rfftfreq(size, 1.0 / sample_rate), 1e-3)
    noise_2F = rng.standard_normal((2, 2 * len(hz_F)), np.float32).view(np.complex64)
    noise_2F[:, 0] = 0.0
    rows: list[NDArray[np.float32]] = []
    for place, shape in enumerate(shapes):
        last = place == len(shapes) - 1
        if place and shape is shapes[place - 1] and not last:
            rows.append(rows[-1])
            continue
        shaped_F = noise_2F[int(last)] * np.asarray(shape(hz_F), np.float32)
        power = float(np.vdot(shaped_F, shaped_F).real)
        noise_N = np.fft.irfft(shaped_F * np.float32(size / np.sqrt(2.0 * power + 1e-30)), size)[:frames]
        rows.append(np.asarray(noise_N, np.float32))
    return np.stack(rows)


def band(low_hz: float, high_hz: float) -> Callable[[Floats], Floats]:
    """The shape of a band with soft edges, for `band_noise`."""
    return lambda hz: 1.0 / np.sqrt((1.0 + (low_hz / hz) ** 6) * (1.0 + (hz / high_hz) ** 6))


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
