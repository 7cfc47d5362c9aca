"""Scores as files."""

from pathlib import Path

import numpy as np
import pytest

from lstmgen.drawing.png import to_png
from lstmgen.drawing.svg import to_svg
from lstmgen.errors import MachineError, UsageError
from lstmgen.music.rendering import KINDS, kind_of, render_bytes, render_file
from lstmgen.music.roll import lay_out
from lstmgen.music.score import Notes, Pedal, Score
from lstmgen.music.sound.wav import read_wav

TUNE = Score.of(Notes.of([0, 480], [480, 960], [60, 64]), length_ticks=960)
RATE = 8000


def test_the_ending_says_what_is_made(tmp_path):
    for name, start in (("a.png", b"\x89PNG"), ("b.SVG", b"<svg"), ("c.wav", b"RIFF")):
        render_file(TUNE, tmp_path / name, sample_rate=RATE)
        assert (tmp_path / name).read_bytes().startswith(start)


def test_pictures_are_those_of_the_piano_roll(tmp_path):
    render_file(TUNE, tmp_path / "a.png", title="T", dark=True, width=400, ticks=(0, 480))
    assert (tmp_path / "a.png").read_bytes() == to_png(lay_out(TUNE, title="T", dark=True, width=400, ticks=(0, 480)))
    assert render_bytes(TUNE, "svg", title="T") == to_svg(lay_out(TUNE, title="T")).encode()


def test_sound_has_the_rate_and_obeys_the_pedal(tmp_path):
    note = Notes.of([0], [120], [60], program=16)
    held = Score.of(note, pedals=[Pedal(0, 0, True), Pedal(1920, 0, False)], length_ticks=1920)
    loudness = []
    for score in (Score.of(note, length_ticks=1920), held):
        render_file(score, tmp_path / "a.wav", sample_rate=RATE)
        sound, rate = read_wav(tmp_path / "a.wav")
        assert rate == RATE
        loudness.append(float(np.abs(sound[RATE : RATE + RATE // 2].astype(float)).mean()))
    assert loudness[1] > 10 * loudness[0]


def test_a_part_of_a_piece_sounds_as_long_as_that_part(tmp_path):
    lengths = []
    for ticks in (None, (480, 960)):
        render_file(TUNE, tmp_path / "a.wav", sample_rate=RATE, ticks=ticks)
        lengths.append(len(read_wav(tmp_path / "a.wav")[0]) / RATE)
    assert lengths[0] - lengths[1] == pytest.approx(0.5, abs=0.1)


def late(rest_ticks):
    return Score.of(Notes.of([rest_ticks], [rest_ticks + 480], [60]), length_ticks=rest_ticks + 480)


@pytest.mark.parametrize("program", [0, 19])
def test_sound_begins_with_the_first_note(program, tmp_path):
    """Whatever stands before it; a part begins where it was asked to begin, and a loop is as long as its tune."""
    whole = []
    for rest_ticks in (0, 961, 4800):
        score = late(rest_ticks)
        score = score.changed(notes=score.notes.changed(program=np.array([program])))
        whole.append(render_bytes(score, "wav", sample_rate=RATE))
    assert len(set(whole)) == 1
    (tmp_path / "a.wav").write_bytes(render_bytes(late(4800), "wav", sample_rate=RATE, ticks=(0, 5280)))
    part = read_wav(tmp_path / "a.wav")[0]
    assert not part[: 5 * RATE].any()
    assert len(render_bytes(late(4800), "wav", sample_rate=RATE, loop=True)) == 44 + 4 * round(5.5 * RATE)


def test_the_seed_of_a_sound_is_that_of_its_strokes():
    first, same, other = (render_bytes(TUNE, "wav", sample_rate=RATE, seed=seed) for seed in (0, 0, 1))
    assert first == same
    assert first != other
    assert render_bytes(TUNE, "wav", sample_rate=RATE) == first


def test_progress_is_told_while_sound_is_made(tmp_path):
    told = []
    render_file(TUNE, tmp_path / "a.wav", sample_rate=RATE, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (2, 2)


@pytest.mark.parametrize("name", ["a.gif", "a", "a.mid", ".png"])
def test_other_endings_are_refused_with_those_that_there_are(name, tmp_path):
    with pytest.raises(UsageError, match=r"expected one of \.png, \.svg, \.wav"):
        render_file(TUNE, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_every_kind_is_known_by_its_ending():
    assert [kind_of(Path(f"x.{kind}")) for kind in KINDS] == list(KINDS)


def test_a_folder_that_is_missing_is_an_error_of_the_machine(tmp_path):
    with pytest.raises(MachineError):
        render_file(TUNE, tmp_path / "none" / "a.png")
