import numpy as np
import pytest

from lstmgen import limits
from lstmgen.errors import InputError, UsageError
from lstmgen.music.score import Notes, Score, Track
from lstmgen.music.sound import drum_sounds, mixing, synth
from lstmgen.music.sound.struck import Struck
from lstmgen.music.sound.sustained import whole_cycles
from lstmgen.music.sound.voices import PROGRAMS
from lstmgen.music.sound.waves import ROW_FRAMES, Tone, damped_sinusoids, hertz, resampled, rise

RATE = 44_100
A4 = 69
WITHOUT_PITCH = {47, 112, 113, 115, 116, 117, 118, *range(119, 128)}
"""Kettledrums, bells and drums die before a pitch can be measured to a cent; the last are noises."""
PITCHED = [program for program in range(128) if program not in WITHOUT_PITCH]
SPACING_S = 3.0
HELD_S = 1.5


def score_of(start_s, end_s, pitch, **columns):
    """Notes in seconds: at 120 bpm and 500 ticks to the beat a tick is a millisecond."""
    start_ms, end_ms = (np.rint(np.atleast_1d(moments) * 1000).astype(int) for moments in (start_s, end_s))
    return Score.of(Notes.of(start_ms, end_ms, np.atleast_1d(pitch), **columns), ticks_per_beat=500)


def as_float(sound):
    return sound.astype(np.float64) / 32_768


def rms(sound):
    return float(np.sqrt(np.mean(np.square(sound.astype(np.float64))))) if len(sound) else 0.0


def centroid_hz(sound, rate=RATE):
    power = np.abs(np.fft.rfft(as_float(sound).mean(axis=1))) ** 2
    return float((np.fft.rfftfreq(len(sound), 1 / rate) * power).sum() / power.sum())


def near(hz, near_hz):
    return np.abs(np.log2(np.maximum(hz, 1) / near_hz)) < 50 / 1200


def strongest_hz(mono, *, near_hz, rate=RATE):
    """Where the spectrum is highest, within half a semitone of a frequency."""
    size = 2**19
    spectrum = np.abs(np.fft.rfft(mono * np.hanning(len(mono)), size))
    hz = np.fft.rfftfreq(size, 1 / rate)
    return float(hz[near(hz, near_hz)][spectrum[near(hz, near_hz)].argmax()])


def mean_hz(loop, *, near_hz, rate=RATE):
    """Mean frequency of a sound that repeats, weighted by power: exact, for a loop has lines and nothing between them."""
    power = (np.abs(np.fft.rfft(loop)) ** 2).sum(axis=0)
    hz = np.fft.rfftfreq(loop.shape[1], 1 / rate)
    return float((hz * power)[near(hz, near_hz)].sum() / power[near(hz, near_hz)].sum())


def out_of_tune(voice):
    """Cents that the strings or players of an instrument are apart on purpose."""
    if isinstance(voice, Struck):
        return voice.apart_cents
    return max(voice.crowd_cents, *(abs(cents) for cents in voice.lines if abs(cents) < 50))


def tone_of(voice, pitch, *, frames, seed):
    space = np.full((3, frames + ROW_FRAMES), np.nan, np.float32)
    return voice.tone(pitch, frames=frames, sample_rate=RATE, seed=seed, space_3N=space)


def first_sounding(sound, threshold=8):
    return int(np.flatnonzero(np.abs(sound).max(axis=1) > threshold)[0])


@pytest.fixture(scope="module")
def all_programs():
    """Every program plays A4 for 1.5 s, one after the other, every 3 s."""
    start_s = np.arange(128) * SPACING_S
    return synth.render(score_of(start_s, start_s + HELD_S, A4, velocity=100, program=np.arange(128)))


def part(sound, number, begin_s, end_s):
    return sound[round((number * SPACING_S + begin_s) * RATE) : round((number * SPACING_S + end_s) * RATE)]


