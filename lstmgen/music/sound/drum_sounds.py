"""The drums of the synthesizer: each one is a few layers of swept sines, noise, and clouds of high sinusoids that stand for metal.

A drum rings for as long as it rings, whatever the note's end says; only those that share a `choke` (the hi-hats) cut each other off.

Letters: N frames, K sinusoids, 3 parts (see `waves.py`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from lstmgen.music.sound import waves
from lstmgen.music.sound.touch import Mixing
from lstmgen.music.sound.waves import TOUCHES, Parts, Tone, decaying, rise

MIXING: Final = Mixing(strokes=0.5, ears=0.4)
VARIANTS: Final = 3
"""Strokes that sound a little different, taken in turn, so that a roll is not a machine gun."""
_LEVEL: Final = 0.5
_SOFTER: Final = 0.35
"""Level of noise and metal beside a sine."""
_SWEEP_S: Final = 0.036
"""Time constant of a falling pitch."""
_FADE_S: Final = 0.004
_HEARD: Final = 1.2
"""Times of 60 dB after which a layer is heard no more."""


@dataclass(frozen=True)
class _Stroke:
    """What the layers of one stroke share."""

    rng: np.random.Generator
    frames: int
    sample_rate: int


@dataclass(frozen=True)
class _Layer:
    """Something that dies away: its sound, the time in which it loses 60 dB, its level, its rise, and moments at which it begins anew."""

    sound: Callable[[_Stroke], Parts]
    ring_s: float
    level: float
    attack_s: float = 0.0
    again_s: tuple[float, ...] = ()

    @property
    def lasts_s(self) -> float:
        return self.ring_s * _HEARD + max(self.again_s, default=0.0)

    def made(self, stroke: _Stroke) -> Parts:
        once_3N = self.sound(stroke) * np.float32(self.level)
        attack = min(stroke.frames, round(self.attack_s * stroke.sample_rate))
        once_3N[:, :attack] *= rise(attack)
        sound_3N = once_3N.copy()
        for moment_s in self.again_s:
            begin = min(stroke.frames, round(moment_s * stroke.sample_rate))
            sound_3N[:, begin:] = once_3N[:, : stroke.frames - begin]
        return sound_3N


_Layers = tuple[_Layer, ...]
_Band = tuple[float, float]


def _skin(from_hz: float, to_hz: float, ring_s: float, level_db: float) -> _Layers:
    """The head of a drum: a sine that falls from one frequency to another."""

    def sound(stroke: _Stroke) -> Parts:
        seconds_N = np.arange(stroke.frames, dtype=np.float32) / np.float32(stroke.sample_rate)
        bend_hz = (from_hz - to_hz) * (0.85 + 0.06 * stroke.rng.random())
        turns_N = to_hz * seconds_N + bend_hz * _SWEEP_S * (1.0 - np.exp(-seconds_N / _SWEEP_S))
        wave_N = np.sin(2 * np.pi * turns_N) * decaying(stroke.frames, ring_s, sample_rate=stroke.sample_rate)
        return np.stack([wave_N, wave_N, np.zeros_like(wave_N)]).astype(np.float32)

    return (_Layer(sound, ring_s, waves.amplitude(level_db)),)


def _hiss(band_hz: _Band, ring_s: float, level_db: float, attack_s: float = 0.001, gaps_s: tuple[float, ...] = ()) -> _Layers:
    """A band of noise, once or with gaps between: snares, sticks, shakers, claps."""

    def sound(stroke: _Stroke) -> Parts:
        shapes = [waves.band(band_hz[0], band_hz[1] * (0.6 + 0.4 * touch)) for touch in TOUCHES]
        noise_3N = waves.band_noise(stroke.frames, stroke.rng, sample_rate=stroke.sample_rate, shapes=shapes)
        return noise_3N * decaying(stroke.frames, ring_s, sample_rate=stroke.sample_rate)

    return (_Layer(sound, ring_s, _SOFTER * waves.amplitude(level_db), attack_s, tuple(np.cumsum(gaps_s).tolist())),)


def _metal(band_hz: _Band, count: int, ring_s: float, level_db: float, attack_s: float = 0.001) -> _Layers:
    """Many sinusoids without any order, the highest of which die three times as fast: cymbals, bells, triangles."""

    def sound(stroke: _Stroke) -> Parts:
        low_hz, high_hz = band_hz
        fixed = np.random.default_rng((round(low_hz), round(high_hz), count))
        share_K = np.sort(fixed.random(count)) if count > 1 else np.zeros(1)
        hz_K = low_hz * (high_hz / low_hz) ** share_K
        level_3K = (0.4 + fixed.random(count)) * (1.0 - 0.5 * (1.0 - np.array(TOUCHES)[:, None]) * share_K)
        level_3K[:, hz_K > waves.highest_hz(stroke.sample_rate)] = 0.0
        level_3K /= np.sqrt(0.5 * (level_3K**2).sum(axis=1, keepdims=True) + 1e-30)
        wave_3K = level_3K * np.exp(2j * np.pi * stroke.rng.random((2, count)))[[0, 0, 1]]
        decay_K = waves.DECAY_OF_60_DB / ring_s * (1.0 + 2.0 * share_K)
        space_3N = np.empty((3, stroke.frames + waves.ROW_FRAMES), np.float32)
        whole_3N = waves.rows(space_3N, stroke.frames)
        waves.damped_sinusoids(hz_K, decay_K, wave_3K, sample_rate=stroke.sample_rate, space_CN=whole_3N)
        return space_3N[:, : stroke.frames]

    return (_Layer(sound, ring_s, _SOFTER * waves.amplitude(level_db), attack_s),)


@dataclass(frozen=True)
class Drum:
    """One instrument of the kit.

    Attributes:
        layers: what sounds together.
        side: where it stands, from -1 left to 1 right.
        choke: drums of the same number, other than 0, silence one another.
    """

    layers: _Layers
    side: float = 0.0
    choke: int = 0

    def length_s(self) -> float:
        """Seconds until it can be heard no more."""
        return max(layer.lasts_s for layer in self.layers)

    def tone(self, variant: int, *, sample_rate: int, seed: int) -> Tone:
        """One stroke, in a variant of 0 to VARIANTS - 1; `seed` says which drum it is."""
        rng = np.random.default_rng((seed, variant))
        sound_3N = np.zeros((3, round(self.length_s() * sample_rate)), np.float32)
        for layer in self.layers:
            frames = round(layer.lasts_s * sample_rate)
            sound_3N[:, :frames] += layer.made(_Stroke(rng, frames, sample_rate))
        fade = max(2, round(_FADE_S * sample_rate))
        sound_3N[:, : fade // 8] *= rise(fade // 8)
        sound_3N[:, -fade:] *= rise(fade)[::-1]
        sound_3N *= np.float32(_LEVEL)
        return Tone(sound_3N)


def drum(pitch: int) -> Drum:
    """The drum that a pitch of the percussion channel means; where General MIDI says nothing, the nearest that it names."""
    return KIT[min(max(pitch, min(KIT)), max(KIT))]


def _head(hz: float, ring_s: float, level_db: float, click_db: float, *, bend: float, overtone: float) -> _Layers:
    """A head or a block that is struck: its pitch, which falls by a factor, a tone above it that is soon gone, and the stick."""
    pitch = _skin(bend * hz, hz, ring_s, level_db)
    return pitch + _skin(bend * overtone * hz, overtone * hz, 0.5 * ring_s, level_db - 9.0) + _hiss((700, 6000), 0.035, click_db)


_kick: Final = functools.partial(_head, bend=3.5, overtone=1.7)
_tom: Final = functools.partial(_head, bend=1.5, overtone=1.59)
_hand_drum: Final = functools.partial(_head, bend=1.12, overtone=1.83)
_block: Final = functools.partial(_head, bend=1.04, overtone=2.5)


def _snare(hz: float, ring_s: float, high_hz: float) -> _Layers:
    return _skin(hz * 1.4, hz, 0.15, -6.5) + _hiss((high_hz / 7, high_hz), ring_s, -0.5) + _hiss((375, 2700), 0.35 * ring_s, -6.0)


def _cymbal(low_hz: float, ring_s: float, level_db: float, bell_db: float) -> _Layers:
    hiss = _hiss((4000, 16_000), ring_s * 0.6, level_db - 2.0, 0.002) + _hiss((1500, 9000), 0.12, level_db - 4.0)
    bell = _metal((low_hz * 2.2, low_hz * 5.5), 4, ring_s * 0.7, bell_db)
    return _metal((low_hz, 14_000), 90, ring_s, level_db, 0.002) + hiss + bell


def _hat(ring_s: float, level_db: float) -> _Layers:
    return _metal((3200, 14_500), 48, ring_s, level_db - 4.0) + _hiss((6500, 16_000), ring_s * 0.8, level_db)


def _bell(hz: float, ratio: float, ring_s: float, level_db: float) -> _Layers:
    return _metal((hz, hz * 1.04), 1, ring_s, level_db) + _metal((hz * ratio, hz * ratio * 1.1), 2, 0.85 * ring_s, level_db - 3.0)


_FAMILIES: Final = {
    _kick: {35: (0, 45, 0.5, 0, -18), 36: (0, 52, 0.42, 0, -14)},
    _tom: {
        41: (0.45, 82, 0.61, -2, -14), 43: (0.35, 98, 0.56, -2, -14), 45: (0.15, 118, 0.51, -2, -14), 47: (0, 142, 0.46, -2, -14),
        48: (-0.15, 172, 0.42, -2, -14), 50: (-0.3, 205, 0.38, -2, -14), 87: (0.1, 68, 0.9, -2, -18),
    },
    _snare: {38: (-0.05, 186, 0.32, 11_000), 40: (-0.05, 220, 0.19, 13_000)},
    _hand_drum: {
        60: (0.4, 420, 0.22, -4, -12), 61: (0.4, 290, 0.28, -4, -12), 62: (-0.3, 330, 0.09, -4, -6), 63: (-0.3, 320, 0.32, -4, -12),
        64: (-0.3, 210, 0.38, -4, -12), 65: (0.3, 460, 0.42, -4, -8), 66: (0.3, 310, 0.48, -4, -8), 86: (0.1, 82, 0.16, -4, -14),
    },
    _block: {
        31: (0, 1400, 0.04, -12, -8), 33: (0, 1600, 0.09, -4, -16), 37: (-0.05, 820, 0.06, -7, -9), 75: (0.2, 2500, 0.07, -7, -16),
        76: (0.3, 1050, 0.09, -4, -16), 77: (0.3, 780, 0.09, -4, -16), 85: (-0.3, 1900, 0.09, -4, -16),
    },
    _cymbal: {
        49: (-0.45, 420, 3.4, -5, -40), 51: (0.5, 700, 1.9, -14, -13), 52: (0.4, 330, 1.7, -5, -40), 55: (-0.2, 900, 1.1, -6, -40),
        57: (0.45, 480, 3.1, -5, -40), 59: (0.5, 760, 1.7, -13, -15),
    },
    _hat: {42: (0.3, 0.11, -8), 44: (0.3, 0.07, -11), 46: (0.3, 0.85, -8)},
    _metal: {
        34: (0, (2000, 6200), 6, 0.8, -8), 53: (0.5, (1250, 5600), 7, 1.6, -9), 54: (0.35, (5200, 12_500), 24, 0.3, -6),
        71: (0.2, (2250, 2450), 3, 0.5, -12, 0.01), 72: (0.2, (2250, 2450), 3, 1.4, -12, 0.015), 80: (0.45, (4100, 11_500), 5, 0.12, -12),
        81: (0.45, (4100, 11_500), 5, 2.0, -12), 83: (0.4, (4800, 12_000), 20, 0.5, -9.5), 84: (0.4, (2600, 13_000), 40, 1.8, -12, 0.06),
    },
    _bell: {56: (0.25, 540, 1.48, 0.32, -4), 67: (-0.4, 930, 2.5, 0.35, -7), 68: (-0.4, 690, 2.5, 0.4, -7)},
    _hiss: {
        28: (0, (1000, 2800), 0.1, -3), 29: (-0.3, (1700, 4800), 0.12, -9, 0.02), 30: (-0.3, (1500, 4300), 0.14, -9, 0.03),
        32: (0, (2700, 7500), 0.02, -8), 39: (0.1, (1200, 3900), 0.26, -1, 0.001, (0.011, 0.011, 0.009)),
        58: (-0.4, (2200, 6200), 0.9, -8, 0.001, (0.03,) * 6), 69: (0.4, (4500, 12_500), 0.11, -9, 0.02),
        70: (0.45, (6000, 16_000), 0.08, -9, 0.008), 73: (-0.4, (2500, 7000), 0.12, -9, 0.002, (0.018,) * 3),
        74: (-0.4, (2500, 7000), 0.12, -9, 0.002, (0.022,) * 13), 82: (-0.4, (5000, 14_000), 0.13, -9, 0.025),
    },
    _skin: {27: (-0.2, 2400, 300, 0.2, -9), 78: (-0.3, 420, 620, 0.2, -8), 79: (-0.3, 520, 310, 0.32, -8)},
}  # fmt: skip
"""The drums that are made alike, by pitch: where each one stands, and what makes it."""
_CHOKES: Final = ((42, 44, 46), (71, 72), (73, 74), (78, 79), (80, 81), (86, 87))
"""Hi-hats, whistles, guiros, cuicas, triangles, surdos."""
_CHOKE_OF: Final = {pitch: number for number, pitches in enumerate(_CHOKES, start=1) for pitch in pitches}

KIT: Final = {
    pitch: Drum(make(*row), side, _CHOKE_OF.get(pitch, 0)) for make, drums in _FAMILIES.items() for pitch, (side, *row) in drums.items()
}
"""By pitch: General MIDI from 35 to 81, and what General MIDI 2 adds around it."""
