"""How a stroke mixes the three parts of a tone (see `waves.py`): by its touch, by chance, and between the ears."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_LOUDNESS_POWER: Final = 1.7
"""Amplitude grows with this power of the velocity: half the velocity is 10 dB less."""
_SOFTEST: Final = 12.0
_HARDEST: Final = 127.0
"""Velocities that are the first and the second part alone."""
_UNSTEADY: Final = 7.0
"""Velocities that a touch may be harder or softer by chance; its loudness is by a share of that."""
_LOUDNESS_UNSTEADY: Final = 0.04


@dataclass(frozen=True, kw_only=True)
class Mixing:
    """How strokes of an instrument mix the third part of a tone with the other two: as angles, for then the level stays as it is.

    At an angle of a the two have the factor cos a, and the third one sin a. All are in radians.

    Attributes:
        mean: the angle of a usual stroke.
        strokes: by how much that of a stroke is larger or smaller by chance.
        ears: by how much it is larger left, and smaller right, or the other way round. In one channel cos(ears) is left.
    """

    mean: float = 0.0
    strokes: float
    ears: float


def gains(
    velocity_M: NDArray[np.integer], mixing_M: list[Mixing], chance_M3: NDArray[np.float64], place_M: NDArray[np.float64]
) -> NDArray[np.float32]:
    """The factors of all parts left and right, of shape (M, 2, 3), for M strokes.

    Args:
        velocity_M: 1 to 127.
        mixing_M: of the instrument of each.
        chance_M3: of each three numbers between -1 and 1.
        place_M: where each stands, from -1 left to 1 right.
    """
    hard_M = np.clip((velocity_M + _UNSTEADY * chance_M3[:, 0] - _SOFTEST) / (_HARDEST - _SOFTEST), 0.0, 1.0)
    mean_M, strokes_M, ears_M = np.array([(way.mean, way.strokes, way.ears) for way in mixing_M], np.float64).T
    angle_M = mean_M + strokes_M * chance_M3[:, 1]
    ears_M = np.where(chance_M3[:, 2] < 0, -ears_M, ears_M)
    angle_M2 = np.stack([angle_M + ears_M, angle_M - ears_M], axis=1)
    parts_M23 = np.stack([(1.0 - hard_M)[:, None] * np.cos(angle_M2), hard_M[:, None] * np.cos(angle_M2), np.sin(angle_M2)], axis=2)
    loudness_M = (velocity_M / _HARDEST) ** _LOUDNESS_POWER * (1.0 + _LOUDNESS_UNSTEADY * chance_M3[:, 2])
    side_M = (np.clip(place_M, -1.0, 1.0) + 1.0) * (np.pi / 4)
    sides_M2 = np.sqrt(2.0) * np.stack([np.cos(side_M), np.sin(side_M)], axis=1)
    return (parts_M23 * (sides_M2 * loudness_M[:, None])[:, :, None]).astype(np.float32)
