"""The drums of the synthesizer: each one is a few layers of swept sines, noise, and clouds of high sinusoids that stand for metal.

A drum rings for as long as it rings, whatever the note's end says; only those that share a `choke` (the hi-hats) cut each other off.

Letters: N frames, K sinusoids, 2 channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from lstmgen.music.sound.struck import STRENGTHS
from lstmgen.music.sound.tone import (
    DECAY_OF_60_DB,
    Stereo,
    Tone,
    amplitude,
    band,
    band_noise,
    damped_sinusoids,
    decaying,
    generator,
    highest_hz,
    rise,
)

VARIANTS: Final = 3
"""Strokes that sound a little different, taken in turn, so that a roll is not a machine gun."""
_LEVEL: Final = 0.5
_FADE_S: Final = 0.004
_HEARD: Final = 1.2
"""Times of 60 dB after which a layer is heard no more."""


class _Layer(Protocol):
    @property
    def lasts_s(self) -> float: ...

    def sound(self, hardness: float, rng: np.random.Generator, *, frames: int, sample_rate: int) -> Stereo: ...


@dataclass(frozen=True)
class _Skin:
    """A sine that falls from one frequency to another: the head of a drum.

    Attributes:
        from_hz: frequency of the stroke.
        to_hz: frequency that it settles at.
        sweep_s: time constant of the fall.
        ring_s: time in which it loses 60 dB.
        level_db: against a full drum.
    """

    from_hz: float
    to_hz: float
    sweep_s: float
    ring_s: float
    level_db: float = 0.0

    @property
    def lasts_s(self) -> float:
        return self.ring_s * _HEARD

    def sound(self, hardness: float, rng: np.random.Generator, *, frames: int, sample_rate: int) -> Stereo:
        seconds_N = np.arange(frames) / sample_rate
        bend_hz = (self.from_hz - self.to_hz) * (0.7 + 0.3 * hardness) * (0.97 + 0.06 * rng.random())
        turns_N = self.to_hz * seconds_N + bend_hz * self.sweep_s * (1.0 - np.exp(-seconds_N / self.sweep_s))
        wave_N = np.sin(2 * np.pi * turns_N).astype(np.float32)
        wave_N *= decaying(frames, self.ring_s, sample_rate=sample_rate) * np.float32(amplitude(self.level_db))
        return np.stack([wave_N, wave_N])


@dataclass(frozen=True)
class _Hiss:
    """A burst of noise, or several: snares, sticks, shakers, claps.

    Attributes:
        low_hz: lower edge of its band.
        high_hz: upper edge, at a hard stroke.
        ring_s: time in which it loses 60 dB.
        level_db: against a full drum.
        attack_s: time of its rise.
        again_s: moments of further bursts, each as loud.
    """

    low_hz: float
    high_hz: float
    ring_s: float
    level_db: float = 0.0
    attack_s: float = 0.0008
    again_s: tuple[float, ...] = ()

    @property
    def lasts_s(self) -> float:
        return self.ring_s * _HEARD + max(self.again_s, default=0.0)

    def sound(self, hardness: float, rng: np.random.Generator, *, frames: int, sample_rate: int) -> Stereo:
        shape = band(self.low_hz, self.high_hz * (0.6 + 0.4 * hardness))
        noise_2N = band_noise(frames, rng, sample_rate=sample_rate, shape=shape)
        burst_N = decaying(frames, self.ring_s, sample_rate=sample_rate)
        attack = min(frames, max(2, round(self.attack_s * sample_rate)))
        burst_N[:attack] *= rise(attack)
        envelope_N = burst_N.copy()
        for moment_s in self.again_s:
            begin = min(frames, round(moment_s * sample_rate))
            envelope_N[:begin] *= np.minimum(1.0, np.arange(begin, 0, -1) / attack)
            envelope_N[begin:] = burst_N[: frames - begin]
        return (noise_2N * (envelope_N * np.float32(0.35 * amplitude(self.level_db)))).astype(np.float32)


@dataclass(frozen=True)
class _Metal:
    """Many sinusoids without any order: cymbals, bells, triangles.

    Attributes:
        low_hz: the lowest.
        high_hz: the highest.
        count: how many.
        ring_s: time in which the lowest ones lose 60 dB; the highest take a third of it.
        level_db: against a full drum.
        attack_s: time of its rise.
    """

    low_hz: float
    high_hz: float
    count: int
    ring_s: float
    level_db: float = 0.0
    attack_s: float = 0.001

    @property
    def lasts_s(self) -> float:
        return self.ring_s * _HEARD

    def sound(self, hardness: float, rng: np.random.Generator, *, frames: int, sample_rate: int) -> Stereo:
        fixed = generator(round(self.low_hz), round(self.high_hz), self.count)
        share_K = np.sort(fixed.random(self.count)) if self.count > 1 else np.zeros(1)
        frequency_K = self.low_hz * (self.high_hz / self.low_hz) ** share_K
        level_K = (0.4 + fixed.random(self.count)) * (1.0 - 0.5 * (1.0 - hardness) * share_K)
        level_K /= np.sqrt(0.5 * float((level_K**2).sum()))
        heard_K = frequency_K < highest_hz(sample_rate)
        wave_2K = level_K[heard_K] * np.exp(2j * np.pi * rng.random((2, int(heard_K.sum()))))
        decay_K = DECAY_OF_60_DB / self.ring_s * (1.0 + 2.0 * share_K[heard_K])
        sound_2N = damped_sinusoids(frequency_K[heard_K], decay_K, wave_2K, frames=frames, sample_rate=sample_rate)
        attack = min(frames, max(2, round(self.attack_s * sample_rate)))
        sound_2N[:, :attack] *= rise(attack)
        return sound_2N * np.float32(0.35 * amplitude(self.level_db))


@dataclass(frozen=True, kw_only=True)
class Drum:
    """One instrument of the kit.

    Attributes:
        layers: what sounds together.
        side: where it stands, from -1 left to 1 right.
        choke: drums of the same number, other than 0, silence one another.
    """

    layers: tuple[_Layer, ...]
    side: float = 0.0
    choke: int = 0

    def length_s(self) -> float:
        """Seconds until it can be heard no more."""
        return max(layer.lasts_s for layer in self.layers)

    def tone(self, strength: int, variant: int, *, sample_rate: int, seed: int) -> Tone:
        """One stroke.

        Args:
            strength: 0 to STRENGTHS - 1.
            variant: 0 to VARIANTS - 1.
            sample_rate: frames a second.
            seed: which drum it is.
        """
        rng = generator(seed, variant)
        hardness = strength / (STRENGTHS - 1)
        frames = round(self.length_s() * sample_rate)
        sound_2N = np.zeros((2, frames), np.float32)
        for layer in self.layers:
            count = min(frames, round(layer.lasts_s * sample_rate))
            sound_2N[:, :count] += layer.sound(hardness, rng, frames=count, sample_rate=sample_rate)
        fade = max(2, round(_FADE_S * sample_rate))
        sound_2N[:, : fade // 8] *= rise(fade // 8)
        sound_2N[:, -fade:] *= rise(fade)[::-1]
        return Tone(sound_2N * np.float32(_LEVEL))


def drum(pitch: int) -> Drum:
    """The drum that a pitch of the percussion channel means; where General MIDI says nothing, the nearest that it names."""
    return KIT[min(max(pitch, min(KIT)), max(KIT))]


def _tom(hz: float, side: float) -> Drum:
    ring_s = 0.45 * (150.0 / hz) ** 0.5
    return Drum(
        layers=(
            _Skin(hz * 1.5, hz, 0.05, ring_s, -2.0),
            _Skin(hz * 2.3, hz * 1.59, 0.04, ring_s / 2, -12.0),
            _Hiss(300, 4000, 0.06, -14.0),
        ),
        side=side,
    )


def _hand_drum(hz: float, ring_s: float, side: float, slap_db: float = -12.0) -> Drum:
    return Drum(
        layers=(
            _Skin(hz * 1.12, hz, 0.02, ring_s, -4.0),
            _Skin(hz * 1.9, hz * 1.83, 0.02, ring_s / 2, -14.0),
            _Hiss(800, 6000, 0.04, slap_db),
        ),
        side=side,
    )


def _block(hz: float, side: float) -> Drum:
    return Drum(
        layers=(_Skin(hz * 1.04, hz, 0.005, 0.09, -4.0), _Skin(hz * 2.53, hz * 2.5, 0.005, 0.05, -12.0), _Hiss(1000, 6000, 0.02, -16.0)),
        side=side,
    )


def _cymbal(low_hz: float, ring_s: float, side: float, level_db: float, bell_db: float = -40.0) -> Drum:
    return Drum(
        layers=(
            _Metal(low_hz, 14_000, 90, ring_s, level_db, 0.002),
            _Hiss(4000, 16_000, ring_s * 0.6, level_db - 2.0, 0.002),
            _Hiss(1500, 9000, 0.12, level_db - 4.0),
            _Metal(low_hz * 2.2, low_hz * 5.5, 4, ring_s * 0.7, bell_db),
        ),
        side=side,
    )


def _hat(ring_s: float, level_db: float) -> Drum:
    return Drum(
        layers=(_Metal(3200, 14_500, 48, ring_s, level_db - 4.0, 0.0006), _Hiss(6500, 16_000, ring_s * 0.8, level_db, 0.0006)),
        side=0.3,
        choke=1,
    )


def _shaker(low_hz: float, high_hz: float, ring_s: float, attack_s: float, side: float) -> Drum:
    return Drum(layers=(_Hiss(low_hz, high_hz, ring_s, -9.0, attack_s),), side=side)


def _guiro(scratches: int, gap_s: float) -> Drum:
    moments_s = tuple(gap_s * number for number in range(1, scratches))
    return Drum(layers=(_Hiss(2500, 7000, max(0.12, gap_s * 3), -9.0, 0.002, moments_s),), side=-0.4, choke=3)


_KICK: Final = (_Skin(190, 52, 0.035, 0.42, 0.0), _Skin(420, 90, 0.012, 0.08, -6.0), _Hiss(1200, 6000, 0.025, -14.0))
_SNARE_BODY: Final = (_Skin(260, 186, 0.02, 0.16, -7.0), _Skin(400, 330, 0.02, 0.11, -13.0))
_WHISTLE: Final = (_Metal(2250, 2450, 3, 0.5, -12.0, 0.01),)

KIT: Final[dict[int, Drum]] = {
    27: Drum(layers=(_Skin(2400, 300, 0.04, 0.2, -9.0),), side=-0.2),
    28: Drum(layers=(_Hiss(900, 6000, 0.1, -6.0), _Skin(500, 300, 0.01, 0.08, -10.0))),
    29: Drum(layers=(_Hiss(1500, 5000, 0.12, -9.0, 0.02),), side=-0.3),
    30: Drum(layers=(_Hiss(1200, 4500, 0.14, -9.0, 0.03),), side=-0.3),
    31: Drum(layers=(_Hiss(2000, 8000, 0.03, -8.0), _Skin(1500, 1400, 0.005, 0.04, -12.0))),
    32: Drum(layers=(_Hiss(2500, 9000, 0.02, -8.0),)),
    33: _block(1600, 0.0),
    34: Drum(layers=(_Metal(2000, 6200, 6, 0.8, -8.0),)),
    35: Drum(layers=(_Skin(150, 45, 0.04, 0.5, 0.0), _Hiss(800, 3500, 0.03, -18.0))),
    36: Drum(layers=_KICK),
    37: Drum(layers=(_Skin(860, 820, 0.004, 0.06, -7.0), _Skin(1750, 1700, 0.004, 0.04, -10.0), _Hiss(1500, 8000, 0.03, -9.0)), side=-0.05),
    38: Drum(layers=(*_SNARE_BODY, _Hiss(1400, 11_000, 0.32, -0.5), _Hiss(350, 2500, 0.12, -6.0)), side=-0.05),
    39: Drum(layers=(_Hiss(900, 4500, 0.26, -1.0, 0.001, (0.011, 0.022, 0.031)),), side=0.1),
    40: Drum(layers=(_Skin(310, 220, 0.02, 0.13, -6.0), _Hiss(2000, 13_000, 0.19, -1.0), _Hiss(400, 3000, 0.06, -6.0)), side=-0.05),
    41: _tom(82, 0.45),
    42: _hat(0.11, -8.0),
    43: _tom(98, 0.35),
    44: _hat(0.07, -11.0),
    45: _tom(118, 0.15),
    46: _hat(0.85, -8.0),
    47: _tom(142, 0.0),
    48: _tom(172, -0.15),
    49: _cymbal(420, 3.4, -0.45, -5.0),
    50: _tom(205, -0.3),
    51: _cymbal(700, 1.9, 0.5, -14.0, -13.0),
    52: _cymbal(330, 1.7, 0.4, -5.0),
    53: Drum(layers=(_Metal(1250, 5600, 7, 1.6, -9.0), _Hiss(5000, 14_000, 0.3, -20.0)), side=0.5),
    54: Drum(layers=(_Metal(5200, 12_500, 24, 0.3, -9.0), _Hiss(5000, 14_000, 0.2, -12.0, 0.001, (0.03,))), side=0.35),
    55: _cymbal(900, 1.1, -0.2, -6.0),
    56: Drum(layers=(_Metal(540, 560, 1, 0.32, -5.0), _Metal(800, 846, 1, 0.26, -5.0), _Metal(1600, 4200, 6, 0.12, -14.0)), side=0.25),
    57: _cymbal(480, 3.1, 0.45, -5.0),
    58: Drum(layers=(_Hiss(2000, 6500, 0.9, -8.0, 0.001, (0.03, 0.06, 0.09, 0.12, 0.15, 0.18)),), side=-0.4),
    59: _cymbal(760, 1.7, 0.5, -13.0, -15.0),
    60: _hand_drum(420, 0.22, 0.4),
    61: _hand_drum(290, 0.28, 0.4),
    62: _hand_drum(330, 0.09, -0.3, -6.0),
    63: _hand_drum(320, 0.32, -0.3),
    64: _hand_drum(210, 0.38, -0.3),
    65: _hand_drum(460, 0.42, 0.3, -8.0),
    66: _hand_drum(310, 0.48, 0.3, -8.0),
    67: Drum(layers=(_Metal(930, 960, 1, 0.35, -7.0), _Metal(2350, 2600, 2, 0.3, -12.0)), side=-0.4),
    68: Drum(layers=(_Metal(690, 720, 1, 0.4, -7.0), _Metal(1760, 1950, 2, 0.33, -12.0)), side=-0.4),
    69: _shaker(4500, 12_000, 0.11, 0.02, 0.4),
    70: _shaker(6000, 14_000, 0.08, 0.008, 0.45),
    71: Drum(layers=_WHISTLE, side=0.2, choke=2),
    72: Drum(layers=(_Metal(2250, 2450, 3, 1.4, -12.0, 0.015),), side=0.2, choke=2),
    73: _guiro(4, 0.018),
    74: _guiro(14, 0.022),
    75: Drum(layers=(_Skin(2540, 2500, 0.004, 0.07, -6.0), _Hiss(2000, 8000, 0.012, -16.0)), side=0.2),
    76: _block(1050, 0.3),
    77: _block(780, 0.3),
    78: Drum(layers=(_Skin(420, 620, 0.05, 0.2, -8.0),), side=-0.3, choke=4),
    79: Drum(layers=(_Skin(520, 310, 0.07, 0.32, -8.0),), side=-0.3, choke=4),
    80: Drum(layers=(_Metal(4100, 11_500, 5, 0.12, -12.0),), side=0.45, choke=5),
    81: Drum(layers=(_Metal(4100, 11_500, 5, 2.0, -12.0),), side=0.45, choke=5),
    82: _shaker(5000, 13_000, 0.13, 0.025, -0.4),
    83: Drum(layers=(_Metal(4800, 12_000, 20, 0.5, -12.0, 0.004), _Hiss(7000, 14_000, 0.25, -18.0, 0.001, (0.05, 0.1))), side=0.4),
    84: Drum(layers=(_Metal(2600, 13_000, 40, 1.8, -12.0, 0.06),), side=0.4),
    85: _block(1900, -0.3),
    86: Drum(layers=(_Skin(95, 82, 0.02, 0.16, -3.0), _Hiss(400, 2500, 0.05, -14.0)), side=0.1, choke=6),
    87: Drum(layers=(_Skin(90, 68, 0.05, 0.9, -1.0), _Hiss(300, 2000, 0.05, -18.0)), side=0.1, choke=6),
}
"""By pitch: General MIDI from 35 to 81, and what General MIDI 2 adds around it. Choke 1 are the hi-hats, 2 the whistles, 3 the guiros,
4 the cuicas, 5 the triangles, 6 the surdos."""
