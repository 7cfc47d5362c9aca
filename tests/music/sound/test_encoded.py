"""Sound as FLAC and Ogg Vorbis, and what is said where the package for them is missing."""

import io
import sys

import numpy as np
import pytest

from lstmgen.errors import MissingExtraError
from lstmgen.music.rendering import KINDS, SOUNDS, check_kind, render_bytes
from lstmgen.music.score import Notes, Score
from lstmgen.music.sound.encoded import encode
from lstmgen.music.sound.wav import to_wav

RATE = 16_000
ENCODED = [kind for kind in SOUNDS if kind != "wav"]
TUNE = Score.of(Notes.of([0, 480], [480, 960], [60, 64]), length_ticks=960)


@pytest.fixture
def noise():
    return (np.random.default_rng(0).normal(size=(70_003, 2)) * 3000).astype(np.int16)


@pytest.fixture
def soundfile():
    return pytest.importorskip("soundfile")


def test_wav_is_what_the_standard_library_writes(noise):
    assert encode(noise, "wav", sample_rate=RATE) == to_wav(noise, sample_rate=RATE)
    assert set(SOUNDS) <= set(KINDS)


def test_flac_keeps_every_sample(noise, soundfile):
    sound, rate = soundfile.read(io.BytesIO(encode(noise, "flac", sample_rate=RATE)), dtype="int16")
    assert rate == RATE
    np.testing.assert_array_equal(sound, noise)


def test_ogg_keeps_the_length_and_what_is_heard(soundfile):
    seconds = np.arange(70_003) / RATE
    tone = np.rint(np.sin(2 * np.pi * 440 * seconds)[:, None] * [9000, 4000]).astype(np.int16)
    content = encode(tone, "ogg", sample_rate=RATE)
    sound, rate = soundfile.read(io.BytesIO(content), dtype="int16")
    assert (rate, sound.shape) == (RATE, tone.shape)
    assert np.sqrt(np.mean((sound.astype(float) - tone) ** 2)) < 300
    assert len(content) < tone.nbytes / 5


@pytest.mark.parametrize("kind", ENCODED)
@pytest.mark.parametrize("frames", [0, 1, 65_536])
def test_the_same_sound_gives_the_same_bytes(kind, frames, noise, soundfile):
    """An Ogg stream has a number that the library draws by the clock; readers check the sum that stands beside it."""
    first, second = (encode(noise[:frames], kind, sample_rate=RATE) for _ in range(2))
    assert first == second
    assert soundfile.read(io.BytesIO(first))[0].shape == (max(frames, 1), 2)


@pytest.mark.parametrize("kind", ENCODED)
def test_a_tune_is_played_to_every_kind(kind, soundfile):
    sound, rate = soundfile.read(io.BytesIO(render_bytes(TUNE, kind, sample_rate=RATE)), dtype="int16")
    plain = render_bytes(TUNE, "wav", sample_rate=RATE)
    assert rate == RATE
    assert len(plain) == 44 + 4 * len(sound)
    looped = soundfile.read(io.BytesIO(render_bytes(TUNE, kind, sample_rate=RATE, loop=True)))[0]
    assert len(looped) == round(TUNE.duration_s * RATE)


@pytest.mark.parametrize("kind", ENCODED)
def test_where_the_package_is_missing_its_extra_is_named_before_anything_is_played(kind, monkeypatch):
    monkeypatch.setitem(sys.modules, "soundfile", None)
    told = []
    with pytest.raises(MissingExtraError, match=f"a .{kind} file needs the package soundfile") as refused:
        render_bytes(TUNE, kind, progress=lambda *moved: told.append(moved))
    assert not told
    assert "lstmgen[audio]" in str(refused.value.remedy)
    with pytest.raises(MissingExtraError):
        check_kind(kind)
    check_kind("wav")
    check_kind("png")
