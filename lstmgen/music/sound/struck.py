"""Instruments that are struck or plucked and then left alone: pianos, mallets, bells, guitars, harps, basses, kettledrums.

Their sound is a sum of damped sinusoids. A string's are its partials, sharp by its stiffness (Fletcher 1964: f_k = k f sqrt(1 + B k^2)),
weak where it was struck or plucked, and shorter the higher they are; a bar's or a bell's are a list of ratios. A harder stroke lets more
of the high ones through. Strings that come in twos and threes are a little out of tune with one another: they beat, and fade fast at
first and slowly then (Weinreich 1977).

Letters: N frames, K sinusoids, 2 channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

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
    hertz,
    highest_hz,
    ring_frames,
    rise,
)

STRENGTHS: Final = 8
"""Kinds of touch between the softest and the hardest: velocity 0 to 15, 16 to 31 and so on."""
TILT_DB_PER_OCTAVE: Final = -1.5
"""High notes sound louder than low ones of the same power."""
_LEVEL: Final = 0.2
_MAX_PARTIALS: Final = 90
_MAX_RING_S: Final = 12.0
_UNDAMPED_S: Final = 1.2
_UNHEARD: Final = 10 ** (-70 / 20)
"""Share of the strongest partial below which one is left out."""


@dataclass(frozen=True, kw_only=True)
class Struck:
    """How a struck or plucked instrument sounds. Where something changes with pitch, what is given holds at A4.

    Attributes:
        gain_db: louder or softer than the others.
        ratios: frequencies of the partials as multiples of the lowest, where they are not those of a string.
        levels: amplitudes of those, or of the first partials of a string.
        stiffness: B of the string at A4; doubles every eight semitones upwards.
        slope: amplitude of partial k falls as k to the minus this.
        place: where along the string it is struck or plucked, 0 to 0.5; 0 leaves no gap among the partials.
        bright_hz: partials above it fade, 12 dB an octave, at a middle touch.
        follow: how far that frequency goes along with the pitch, 0 to 1.
        touch_octaves: how far it moves between the softest and the hardest touch.
        ring_s: time in which the lowest partial loses 60 dB.
        ring_octave: that time changes by this factor for every octave upwards.
        damping: by how much each following partial dies faster than the lowest.
        strings: for each string of a note: cents away from the pitch, amplitude, and how many times faster it dies.
        attack_s: the first rise.
        knock: level of the noise of the stroke.
        knock_hz: the band of that noise.
        knock_s: the time in which it loses 60 dB.
        release_s: how long it sounds on when the key is let go.
        undamped_from: pitch from which on the strings have no dampers, so that notes end by themselves.
        tremolo_hz: of a motor in the instrument.
        tremolo: how deep, 0 to 1.
        width: how far low and high notes lie apart between left and right, 0 to 1; at 0 both sides are alike.
    """

    gain_db: float = 0.0
    ratios: tuple[float, ...] = ()
    levels: tuple[float, ...] = ()
    stiffness: float = 0.0
    slope: float = 1.0
    place: float = 0.0
    bright_hz: float = 2500.0
    follow: float = 0.5
    touch_octaves: float = 2.5
    ring_s: float = 5.0
    ring_octave: float = 0.7
    damping: float = 0.25
    strings: tuple[tuple[float, float, float], ...] = ((0.0, 1.0, 1.0),)
    attack_s: float = 0.0015
    knock: float = 0.0
    knock_hz: tuple[float, float] = (200.0, 2500.0)
    knock_s: float = 0.06
    release_s: float = 0.12
    undamped_from: int = 128
    tremolo_hz: float = 0.0
    tremolo: float = 0.0
    width: float = 0.25

    def length_s(self, pitch: int) -> float:
        """Seconds until a note that is held can be heard no more."""
        slowest = min(factor for _, _, factor in self.strings)
        return min(_MAX_RING_S, 1.2 * self._ring_s(pitch) / slowest)

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
        rng = generator(seed, pitch)
        sound_2N = self._partials(pitch, strength, rng, frames=frames, sample_rate=sample_rate)
        if self.knock:
            self._add_knock(sound_2N, strength, rng, sample_rate=sample_rate)
        if self.tremolo:
            sway_N = np.cos(np.arange(frames, dtype=np.float32) * np.float32(2 * np.pi * self.tremolo_hz / sample_rate))
            sound_2N *= 1.0 - self.tremolo * 0.5 * (1.0 - sway_N)
        attack = min(max(2, round(self.attack_s * sample_rate)), frames)
        sound_2N[:, :attack] *= rise(attack)
        fade = max(1, length // 16)
        begin = length - fade
        if begin < frames:
            sound_2N[:, begin:] *= rise(fade)[::-1][: frames - begin]
        sound_2N *= _LEVEL * amplitude(self.gain_db + TILT_DB_PER_OCTAVE * (pitch - 60) / 12)
        return Tone(sound_2N)

    def _ring_s(self, pitch: int) -> float:
        return self.ring_s * self.ring_octave ** ((pitch - 69) / 12)

    def _partials(self, pitch: int, strength: int, rng: np.random.Generator, *, frames: int, sample_rate: int) -> Stereo:
        base_hz = hertz(pitch)
        number_K = np.arange(1, (len(self.ratios) or _MAX_PARTIALS) + 1)
        stiffness = self.stiffness * 2.0 ** ((pitch - 69) / 8)
        ratio_K = np.array(self.ratios) if self.ratios else number_K * np.sqrt((1 + stiffness * number_K**2) / (1 + stiffness))
        level_K = number_K ** -float(self.slope)
        level_K[: len(self.levels)] = self.levels
        if self.place:
            level_K *= np.abs(np.sin(np.pi * number_K * self.place)) + 0.02
        cutoff_hz = self.bright_hz * (base_hz / 440.0) ** self.follow * 2.0 ** (self.touch_octaves * (strength / (STRENGTHS - 1) - 0.5))
        level_K /= 1.0 + (ratio_K * base_hz / cutoff_hz) ** 2
        level_K /= np.sqrt(0.5 * float((level_K**2).sum()))
        apart = min(1.0, 3.0 * self.width)
        phase_2K = rng.random(len(ratio_K)) * (2 * np.pi) + (rng.random((2, len(ratio_K))) - 0.5) * (0.9 * apart)
        tilt_2K = 1.0 + (rng.random((2, len(ratio_K))) - 0.5) * (0.3 * apart)
        heard_K = (ratio_K * base_hz < highest_hz(sample_rate)) & (level_K > _UNHEARD * level_K.max())
        ratio_K, level_K, number_K = ratio_K[heard_K], level_K[heard_K], number_K[heard_K]
        wave_2K = level_K * tilt_2K[:, heard_K] * np.exp(1j * phase_2K[:, heard_K])
        decay_K = DECAY_OF_60_DB / self._ring_s(pitch) * (1.0 + self.damping * (number_K - 1))
        scale = 1.0 / np.sqrt(sum(share**2 for _, share, _ in self.strings))
        return damped_sinusoids(
            np.concatenate([ratio_K * hertz(pitch + cents / 100) for cents, _, _ in self.strings]),
            np.concatenate([decay_K * factor for _, _, factor in self.strings]),
            np.concatenate([wave_2K * (share * scale) for _, share, _ in self.strings], axis=1),
            frames=frames,
            sample_rate=sample_rate,
        )

    def _add_knock(self, sound_2N: Stereo, strength: int, rng: np.random.Generator, *, sample_rate: int) -> None:
        whole = ring_frames(self.knock_s, sample_rate=sample_rate)
        noise_2N = band_noise(whole, rng, sample_rate=sample_rate, shape=band(*self.knock_hz))
        noise_2N *= decaying(whole, self.knock_s, sample_rate=sample_rate) * (self.knock * (0.4 + 0.6 * strength / (STRENGTHS - 1)))
        count = min(whole, sound_2N.shape[1])
        sound_2N[:, :count] += noise_2N[:, :count]
