"""Instruments that sound as long as they are played: organs, bowed strings, voices, brass, reeds, flutes, synthesizers, and noises.

A tone is a beginning and a loop that repeats for ever without a seam: everything in it makes a whole number of turns in the loop. Soloists
read one cycle of their wave at a swaying pace (vibrato). A crowd of players is made from its spectrum instead: each partial is a narrow
hill of sinusoids with random phases (Nasca 2005, PADsynth), different left and right.

Letters: N frames, K partials, F frequencies, 2 channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.music.sound.struck import STRENGTHS, TILT_DB_PER_OCTAVE
from lstmgen.music.sound.tone import Floats, Stereo, Tone, amplitude, band_noise, generator, hertz, highest_hz, rise

_LEVEL: Final = 0.1
_MAX_PARTIALS: Final = 120
_CYCLE: Final = 4096
"""Samples of one turn of a wave; enough that straight lines between them do for its highest partial."""
_SOLO_LOOP_S: Final = 1.5
_CROWD_LOOP_S: Final = 3.0
_VIBRATO_RISE_S: Final = 0.4
_CHIFF_S: Final = 0.035
_HILL: Final = 3.0
"""Standard deviations to either side that a hill of a crowd's spectrum reaches."""
_LINE_IN_CROWD: Final = 0.5
"""Share of a crowd's power that stays on the pitch itself, so that it never fades altogether."""


