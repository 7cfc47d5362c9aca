import struct
import wave

import numpy as np
import pytest

from lstmgen.music.sound.wav import read_wav, to_wav


def write_wav(path, sound, **rate):
    path.write_bytes(to_wav(sound, **rate))


@pytest.fixture
def noise():
    return np.random.default_rng(0).integers(-32_768, 32_768, (1_003, 2)).astype(np.int16)


def test_the_file_is_16_bit_stereo_that_the_standard_library_reads(tmp_path, noise):
    path = tmp_path / "noise.wav"
    write_wav(path, noise, sample_rate=48_000)
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate(), file.getnframes()) == (2, 2, 48_000, 1_003)
        assert file.readframes(9_999) == noise.astype("<i2").tobytes()


def test_the_header_is_pinned(tmp_path, noise):
    write_wav(tmp_path / "a.wav", noise)
    content = (tmp_path / "a.wav").read_bytes()
    size = 4 * 1_003
    assert content[:44] == struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 2, 44_100, 176_400, 4, 16, b"data", size
    )
    assert len(content) == 44 + size


def test_what_is_written_is_read_back(tmp_path, noise):
    write_wav(tmp_path / "a.wav", noise, sample_rate=22_050)
    sound, rate = read_wav(tmp_path / "a.wav")
    assert rate == 22_050
    assert sound.dtype == np.int16
    np.testing.assert_array_equal(sound, noise)


def test_silence_of_no_length_is_a_file_too(tmp_path):
    write_wav(tmp_path / "a.wav", np.zeros((0, 2), np.int16))
    assert read_wav(tmp_path / "a.wav")[0].shape == (0, 2)


def test_a_view_with_gaps_is_written_in_order(tmp_path, noise):
    write_wav(tmp_path / "a.wav", noise[::-2, ::-1])
    np.testing.assert_array_equal(read_wav(tmp_path / "a.wav")[0], noise[::-2, ::-1])


@pytest.mark.parametrize("sound", [np.zeros((4, 1), np.int16), np.zeros(4, np.int16), np.zeros((4, 2), np.float32)])
def test_another_shape_or_type_is_a_mistake(sound):
    with pytest.raises(ValueError, match="expected int16"):
        to_wav(sound)


def test_one_channel_is_heard_on_both_sides(tmp_path):
    with wave.open(str(tmp_path / "mono.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(struct.pack("<3h", 1, -2, 3))
    sound, rate = read_wav(tmp_path / "mono.wav")
    assert rate == 8_000
    assert sound.tolist() == [[1, 1], [-2, -2], [3, 3]]


@pytest.mark.parametrize("content", [b"", b"RIFF", b"RIFF\x04\0\0\0WAVE", b"<html>not found</html>"])
def test_what_is_no_wav_file_is_refused(tmp_path, content):
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(ValueError, match="not a WAV file"):
        read_wav(tmp_path / "a.wav")
