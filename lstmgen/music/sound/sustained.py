"""Instruments that sound as long as they are played: organs, bowed strings, voices, brass, reeds, flutes, synthesizers, and noises.

A tone is a beginning and a loop that repeats for ever without a seam: everything in it makes a whole number of turns in the loop. Soloists
read one cycle of their wave at a swaying pace (vibrato). A crowd of players is made from its spectrum instead: each partial is a narrow
hill of sinusoids with random phases (Nasca 2005, PADsynth), different left and right.

Letters: N frames, K partials, F frequencies, 2 channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.music.sound import waves
from lstmgen.music.sound.waves import Floats, Stereo, Tone, hertz, rise

_LEVEL: Final = 0.1
_MAX_PARTIALS: Final = 120
_CYCLE: Final = 4096
"""Samples of one turn of a wave; enough that straight lines between them do for its highest partial."""
_SOLO_LOOP_S: Final = 1.5
_CROWD_LOOP_S: Final = 3.0
_TOUCH_OCTAVES: Final = 1.4
_FORMANT_OCTAVES: Final = 0.38
_VIBRATO_DELAY_S: Final = 0.25
_VIBRATO_RISE_S: Final = 0.4
_CHIFF_S: Final = 0.035
_BREATH_OCTAVES: Final = 1.4
_NOISE_OCTAVES: Final = 2.2
"""Width of a noise that goes along with the pitch, and of others."""
_LINES_WIDTH: Final = 0.5
"""Where the outermost lines of a soloist stand, from 0 in the middle to 1."""
_HILL: Final = 3.0
"""Standard deviations to either side that a hill of a crowd's spectrum reaches."""
_LINE_IN_CROWD: Final = 0.5
"""Share of a crowd's power that stays on the pitch itself, so that it never fades altogether."""


