"""Instruments that are struck or plucked and then left alone: pianos, mallets, bells, guitars, harps, basses, kettledrums.

Their sound is a sum of damped sinusoids. A string's are its partials, sharp by its stiffness (Fletcher 1964: f_k = k f sqrt(1 + B k^2)),
weak where it was struck or plucked, and shorter the higher they are; a bar's or a bell's are a list of ratios. A harder stroke lets more
of the high ones through. Strings that come in twos are a little out of tune with one another: they beat, and fade fast at first and slowly
then (Weinreich 1977).

Letters: N frames, K sinusoids, 2 channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from lstmgen.music.sound import waves
from lstmgen.music.sound.waves import DECAY_OF_60_DB, Stereo, Tone, hardness, rise

_LEVEL: Final = 0.2
_MAX_PARTIALS: Final = 90
_MAX_RING_S: Final = 12.0
_UNDAMPED_S: Final = 1.2
_RING_OCTAVE: Final = 0.68
"""A note rings for this share of the time of the note an octave below."""
_TOUCH_OCTAVES: Final = 2.6
_PAIR: Final = ((-1.0, 0.8, 1.5), (1.0, 0.6, 0.9))
"""The strings of a pair: side of the pitch, amplitude, how many times faster than a single one it dies."""
_STIFFNESS: Final = 2e-4
"""B of a string at A4; it doubles every eight semitones upwards."""
_KNOCK_SHARE: Final = 0.4
"""The middle of the noise of a stroke, as a share of the frequency up to which an instrument is bright."""
_KNOCK_OCTAVES: Final = 1.4
"""To either side of that."""
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
        knock: level of the noise of the stroke.
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
    release_s: float = 0.12
    undamped_from: int = 128
    width: float = 0.25

    def length_s(self, pitch: int) -> float:
        """Seconds until a note that is held can be heard no more."""
        return min(_MAX_RING_S, 1.2 * self._ring_s(pitch) / min(factor for _, _, factor in self._strings()))

    def release_of(self, pitch: int) -> float:
        """Seconds that a note sounds on after its end."""
        return _UNDAMPED_S if pitch >= self.undamped_from else self.release_s

    def tone(self, pitch: int, strength: int, *, frames: int, sample_rate: int, seed: int) -> Tone:
        """The first `frames` of a note; shorter where it is over before.

        Args:
            pitch: 0 to 127.
            strength: 0 to STRENGTHS - 1.
            frames: how much will be needed.
            sample_rate: frames a second.
            seed: which instrument it is; keeps the random phases of two instruments apart.
        """
        length = round(self.length_s(pitch) * sample_rate)
        frames = min(frames, length)
        rng = np.random.default_rng((seed, pitch))
        sound_2N = self._partials(pitch, strength, rng, frames=frames, sample_rate=sample_rate)
        self._add_knock(sound_2N, strength, rng, sample_rate=sample_rate)
        attack = min(max(2, round(self.attack_s * sample_rate)), frames)
        sound_2N[:, :attack] *= rise(attack)
        fade = max(1, length // 16)
        begin = length - fade
        if begin < frames:
            sound_2N[:, begin:] *= rise(fade)[::-1][: frames - begin]
        return Tone(sound_2N * np.float32(_LEVEL * waves.gain(self.gain_db, pitch)))

    def _ring_s(self, pitch: int) -> float:
        return self.ring_s * _RING_OCTAVE ** ((pitch - 69) / 12)

    def _strings(self) -> tuple[tuple[float, float, float], ...]:
        return _PAIR if self.apart_cents else ((0.0, 1.0, 1.0),)

    def _partials(self, pitch: int, strength: int, rng: np.random.Generator, *, frames: int, sample_rate: int) -> Stereo:
        number_K = np.arange(1, (len(self.ratios) or _MAX_PARTIALS) + 1)
        stiffness = _STIFFNESS * 2.0 ** ((pitch - 69) / 8)
        ratio_K = np.array(self.ratios) if self.ratios else number_K * np.sqrt((1 + stiffness * number_K**2) / (1 + stiffness))
        hz_K = ratio_K * waves.hertz(pitch)
        level_K = waves.partials(len(hz_K), levels=self.levels, slope=self.slope)
        level_K *= waves.brightness(hz_K, self.bright_hz, pitch=pitch, octaves=_TOUCH_OCTAVES * (hardness(strength) - 0.5))
        if self.place:
            level_K *= np.abs(np.sin(np.pi * number_K * self.place)) + 0.02
        level_K = waves.of_unit_power(level_K)
        apart = min(1.0, 3.0 * self.width)
        phase_2K = rng.random(len(hz_K)) * (2 * np.pi) + (rng.random((2, len(hz_K))) - 0.5) * (0.9 * apart)
        tilt_2K = 1.0 + (rng.random((2, len(hz_K))) - 0.5) * (0.3 * apart)
        heard_K = (hz_K < waves.highest_hz(sample_rate)) & (level_K > _UNHEARD * level_K.max())
        wave_2K = (level_K * tilt_2K * np.exp(1j * phase_2K)).astype(np.complex128)[:, heard_K]
        decay_K = DECAY_OF_60_DB / self._ring_s(pitch) * (1.0 + self.damping * (number_K[heard_K] - 1))
        strings = self._strings()
        return waves.damped_sinusoids(
            np.concatenate([hz_K[heard_K] * 2.0 ** (side * self.apart_cents / 1200) for side, _, _ in strings]),
            np.concatenate([decay_K * factor for _, _, factor in strings]),
            np.concatenate([wave_2K * share for _, share, _ in strings], axis=1),
            frames=frames,
            sample_rate=sample_rate,
        )

    def _add_knock(self, sound_2N: Stereo, strength: int, rng: np.random.Generator, *, sample_rate: int) -> None:
        """The noise of the stroke, which is shorter the higher it is."""
        middle_hz = _KNOCK_SHARE * self.bright_hz
        ring_s = 1.6 / middle_hz**0.5
        whole = round(1.2 * ring_s * sample_rate)
        shape = waves.band(middle_hz / 2.0**_KNOCK_OCTAVES, middle_hz * 2.0**_KNOCK_OCTAVES)
        noise_2N = waves.band_noise(whole, rng, sample_rate=sample_rate, shape=shape)
        noise_2N *= waves.decaying(whole, ring_s, sample_rate=sample_rate) * (self.knock * (0.4 + 0.6 * hardness(strength)))
        count = min(whole, sound_2N.shape[1])
        sound_2N[:, :count] += noise_2N[:, :count]
