"""Instruments that sound as long as they are played: organs, bowed strings, voices, brass, reeds, flutes, synthesizers, and noises.

A tone is a beginning and a loop that repeats for ever without a seam: everything in it makes a whole number of turns in the loop. Soloists
read one cycle of their wave at a swaying pace (vibrato). A crowd of players is made from its spectrum instead: each partial is a narrow
hill of sinusoids with random phases (Nasca 2005, PADsynth), of which a second such crowd is the third part.

Letters: N frames, L frames of a loop, K partials, F frequencies, 3 parts (see `waves.py`).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen import limits
from lstmgen.music.sound import waves
from lstmgen.music.sound.touch import Mixing
from lstmgen.music.sound.waves import TOUCHES, Floats, Parts, Tone, hertz, rise

_LEVEL: Final = 0.1
_MAX_PARTIALS: Final = 120
_CYCLE: Final = 4096
"""Samples of one turn of a wave; enough that straight lines between them do for its highest partial."""
_SOLO_LOOP_S: Final = 1.5
_CROWD_LOOP_S: Final = 3.0
_MOST_LOOP: Final = 1.2
"""A loop is longer than it should be by this factor at most."""
_TOUCH_OCTAVES: Final = 1.8
_CLICK_S: Final = 0.012
_CLICK_HZ: Final = (1500.0, 9000.0)
_ELSEWHERE: Final = 0.5
"""Amplitude of what strokes and ears differ in, where one plays alone."""
_FORMANT_OCTAVES: Final = 0.38
_VIBRATO_DELAY_S: Final = 0.25
_VIBRATO_RISE_S: Final = 0.4
_OFF_CENTS: Final = 0.1
_CHIFF_S: Final = 0.035
_BREATH_OCTAVES: Final = 2.0
_NOISE_OCTAVES: Final = 2.2
"""Width of a noise that goes along with the pitch, and of others."""
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
        click: level of the noise of a key.
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
    click: float = 0.0
    width: float = 0.1

    def length_s(self, _pitch: int) -> float:
        """Seconds until a note that is held can be heard no more; without end, unless it decays to nothing."""
        return float("inf") if self.sustain else self.attack_s + self.decay_s

    def release_of(self, _pitch: int) -> float:
        """Seconds that a note sounds on after its end."""
        return self.release_s

    @property
    def most_s(self) -> float:
        """The longest that a tone of it can be."""
        return self._settled_s() + (_CROWD_LOOP_S if self.crowd_cents else _SOLO_LOOP_S) * _MOST_LOOP

    @property
    def mixing(self) -> Mixing:
        """How strokes mix the parts of a tone."""
        if self.crowd_cents:
            return Mixing(strokes=0.45, ears=0.35)
        return Mixing(strokes=0.1, ears=0.5) if len(self.lines) > 1 else Mixing(strokes=0.4, ears=0.15)

    def tone(self, pitch: int, *, frames: int, sample_rate: int, seed: int, space_3N: Parts) -> Tone:
        """A note: its beginning and its loop, or only the first `frames`, where no more will be needed; asked as `Struck.tone` is."""
        cycles, loop = whole_cycles(hertz(pitch), _CROWD_LOOP_S if self.crowd_cents else _SOLO_LOOP_S, sample_rate=sample_rate)
        head = round(self._settled_s() * sample_rate)
        count = min(frames, head + loop) if self.sustain else min(frames, round(self.length_s(pitch) * sample_rate))
        turn = _Turn(cycles=cycles, loop=loop, count=count, sample_rate=sample_rate)
        sound_3N = space_3N[:, :count]
        self._voice(self._levels(pitch, sample_rate), turn, np.random.default_rng((seed, pitch)), sound_3N)
        if self.breath:
            sound_3N += self._noise(pitch, turn, np.random.default_rng((seed, pitch, 1))) * np.float32(self.breath)
        sound_3N *= self._envelope(head, turn)
        if self.click:
            self._add_click(sound_3N, np.random.default_rng((seed, pitch, 2)), sample_rate=sample_rate)
        sound_3N *= np.float32(_LEVEL * waves.amplitude(self.gain_db))
        return Tone(sound_3N, head if self.sustain and count == head + loop else None)

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
        if self.tremolo:
            whole[: turn.count] *= 1.0 - self.tremolo * (0.5 - 0.5 * np.sin(turn.sway(self.sway_hz)))
        return whole[: turn.count]

    def _levels(self, pitch: int, sample_rate: int) -> Floats:
        """Amplitude of each partial in each part, of shape (3, K)."""
        hz_K = hertz(pitch) * np.arange(1, _MAX_PARTIALS + 1)
        level_K = waves.partials(_MAX_PARTIALS, levels=self.levels, slope=self.slope)
        level_K[1::2] *= self.even
        for share, lift_db in self.formants:
            level_K *= 10.0 ** (lift_db / 20 * np.exp(-0.5 * (np.log2(hz_K / (share * self.bright_hz)) / _FORMANT_OCTAVES) ** 2))
        level_K[hz_K > waves.highest_hz(sample_rate)] = 0.0
        return waves.equally_loud(level_K * waves.brightness(hz_K, self.bright_hz, pitch=pitch, octaves=_TOUCH_OCTAVES), hz_K)

    def _voice(self, level_3K: Floats, turn: _Turn, rng: np.random.Generator, sound_3N: Parts) -> None:
        """What has a pitch; where a sound brightens, the hard part comes out of the soft one."""
        wave_3K: NDArray[np.complex128] = np.multiply(level_3K, np.exp(2j * np.pi * rng.random(_MAX_PARTIALS)))
        if self.crowd_cents:
            self._crowd(wave_3K, turn, rng, sound_3N)
        else:
            if len(self.lines) == 1:
                # The lowest partial at a right angle to that of the other parts, so that strokes and ears get as much of it.
                turn_K = 2j * np.pi * rng.random(_MAX_PARTIALS)
                turn_K[0] = 0.5j * np.pi
                wave_3K[2] *= _ELSEWHERE * np.exp(turn_K)
            self._solo(wave_3K, turn, sound_3N)
        brighten = round(self.brighten_s * turn.sample_rate)
        if brighten:
            dull_N = sound_3N[0, :brighten]
            sound_3N[1, :brighten] = dull_N + (sound_3N[1, :brighten] - dull_N) * rise(brighten)[: turn.count]

    def _solo(self, wave_3K: NDArray[np.complex128], turn: _Turn, sound_3N: Parts) -> None:
        """One cycle of the waves, read once for each line; what lines differ in goes into the third part, by where they stand."""
        spectrum_3F = np.zeros((3, _CYCLE // 2 + 1), np.complex64)
        spectrum_3F[:, 1 : 1 + wave_3K.shape[1]] = wave_3K * (_CYCLE / 2)
        cycle_3C = np.fft.irfft(spectrum_3F, _CYCLE).astype(np.float32) / np.float32(np.sqrt(len(self.lines)))
        slope_3C = np.diff(cycle_3C, append=cycle_3C[:, :1])
        depth = 2.0 ** (self.vibrato_cents / 1200) - 1.0
        sides = np.linspace(-1.0, 1.0, len(self.lines)) if len(self.lines) > 1 else np.ones(1)
        sound_3N[:] = 0.0
        for number, (cents, side) in enumerate(zip(self.lines, sides.tolist(), strict=True)):
            cycles = max(1, round(turn.cycles * 2.0 ** (cents / 1200)))
            place_N = np.arange(turn.count) * (cycles / turn.loop)
            if depth:
                onset_N = np.clip((turn.seconds() - _VIBRATO_DELAY_S) / _VIBRATO_RISE_S, 0.0, 1.0)
                swing = depth * cycles / (2 * np.pi * turn.turns(self.sway_hz))
                place_N += swing * onset_N * np.sin(turn.sway(self.sway_hz) + np.float32(number))
            place_N -= np.floor(place_N)
            place_N *= _CYCLE
            left_N = np.minimum(place_N.astype(np.int64), _CYCLE - 1)
            rest_N = (place_N - left_N).astype(np.float32)
            for part, weight in enumerate((1.0, 1.0, side)):
                if weight:
                    line_N = np.take(slope_3C[part], left_N)
                    line_N *= rest_N
                    line_N += np.take(cycle_3C[part], left_N)
                    sound_3N[part] += line_N if weight == 1.0 else line_N * np.float32(weight)

    def _crowd(self, wave_3K: NDArray[np.complex128], turn: _Turn, rng: np.random.Generator, sound_3N: Parts) -> None:
        """Every partial a narrow hill of sinusoids around it, with phases of their own in the third part."""
        top = turn.loop // 2
        middle_K = np.arange(1, wave_3K.shape[1] + 1) * turn.cycles
        heard_K = (middle_K < top) & wave_3K.any(axis=0)
        middle_K, wave_3K = middle_K[heard_K], wave_3K[:, heard_K]
        deviation_K = np.maximum(0.5, middle_K * (2.0 ** (self.crowd_cents / 1200) - 1.0))
        reach_K = (_HILL * deviation_K).astype(np.int64)
        of_H = np.repeat(np.arange(len(middle_K)), 2 * reach_K + 1)
        first_K = np.cumsum(2 * reach_K + 1) - (2 * reach_K + 1)
        offset_H = np.arange(len(of_H)) - (first_K + reach_K)[of_H]
        height_H = np.where(offset_H, np.exp(-0.5 * (offset_H / deviation_K[of_H]) ** 2), 0.0)
        power_K = np.add.reduceat(height_H**2, first_K) if len(first_K) else np.zeros(0)
        height_H *= np.sqrt((1.0 - _LINE_IN_CROWD) / np.maximum(power_K, 1e-30))[of_H]
        hills_2H = height_H * np.exp(2j * np.pi * rng.random((2, len(of_H))))
        hills_2H[:, offset_H == 0] = np.array([[1.0], [-1.0j]]) * np.sqrt(_LINE_IN_CROWD)
        bin_H = np.clip((middle_K[of_H] + offset_H), 0, top)
        spectrum_3F = np.zeros((3, top + 1), np.complex64)
        for part, hills_H in enumerate(hills_2H[[0, 0, 1]]):
            wave_H = wave_3K[part, of_H] * hills_H
            spectrum_3F[part].real = np.bincount(bin_H, wave_H.real, top + 1)
            spectrum_3F[part].imag = np.bincount(bin_H, wave_H.imag, top + 1)
        spectrum_3F[:, 0] = spectrum_3F[:, top] = 0.0
        loop_3L = np.asarray(np.fft.irfft(spectrum_3F, turn.loop), np.float32)
        loop_3L *= np.float32(turn.loop / 2)
        turn.unroll(loop_3L, sound_3N)

    def _noise(self, pitch: int, turn: _Turn, rng: np.random.Generator) -> Parts:
        """Breath and bow, at a mean square of 1 once it has settled."""
        middle_hz = self.breath_hz or 2.0 * hertz(pitch)
        half = (_NOISE_OCTAVES if self.breath_hz else _BREATH_OCTAVES) / 2

        def shape(hz_F: Floats) -> Floats:
            return np.exp(-0.5 * (np.log2(hz_F / middle_hz) / half) ** 2)

        noise_3L = waves.band_noise(turn.loop, rng, sample_rate=turn.sample_rate, shapes=(shape,) * 3, periodic=True)
        noise_3N = np.empty((3, turn.count), np.float32)
        turn.unroll(noise_3L, noise_3N)
        if self.chiff:
            noise_3N *= 1.0 + self.chiff * np.exp(-turn.seconds() / _CHIFF_S)
        return noise_3N

    def _add_click(self, sound_3N: Parts, rng: np.random.Generator, *, sample_rate: int) -> None:
        """The noise of a key, which a harder touch makes louder."""
        count = min(round(_CLICK_S * sample_rate), sound_3N.shape[1])
        noise_3N = waves.band_noise(round(_CLICK_S * sample_rate), rng, sample_rate=sample_rate, shapes=(waves.band(*_CLICK_HZ),) * 3)
        by_touch_31 = self.click * (0.5 + 0.5 * np.array(TOUCHES, np.float32)[:, None])
        shape_N = np.sin(np.linspace(0.0, np.pi, round(_CLICK_S * sample_rate)), dtype=np.float32) ** 2
        sound_3N[:, :count] += (noise_3N * shape_N * by_touch_31)[:, :count]


@dataclass(frozen=True, kw_only=True)
class _Turn:
    """The loop of one tone: `cycles` of its pitch in `loop` frames; `count` frames are wanted."""

    cycles: int
    loop: int
    count: int
    sample_rate: int

    def seconds(self) -> NDArray[np.float32]:
        return np.arange(self.count, dtype=np.float32) / np.float32(self.sample_rate)

    def turns(self, rate_hz: float) -> int:
        """The whole number of turns in the loop that comes nearest to a rate."""
        return max(1, round(rate_hz * self.loop / self.sample_rate))

    def sway(self, rate_hz: float) -> NDArray[np.float32]:
        """The angle of something that turns at a rate."""
        return np.arange(self.count, dtype=np.float32) * np.float32(2 * np.pi * self.turns(rate_hz) / self.loop)

    def unroll(self, loop_3L: NDArray[np.float32], sound_3N: Parts) -> None:
        """Write a loop again and again until `count` frames are full."""
        for begin in range(0, self.count, self.loop):
            sound_3N[:, begin : begin + self.loop] = loop_3L[:, : self.count - begin]


def whole_cycles(base_hz: float, about_s: float, *, sample_rate: int) -> tuple[int, int]:
    """How many cycles of a frequency make a loop of about that length, and its frames.

    Only lengths with small factors are taken, for Fourier transforms of them are quick; of those the first in which the pitch is off by
    less than `_OFF_CENTS`, and where there is none, the best.
    """
    sizes = _quick_sizes()
    wanted = about_s * sample_rate
    frames = sizes[(sizes >= wanted) & (sizes <= _MOST_LOOP * wanted)]
    cycles = np.maximum(np.rint(frames * (base_hz / sample_rate)), 1.0)
    off_cents = np.abs(1200.0 * np.log2(cycles * sample_rate / (frames * base_hz)))
    good = np.flatnonzero(off_cents < _OFF_CENTS)
    chosen = good[0] if len(good) else off_cents.argmin()
    return int(cycles[chosen]), int(frames[chosen])


@functools.lru_cache(maxsize=1)
def _quick_sizes() -> NDArray[np.int64]:
    """All even numbers without a prime factor above 13 that a loop may have as its length, ascending."""
    most = round(_MOST_LOOP * _CROWD_LOOP_S * limits.MAX_SAMPLE_RATE)
    sizes = np.array([2], np.int64)
    for factor in (2, 3, 5, 7, 11, 13):
        powers = factor ** np.arange(int(np.log(most) / np.log(factor)) + 1, dtype=np.int64)
        products = np.outer(sizes, powers).reshape(-1)
        sizes = products[products <= most]
    return np.sort(sizes)
