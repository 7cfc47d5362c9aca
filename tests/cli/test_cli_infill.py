"""`lstmgen infill`: gaps in files are filled, and nothing else in them changes."""

import json

import pytest

TEXT = "The sea is ___, the sea is deep.\n"


def test_a_gap_of_standard_input_is_filled_and_how_sure_that_is_is_told(cli, run_folder):
    done = cli("infill", run_folder, "-", "-s", "1", "--length", "2:4", "--candidates", "8", stdin=TEXT.encode())
    assert done.code == 0
    assert done.text.startswith("The sea is ")
    assert done.text.endswith(", the sea is deep.\n")
    assert "seed: 1" in done.err
    assert "effective sample size" in done.err
    again = cli("infill", run_folder, "-", "-s", "1", "--length", "2:4", "--candidates", "8", "-q", stdin=TEXT.encode())
    assert (again.out, again.err) == (done.out, "")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_what_stands_around_the_gap_stays_byte_for_byte(cli, run_folder, tmp_path, encoding):
    mark = b"\xef\xbb\xbf" if encoding == "utf-8" else b""
    content = mark + TEXT.replace("\n", "\r\n").encode(encoding)
    damaged = b"\xff" if encoding == "utf-8" else b""
    (tmp_path / "in.txt").write_bytes(content + damaged)
    argv = ["in.txt", "--encoding", encoding, "--length", "3", "--candidates", "8", "--oov", "skip", "-o", tmp_path / "out.txt"]
    done = cli("infill", run_folder, tmp_path / argv[0], *argv[1:], "-s", "2")
    assert done.code == 0, done.err
    before, after = (part.encode(encoding) for part in TEXT.replace("\n", "\r\n").split("___"))
    if encoding == "utf-16":
        after = after[2:]  # without a byte order mark
    written = (tmp_path / "out.txt").read_bytes()
    assert written.startswith(mark + before)
    assert written.endswith(after + damaged)
    assert len(written) == len(content + damaged)


def test_several_samples_go_to_files_of_their_own_and_json_tells_of_each(cli, run_folder, tmp_path):
    (tmp_path / "in.txt").write_text(TEXT)
    done = cli(
        "infill", run_folder, tmp_path / "in.txt", "--num-samples", "2", "-o", tmp_path / "out.txt", "--json", "--length", "5", "-s", "3"
    )
    found = [json.loads(line) for line in done.text.splitlines()]
    assert [(tmp_path / f"out-{number}.txt").read_text() for number in (1, 2)] == [
        TEXT.replace("___", each["gaps"][0]["text"]) for each in found
    ]
    refused = cli("infill", run_folder, tmp_path / "in.txt", "-o", tmp_path / "in.txt")
    assert refused.code == 2
    assert "write over" in refused.err


@pytest.mark.parametrize(
    ("argv", "stdin", "told"),
    [
        (["-"], b"The sea is deep.\n", (2, "no gap")),
        (["-", "--at", "3:99"], b"The sea.\n", (2, "within the 9 characters")),
        (["-", "--bars", "1-2"], TEXT.encode(), (2, "bars")),
        (["-", "--candidates", "0"], TEXT.encode(), (2, "candidates")),
        (["-"], b"MThd\0\0\0\6\0\1", (3, "MIDI")),
        (["nowhere.txt"], b"", (3, "nowhere.txt")),
        ([], b"", (2, "needs a FILE")),
        (["--measure", "3", "-"], TEXT.encode(), (2, "do not go with it")),
        (["--measure", "3", "--at", "1:2"], b"", (2, "--at says where")),
        (["-", "--split", "train"], TEXT.encode(), (2, "--split says what --measure")),
        (["--measure", "3", "--length", "1:5"], b"", (2, "of one length")),
        (["-"], "Th\u00eb ___.".encode(), (3, "never seen")),
    ],
)
def test_mistakes_are_named(cli, run_folder, argv, stdin, told):
    code, words = told
    done = cli("infill", run_folder, *argv, stdin=stdin)
    assert (done.code, done.out) == (code, b""), done.err
    assert words in done.err


