"""Instruments that are struck or plucked and then left alone: pianos, mallets, bells, guitars, harps, basses, kettledrums.

Their sound is a sum of damped sinusoids. A string's are its partials, sharp by its stiffness (Fletcher 1964: f_k = k f sqrt(1 + B k^2)),
weak where it was struck or plucked, and shorter the higher they are; a bar's or a bell's are a list of ratios. The stiffness of a piano's
strings is that of Rigaud, David and Daudet 2011: it falls along the wound strings and rises along the plain ones. A harder stroke lets
more of the high partials through, for felt and flesh are stiffer the more they are pressed (Hall and Askenfelt 1988), and its noise is
brighter. What moves sideways, or on the string beside it, is a little out of tune and dies otherwise: they beat, and fade fast at first
and slowly then (Weinreich 1977).

Letters: N frames, K sinusoids, 3 parts (see `waves.py`).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.music.sound import waves
from lstmgen.music.sound.touch import Mixing
from lstmgen.music.sound.waves import DECAY_OF_60_DB, TOUCHES, Parts, Tone, rise

_LEVEL: Final = 0.2
_MAX_PARTIALS: Final = 90
_MAX_RING_S: Final = 12.0
_UNDAMPED_S: Final = 1.2
_RING_OCTAVE: Final = 0.68
"""A note rings for this share of the time of the note an octave below."""
_TOUCH_OCTAVES: Final = 2.4
_HEARD: Final = 1.05
"""Times of 60 dB after which a note is heard no more."""
_PAIR: Final = ((-1.0, 0.9), (1.0, 1.6))
"""The strings of a pair: side of the pitch, and how many times faster than a single one it dies."""
_SIDEWAYS: Final = ((0.0, 1.0), (0.25, 1.4))
"""The same of the two directions in which a single string moves, or of a bar that is struck elsewhere; cents, not sides."""
_ELSEWHERE: Final = (0.4, 1.2)
"""Least and largest level of a partial elsewhere, as a share of that in the middle."""
_PHASES: Final = 1.6
"""Spread of the phases at the beginning, in radians: what was struck starts together."""
_WOUND: Final = (-0.0847, -5.82)
_PLAIN: Final = (0.0926, -13.64)
"""Logarithm of B along the wound and the plain strings of a piano: slope for a semitone, and at pitch 0."""
_INNER_LOSS: Final = 3.0
"""What a string loses a second within itself and to the air at 5 kHz; with the square of the frequency (Chaigne and Askenfelt 1994)."""
_KNOCK_SHARE: Final = 0.4
"""The middle of the noise of a stroke, as a share of the frequency up to which an instrument is bright."""
_KNOCK_OCTAVES: Final = 1.4
"""To either side of that."""
_CLICK_HZ: Final = (2200.0, 9000.0)
_CLICK_S: Final = 0.02
"""Time in which a click loses 60 dB."""
_UNHEARD: Final = 10 ** (-70 / 20)
"""Share of the strongest partial below which one is left out."""


@dataclass(frozen=True, kw_only=True)
class Struck:
    """How a struck or plucked instrument sounds. Where something changes with pitch, what is given holds at A4.

    Attributes:
        gain_db: louder or softer than the others.
        ratios: frequencies of the partials as multiples of the lowest, where they are not those of a string.
        levels: their amplitudes, or those of the only partials of a string; where empty, partial k has k to the minus `slope`.
        slope: see there.
        place: where along the string it is struck or plucked, 0 to 0.5; 0 leaves no gap among the partials.
        bright_hz: partials above it fade, 12 dB an octave, at a middle touch.
        ring_s: time in which the lowest partial loses 60 dB.
        damping: by how much each following partial dies faster than the lowest.
        apart_cents: of the two strings of a note from the pitch; 0 for a single one.
        attack_s: the first rise.
        knock: level of the noise of the stroke: the wood.
        click: level of the high noise of a hard stroke: felt, nail, stick.
        release_s: how long it sounds on when the key is let go.
        undamped_from: pitch from which on the strings have no dampers, so that notes end by themselves.
        width: how far low and high notes lie apart between left and right, 0 to 1; at 0 both sides are alike.
    """

    gain_db: float = 0.0
    ratios: tuple[float, ...] = ()
    levels: tuple[float, ...] = ()
    slope: float = 1.0
    place: float = 0.0
    bright_hz: float = 2500.0
    ring_s: float = 5.0
    damping: float = 0.25
    apart_cents: float = 0.0
    attack_s: float = 0.0015
    knock: float = 0.05
    click: float = 0.03
    release_s: float = 0.12
    undamped_from: int = 128
    width: float = 0.25

    def length_s(self, pitch: int) -> float:
        """Seconds until a note that is held can be heard no more."""
        return min(_MAX_RING_S, _HEARD * self._ring_s(pitch) / min(factor for _, factor in self._strings()))

    def release_of(self, pitch: int) -> float:
        """Seconds that a note sounds on after its end."""
        return _UNDAMPED_S if pitch >= self.undamped_from else self.release_s

    @property
    def most_s(self) -> float:
        """The longest that a tone of it can be."""
        return _MAX_RING_S

    @property
    def mixing(self) -> Mixing:
        """How strokes mix the parts of a tone."""
        return Mixing(mean=0.4, strokes=0.3, ears=0.22 * min(1.0, 3.0 * self.width))

    def tone(self, pitch: int, *, frames: int, sample_rate: int, seed: int, space_3N: Parts) -> Tone:
        """The first `frames` of a note; shorter where it is over before.

        Args:
            pitch: 0 to 127.
            frames: how much will be needed.
            sample_rate: frames a second.
            seed: which instrument it is; keeps the random phases of two instruments apart.
            space_3N: where the tone may lie; longer than `frames` by `waves.ROW_FRAMES`.
        """
        length = round(self.length_s(pitch) * sample_rate)
        frames = min(frames, length)
        self._partials(pitch, np.random.default_rng((seed, pitch)), sample_rate=sample_rate, space_3N=waves.rows(space_3N, frames))
        sound_3N = space_3N[:, :frames]
        noise_3N = _noises(self.knock, self.click, self.bright_hz, seed, sample_rate)[:, :frames]
        sound_3N[:, : noise_3N.shape[1]] += noise_3N
        attack = min(max(2, round(self.attack_s * sample_rate)), frames)
        sound_3N[:, :attack] *= rise(attack)
        fade = max(1, length // 8)
        begin = length - fade
        if begin < frames:
            sound_3N[:, begin:] *= rise(fade)[::-1][: frames - begin]
        sound_3N *= np.float32(_LEVEL * waves.amplitude(self.gain_db))
        return Tone(sound_3N)

    def _ring_s(self, pitch: int) -> float:
        return self.ring_s * _RING_OCTAVE ** ((pitch - 69) / 12)

    def _strings(self) -> tuple[tuple[float, float], ...]:
        """For the first two parts and for the third: cents from the pitch, and how many times faster than a single string it dies."""
        return tuple((side * self.apart_cents, faster) for side, faster in _PAIR) if self.apart_cents else _SIDEWAYS

    def _partials(self, pitch: int, rng: np.random.Generator, *, sample_rate: int, space_3N: Parts) -> None:
        number_K = np.arange(1, (len(self.ratios) or _MAX_PARTIALS) + 1)
        stiffness = sum(np.exp(slope * pitch + origin) for slope, origin in (_WOUND, _PLAIN))
        ratio_K = np.array(self.ratios) if self.ratios else number_K * np.sqrt((1 + stiffness * number_K**2) / (1 + stiffness))
        hz_K = ratio_K * waves.hertz(pitch)
        level_K = waves.partials(len(hz_K), levels=self.levels, slope=self.slope)
        if self.place:
            level_K *= np.abs(np.sin(np.pi * number_K * self.place)) + 0.02
        level_3K = level_K * waves.brightness(hz_K, self.bright_hz, pitch=pitch, octaves=_TOUCH_OCTAVES)
        level_3K[:, hz_K > waves.highest_hz(sample_rate)] = 0.0
        level_3K = waves.equally_loud(level_3K, hz_K)
        phase_K = _PHASES * (rng.random(len(hz_K)) - 0.5) - np.pi / 2
        wave_3K: NDArray[np.complex128] = np.multiply(level_3K, np.exp(1j * phase_K))
        # Elsewhere a partial has another level and phase. That of the lowest is at a right angle, so that both ears get as much of it.
        turn_K = 2j * np.pi * rng.random(len(hz_K))
        turn_K[0] = 0.5j * np.pi
        wave_3K[2] *= rng.uniform(*_ELSEWHERE, len(hz_K)) * np.exp(turn_K)
        heard_K = level_3K[1] > _UNHEARD * level_3K[1].max()
        decay_K = DECAY_OF_60_DB / self._ring_s(pitch) * (1.0 + self.damping * (number_K[heard_K] - 1))
        if not self.ratios:
            decay_K += _INNER_LOSS * (hz_K[heard_K] / 5000.0) ** 2
        for (cents, faster), parts in zip(self._strings(), (slice(0, 2), slice(2, 3)), strict=True):
            waves.damped_sinusoids(
                hz_K[heard_K] * 2.0 ** (cents / 1200),
                decay_K * faster,
                wave_3K[parts, heard_K],
                sample_rate=sample_rate,
                space_CN=space_3N[parts],
            )


@functools.lru_cache(maxsize=32)
def _noises(knock: float, click: float, bright_hz: float, seed: int, sample_rate: int) -> Parts:
    """The noise of a stroke: wood, which is shorter the higher it is, and what touches it. A soft stroke has less of both."""
    rng = np.random.default_rng((seed, 128))
    middle_hz = _KNOCK_SHARE * bright_hz
    ring_s = 1.6 / middle_hz**0.5
    wood = waves.band(middle_hz / 2.0**_KNOCK_OCTAVES, middle_hz * 2.0**_KNOCK_OCTAVES)
    noises_3N = np.zeros((3, round(1.2 * max(ring_s, _CLICK_S) * sample_rate)), np.float32)
    for level, softest, lasts_s, shape in ((knock, 0.4, ring_s, wood), (click, 0.05, _CLICK_S, waves.band(*_CLICK_HZ))):
        count = round(1.2 * lasts_s * sample_rate)
        by_touch_31 = level * (softest + (1.0 - softest) * np.array(TOUCHES, np.float32)[:, None])
        noise_3N = waves.band_noise(count, rng, sample_rate=sample_rate, shapes=(shape,) * 3)
        noises_3N[:, :count] += noise_3N * waves.decaying(count, lasts_s, sample_rate=sample_rate) * by_touch_31
    return noises_3N
