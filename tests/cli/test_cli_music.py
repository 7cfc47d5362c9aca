"""Real runs on tunes, as small as can be: from MIDI files to a model, to tunes, pictures and sound."""

import io
import json
import sys
import tomllib

import mido
import numpy as np
import pytest

from lstmgen.music.bars import Bars, full_bars
from lstmgen.music.midi.reader import read_midi
from lstmgen.music.midi.writer import to_midi_bytes
from lstmgen.music.score import Meter, Notes, Score

TINY = [
    "--hidden-size", "8", "--num-layers", "1", "--embedding-size", "6", "--batch-size", "2", "--seq-length", "16",
    "--device", "cpu", "--precision", "fp32", "--threads", "1", "--max-steps", "4",
]  # fmt: skip


def tune(seed, *, count=40, program=0):
    random = np.random.default_rng(seed)
    starts = np.cumsum(random.choice([120, 240, 480], count))
    return Score.of(Notes.of(starts, starts + 120, random.integers(50, 75, count), program=program), meters=[Meter(0, 4, 4)])


@pytest.fixture
def tunes(tmp_path, monkeypatch):
    """The working folder, with a folder of tunes of which one is damaged and one is none."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "tunes"
    folder.mkdir()
    for seed in range(12):
        (folder / f"{seed:02}.mid").write_bytes(to_midi_bytes(tune(seed)))
    content = to_midi_bytes(tune(50))
    (folder / "half.mid").write_bytes(content[: len(content) // 2])
    (folder / "page.mid").write_text("<html>404</html>")
    return tmp_path


@pytest.fixture
def trained(cli, tunes):
    done = cli("train", "tunes", "-o", "RUN", *TINY, "--json")
    assert done.code == 0, done.err
    return tunes, done


def test_a_folder_with_damaged_files_trains_and_the_report_names_each(trained):
    folder, done = trained
    assert "13 tunes" in done.err
    assert "through the notes tokenizer and back: 0 of" in done.err
    assert "tunes/half.mid" in done.err
    assert "tunes/page.mid" in done.err
    rows = [json.loads(line) for line in (folder / "RUN" / "sources.jsonl").read_text().splitlines()]
    assert {row["file"] for row in rows if row["reasons"]} == {"tunes/half.mid", "tunes/page.mid"}
    assert [row["file"] for row in rows if not row["read"]] == ["tunes/page.mid"]
    assert len(rows) == 14
    summary = json.loads(done.out)
    assert summary["tokenizer"] == "notes"
    assert summary["val"]["notes"] > 0


@pytest.mark.parametrize(
    "tokenizer", [["notes"], ["notes", "--time-base", "seconds"], ["performance"], ["grid"], ["grid", "--grid-form", "chords"]]
)
def test_every_tokenizer_trains_composes_and_scores(cli, tunes, tokenizer):
    assert cli("train", "tunes", "-o", "RUN", *TINY, "--tokenizer", *tokenizer).code == 0
    done = cli("sample", "RUN", "--bars", "2", "-s", "1", "-t", "1", "-o", "new.mid")
    assert done.code == 0, done.err
    found = read_midi((tunes / "new.mid").read_bytes())
    bars = full_bars(found.score) if tokenizer == ["notes"] else Bars(found.score).count  # of notes an upbeat is none of them
    assert (found.findings, bars) == ((), 2)
    assert mido.MidiFile(tunes / "new.mid").length == pytest.approx(found.score.duration_s)
    scored = json.loads(cli("score", "RUN", "tunes/03.mid", "--json").out)
    assert (scored["notes"], scored["nats_per_note"] > 0) == (40, True)
    assert ("nats_per_frame" in scored and scored["nats_per_frame"] is not None) == (tokenizer[0] == "grid")


def test_a_run_says_whether_it_has_learned_silent_ends_and_one_of_before_that_does_not_say_it_goes_on_with_them(cli, tmp_path):
    (tmp_path / "late").mkdir()
    for seed in range(12):
        score = tune(seed)
        (tmp_path / "late" / f"{seed:02}.mid").write_bytes(to_midi_bytes(score.changed(length_ticks=score.length_ticks + 7 * 1920)))
    tokens = {}
    for name, flags in {"new": [], "with": ["--silent-ends"]}.items():
        assert cli("train", str(tmp_path / "late"), "-o", str(tmp_path / name), *TINY, *flags).code == 0
        config = tmp_path / name / "config.toml"
        assert f"silent_ends = {'true' if flags else 'false'}" in config.read_text()
        tokens[name] = json.loads(cli("score", str(tmp_path / name), "--split", "val", "--json").out)["tokens"]
    assert tokens["with"] > tokens["new"]
    config.write_text(config.read_text().replace("silent_ends = true\n", ""))
    assert json.loads(cli("score", str(tmp_path / "with"), "--split", "val", "--json").out)["tokens"] == tokens["with"]
    assert cli("train", "--resume", str(tmp_path / "with"), "--max-steps", "5").code == 0
    assert "silent_ends" not in config.read_text()


def test_few_tunes_teach_a_new_network_with_much_decay_and_one_that_has_learned_with_as_much_as_any(cli, tunes):
    for name, flags, as_chosen in (("NEW", [], True), ("ASKED", ["--weight-decay", "0.1"], False), ("NEXT", ["--init-from", "NEW"], False)):
        assert cli("train", "tunes", "-o", name, *TINY, *flags).code == 0
        config = tomllib.loads((tunes / name / "config.toml").read_text())
        assert (config["optimizer"]["weight_decay"] == 8, config["data"]["as_written"]) == (as_chosen, 0.5)


@pytest.mark.usefixtures("trained")
def test_a_tune_goes_on_in_its_tempo_meter_and_instrument(cli, tmp_path):
    waltz = Score.of(
        Notes.of([0, 480, 960], [480, 960, 1440], [60, 64, 67], program=24), meters=[Meter(0, 3, 4)], tempos=[(0, round(60e6 / 90))]
    )
    (tmp_path / "waltz.mid").write_bytes(to_midi_bytes(waltz))
    assert cli("sample", "RUN", "-f", "waltz.mid", "--bars", "3", "-s", "2", "-t", "1", "-o", "long.mid").code == 0
    found = read_midi((tmp_path / "long.mid").read_bytes()).score
    assert [(meter.numerator, meter.denominator) for meter in found.meters] == [(3, 4)]
    assert found.tempos.us_per_beat.tolist() == [round(60e6 / 90)]
    assert set(found.notes.program.tolist()) == {24}
    assert found.length_ticks == 4 * 3 * 480
    assert found.notes.take(slice(0, 3)).same_as(waltz.notes)


@pytest.mark.usefixtures("trained")
def test_a_damaged_prompt_is_continued_and_said_to_be_damaged(cli, tmp_path):
    done = cli("sample", "RUN", "-f", "tunes/half.mid", "--bars", "1", "-s", "2", "-t", "1", "-o", "new.mid", "--json")
    assert done.code == 0, done.err
    assert "warning: the prompt: " in done.err
    told = json.loads(done.out)
    assert (told["prompt"], told["file"]) == ("tunes/half.mid", "new.mid")
    assert any("the prompt: " in warning for warning in told["warnings"])
    assert cli("sample", "RUN", "-f", "tunes/page.mid", "--bars", "1", "-o", "other.mid").code == 3
    assert not (tmp_path / "other.mid").exists()


@pytest.mark.usefixtures("trained")
def test_notes_that_were_typed_go_on(cli, tmp_path):
    done = cli("sample", "RUN", "-p", "E4 G4 | C5:2", "--instruments", "flute", "--bars", "2", "-s", "2", "-t", "1", "-o", "typed.mid")
    assert done.code == 0, done.err
    notes = read_midi((tmp_path / "typed.mid").read_bytes()).score.notes
    assert (notes.start_ticks[:3].tolist(), notes.pitch[:3].tolist()) == ([0, 480, 960], [64, 67, 72])
    assert set(notes.program.tolist()) == {73}


@pytest.mark.usefixtures("trained")
def test_wishes_hold_and_several_tunes_get_files_of_their_own(cli, tmp_path):
    done = cli(
        "sample", "RUN", "--num-samples", "3", "-o", "out/", "--seconds", "3", "--scale", "C major", "--pitch-range", "C3-C5",
        "--max-polyphony", "2", "--instruments", "violin", "-s", "4", "-t", "1.5", "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert [json.loads(line)["file"] for line in done.out.splitlines()] == ["out/1.mid", "out/2.mid", "out/3.mid"]
    for number in (1, 2, 3):
        notes = read_midi((tmp_path / "out" / f"{number}.mid").read_bytes()).score.notes
        assert set((notes.pitch % 12).tolist()) <= {0, 2, 4, 5, 7, 9, 11}
        assert all(48 <= pitch <= 72 for pitch in notes.pitch.tolist())
        assert set(notes.program.tolist()) <= {40}
        at_once = [int(((notes.start_ticks <= tick) & (notes.end_ticks > tick)).sum()) for tick in notes.start_ticks]
        assert max(at_once, default=0) <= 2


@pytest.mark.usefixtures("trained")
def test_a_tune_comes_with_its_picture_and_its_sound_and_through_a_pipe_as_midi(cli, tmp_path):
    assert cli("sample", "RUN", "--bars", "1", "-s", "1", "-t", "1", "-o", "t.mid", "--png", "--svg", "--wav").code == 0
    assert (tmp_path / "t.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "t.svg").read_text().startswith("<svg") or "<svg" in (tmp_path / "t.svg").read_text()
    assert (tmp_path / "t.wav").read_bytes().startswith(b"RIFF")
    piped = cli("sample", "RUN", "--bars", "1", "-s", "1", "-t", "1")
    assert mido.MidiFile(file=io.BytesIO(piped.out)).length == pytest.approx(mido.MidiFile(tmp_path / "t.mid").length)


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize("kind", ["flac", "ogg"])
def test_sound_that_needs_a_missing_package_is_refused_before_anything_is_drawn(cli, tmp_path, monkeypatch, kind):
    monkeypatch.setitem(sys.modules, "soundfile", None)
    done = cli("sample", "RUN", "--bars", "1", "-o", "t.mid", f"--{kind}")
    assert done.code == 2
    assert f"a .{kind} file needs the package soundfile" in done.err
    assert "lstmgen[audio]" in done.err
    assert not list(tmp_path.glob("t.*"))


@pytest.mark.usefixtures("trained")
def test_a_sample_is_the_same_however_many_are_drawn(cli, tmp_path):
    assert cli("sample", "RUN", "--bars", "2", "-s", "7", "--num-samples", "2", "-o", "a/").code == 0
    assert cli("sample", "RUN", "--bars", "2", "-s", "7", "-o", "one.mid").code == 0
    assert (tmp_path / "a" / "1.mid").read_bytes() == (tmp_path / "one.mid").read_bytes()


@pytest.mark.usefixtures("trained")
def test_the_bars_that_surprise_it_most_are_listed(cli):
    found = json.loads(cli("score", "RUN", "tunes/03.mid", "--per-line", "--json").out)
    assert sum(bar["nats"] for bar in found["per_bar"]) == pytest.approx(found["nats_per_token"] * found["tokens"])
    done = cli("score", "RUN", "tunes/03.mid", "--per-line", "--per-token", "--top", "2")
    report = done.out.decode()
    heads = [line for line in report.splitlines() if line.startswith("the 2 most surprising")]
    assert heads == ["the 2 most surprising bars of tunes/03.mid", "the 2 most surprising tokens of tunes/03.mid"]
    worst = max(found["per_bar"], key=lambda bar: bar["nats"])
    assert f"{worst['bar']}  " in report.split("bars of")[1].splitlines()[2]
    assert len(json.loads(cli("score", "RUN", "--split", "val", "--per-line", "--json").out)["per_bar"]) > 1


@pytest.mark.usefixtures("trained")
def test_what_was_copied_is_told(cli):
    told = json.loads(cli("score", "RUN", "--novelty", "tunes/03.mid", "--json").out)
    assert (told["copied_share"], told["longest_run"], told["where"]) == (1.0, 40, "tunes/03.mid")
    assert cli("sample", "RUN", "--bars", "2", "--novel", "0.5", "-s", "1", "-o", "new.mid").code == 0


@pytest.mark.usefixtures("trained")
def test_samples_and_files_are_compared_with_the_corpus(cli, page_of_json):
    drawn = json.loads(cli("score", "RUN", "--music", "--num-samples", "2", "-s", "3", "--json").out)
    assert (drawn["samples"], drawn["seed"]) == (2, 3)
    page_of_json.check("score --music", drawn)
    tunes = json.loads(cli("score", "RUN", "--music", "tunes", "--json").out)
    assert len(tunes["statistics"]) == len(drawn["statistics"]) > 20
    assert drawn["peers"] == {"items": 13, "unit": "bar", "low": 0.0, "high": None, "seen": 16, "usual": drawn["peers"]["usual"]}
    assert 15 <= drawn["peers"]["usual"] <= 25
    assert (tunes["peers"]["items"], tunes["peers"]["unit"]) == (13, "bar")
    for row in tunes["statistics"]:  # the corpus itself
        assert row["samples"] == row["corpus"]
        assert not row["outside"]
        assert not row["difference"] or row["difference"] < 1e-12
    table = cli("score", "RUN", "--music", "tunes/01.mid").out.decode()
    assert [line.split("  ")[0] for line in table.splitlines()][1:3] == ["pitches, above the tonic", "pitches, as written"]


@pytest.mark.usefixtures("trained")
def test_what_was_copied_stands_beside_what_the_held_out_part_has_in_common(cli):
    told = json.loads(cli("score", "RUN", "--novelty", "tunes/03.mid", "--json").out)
    assert 0 <= told["held_out_copied_share"] <= 1
    assert "the held-out part" in cli("score", "RUN", "--novelty", "tunes/03.mid").err


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize(
    "argv",
    [["--num-samples", "3", "tunes/01.mid"], ["--music", "--split", "val"], ["--music", "-s", "3", "tunes/01.mid"]],
)
def test_statistics_are_of_files_or_of_samples(cli, argv):
    assert cli("score", "RUN", *argv).code == 2


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize(
    "argv",
    [
        ["-p", "hello"],
        ["-p", "C4", "-f", "tunes/01.mid"],
        ["--stop", "x"],
        ["-o", "tune.txt"],
        ["--scale", "H major"],
        ["--max-note-length", "x"],
        ["--png"],
    ],
)
def test_what_makes_no_sense_for_a_tune_is_refused(cli, argv):
    done = cli("sample", "RUN", *argv)
    assert done.code == 2
    assert "error:" in done.err


def test_an_interrupted_run_on_tunes_goes_on_exactly(cli, tunes):
    from safetensors.numpy import load_file

    assert cli("train", "tunes", "-o", "whole", *TINY).code == 0
    assert cli("train", "tunes", "-o", "parts", *TINY, "--pause-after", "2").code == 130 - 130
    assert cli("train", "--resume", "parts").code == 0
    whole, parts = (load_file(tunes / name / "last.safetensors") for name in ("whole", "parts"))
    assert all(np.array_equal(whole[name], parts[name]) for name in whole)


@pytest.mark.usefixtures("trained")
def test_a_run_that_takes_the_place_of_another_has_an_index_of_its_own(cli, tmp_path):
    (tmp_path / "tunes" / "03.mid").unlink()
    before = (tmp_path / "RUN" / "novelty.index").read_bytes()
    assert cli("train", "tunes", "-o", "RUN", "--overwrite", *TINY).code == 0
    assert (tmp_path / "RUN" / "novelty.index").read_bytes() != before


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize(
    ("command", "argv", "flag"), [("sample", ["--ignore-end"], "--ignore-end"), ("score", ["tunes", "--oov", "skip"], "--oov")]
)
def test_an_option_of_text_is_refused_by_name(cli, command, argv, flag):
    done = cli(command, "RUN", *argv)
    assert done.code == 2
    assert f"error: {flag} is for text, and this model has learned music" in done.err


def test_a_text_and_tunes_by_name_are_refused_together(cli, tunes):
    done = cli("train", "underlamp", "lanterns", "-o", "MIXED", *TINY)
    assert (done.code, done.out) == (2, b"")
    error, remedy = done.err.splitlines()[-2:]
    assert error == "error: the sources hold text and music, and a model learns one of them"
    assert remedy.startswith("try: ")
    assert not (tunes / "MIXED" / "model.safetensors").exists()


def test_a_folder_with_more_texts_than_tunes_says_what_it_was_taken_for_and_how_to_take_it_otherwise(cli, tunes):
    folder = tunes / "song"
    folder.mkdir()
    for number in range(4):
        (folder / f"{number}.mid").write_bytes(to_midi_bytes(tune(number)))
    for name in ("beat", "chord", "key", "melody", "tempo"):
        (folder / f"{name}.txt").write_text("0.0 1.0 C:maj\n" * 90)
    said = "song holds files of several kinds, 5 of text and 4 of music: taken for music; --tokenizer char takes it for text"
    facts = json.loads(cli("info", "song", "--json").out)
    assert (facts["kind"], facts["tunes"], facts["choice"]) == ("music", 4, [said])
    assert said in cli("info", "song").text
    done = cli("train", "song", "-o", "RUN4", *TINY)
    assert (done.code, said in done.err) == (0, True)
    done = cli("train", "song", "-o", "RUN5", "--tokenizer", "char", *TINY, "--json")
    assert (done.code, json.loads(done.out)["tokenizer"]) == (0, "char")


@pytest.mark.usefixtures("tunes")
def test_info_tells_what_a_tune_holds_without_torch(cli):
    facts = json.loads(cli("info", "tunes/03.mid", "--json").out)
    assert (facts["kind"], facts["notes"], facts["meters"]) == ("music", 40, ["4/4"])
    assert facts["round_trip"]["notes"]["lost"] == 0
    assert "through" in cli("info", "tunes/03.mid").text
