"""Another sample rate for a sound, by a windowed sinc.

Letters: N frames, T taps, 2 channels.
"""

from __future__ import annotations

from math import gcd
from typing import Final

import numpy as np

from lstmgen.music.sound.waves import Stereo

_CROSSINGS: Final = 24
"""Zeros of the sinc to either side."""
_KAISER: Final = 9.0
"""Shape of the window; what is mirrored at the new rate's half lies 90 dB below."""
_PASSED: Final = 0.96
"""Share of the smaller rate's half that comes through."""


def resampled(sound_2N: Stereo, *, from_rate: int, to_rate: int) -> Stereo:
    """The same sound at another rate; as long as before, to within one frame.

    Output frames whose places fall at the same fraction between two input frames have one set of weights, so that each of the sets is
    one product of a matrix and a vector (a polyphase filter, Crochiere and Rabiner 1983).

    Args:
        sound_2N: at `from_rate`.
        from_rate: frames a second before.
        to_rate: frames a second after.
    """
    shared = gcd(from_rate, to_rate)
    up, down = to_rate // shared, from_rate // shared
    if up == down:
        return sound_2N
    passed = _PASSED * min(1.0, up / down)
    reach = int(np.ceil(_CROSSINGS / passed))
    offset_T = np.arange(-reach, reach + 1)
    frames = sound_2N.shape[1]
    count = -(-frames * up // down)
    padded_2N = np.pad(sound_2N, ((0, 0), (reach, reach + down + 1)))
    result_2N = np.empty((2, count), np.float32)
    for phase in range(min(up, count)):
        first, rest = divmod(phase * down, up)
        distance_T = offset_T - rest / up
        window_T = np.i0(_KAISER * np.sqrt(np.maximum(0.0, 1.0 - (distance_T / (reach + 1)) ** 2)))
        weight_T = np.sinc(distance_T * passed) * window_T
        weight_T /= weight_T.sum()
        wanted = len(range(phase, count, up))
        for channel in range(2):
            windows = np.lib.stride_tricks.sliding_window_view(padded_2N[channel], 2 * reach + 1)[first::down][:wanted]
            result_2N[channel, phase::up] = windows @ weight_T.astype(np.float32)
    return result_2N
