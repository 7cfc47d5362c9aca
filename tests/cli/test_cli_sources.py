"""Where files go, pipes and standard input go too; and what names of runs may hold."""

import json
import os
import threading

import numpy as np
import pytest

from lstmgen.checkpoint.run_folder import RunFolder
from lstmgen.music.midi.writer import to_midi_bytes
from lstmgen.music.score import Notes, Score

TINY = (
    *("--hidden-size", "8", "--num-layers", "1", "--embedding-size", "4", "--batch-size", "2", "--seq-length", "8"),
    *("--max-steps", "6", "--device", "cpu", "--precision", "fp32", "--threads", "1", "--sample-every", "0"),
)
TEXT = "Zoë and Ada, Zoë or Ada.\n" * 20


@pytest.fixture
def pipe(tmp_path):
    """Makes a pipe that gives this content once, as `<(command)` in a shell does."""

    def of(content, name="pipe"):
        path = tmp_path / name
        path.unlink(missing_ok=True)
        os.mkfifo(path)
        threading.Thread(target=path.write_bytes, args=(content,), daemon=True).start()
        return path

    return of


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_works_wherever_a_file_does_and_its_run_resumes(cli, pipe, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = cli("train", pipe(TEXT.encode()), "--pause-after", "3", *TINY)
    assert done.code == 0, done.err
    (tmp_path / "pipe").unlink()
    assert cli("train", "--resume", "checkpoints/pipe").code == 0
    assert cli("score", "checkpoints/pipe", "--split", "val", "--json").code == 0
    assert json.loads(cli("score", "checkpoints/pipe", pipe(b"Ada"), "--json").out)["chars"] == 3
    assert cli("sample", "checkpoints/pipe", "-f", pipe(b"Ada"), "-n", "0").text == "Ada"
    assert cli("sample", "checkpoints/pipe", "--prompts", pipe(b"Ada\nor\n"), "-n", "0").text == "Ada\n\nor"
    assert json.loads(cli("info", pipe(b"Ada"), "--json").out)["chars"] == 3


def test_info_reads_standard_input(cli):
    assert json.loads(cli("info", "-", "--json", stdin=b"abc\n").out)["chars"] == 4
    empty = cli("info", "-", stdin=b"")
    assert (empty.code, "standard input is empty" in empty.err) == (3, True)


def test_an_encoding_is_said_everywhere_and_kept_for_resuming(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.txt").write_bytes(TEXT.encode("cp1252"))
    assert cli("train", "old.txt", *TINY).code == 3
    done = cli("train", "old.txt", "--encoding", "cp1252", "--pause-after", "3", *TINY)
    assert done.code == 0, done.err
    assert cli("train", "--resume", "checkpoints/old").code == 0
    one = json.loads(cli("score", "old", "old.txt", "--encoding", "cp1252", "--json").out)
    (tmp_path / "new.txt").write_text(TEXT)
    assert one["nats_per_char"] == json.loads(cli("score", "old", "new.txt", "--json").out)["nats_per_char"]
    (tmp_path / "begin").write_bytes("Zoë".encode("cp1252"))
    assert cli("sample", "old", "-f", "begin", "-n", "0", "--encoding", "cp1252").text == "Zoë"
    assert cli("sample", "old", "--prompts", "begin", "-n", "0", "--encoding", "cp1252").text == "Zoë"
    assert json.loads(cli("info", "old.txt", "--encoding", "cp1252", "--json").out)["chars"] == len(TEXT)
    refused = cli("sample", "old", "-f", "begin", "-n", "0")
    assert (refused.code, "--encoding" in refused.err) == (3, True)


def test_a_run_whose_source_is_gone_says_which_and_what_to_do(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "story.txt").write_text(TEXT)
    assert cli("train", "story.txt", "--pause-after", "3", *TINY).code == 0
    (tmp_path / "story.txt").unlink()
    for argv in (("train", "--resume", "checkpoints/story"), ("score", "story", "--split", "val")):
        done = cli(*argv)
        assert done.code == 3
        assert str(tmp_path / "story.txt") in done.err
        assert "bring it back" in done.err
        assert "--init-from checkpoints/story" in done.err


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Überfall im Wald", "Überfall-im-Wald"),
        ("повесть", "повесть"),
        ("हिन्दी कथा", "हिन्दी-कथा"),
        ("漢字", "漢字"),
        ("e\u0301", "é"),
        ("*?", "run"),
    ],
)
def test_the_name_of_a_run_keeps_letters_of_all_scripts(tmp_path, name, expected):
    assert RunFolder.create(name=name, runs=tmp_path).path.name == expected
    assert len(RunFolder.create(name="漢" * 500, runs=tmp_path).path.name.encode()) <= 80


def test_a_tokenizer_that_would_lose_every_note_is_refused(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    starts = 480 * np.arange(32)
    (tmp_path / "drums.mid").write_bytes(to_midi_bytes(Score.of(Notes.of(starts, starts + 120, 36, drum=True))))
    done = cli("train", "drums.mid", "--tokenizer", "grid", *TINY)
    assert done.code == 3
    assert "--tokenizer notes" in done.err
    assert not (tmp_path / "checkpoints" / "drums").exists()