@dataclass(frozen=True, kw_only=True)
class Sustained:
    """How a sustained instrument sounds. Where something changes with pitch, what is given holds at A4.

    Attributes:
        gain_db: louder or softer than the others.
        tone_share: amplitude of what has a pitch; 0 for noises.
        levels: amplitudes of the first partials; where empty, partial k has k to the minus `slope`.
        slope: see there.
        even: factor of the partials 2, 4, 6 ...; small in a clarinet.
        bright_hz: partials above it fade, 12 dB an octave, at a middle strength.
        follow: how far that frequency goes along with the pitch, 0 to 1.
        touch_octaves: how far it moves between the softest and the loudest.
        formants: resonances as (hertz, decibels, width in octaves).
        lines: voices of a soloist as (cents, amplitude, place from -1 left to 1 right).
        crowd_cents: how far the players of a section are apart; 0 for a soloist.
        vibrato_cents: depth to either side.
        vibrato_hz: its rate.
        vibrato_delay_s: before it sets in.
        tremolo_hz: swaying loudness.
        tremolo: how deep, 0 to 1.
        attack_s: time of the rise.
        decay_s: time from the top of the rise down to the level that stays.
        sustain: that level, 0 to 1.
        release_s: time of the fall when a note ends.
        brighten_s: the high partials come in over this time (brass).
        breath: amplitude of the noise beside the tone.
        breath_hz: middle of the noise; 0 goes along with the pitch.
        breath_octaves: width of the noise.
        chiff: how many times more noise there is at the beginning.
        width: how far low and high notes lie apart between left and right, 0 to 1.
    """

    gain_db: float = 0.0
    tone_share: float = 1.0
    levels: tuple[float, ...] = ()
    slope: float = 1.0
    even: float = 1.0
    bright_hz: float = 2500.0
    follow: float = 0.5
    touch_octaves: float = 1.5
    formants: tuple[tuple[float, float, float], ...] = ()
    lines: tuple[tuple[float, float, float], ...] = ((0.0, 1.0, 0.0),)
    crowd_cents: float = 0.0
    vibrato_cents: float = 0.0
    vibrato_hz: float = 5.5
    vibrato_delay_s: float = 0.25
    tremolo_hz: float = 0.0
    tremolo: float = 0.0
    attack_s: float = 0.04
    decay_s: float = 0.15
    sustain: float = 0.8
    release_s: float = 0.1
    brighten_s: float = 0.0
    breath: float = 0.0
    breath_hz: float = 0.0
    breath_octaves: float = 1.0
    chiff: float = 0.0
    width: float = 0.1

    def length_s(self, pitch: int) -> float:
        """Seconds until a note that is held can be heard no more; without end, unless it decays to nothing."""
        del pitch
        return float("inf") if self.sustain else self.attack_s + self.decay_s

    def release_of(self, pitch: int) -> float:
        """Seconds that a note sounds on after its end."""
        del pitch
        return self.release_s

    def tone(self, pitch: int, strength: int, *, frames: int, sample_rate: int, seed: int) -> Tone:
        """A note: its beginning and its loop, or only the first `frames`, where no more will be needed.

        Args:
            pitch: 0 to 127.
            strength: 0 to STRENGTHS - 1.
            frames: how much will be needed.
            sample_rate: frames a second.
            seed: which instrument it is.
        """
        cycles, loop = whole_cycles(hertz(pitch), _CROWD_LOOP_S if self.crowd_cents else _SOLO_LOOP_S, sample_rate=sample_rate)
        head = round(self._settled_s() * sample_rate)
        count = min(frames, head + loop) if self.sustain else min(frames, round(self.length_s(pitch) * sample_rate))
        rng = generator(seed, pitch)
        phase_K = rng.random(_MAX_PARTIALS) * (2 * np.pi)
        turn = _Turn(cycles=cycles, loop=loop, count=count, sample_rate=sample_rate)
        sound_2N = np.zeros((2, count), np.float32)
        if self.tone_share:
            sound_2N += self._voice(pitch, strength, phase_K, turn, rng) * self.tone_share
        if self.breath:
            sound_2N += self._noise(pitch, turn, rng) * self.breath
        sound_2N *= self._envelope(head, turn)
        sound_2N *= _LEVEL * amplitude(self.gain_db + TILT_DB_PER_OCTAVE * (pitch - 60) / 12)
        return Tone(sound_2N, head if self.sustain and count == head + loop else None)

    def _settled_s(self) -> float:
        """Seconds after which nothing changes any more."""
        swaying = self.vibrato_delay_s + _VIBRATO_RISE_S if self.vibrato_cents else 0.0
        return max(self.attack_s + self.decay_s, swaying, self.brighten_s, 12 * _CHIFF_S if self.chiff else 0.0)

    def _envelope(self, head: int, turn: _Turn) -> NDArray[np.float32]:
        """Attack, decay, and the swaying of a tremolo."""
        attack = max(2, round(self.attack_s * turn.sample_rate))
        decay = round(self.decay_s * turn.sample_rate)
        whole = np.full(max(head + turn.loop, attack + decay), self.sustain, np.float32)
        whole[:attack] = rise(attack)
        whole[attack : attack + decay] = 1.0 - (1.0 - self.sustain) * rise(decay)
        envelope_N = whole[: turn.count]
        if self.tremolo:
            envelope_N = envelope_N * (1.0 - self.tremolo * (0.5 - 0.5 * np.sin(turn.sway(self.tremolo_hz))))
        return envelope_N.astype(np.float32)

    def _voice(self, pitch: int, strength: int, phase_K: Floats, turn: _Turn, rng: np.random.Generator) -> Stereo:
        """What has a pitch, at a mean square of 1 (before a brightening is complete, a little less)."""
        levels_K = self._levels(pitch, strength, turn.sample_rate)
        crowd = _Crowd.of(self.crowd_cents, turn, rng) if self.crowd_cents else None

        def sounding(level_K: Floats) -> Stereo:
            wave_K = (level_K * np.exp(1j * phase_K)).astype(np.complex128)
            return crowd.sound(wave_K) if crowd else self._solo(wave_K, turn)

        sound_2N = sounding(levels_K)
        brighten = min(round(self.brighten_s * turn.sample_rate), turn.count)
        if brighten:
            dull_K = levels_K / np.arange(1, _MAX_PARTIALS + 1)
            dull_2N = sounding(dull_K / np.sqrt(0.5 * float((dull_K**2).sum())))[:, :brighten]
            share_N = rise(round(self.brighten_s * turn.sample_rate))[:brighten]
            sound_2N[:, :brighten] = dull_2N + (sound_2N[:, :brighten] - dull_2N) * share_N
        return sound_2N

    def _levels(self, pitch: int, strength: int, sample_rate: int) -> Floats:
        """Amplitude of each partial; their mean square together is 1."""
        base_hz = hertz(pitch)
        number_K = np.arange(1, _MAX_PARTIALS + 1)
        level_K = np.zeros(_MAX_PARTIALS) if self.levels else number_K ** -float(self.slope)
        level_K[: len(self.levels)] = self.levels
        level_K[1::2] *= self.even
        cutoff_hz = self.bright_hz * (base_hz / 440.0) ** self.follow * 2.0 ** (self.touch_octaves * (strength / (STRENGTHS - 1) - 0.5))
        level_K /= 1.0 + (number_K * base_hz / cutoff_hz) ** 2
        octaves_K = np.log2(number_K * base_hz)
        for middle_hz, lift_db, width in self.formants:
            level_K *= 10.0 ** (lift_db / 20 * np.exp(-0.5 * ((octaves_K - np.log2(middle_hz)) / width) ** 2))
        level_K[number_K * base_hz > highest_hz(sample_rate)] = 0.0
        return level_K / np.sqrt(0.5 * float((level_K**2).sum()) + 1e-30)

    def _solo(self, wave_K: NDArray[np.complex128], turn: _Turn) -> Stereo:
        """One cycle of the wave, read once for each line."""
        spectrum = np.zeros(_CYCLE // 2 + 1, np.complex128)
        spectrum[1 : 1 + len(wave_K)] = wave_K * (_CYCLE / 2)
        cycle = np.fft.irfft(spectrum, _CYCLE).astype(np.float32)
        cycle = np.append(cycle, cycle[0])
        slope = np.diff(cycle)
        sound_2N = np.zeros((2, turn.count), np.float32)
        depth = 2.0 ** (self.vibrato_cents / 1200) - 1.0
        for number, (cents, share, side) in enumerate(self.lines):
            cycles = max(1, round(turn.cycles * 2.0 ** (cents / 1200)))
            place_N = np.arange(turn.count) * (cycles / turn.loop)
            if depth:
                swings = turn.turns(self.vibrato_hz)
                onset_N = np.clip((turn.seconds() - self.vibrato_delay_s) / _VIBRATO_RISE_S, 0.0, 1.0)
                place_N += depth * cycles / (2 * np.pi * swings) * onset_N * np.sin(turn.sway(self.vibrato_hz) + number)
            place_N = (place_N - np.floor(place_N)) * _CYCLE
            left_N = np.minimum(place_N.astype(np.int32), _CYCLE - 1)
            line_N = cycle[left_N] + slope[left_N] * (place_N - left_N).astype(np.float32)
            angle = (side + 1.0) * np.pi / 4
            sound_2N[0] += line_N * np.float32(share * np.cos(angle) * np.sqrt(2.0))
            sound_2N[1] += line_N * np.float32(share * np.sin(angle) * np.sqrt(2.0))
        return sound_2N * np.float32(1.0 / np.sqrt(sum(share**2 for _, share, _ in self.lines)))

    def _noise(self, pitch: int, turn: _Turn, rng: np.random.Generator) -> Stereo:
        """Breath and bow, at a mean square of 1 once it has settled."""
        middle_hz = self.breath_hz or 2.0 * hertz(pitch)
        half = self.breath_octaves / 2
        noise_2L = band_noise(
            turn.loop,
            rng,
            sample_rate=turn.sample_rate,
            shape=lambda hz: np.exp(-0.5 * (np.log2(np.maximum(hz, 1.0) / middle_hz) / half) ** 2),
            periodic=True,
        )
        noise_2N = noise_2L[:, np.arange(turn.count) % turn.loop]
        if self.chiff:
            beginning = min(turn.count, round(12 * _CHIFF_S * turn.sample_rate))
            noise_2N[:, :beginning] *= 1.0 + self.chiff * np.exp(-turn.seconds()[:beginning] / _CHIFF_S)
        return noise_2N


@dataclass(frozen=True, kw_only=True)
class _Turn:
    """The loop of one tone: `cycles` of its pitch in `loop` frames; `count` frames are wanted."""

    cycles: int
    loop: int
    count: int
    sample_rate: int

    def seconds(self) -> Floats:
        return np.arange(self.count) / self.sample_rate

    def turns(self, rate_hz: float) -> int:
        """The whole number of turns in the loop that comes nearest to a rate."""
        return max(1, round(rate_hz * self.loop / self.sample_rate))

    def sway(self, rate_hz: float) -> Floats:
        """The angle of something that turns at a rate."""
        return np.arange(self.count) * (2 * np.pi * self.turns(rate_hz) / self.loop)


@dataclass(frozen=True, kw_only=True)
class _Crowd:
    """The random part of a section of players, fixed, so that it can be heard with two sets of levels."""

    turn: _Turn
    bin_H: NDArray[np.int64]
    partial_H: NDArray[np.int64]
    hill_2H: NDArray[np.complex128]

    @staticmethod
    def of(cents: float, turn: _Turn, rng: np.random.Generator) -> _Crowd:
        """A hill around every partial that lies below half of the sample rate."""
        bins, partials, hills = [], [], []
        top = turn.loop // 2
        for number in range(1, min(_MAX_PARTIALS, (top - 1) // turn.cycles) + 1):
            middle = number * turn.cycles
            deviation = max(0.5, middle * (2.0 ** (cents / 1200) - 1.0))
            reach = int(_HILL * deviation)
            bin_H = np.arange(max(1, middle - reach), min(top, middle + reach + 1))
            height_H = np.exp(-0.5 * ((bin_H - middle) / deviation) ** 2)
            height_H[bin_H == middle] = 0.0
            power = float((height_H**2).sum())
            height_H *= np.sqrt((1.0 - _LINE_IN_CROWD) / power) if power else 0.0
            height_H[bin_H == middle] = np.sqrt(_LINE_IN_CROWD)
            turned_2H = np.exp(2j * np.pi * rng.random((2, len(bin_H)))) * height_H
            bins.append(bin_H)
            partials.append(np.full(len(bin_H), number - 1))
            hills.append(turned_2H)
        return _Crowd(turn=turn, bin_H=np.concatenate(bins), partial_H=np.concatenate(partials), hill_2H=np.concatenate(hills, axis=1))

    def sound(self, wave_K: NDArray[Any]) -> Stereo:
        """All partials at the given amplitudes."""
        loop = self.turn.loop
        spectrum_2F = np.zeros((2, loop // 2 + 1), np.complex128)
        for channel in range(2):
            np.add.at(spectrum_2F[channel], self.bin_H, self.hill_2H[channel] * wave_K[self.partial_H] * (loop / 2))
        sound_2L = np.fft.irfft(spectrum_2F.astype(np.complex64), loop).astype(np.float32)
        return sound_2L[:, np.arange(self.turn.count) % loop]


def whole_cycles(base_hz: float, about_s: float, *, sample_rate: int) -> tuple[int, int]:
    """How many cycles of a frequency make a loop of about that length, and its frames.

    Of many that fit, one is taken whose number of frames has small factors only: Fourier transforms of it are quick. The pitch is off by
    less than a hundredth of a cent for every second of the loop.
    """
    first = max(1, round(base_hz * about_s))
    for cycles in range(first, first + max(24, first // 8)):
        frames = round(cycles * sample_rate / base_hz)
        if _is_quick(frames):
            return cycles, frames
    return first, round(first * sample_rate / base_hz)


def _is_quick(number: int) -> bool:
    """Whether a number has no prime factor above 13."""
    for factor in (2, 3, 5, 7, 11, 13):
        while number % factor == 0:
            number //= factor
    return number == 1
