import importlib.util
import math
import os
import struct
import textwrap

import numpy as np
import pytest

from lstmgen.errors import InputError, MissingExtraError, UsageError
from lstmgen.music.score import Notes, Score
from lstmgen.music.sound import mixing, soundfont

installed = pytest.mark.skipif(
    importlib.util.find_spec("midirenderer") is None, reason="needs midirenderer, of the extra audio: pip install 'lstmgen[audio]'"
)


def chunk(tag, content):
    return tag + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def records(kind, *contents):
    return chunk(b"LIST", kind + b"".join(contents))


def named(name, layout, *values):
    return name.encode().ljust(20, b"\0") + struct.pack(layout, *values)


def one_sine(hz=440.0, root=69, rate=44_100, peak=12_000):
    """A SoundFont of one preset, one instrument and one looped sample: a sine of 100 cycles, twice."""
    loop = round(100 * rate / hz)
    samples = [round(peak * math.sin(2 * math.pi * 100 * place / loop)) for place in range(2 * loop)] + [0] * 46
    generators = {"loops": (54, 1), "sample": (53, 0), "instrument": (41, 0), "end": (0, 0)}
    packed = {name: struct.pack("<HH", *values) for name, values in generators.items()}
    about = records(b"INFO", chunk(b"ifil", struct.pack("<HH", 2, 1)), chunk(b"isng", b"EMU8000\0"), chunk(b"INAM", b"one sine\0\0"))
    sound = records(b"sdta", chunk(b"smpl", struct.pack(f"<{len(samples)}h", *samples)))
    tables = records(
        b"pdta",
        chunk(b"phdr", named("Sine", "<HHHIII", 0, 0, 0, 0, 0, 0) + named("EOP", "<HHHIII", 0, 0, 1, 0, 0, 0)),
        chunk(b"pbag", struct.pack("<HHHH", 0, 0, 1, 0)),
        chunk(b"pmod", bytes(10)),
        chunk(b"pgen", packed["instrument"] + packed["end"]),
        chunk(b"inst", named("Sine", "<H", 0) + named("EOI", "<H", 1)),
        chunk(b"ibag", struct.pack("<HHHH", 0, 0, 2, 0)),
        chunk(b"imod", bytes(10)),
        chunk(b"igen", packed["loops"] + packed["sample"] + packed["end"]),
        chunk(b"shdr", named("Sine", "<IIIIIBbHH", 0, 2 * loop, 0, loop, rate, root, 0, 0, 1) + named("EOS", "<IIIIIBbHH", *[0] * 9)),
    )
    return chunk(b"RIFF", b"sfbk" + about + sound + tables)


@pytest.fixture
def sine(tmp_path):
    path = tmp_path / "sine.sf2"
    path.write_bytes(one_sine())
    return path


@pytest.fixture
def two_notes():
    """A4 for half a second, silence for half a second, A3 for half a second."""
    return Score.of(Notes.of([0, 1000], [500, 1500], [69, 57], velocity=100), ticks_per_beat=500)


@pytest.fixture
def child(tmp_path, monkeypatch):
    """Puts a program of the test's own in the renderer's place."""

    def replace(source):
        path = tmp_path / "child.py"
        path.write_text("import json, os, sys, time\nfrom pathlib import Path\njob = json.load(sys.stdin)\n" + textwrap.dedent(source))
        monkeypatch.setattr(soundfont, "_CHILD", path)
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)

    return replace


def strongest_hz(sound, rate):
    mono = sound.astype(np.float64).mean(axis=1)
    return np.abs(np.fft.rfft(mono * np.hanning(len(mono)), 2**19)).argmax() * rate / 2**19


