"""Another sample rate for a sound."""

from __future__ import annotations

from math import gcd

import numpy as np

from lstmgen.music.sound.waves import Stereo, fast_frames


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
