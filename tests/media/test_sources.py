"""What is learned from, found in folders that hold other things than files."""

import os
from pathlib import Path

import pytest
from lstmgen.media.sources import Source

from lstmgen.config import Config
from lstmgen.errors import CorpusError
from lstmgen.music.midi.writer import to_midi_bytes
from lstmgen.music.score import Notes, Score

pytestmark = [pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs there"), pytest.mark.usefixtures("watchdog")]

TUNE = to_midi_bytes(Score.of(Notes.of([0, 480], [240, 720], [60, 64])))


@pytest.fixture
def gather(tmp_path):
    """Gathers what a spec names, on its way to a run folder."""

    def of(spec, tokenizer=None):
        config = Config().replace({"data.sources": (str(spec),), "tokenizer.name": tokenizer})
        return Source(folder=tmp_path / "run", cache=tmp_path / "cache").gather(config)

    return of


@pytest.mark.parametrize(
    ("name", "content", "tokenizer"),
    [("a.txt", b"words", None), ("a.txt", b"words", "char"), ("a.mid", TUNE, None), ("a.mid", TUNE, "notes")],
    ids=["text", "text, char", "music", "music, notes"],
)
def test_a_fifo_in_a_folder_is_listed_and_never_opened(gather, tmp_path, name, content, tokenizer):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / name).write_bytes(content)
    os.mkfifo(folder / "pipe")
    material = gather(folder, tokenizer)
    rows = {Path(row["file"]).name: row for row in material.files()}
    assert rows.keys() == {name, "pipe"}
    assert rows[name]["read"]
    assert rows["pipe"]["reasons"] == ["a FIFO (named pipe), expected a file"]


@pytest.mark.parametrize("tokenizer", [None, "char", "notes"])
def test_a_fifo_that_is_named_is_refused_with_a_way_to_read_it(gather, tmp_path, tokenizer):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CorpusError, match=r"pipe: a FIFO \(named pipe\), expected a file") as caught:
        gather(tmp_path / "pipe", tokenizer)
    assert caught.value.remedy == "pipe it in: cat SOURCE | lstmgen train -"


@pytest.mark.parametrize("tokenizer", [None, "char", "notes"])
def test_a_folder_of_nothing_but_a_fifo_says_so(gather, tmp_path, tokenizer):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "folder" / "pipe")
    with pytest.raises(CorpusError, match="FIFO"):
        gather(tmp_path / "folder", tokenizer)