@installed
@pytest.mark.parametrize("rate", [44_100, 48_000, 22_050])
def test_the_notes_of_a_score_are_played_with_the_samples_of_the_soundfont(sine, two_notes, rate):
    sound = soundfont.render(two_notes, sine, sample_rate=rate)
    assert sound.dtype == np.int16
    assert sound.shape[1] == 2
    assert len(sound) / rate == pytest.approx(1.5 + 2.0, abs=0.02)
    assert strongest_hz(sound[rate // 20 : rate * 9 // 20], rate) == pytest.approx(440, rel=1e-3)
    assert strongest_hz(sound[rate * 21 // 20 : rate * 29 // 20], rate) == pytest.approx(220, rel=1e-3)
    assert np.abs(sound[rate * 9 // 10 : rate]).max() < 0.1 * np.abs(sound).max()  # its own reverberation
    assert np.abs(sound[-5:]).max() <= 1


@installed
def test_the_same_score_gives_the_same_bytes(sine, two_notes):
    assert soundfont.render(two_notes, sine).tobytes() == soundfont.render(two_notes, sine).tobytes()


@installed
def test_a_crowd_of_loud_notes_is_played_softer_rather_than_cut_off(tmp_path):
    path = tmp_path / "loud.sf2"
    path.write_bytes(one_sine(peak=32_000))
    notes = Notes.of([0] * 24, [800] * 24, 69, velocity=127, track=np.arange(24), program=np.arange(24) % 12)
    sound = soundfont.render(Score.of(notes, ticks_per_beat=500), path).astype(float)
    assert np.abs(sound).max() <= mixing.CEILING * 32_768 + 1
    # A sine that is cut off has odd harmonics.
    power = np.abs(np.fft.rfft(sound[4_410:30_870, 0] * np.hanning(26_460))) ** 2
    hz = np.fft.rfftfreq(26_460, 1 / 44_100)
    assert power[np.abs(hz - 1320) < 20].sum() < 1e-5 * power[np.abs(hz - 440) < 20].sum()


@installed
def test_a_score_without_notes_is_silence(sine):
    sound = soundfont.render(Score.of(Notes.empty(), ticks_per_beat=500, length_ticks=1000), sine)
    assert len(sound) == pytest.approx(3 * 44_100, abs=300)
    assert np.abs(sound).max() <= 1


@installed
@pytest.mark.parametrize("keep", [13, 60, 300, 9_000])
def test_a_soundfont_that_breaks_off_is_refused_with_a_reason(sine, two_notes, keep):
    sine.write_bytes(sine.read_bytes()[:keep])
    with pytest.raises(InputError, match="refused the SoundFont") as caught:
        soundfont.render(two_notes, sine)
    assert caught.value.exit_code == 3
    assert "built-in" in caught.value.remedy


@installed
def test_flipped_bytes_give_a_sound_or_a_refusal_and_nothing_else(sine, two_notes):
    content = sine.read_bytes()
    tables = content.index(b"pdta")
    rng = np.random.default_rng(8)
    for _ in range(12):
        damaged = bytearray(content)
        for place in rng.integers(tables, len(content), 3):
            damaged[place] ^= 1 << rng.integers(8)
        sine.write_bytes(damaged)
        try:
            assert soundfont.render(two_notes, sine).shape[1] == 2
        except InputError as error:
            assert "SoundFont" in error.message  # noqa: PT017 - either outcome is right


@pytest.mark.parametrize("content", [b"", b"RIFF", b"RIFF\x04\0\0\0WAVEfmt ", b"<!DOCTYPE html><html>", b"\x1b[31mred\x1b[0m and more"])
def test_what_is_no_soundfont_is_refused_by_its_first_bytes(tmp_path, two_notes, content):
    path = tmp_path / "not\x1ba.sf2"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"is no SoundFont: it begins with .* expected RIFF\.\.\.\.sfbk") as caught:
        soundfont.render(two_notes, path)
    assert caught.value.message.isprintable()


def test_a_missing_file_and_a_folder_are_named_as_such(tmp_path, two_notes):
    with pytest.raises(InputError, match="there is no such file"):
        soundfont.render(two_notes, tmp_path / "gone.sf2")
    with pytest.raises(InputError, match="it is no file"):
        soundfont.render(two_notes, tmp_path)


def test_without_the_package_the_line_that_installs_it_is_told(sine, two_notes, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match="midirenderer") as caught:
        soundfont.render(two_notes, sine)
    assert caught.value.remedy == "pip install 'lstmgen[audio]'"
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("source", ["os.abort()", "sys.exit(7)", "raise MemoryError", "os.kill(os.getpid(), 9)"])
def test_a_renderer_that_dies_is_an_error_of_the_input_and_not_the_end_of_us(sine, two_notes, child, source):
    if os.name == "nt" and "kill" in source:
        pytest.skip("there are no signals on Windows")
    child(source)
    with pytest.raises(InputError, match=r"the SoundFont renderer stopped over .* ended with") as caught:
        soundfont.render(two_notes, sine)
    assert caught.value.exit_code == 3


def test_a_renderer_that_hangs_is_given_up(sine, two_notes, child, monkeypatch):
    child("time.sleep(60)")
    monkeypatch.setattr(soundfont, "_START_S", -3.0)
    with pytest.raises(InputError, match=r"stopped over .* not done after"):
        soundfont.render(two_notes, sine)


@pytest.mark.parametrize("source", ["pass", "Path(job['wav']).write_bytes(b'RIFF')"])
def test_a_renderer_that_leaves_no_sound_has_stopped(sine, two_notes, child, source):
    child(source)
    with pytest.raises(InputError, match=r"stopped over .* left no sound"):
        soundfont.render(two_notes, sine)


def test_the_renderers_own_words_are_shown_without_control_characters(sine, two_notes, child):
    child("Path(job['refusal']).write_text('bad\\x1b[2J chunk')")
    with pytest.raises(InputError, match=r"refused the SoundFont .*: bad\\x1b\[2J chunk") as caught:
        soundfont.render(two_notes, sine)
    assert caught.value.message.isprintable()


def test_nothing_is_left_behind(sine, two_notes, child, monkeypatch, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    child("Path(job['wav']).write_bytes(b'half a sound'); os.abort()")
    with pytest.raises(InputError):
        soundfont.render(two_notes, sine)
    assert not list(scratch.iterdir())


def test_the_rules_for_rate_and_length_are_those_of_the_built_in_synthesizer(sine, two_notes):
    with pytest.raises(UsageError, match="sample rate"):
        soundfont.render(two_notes, sine, sample_rate=100)
    with pytest.raises(InputError, match="lasts 61 minutes"):
        soundfont.render(two_notes.changed(length_ticks=3_660_000), sine)


def test_the_child_knows_nothing_of_this_package():
    source = soundfont._CHILD.read_text()
    assert "lstmgen" not in source