@dataclass(frozen=True, kw_only=True)
class Sustained:
    """How a sustained instrument sounds. Where something changes with pitch, what is given holds at A4.

    Attributes:
        gain_db: louder or softer than the others.
        levels: amplitudes of the first partials; where empty, partial k has k to the minus `slope`; a single 0 leaves noise alone.
        slope: see there.
        even: factor of the partials 2, 4, 6 ...; small in a clarinet.
        bright_hz: partials above it fade, 12 dB an octave, at a middle strength.
        formants: resonances as (share of `bright_hz`, decibels): the larger of a family are darker throughout.
        lines: voices of a soloist in cents from the pitch, from left to right.
        crowd_cents: how far the players of a section are apart; 0 for a soloist.
        sway_hz: the rate of vibrato and tremolo.
        vibrato_cents: depth to either side.
        tremolo: depth of a swaying loudness, 0 to 1.
        attack_s: time of the rise.
        decay_s: time from the top of the rise down to the level that stays.
        sustain: that level, 0 to 1.
        release_s: time of the fall when a note ends.
        brighten_s: the high partials come in over this time (brass).
        breath: amplitude of the noise beside the tone.
        breath_hz: middle of the noise; 0 goes along with the pitch.
        chiff: how many times more noise there is at the beginning.
        width: how far low and high notes lie apart between left and right, 0 to 1.
    """

    gain_db: float = 0.0
    levels: tuple[float, ...] = ()
    slope: float = 1.0
    even: float = 1.0
    bright_hz: float = 2500.0
    formants: tuple[tuple[float, float], ...] = ()
    lines: tuple[float, ...] = (0.0,)
    crowd_cents: float = 0.0
    sway_hz: float = 5.5
    vibrato_cents: float = 0.0
    tremolo: float = 0.0
    attack_s: float = 0.04
    decay_s: float = 0.2
    sustain: float = 0.9
    release_s: float = 0.1
    brighten_s: float = 0.0
    breath: float = 0.0
    breath_hz: float = 0.0
    chiff: float = 0.0
    width: float = 0.1

    def length_s(self, _pitch: int) -> float:
        """Seconds until a note that is held can be heard no more; without end, unless it decays to nothing."""
        return float("inf") if self.sustain else self.attack_s + self.decay_s

    def release_of(self, _pitch: int) -> float:
        """Seconds that a note sounds on after its end."""
        return self.release_s

    def tone(self, pitch: int, strength: int, *, frames: int, sample_rate: int, seed: int) -> Tone:
        """A note: its beginning and its loop, or only the first `frames`, where no more will be needed; asked as `Struck.tone` is."""
        cycles, loop = whole_cycles(hertz(pitch), _CROWD_LOOP_S if self.crowd_cents else _SOLO_LOOP_S, sample_rate=sample_rate)
        head = round(self._settled_s() * sample_rate)
        count = min(frames, head + loop) if self.sustain else min(frames, round(self.length_s(pitch) * sample_rate))
        turn = _Turn(cycles=cycles, loop=loop, count=count, sample_rate=sample_rate)
        sound_2N = self._voice(self._levels(pitch, strength, sample_rate), turn, (seed, pitch))
        if self.breath:
            sound_2N += self._noise(pitch, turn, np.random.default_rng((seed, pitch, 1))) * self.breath
        sound_2N *= self._envelope(head, turn) * np.float32(_LEVEL * waves.gain(self.gain_db, pitch))
        return Tone(sound_2N, head if self.sustain and count == head + loop else None)

    def _settled_s(self) -> float:
        """Seconds after which nothing changes any more."""
        swaying = _VIBRATO_DELAY_S + _VIBRATO_RISE_S if self.vibrato_cents else 0.0
        return max(self.attack_s + self.decay_s, swaying, self.brighten_s, 12 * _CHIFF_S if self.chiff else 0.0)

    def _envelope(self, head: int, turn: _Turn) -> NDArray[np.float32]:
        """Attack, decay, and the swaying of a tremolo."""
        attack = max(2, round(self.attack_s * turn.sample_rate))
        decay = round(self.decay_s * turn.sample_rate)
        whole = np.full(max(head + turn.loop, attack + decay), self.sustain, np.float32)
        whole[:attack] = rise(attack)
        whole[attack : attack + decay] = 1.0 - (1.0 - self.sustain) * rise(decay)
        sway_N = 1.0 - self.tremolo * (0.5 - 0.5 * np.sin(turn.sway(self.sway_hz)))
        return (whole[: turn.count] * sway_N).astype(np.float32)

    def _levels(self, pitch: int, strength: int, sample_rate: int) -> Floats:
        """Amplitude of each partial; their mean square together is 1."""
        hz_K = hertz(pitch) * np.arange(1, _MAX_PARTIALS + 1)
        level_K = waves.partials(_MAX_PARTIALS, levels=self.levels, slope=self.slope)
        level_K[1::2] *= self.even
        level_K *= waves.brightness(hz_K, self.bright_hz, pitch=pitch, octaves=_TOUCH_OCTAVES * (waves.hardness(strength) - 0.5))
        for share, lift_db in self.formants:
            level_K *= 10.0 ** (lift_db / 20 * np.exp(-0.5 * (np.log2(hz_K / (share * self.bright_hz)) / _FORMANT_OCTAVES) ** 2))
        level_K[hz_K > waves.highest_hz(sample_rate)] = 0.0
        return waves.of_unit_power(level_K)

    def _voice(self, level_K: Floats, turn: _Turn, seed: tuple[int, int]) -> Stereo:
        """What has a pitch, at a mean square of 1."""
        sound_2N = self._sounding(level_K, turn, np.random.default_rng(seed))
        brighten = round(self.brighten_s * turn.sample_rate)
        if brighten:
            dull_K = waves.of_unit_power(level_K / np.arange(1, _MAX_PARTIALS + 1))
            dull_2N = self._sounding(dull_K, turn, np.random.default_rng(seed))[:, :brighten]
            sound_2N[:, :brighten] = dull_2N + (sound_2N[:, :brighten] - dull_2N) * rise(brighten)[: turn.count]
        return sound_2N

    def _sounding(self, level_K: Floats, turn: _Turn, rng: np.random.Generator) -> Stereo:
        wave_K = (level_K * np.exp(2j * np.pi * rng.random(_MAX_PARTIALS))).astype(np.complex128)
        return self._crowd(wave_K, turn, rng) if self.crowd_cents else self._solo(wave_K, turn)

    def _solo(self, wave_K: NDArray[np.complex128], turn: _Turn) -> Stereo:
        """One cycle of the wave, read once for each line."""
        spectrum = np.zeros(_CYCLE // 2 + 1, np.complex128)
        spectrum[1 : 1 + len(wave_K)] = wave_K * (_CYCLE / 2)
        cycle = np.fft.irfft(spectrum, _CYCLE).astype(np.float32)
        cycle = np.append(cycle, cycle[0])
        slope = np.diff(cycle)
        sound_2N = np.zeros((2, turn.count), np.float32)
        depth = 2.0 ** (self.vibrato_cents / 1200) - 1.0
        onset_N = np.clip((turn.seconds() - _VIBRATO_DELAY_S) / _VIBRATO_RISE_S, 0.0, 1.0)
        sides = np.linspace(-_LINES_WIDTH, _LINES_WIDTH, len(self.lines)) if len(self.lines) > 1 else np.zeros(1)
        for number, (cents, side) in enumerate(zip(self.lines, sides, strict=True)):
            cycles = max(1, round(turn.cycles * 2.0 ** (cents / 1200)))
            swing_N = depth * cycles / (2 * np.pi * turn.turns(self.sway_hz)) * onset_N * np.sin(turn.sway(self.sway_hz) + number)
            place_N = np.arange(turn.count) * (cycles / turn.loop) + swing_N
            place_N = (place_N - np.floor(place_N)) * _CYCLE
            left_N = np.minimum(place_N.astype(np.int32), _CYCLE - 1)
            line_N = cycle[left_N] + slope[left_N] * (place_N - left_N).astype(np.float32)
            angle = (side + 1.0) * np.pi / 4
            sound_2N += line_N * np.array([[np.cos(angle)], [np.sin(angle)]], np.float32)
        return sound_2N * np.float32(np.sqrt(2.0 / len(self.lines)))

    def _crowd(self, wave_K: NDArray[np.complex128], turn: _Turn, rng: np.random.Generator) -> Stereo:
        """Every partial a narrow hill of sinusoids around it, with phases of their own left and right."""
        top = turn.loop // 2
        spectrum_2F = np.zeros((2, top + 1), np.complex64)
        for number, wave in enumerate(wave_K[: (top - 1) // turn.cycles], start=1):
            middle = number * turn.cycles
            deviation = max(0.5, middle * (2.0 ** (self.crowd_cents / 1200) - 1.0))
            reach = int(_HILL * deviation)
            bin_H = np.arange(max(1, middle - reach), min(top, middle + reach + 1))
            height_H = np.where(bin_H == middle, 0.0, np.exp(-0.5 * ((bin_H - middle) / deviation) ** 2))
            height_H *= np.sqrt((1.0 - _LINE_IN_CROWD) / max(float((height_H**2).sum()), 1e-30))
            height_H[bin_H == middle] = np.sqrt(_LINE_IN_CROWD)
            spectrum_2F[:, bin_H[0] : bin_H[-1] + 1] += wave * height_H * np.exp(2j * np.pi * rng.random((2, len(bin_H))))
        sound_2L = np.asarray(np.fft.irfft(spectrum_2F, turn.loop), np.float32) * np.float32(turn.loop / 2)
        return sound_2L[:, np.arange(turn.count) % turn.loop]

    def _noise(self, pitch: int, turn: _Turn, rng: np.random.Generator) -> Stereo:
        """Breath and bow, at a mean square of 1 once it has settled."""
        middle_hz = self.breath_hz or 2.0 * hertz(pitch)
        half = (_NOISE_OCTAVES if self.breath_hz else _BREATH_OCTAVES) / 2
        noise_2L = waves.band_noise(
            turn.loop,
            rng,
            sample_rate=turn.sample_rate,
            shape=lambda hz: np.exp(-0.5 * (np.log2(np.maximum(hz, 1.0) / middle_hz) / half) ** 2),
            periodic=True,
        )
        chiff_N = 1.0 + self.chiff * np.exp(-turn.seconds() / _CHIFF_S)
        return (noise_2L[:, np.arange(turn.count) % turn.loop] * chiff_N).astype(np.float32)


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


def whole_cycles(base_hz: float, about_s: float, *, sample_rate: int) -> tuple[int, int]:
    """How many cycles of a frequency make a loop of about that length, and its frames.

    Of many that fit, one is taken whose number of frames has small factors only: Fourier transforms of it are quick. The pitch is off by
    less than a hundredth of a cent for every second of the loop.
    """
    first = max(1, round(base_hz * about_s))
    candidates = ((cycles, round(cycles * sample_rate / base_hz)) for cycles in range(first, first + max(24, first // 8)))
    return next((pair for pair in candidates if _is_quick(pair[1])), (first, round(first * sample_rate / base_hz)))


def _is_quick(number: int) -> bool:
    """Whether a number has no prime factor above 13."""
    for factor in (2, 3, 5, 7, 11, 13):
        while number % factor == 0:
            number //= factor
    return number == 1