def test_a_score_becomes_stereo_samples_that_last_as_long_as_it_and_the_room():
    sound = synth.render(score_of([0.0, 0.5], [0.5, 1.0], [60, 64]))
    assert sound.dtype == np.int16
    assert sound.ndim == 2
    assert sound.shape[1] == 2
    assert 1.0 * RATE < len(sound) < 3.0 * RATE
    assert sound.flags.c_contiguous


def test_the_sound_is_never_shorter_than_the_score():
    score = score_of(0.0, 0.5, 60).changed(length_ticks=7_000)
    sound = synth.render(score)
    assert len(sound) >= 7 * RATE
    assert np.abs(sound[4 * RATE :]).max() <= 1


def test_a_score_without_notes_is_silence_of_its_length():
    assert synth.render(Score.of(Notes.empty())).shape == (0, 2)
    silence = synth.render(Score.of(Notes.empty(), ticks_per_beat=500, length_ticks=1500))
    assert silence.shape == (66_150, 2)
    assert not silence.any()


def test_the_same_score_gives_the_same_bytes_whether_watched_or_not():
    rng = np.random.default_rng(3)
    start_s = rng.random(60) * 3
    score = score_of(
        start_s,
        start_s + 0.4,
        rng.integers(36, 90, 60),
        velocity=rng.integers(1, 128, 60),
        program=rng.integers(0, 128, 60),
        drum=rng.random(60) < 0.3,
    )
    assert synth.render(score).tobytes() == synth.render(score, progress=lambda *_: None).tobytes()


