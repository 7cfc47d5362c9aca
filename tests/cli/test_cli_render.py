"""`lstmgen render`."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest

from lstmgen.cli.render_targets import Place, parse_place
from lstmgen.errors import UsageError
from lstmgen.music.midi.writer import to_midi_bytes
from lstmgen.music.score import Notes, Score, Track
from lstmgen.music.sound.wav import read_wav

BEATS = np.arange(32) * 480
TUNE = Score.of(Notes.of(BEATS, BEATS + 400, 60 + BEATS // 480 % 12), tracks=[Track("Lute\x1b[2J")])
MIDI = to_midi_bytes(TUNE)


pytestmark = pytest.mark.usefixtures("here")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tune.mid").write_bytes(MIDI)
    return tmp_path


def test_without_an_output_the_roll_is_the_product(cli):
    done = cli("render", "tune.mid", "--width", "70")
    assert (done.code, done.err) == (0, "")
    assert done.text.startswith("tune\n4/4")
    assert re.search("[\u2580\u2584]", done.text)
    assert "\x1b" not in done.text
    assert max(len(line) for line in done.text.splitlines()) <= 70


def test_on_a_terminal_the_roll_is_coloured_and_names_are_escaped(cli):
    done = cli("render", "tune.mid", terminal=("stdout",))
    assert "\x1b[38;5;" in done.text
    assert "Lute\\x1b[2J" in done.text
    assert "\x1b[2J" not in done.text
    assert "\x1b" not in cli("render", "tune.mid", "--no-color", terminal=("stdout",)).text


def test_the_roll_is_as_wide_as_the_terminal(cli):
    widths = []
    for columns in ("50", "120"):
        done = cli("render", "tune.mid", environ={"COLUMNS": columns})
        widths.append(max(len(line) for line in done.text.splitlines()))
        assert widths[-1] <= int(columns)
    assert widths[1] > widths[0]


def test_each_output_gets_what_its_ending_says(cli, here):
    done = cli("render", "tune.mid", "-o", "a.png", "-o", "new/b.svg", "-o", "c.wav", "--sample-rate", "8000", "--dark", "--title", "Song")
    assert (done.code, done.out) == (0, b"")
    assert [line.split(":")[0] for line in done.err.splitlines()] == ["wrote a.png", "wrote new/b.svg", "wrote c.wav"]
    assert (here / "a.png").read_bytes().startswith(b"\x89PNG")
    assert ">Song<" in (here / "new/b.svg").read_text()
    assert read_wav(here / "c.wav")[1] == 8000


def test_dark_and_width_change_the_picture(cli, here):
    cli("render", "tune.mid", "-o", "a.svg")
    cli("render", "tune.mid", "-o", "b.svg", "--dark", "--width", "800")
    light, dark = (here / "a.svg").read_text(), (here / "b.svg").read_text()
    assert 'width="1600"' in light
    assert 'width="800"' in dark
    assert "#13141a" in dark
    assert "#13141a" not in light


def test_a_folder_gets_every_file_in_every_format(cli, here):
    (here / "two").mkdir()
    (here / "two" / "tune.mid").write_bytes(MIDI)
    done = cli("render", "tune.mid", "two/tune.mid", "-o", "out/", "--format", "svg", "--format", "png")
    assert done.code == 0
    assert sorted(path.name for path in (here / "out").iterdir()) == ["tune-2.png", "tune-2.svg", "tune.png", "tune.svg"]


def test_a_bad_file_among_several_is_told_and_the_others_are_done(cli, here):
    (here / "bad.mid").write_text("<html>")
    done = cli("render", "bad.mid", "tune.mid", "-o", "out/")
    assert done.code == 3
    assert "skipped bad.mid: not a MIDI file" in done.err
    assert "error: 1 of 2 files" in done.err
    assert (here / "out/tune.png").exists()


def test_a_pipe_gets_the_bytes(cli):
    done = cli("render", "-", "-o", "-", "--format", "png", "--title", "x", stdin=MIDI)
    assert done.code == 0
    assert done.out.startswith(b"\x89PNG")
    assert done.err == ""
    assert cli("render", "tune.mid", "-o", "-", "--format", "svg").text.endswith("</svg>\n")


def test_a_part_in_bars_or_seconds_is_drawn_and_heard(cli, here):
    assert "bars 3\u20135 of 8" in cli("render", "tune.mid", "--from", "3", "--to", "5").text
    assert "bars 3\u20135 of 8" in cli("render", "tune.mid", "--from", "4s", "--to", "0:10").text
    cli("render", "tune.mid", "-o", "a.wav", "--sample-rate", "8000")
    cli("render", "tune.mid", "-o", "b.wav", "--sample-rate", "8000", "--from", "5")
    whole, half = (len(read_wav(here / name)[0]) / 8000 for name in ("a.wav", "b.wav"))
    assert whole - half == pytest.approx(8.0, abs=0.2)


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (["none.mid"], 3, "none.mid: No such file"),
        (["."], 3, "is a folder"),
        (["tune.mid", "-o", "a.gif"], 2, "ending '.gif', expected one of .png, .svg, .wav"),
        (["tune.mid", "-o", "a"], 2, "no ending"),
        (["tune.mid", "tune.mid", "-o", "a.png"], 2, "2 files cannot all be written"),
        (["tune.mid", "-o", "-"], 2, "takes one file and one --format"),
        (["tune.mid", "--format", "png"], 2, "--format says"),
        (["tune.mid", "-o", "a.png", "--format", "png"], 2, "--format says"),
        (["tune.mid", "-o", "out/", "--format", "gif"], 2, "expected one of png, svg, wav, flac, ogg, found 'gif'"),
        (["tune.mid", "-o", "a.png", "-o", "./a.png"], 2, "would be written twice"),
        (["tune.mid", "--dark"], 2, "--dark is for pictures"),
        (["tune.mid", "-o", "a.wav", "--title", "x"], 2, "--title is for pictures"),
        (["tune.mid", "-o", "a.png", "--soundfont", "x.sf2"], 2, "--soundfont is for sound"),
        (["tune.mid", "--sample-rate", "8000"], 2, "--sample-rate is for sound"),
        (["tune.mid", "-o", "a.wav", "--soundfont", "x.sf2"], 3, "no such file"),
        (["tune.mid", "-o", "a.wav", "--sample-rate", "1"], 2, "sample rate of 1"),
        (["tune.mid", "-o", "a.png", "--seed", "1"], 2, "--seed is for sound"),
        (["tune.mid", "-o", "a.wav", "--seed", "-1"], 2, "--seed"),
        (["tune.mid", "-o", "a.wav", "--seed", "1", "--soundfont", "x.sf2"], 2, "--seed is for the built-in synthesizer"),
        (["tune.mid", "-o", "a.png", "--width", "9999999"], 2, "pixels wide"),
        (["tune.mid", "--width", "5"], 2, "needs 24 columns"),
        (["tune.mid", "--width", "9999999"], 2, "--width"),
        (["tune.mid", "--from", "99"], 3, "8 bars, 15.9 s"),
        (["tune.mid", "--from", "5", "--to", "2"], 2, "--to lies before --from"),
        (["tune.mid", "--from", "soon"], 2, "'soon' is neither a bar nor a time"),
        (["-", "-"], 2, "standard input can be read once"),
    ],
)
def test_every_mistake_is_an_error_that_says_what_to_do_and_leaves_no_file(cli, here, argv, code, message):
    done = cli("render", *argv)
    assert done.code == code
    assert message in done.err
    assert re.search(r"(?m)^try: \S", done.err)
    assert done.out == b""
    assert [path.name for path in here.iterdir() if path.is_file()] == ["tune.mid"]


def test_the_source_is_never_written_over(cli, here):
    (here / "tune.png").write_bytes(MIDI)
    os.link(here / "tune.png", here / "same.png")
    for out in ("tune.png", "same.png"):
        done = cli("render", "tune.png", "-o", out)
        assert done.code == 2
        assert "over the file that it is made of" in done.err
    assert (here / "tune.png").read_bytes() == MIDI


def test_a_binary_is_not_written_to_a_terminal(cli):
    done = cli("render", "tune.mid", "-o", "-", "--format", "png", terminal=("stdout",))
    assert done.code == 2
    assert "does not belong on a terminal" in done.err


def test_what_is_wrong_with_a_file_is_told_on_request(cli, here):
    (here / "cut.mid").write_bytes(MIDI[:-20])
    assert cli("render", "cut.mid", "-o", "a.svg").err.startswith("wrote")
    assert "cut off before its end" in cli("render", "cut.mid", "-v").err


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("9", Place(bar=9)),
        ("30s", Place(seconds=30)),
        ("1m20s", Place(seconds=80)),
        ("1:20", Place(seconds=80)),
        ("1:00:01", Place(seconds=3601)),
    ],
)
def test_places_are_bars_or_times(text, place):
    assert parse_place("--from", text) == place


@pytest.mark.parametrize("text", ["", "0", "-3", "1.5", "x", "1:", "nans", "9" * 30, "1:2:3:4", "\u00b2"])
def test_other_places_are_refused(text):
    with pytest.raises(UsageError, match="neither a bar nor a time"):
        parse_place("--to", text)


def test_rendering_loads_no_torch(here):
    program = "import sys; from lstmgen.cli import run; run(sys.argv[1:]); assert not {'torch', 'mido'} & set(sys.modules)"
    for argv in (["tune.mid"], ["tune.mid", "-o", "a.png", "-o", "a.svg", "-o", "a.wav", "--sample-rate", "8000"]):
        subprocess.run([sys.executable, "-c", program, "render", *argv], check=True, cwd=here, capture_output=True)