@pytest.fixture
def voices(tmp_path):
    """A model of four voices on a grid that has learned nothing, and a melody."""
    from conftest import untrained, waltz

    from lstmgen.checkpoint.model_file import save_model
    from lstmgen.media.tunes.grid.tokenizer import GridTokenizer
    from lstmgen.media.tunes.medium import MEDIUM

    model = untrained(GridTokenizer(form="voices", voices=4, steps_per_beat=1))
    save_model(tmp_path / "voices.safetensors", model.network.tensors(), model.network.architecture, model.tokenizer, {})
    tune = waltz(2)
    melody = tune.changed(notes=tune.notes.take(tune.notes.pitch == tune.notes.pitch.max()))
    (tmp_path / "melody.mid").write_bytes(MEDIUM.to_bytes(melody))
    (tmp_path / "tune.mid").write_bytes(MEDIUM.to_bytes(tune))
    return tmp_path


def test_voices_are_written_to_a_melody_and_bars_anew_in_any_kind_of_file(cli, voices, page_of_json):
    from lstmgen.api import read_midi

    model = voices / "voices.safetensors"
    done = cli("harmonize", model, voices / "melody.mid", "-s", "1", "--candidates", "4", "-o", voices / "four.mid", "--json")
    assert done.code == 0, done.err
    found = json.loads(done.text)
    page_of_json.check("infill of music", found)
    melody, four = (read_midi((voices / name).read_bytes()).score for name in ("melody.mid", "four.mid"))
    assert four.notes.take(four.notes.track == 0).same_as(melody.notes)
    assert found["gaps"][0]["notes"] == len(four.notes) - len(melody.notes)
    assert "kept track 1" in done.err
    assert found["gaps"][0]["kept"]
    assert cli("infill", model, voices / "tune.mid", "--bars", "2", "-s", "1", "--candidates", "4", "-o", voices / "new.png").code == 0
    assert (voices / "new.png").read_bytes().startswith(b"\x89PNG")
    told = json.loads(
        cli("infill", model, voices / "tune.mid", "--seconds", "0:01-2.5", "--candidates", "4", "-o", voices / "s.mid", "--json").out
    )
    assert (told["gaps"][0]["begin_s"], told["gaps"][0]["end_s"]) == (1, 2.5)
    page_of_json.check("infill of music", told)
    refused = cli("infill", model, voices / "tune.mid", "--tracks", "oboe", "-o", voices / "new.mid")
    assert refused.code == 2
    assert "there are" in refused.err
    text = cli("infill", model, "-", "--bars", "1", stdin=b"The sea is wide.")
    assert (text.code, text.out) == (3, b"")


def test_a_model_of_texts_writes_no_voices(cli, run_folder, voices):
    done = cli("harmonize", run_folder, voices / "melody.mid")
    assert done.code == 2
    assert "has learned text" in done.err


def test_what_the_text_behind_gaps_is_worth_is_measured(cli, tmp_path, page_of_json):
    (tmp_path / "sea.txt").write_text("The sea is wide, the sea is deep.\n" * 60)
    shape = ["--hidden-size", "6", "--num-layers", "1", "--batch-size", "2", "--seq-length", "7", "--max-steps", "4", "--threads", "1"]
    assert cli("train", tmp_path / "sea.txt", "-o", tmp_path / "sea", *shape).code == 0
    argv = ["infill", tmp_path / "sea", "--measure", "3", "--length", "2", "--candidates", "4", "--horizon", "3"]
    page_of_json.check("infill --measure", json.loads(cli(*argv, "--json").out))
    done, train = (cli(*argv, *part, environ={"COLUMNS": "40"}) for part in ((), ("--split", "train")))
    assert "left to right" in done.text
    assert "left to right" in train.text != done.text
    assert "3 with 6 tokens, 4 ways each" in done.text