def test_progress_counts_notes_up_to_all_of_them():
    seen = []
    synth.render(score_of([0, 0.1, 0.2], [0.5, 0.5, 0.5], [60, 62, 60]), progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (3, 3)
    assert seen == sorted(set(seen))


@pytest.mark.parametrize("program", PITCHED)
def test_a4_is_440_hz_in_every_instrument_that_has_a_pitch(program):
    """To one cent, but for what wavers or is out of tune on purpose; two strings that beat push their peaks apart, at most as far again."""
    voice = PROGRAMS[program]
    tone = tone_of(voice, A4, frames=6 * RATE, seed=program)
    if isinstance(voice, Struck):
        heard = tone.sound_3N[1][: round(min(1.5, voice.length_s(A4) / 2) * RATE)]
        found_hz = strongest_hz(heard, near_hz=440.0)
        bound = 1.0 + 2 * out_of_tune(voice)
    else:
        assert (tone.loop is None) == (voice.sustain == 0)
        found_hz = mean_hz(tone.sound_3N[:2, tone.loop or 0 :], near_hz=440.0)
        bound = 1.0 + voice.vibrato_cents / 20
    assert abs(1200 * np.log2(found_hz / 440.0)) < bound


@pytest.mark.parametrize("program", range(0, 112, 8))
def test_a4_is_still_440_hz_when_all_is_mixed(all_programs, program):
    heard = as_float(part(all_programs, program, 0.1, 1.0)).mean(axis=1)
    cents = 1200 * np.log2(strongest_hz(heard, near_hz=440.0) / 440.0)
    assert abs(cents) < 2.0 + out_of_tune(PROGRAMS[program])


@pytest.mark.parametrize("program", range(128))
def test_every_program_sounds_and_is_over_after_its_end(all_programs, program):
    assert rms(part(all_programs, program, 0.0, HELD_S)) > 100
    last = part(all_programs, program, SPACING_S - 0.1, SPACING_S)
    loudest = max(rms(part(all_programs, program, begin, begin + 0.1)) for begin in np.arange(0.0, HELD_S, 0.1))
    assert rms(last) < loudest * 10 ** (-40 / 20)


def test_the_families_differ_from_one_another(all_programs):
    """No two of the sixteen first sounds have spectra alike."""
    spectra = []
    for program in range(0, 128, 8):
        mono = as_float(part(all_programs, program, 0.0, 1.4)).mean(axis=1)
        bands = np.log(np.add.reduceat(np.abs(np.fft.rfft(mono)) ** 2, np.arange(0, 14_000, 300)) + 1e-9)
        spectra.append((bands - bands.mean()) / bands.std())
    likeness = np.array(spectra) @ np.array(spectra).T / len(spectra[0])
    assert likeness[~np.eye(16, dtype=bool)].max() < 0.995


def test_struck_strings_die_away_and_bowed_ones_do_not(all_programs):
    def fall(program):
        return rms(part(all_programs, program, 1.2, 1.4)) / rms(part(all_programs, program, 0.3, 0.5))

    for program in (0, 6, 11, 24, 33, 46):
        assert fall(program) < 0.6, program
    for program in (16, 40, 56, 65, 73, 81):
        assert 0.7 < fall(program) < 1.4, program


def test_a_note_begins_at_its_frame():
    for start_s in (0.0, 0.333, 1.001):
        sound = synth.render(score_of(start_s, start_s + 0.5, 84, velocity=127, program=13))
        exact = round(start_s * RATE)
        assert exact <= first_sounding(sound) <= exact + 40


def test_notes_begin_where_the_tempo_map_puts_them():
    notes = Notes.of([960, 1920, 2400], [1000, 1960, 2440], 84, velocity=127, program=13)
    score = Score.of(notes, ticks_per_beat=480, tempos=[(0, 400_000), (960, 1_000_000), (1920, 250_000)])
    sound = synth.render(score)
    for moment_s in (0.8, 2.8, 3.05):
        frame = round(moment_s * RATE)
        before, after = sound[frame - 200 : frame], sound[frame : frame + 200]
        assert rms(after) > 6 * rms(before)


def test_a_harder_touch_is_louder_and_brighter():
    for program in (0, 25, 48, 56, 81):
        # Both in one score, so that one level holds for both.
        sound = synth.render(score_of([0.0, 3.0], [1.5, 4.5], 57, velocity=[40, 120], program=program))
        soft, hard = sound[: round(1.5 * RATE)], sound[3 * RATE : round(4.5 * RATE)]
        assert rms(hard) > 3 * rms(soft), program
        assert centroid_hz(hard) > 1.1 * centroid_hz(soft), program


def strokes_of(program, *, velocity=90, drum=False, pitch=60, count=3, seed=0):
    """The same note several times, each of shape (N, 2)."""
    start_s = np.arange(count) * 2.5
    sound = as_float(synth.render(score_of(start_s, start_s + 0.8, pitch, velocity=velocity, program=program, drum=drum), seed=seed))
    return [sound[round(begin * RATE) : round((begin + 0.8) * RATE)] for begin in start_s]


STROKES = [
    *((program, False, 60) for program in (0, 4, 9, 12, 16, 19, 24, 33, 40, 48, 52, 60, 71, 73, 81)),
    *((0, True, pitch) for pitch in (36, 38, 42, 49, 60, 75)),
]


@pytest.mark.parametrize(("program", "drum", "pitch"), STROKES)
def test_no_stroke_repeats_another_and_all_are_the_same_instrument(program, drum, pitch):
    first, second, third = (stroke.mean(axis=1) for stroke in strokes_of(program, drum=drum, pitch=pitch))
    for one, other in ((first, second), (second, third), (first, third)):
        assert rms(one - other) > 10 ** (-50 / 20) * rms(one)
        assert rms(one) == pytest.approx(rms(other), rel=0.25)
        assert centroid_hz(one[:, None] * 32_768) == pytest.approx(centroid_hz(other[:, None] * 32_768), rel=0.25)


def test_the_seed_says_how_strokes_differ():
    again, same, other = (strokes_of(0, seed=seed)[1] for seed in (3, 3, 4))
    assert again.tobytes() == same.tobytes()
    assert rms(again - other) > 10 ** (-50 / 20) * rms(again)


def test_little_is_lost_in_one_channel(all_programs):
    """Of A4 in every instrument 1.5 dB at most; two sides that have nothing in common lose 3 dB."""
    for program in range(120):
        stroke = as_float(part(all_programs, program, 0.0, HELD_S))
        both = np.mean([rms(side) ** 2 for side in stroke.T])
        assert rms(stroke.mean(axis=1)) ** 2 > 10 ** (-1.5 / 10) * both, program


@pytest.mark.parametrize("program", [19, 48, 52, 53, 88, 92])
def test_a_crowd_loses_little_in_one_channel_at_any_pitch(program):
    start_s = np.arange(8) * 2.0
    sound = as_float(synth.render(score_of(start_s, start_s + 1.5, 40 + 5 * np.arange(8), velocity=90, program=program)))
    assert rms(sound.mean(axis=1)) ** 2 > 10 ** (-1.2 / 10) * np.mean([rms(side) ** 2 for side in sound.T])


BRIGHT = {
    0: (450, 1300),
    9: (500, 1300),
    12: (280, 900),
    19: (550, 1500),
    24: (330, 900),
    48: (380, 1100),
    52: (600, 1300),
    56: (700, 1800),
    73: (380, 900),
}


@pytest.mark.parametrize("program", BRIGHT)
def test_instruments_are_as_bright_as_real_ones(program):
    """Mean frequency of the power of C4, in hertz: wide bounds around what recorded instruments have, nothing to be met exactly."""
    (stroke,) = strokes_of(program, count=1)
    lowest, highest = BRIGHT[program]
    assert lowest < centroid_hz(stroke * 32_768) < highest


@pytest.mark.parametrize("program", [0, 8, 16, 24, 33, 40, 48, 52, 56, 64, 73, 80, 88, 104])
def test_no_family_drowns_another(program):
    """Beside a piano at the same velocity, by the power above 200 Hz, where the ear is good."""

    def heard(number):
        power = np.abs(np.fft.rfft(both[number], axis=0)) ** 2
        return 10 * np.log10(power[np.fft.rfftfreq(len(both[number]), 1 / RATE) > 200].sum())

    sound = as_float(synth.render(score_of([0.0, 3.0], [0.8, 3.8], 60, velocity=90, program=[0, program])))
    both = [sound[: round(0.5 * RATE)], sound[3 * RATE : round(3.5 * RATE)]]
    assert abs(heard(1) - heard(0)) < 7


def test_low_piano_keys_are_on_the_left_and_high_ones_on_the_right():
    low, high = (as_float(synth.render(score_of(0.0, 1.0, pitch, velocity=100))) for pitch in (30, 96))
    assert rms(low[:, 0]) > 1.15 * rms(low[:, 1])
    assert rms(high[:, 1]) > 1.15 * rms(high[:, 0])


def test_tracks_stand_apart_and_the_bass_in_the_middle():
    """Over five notes, for a room carries one frequency to one ear better than to the other."""

    def balance(track):
        pitch = np.array((36, 64, 67))
        notes = Notes.of(
            [0, 0, 0, *range(5000, 15_000, 2000)],
            [10, 10, 10, *range(6000, 16_000, 2000)],
            [*pitch, *(pitch[track] + np.arange(-2, 3))],
            track=[0, 1, 2, *[track] * 5],
            velocity=[1, 1, 1, *[100] * 5],
            program=33,
        )
        sound = as_float(synth.render(Score.of(notes, ticks_per_beat=500, tracks=(Track(),) * 3)))[5 * RATE :]
        return rms(sound[:, 0]) / rms(sound[:, 1])

    assert balance(0) == pytest.approx(1.0, abs=0.15)
    assert balance(1) > 1.4
    assert balance(2) < 0.7


def test_however_much_sounds_at_once_nothing_is_clipped():
    rng = np.random.default_rng(5)
    start_s = rng.random(300) * 2
    score = score_of(
        start_s, start_s + 0.8, rng.integers(30, 100, 300), velocity=127, program=rng.integers(0, 112, 300), drum=rng.random(300) < 0.2
    )
    peak = np.abs(synth.render(score).astype(int)).max()
    assert 0.97 * mixing.CEILING * 32_767 < peak <= mixing.CEILING * 32_767 + 1


def test_a_quiet_piece_is_lifted_by_a_bound_only():
    soft, softer = (np.abs(synth.render(score_of(0.0, 1.0, 60, velocity=velocity)).astype(int)).max() for velocity in (15, 8))
    assert soft < 0.2 * 32_767
    assert softer < 0.6 * soft


def test_there_is_no_offset(all_programs):
    assert np.abs(as_float(all_programs).mean(axis=0)).max() < 1e-4
    kicks = synth.render(score_of(np.arange(8) * 0.5, np.arange(8) * 0.5 + 0.1, 36, velocity=120, drum=True))
    assert np.abs(as_float(kicks).mean(axis=0)).max() < 1e-4


def test_neither_the_beginning_nor_the_end_of_a_note_clicks():
    """A whistle is nearly a sine: its curvature says at once where it has a corner."""
    sound = as_float(synth.render(score_of([0.0, 1.003], [0.877, 2.1], 69, program=78, velocity=110)))
    bend = np.abs(np.diff(sound, n=2, axis=0)).max(axis=1)
    inside = bend[round(0.5 * RATE) : round(0.8 * RATE)].max()
    assert bend.max() < 2.5 * inside
    assert np.abs(sound[-1]).max() < 1e-4


def test_every_tone_rises_from_nothing_and_every_one_that_dies_ends_in_nothing():
    tones = [tone_of(voice, A4, frames=15 * RATE, seed=number) for number, voice in enumerate(PROGRAMS)]
    tones += [drum.tone(0, sample_rate=RATE, seed=number) for number, drum in drum_sounds.KIT.items()]
    for tone in tones:
        loudest = np.abs(tone.sound_3N).max()
        assert np.abs(tone.sound_3N[:, 0]).max() == 0
        assert np.abs(tone.sound_3N[:, 1]).max() < 0.05 * loudest
        assert tone.loop is not None or np.abs(tone.sound_3N[:, -1]).max() < 1e-3 * loudest


def test_a_long_note_goes_through_its_loop_without_a_seam():
    for program in (19, 40, 48, 73, 80):
        tone = tone_of(PROGRAMS[program], 61, frames=20 * RATE, seed=program)
        assert tone.loop is not None
        joined = np.concatenate([tone.sound_3N[:, -400:], tone.sound_3N[:, tone.loop : tone.loop + 400]], axis=1)
        bend = np.abs(np.diff(joined, n=2, axis=1)).max(axis=0)
        usual = np.abs(np.diff(tone.sound_3N[:, tone.loop :], n=2, axis=1)).max()
        assert bend[396:402].max() <= 1.05 * usual


def test_only_what_is_needed_of_a_tone_is_made_and_it_is_the_same():
    for program in (0, 12, 40, 52, 61):
        whole = tone_of(PROGRAMS[program], 64, frames=2 * RATE, seed=1).sound_3N
        short = tone_of(PROGRAMS[program], 64, frames=RATE // 3, seed=1).sound_3N
        assert short.shape[1] == RATE // 3
        np.testing.assert_allclose(short, whole[:, : RATE // 3], atol=1e-5)


def test_undamped_strings_ring_on_and_damped_ones_do_not():
    def after(pitch):
        sound = as_float(synth.render(score_of(0.0, 0.1, pitch, velocity=120)))
        return rms(sound[round(0.4 * RATE) : round(0.6 * RATE)]) / rms(sound[: round(0.1 * RATE)])

    assert after(90) > 2.5 * after(89)


def test_kicks_are_low_and_hats_are_high():
    heard = {pitch: synth.render(score_of(0.0, 0.1, pitch, velocity=110, drum=True)) for pitch in (36, 38, 42, 46, 49)}
    assert centroid_hz(heard[36]) < 400
    assert 1000 < centroid_hz(heard[38]) < 6000
    assert centroid_hz(heard[42]) > 7000
    loud = {pitch: np.flatnonzero(np.abs(sound).max(axis=1) > 300)[-1] for pitch, sound in heard.items()}
    assert loud[42] < loud[46] < loud[49]


def test_a_closed_hat_silences_the_open_one():
    def after(second):
        """What is left of an open hat a moment after a very soft second stroke."""
        sound = synth.render(score_of([0.0, 0.15], [0.1, 0.2], [46, second], velocity=[120, 10], drum=True))
        return rms(as_float(sound)[round(0.25 * RATE) : round(0.35 * RATE)])

    assert after(42) < 0.5 * after(37)
    assert after(44) < 0.5 * after(37)


def test_strokes_of_one_drum_are_not_copies_of_one_another():
    start_s = np.arange(3) * 1.0
    sound = as_float(synth.render(score_of(start_s, start_s + 0.1, 42, velocity=100, drum=True)))
    first, second = sound[:2000, 0], sound[RATE : RATE + 2000, 0]
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.9
    assert rms(first) == pytest.approx(rms(second), rel=0.3)


def test_every_pitch_of_the_percussion_channel_is_some_drum():
    start_s = np.arange(128) * 4.0
    sound = synth.render(score_of(start_s, start_s + 0.1, np.arange(128), velocity=110, drum=True), sample_rate=16_000)
    for pitch in range(128):
        assert np.abs(sound[pitch * 64_000 : (pitch + 1) * 64_000]).max() > 300, pitch
    assert drum_sounds.drum(0) is drum_sounds.KIT[27]
    assert drum_sounds.drum(127) is drum_sounds.KIT[87]


@pytest.mark.parametrize("rate", [8_000, 22_050, 48_000, 96_000])
def test_other_sample_rates_give_the_same_piece(rate):
    sound = synth.render(score_of([0.0, 0.0], [1.5, 0.1], [69, 42], drum=[False, True], program=[68, 0], velocity=90), sample_rate=rate)
    assert len(sound) / rate == pytest.approx(1.5 + 0.09 + mixing.TAIL_S, abs=0.05)
    assert strongest_hz(as_float(sound)[rate // 2 : 3 * rate // 2, 0], near_hz=440.0, rate=rate) == pytest.approx(440.0, rel=1e-3)


@pytest.mark.parametrize("rate", [0, 7_999, 192_001, -44_100])
def test_a_sample_rate_that_no_player_knows_is_refused(rate):
    with pytest.raises(UsageError, match=r"sample rate.*8000 to 192000"):
        synth.render(score_of(0, 1, 60), sample_rate=rate)


def test_a_piece_that_would_fill_the_memory_is_refused_before_it_does():
    with pytest.raises(InputError, match=r"lasts 61 minutes, expected at most 60"):
        synth.render(score_of(0, 3660, 60))


def test_more_sound_than_anyone_can_hear_is_refused():
    count = int(limits.MAX_SOUNDING_S / 3000) + 2
    with pytest.raises(InputError, match=r"all notes together sound for 279 hours, expected at most 278"):
        synth.render(score_of(np.zeros(count), np.full(count, 3000.0), 60, program=19))


def test_damped_sinusoids_are_what_their_formula_says():
    rng = np.random.default_rng(1)
    hz, decay = rng.random(7) * 4000 + 50, rng.random(7) * 8
    wave = rng.normal(size=(2, 7)) + 1j * rng.normal(size=(2, 7))
    seconds = np.arange(10 * ROW_FRAMES) / RATE
    slow = (wave[:, :, None] * np.exp((-decay[:, None] + 2j * np.pi * hz[:, None]) * seconds)).sum(axis=1).real
    fast = np.full((3, len(seconds)), np.nan, np.float32)
    damped_sinusoids(hz, decay, wave, sample_rate=RATE, space_CN=fast[1:])
    np.testing.assert_allclose(fast[1:], slow, atol=5e-4)
    assert np.isnan(fast[0]).all()


def test_the_room_in_blocks_is_the_plain_convolution():
    rng = np.random.default_rng(2)
    response = rng.normal(size=(2, 900)).astype(np.float32)
    for frames in (5, 900, 300_001):
        sound = rng.normal(size=(2, frames)).astype(np.float32)
        spectrum = np.fft.rfft(sound, frames + 900) * np.fft.rfft(response, frames + 900)
        plain = np.fft.irfft(spectrum, frames + 900)[:, :frames]
        mixing.put_into(response, sound)
        np.testing.assert_allclose(sound, plain, atol=1e-2)


def test_a_room_lets_the_sound_itself_through_and_no_offset():
    response = mixing.room(RATE)
    assert response[:, 0] == pytest.approx(1.0, abs=0.01)
    assert np.abs(response.sum(axis=1)).max() < 1e-3
    assert np.abs(response[:, -1]).max() < 1e-3
    assert rms(response[:, RATE // 2 :]) < 0.1 * rms(response[:, 600 : RATE // 10])


def test_a_looped_tone_is_added_as_if_it_were_written_out():
    samples = np.arange(10, dtype=np.float32)[None] * np.array([[1.0], [2.0], [5.0]], np.float32)
    sound = np.zeros((2, 40), np.float32)
    gain = np.array([[-1.0, 1.0, 0.0], [1.0, -2.0, 1.0]], np.float32)  # 1 and 2 times what counts from 0 to 9
    mixing.add(sound, Tone(samples, loop=6), 3, gain_23=gain, held=25, release=8, scratch_2N=np.empty((2, 7), np.float32))
    endless = np.concatenate([np.arange(10), np.tile(np.arange(6, 10), 10)])[:33].astype(np.float64)
    endless[25:] *= rise(8)[::-1] ** 2
    np.testing.assert_allclose(sound[0, 3:36], endless, rtol=1e-6)
    np.testing.assert_allclose(sound[1], 2 * sound[0], rtol=1e-5)
    assert not sound[:, :3].any()
    assert not sound[:, 36:].any()


def test_the_limiter_never_lets_a_peak_through_and_leaves_the_rest_alone():
    rng = np.random.default_rng(4)
    sound = rng.normal(size=(2, 5 * RATE)).astype(np.float32) * 0.1
    sound[:, 2 * RATE : 2 * RATE + 3] = 0.9
    samples = mixing.to_samples(sound.copy(), sample_rate=RATE)
    assert np.abs(samples.astype(int)).max() <= mixing.CEILING * 32_767 + 1
    factor, edges = mixing.level(sound, sample_rate=RATE)
    assert factor > 1.2
    assert edges[:300] == pytest.approx(1.0)
    assert edges.min() < 0.8
    assert np.abs(np.diff(edges)).max() < 0.1


def test_loops_hold_whole_cycles_and_the_pitch_stays_true():
    for pitch in range(128):
        cycles, frames = whole_cycles(hertz(pitch), 1.5, sample_rate=RATE)
        cents = 1200 * np.log2(cycles * RATE / frames / hertz(pitch))
        assert abs(cents) < (0.3 if pitch >= 21 else 0.6)
        assert RATE <= frames <= 2 * RATE


def test_resampling_keeps_what_fits_and_leaves_no_mirror_image():
    seconds = np.arange(48_000) / 48_000
    for from_rate, to_rate in ((48_000, 44_100), (48_000, 16_000), (48_000, 96_000)):
        tone = np.sin(2 * np.pi * 1000 * seconds).astype(np.float32)
        sound = resampled(np.stack([tone, 0.5 * tone]), from_rate=from_rate, to_rate=to_rate)
        assert sound.shape == (2, to_rate)
        expected = np.sin(2 * np.pi * 1000 * np.arange(to_rate) / to_rate)
        np.testing.assert_allclose(sound[0, 500:-500], expected[500:-500], atol=1e-3)
        np.testing.assert_allclose(sound[1], 0.5 * sound[0], atol=1e-6)
    high = np.sin(2 * np.pi * 12_000 * seconds).astype(np.float32)
    assert rms(resampled(np.stack([high, high]), from_rate=48_000, to_rate=16_000)[:, 500:-500]) < 1e-3


def test_there_is_a_voice_for_each_program_of_general_midi():
    assert len(PROGRAMS) == 128
    assert len({repr(voice) for voice in PROGRAMS}) == 128
