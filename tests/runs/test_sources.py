"""What is learned from: files found, told apart by their content, and read, in folders that hold other things than files too."""

import io
import os
import threading
from pathlib import Path

import pytest

from lstmgen.config import DataConfig
from lstmgen.errors import CorpusError, UsageError
from lstmgen.media.base import Access
from lstmgen.media.registry import medium
from lstmgen.music.midi.writer import to_midi_bytes
from lstmgen.music.score import Notes, Score
from lstmgen.runs import sources
from lstmgen.runs.sources import keep_input

needs_fifos = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs there")
WORDS = b"some words of a story\n"


def tune(number=0):
    return to_midi_bytes(Score.of(Notes.of([0, 480], [240, 720], [60 + number, 64])))


@pytest.fixture
def gather(tmp_path):
    """Gathers what specs name, on its way to a run folder."""

    def of(*specs, tokenizer=None, as_medium=None, kept=None, **data):
        access = Access(folder=tmp_path / "run", cache=tmp_path / "cache", kept=kept or {})
        config = DataConfig(sources=tuple(map(str, specs)), **data)
        return sources.gather(config, access, tokenizer=tokenizer, medium=as_medium)

    return of


@pytest.fixture
def folder_of(tmp_path):
    """A folder of so many tunes and so many texts."""

    def of(tunes, texts, name="folder"):
        folder = tmp_path / name
        folder.mkdir()
        for number in range(tunes):
            (folder / f"{number}.mid").write_bytes(tune(number))
        for number in range(texts):
            (folder / f"{number}.txt").write_bytes(WORDS + b"%d" % number)
        return folder

    return of


def read_of(gathered):
    """The endings of what was read, and how many files of each."""
    read = [Path(row["file"]).suffix for row in gathered.material.files() if row["read"]]
    return {suffix: read.count(suffix) for suffix in read}


# Of which medium sources are


@pytest.mark.parametrize(
    ("counts", "chosen", "note"),
    [
        ((0, 3), "text", None),
        ((3, 0), "music", None),
        ((4, 5), "music", "4 of music"),  # POP909: beside each tune its chords, keys and beats
        ((1, 3), "music", "1 of music"),
        ((1, 10), "text", "10 of text"),
        ((5, 1), "music", "1 of text"),
    ],
)
def test_a_folder_is_of_what_a_quarter_of_its_files_are_and_a_mixed_one_is_noted(gather, folder_of, counts, chosen, note):
    folder = folder_of(*counts)
    gathered = gather(folder)
    assert gathered.medium.label == chosen
    assert read_of(gathered) == ({".mid": counts[0]} if chosen == "music" else {".txt": counts[1]})
    if note is None:
        assert gathered.notes == ()
        return
    (said,) = gathered.notes
    other, option = ("text", "char") if chosen == "music" else ("music", "notes")
    assert said.startswith(f"{folder} holds files of several kinds, ")
    assert note in said
    assert f"taken for {chosen}; --tokenizer {option} takes it for {other}" in said


@pytest.mark.parametrize(("tokenizer", "suffix"), [("char", ".txt"), ("byte", ".txt"), ("notes", ".mid"), ("grid", ".mid")])
def test_a_tokenizer_that_is_named_decides_without_a_word(gather, folder_of, tokenizer, suffix):
    gathered = gather(folder_of(4, 5), tokenizer=tokenizer)
    assert read_of(gathered) == {suffix: 4 if suffix == ".mid" else 5}
    assert gathered.notes == ()


def test_a_medium_that_is_given_decides_above_all(gather, folder_of):
    gathered = gather(folder_of(4, 5), as_medium=medium("text"), tokenizer="notes")
    assert (gathered.medium.name, gathered.notes) == ("text", ())


def test_sources_of_several_media_are_refused_and_both_are_named(gather, folder_of):
    texts, tunes = folder_of(0, 2, "texts"), folder_of(2, 0, "tunes")
    for order in ((texts, tunes), (tunes, texts), (texts / "0.txt", tunes / "1.mid")):
        with pytest.raises(UsageError) as caught:
            gather(*order)
        assert "text" in caught.value.message
        assert "music" in caught.value.message
        assert "--tokenizer char" in caught.value.remedy
        assert "--tokenizer notes" in caught.value.remedy
    assert read_of(gather(texts, tunes, tokenizer="char")) == {".txt": 2}
    assert read_of(gather(texts, tunes, tokenizer="notes")) == {".mid": 2}


def test_a_tokenizer_that_there_is_not_is_a_usage_error(gather, folder_of):
    with pytest.raises(UsageError, match="no tokenizer 'morse'"):
        gather(folder_of(0, 1), tokenizer="morse")


# What is read


def test_a_file_that_is_named_twice_is_read_once_in_the_order_of_the_first_name(gather, folder_of, tmp_path):
    folder = folder_of(0, 3)
    (tmp_path / "story.txt").write_bytes(WORDS)
    material = gather(tmp_path / "story.txt", folder / "2.txt", folder, tmp_path / "story.txt").material
    assert [Path(name).name for name in material.names] == ["story.txt", "2.txt", "0.txt", "1.txt"]


@pytest.mark.parametrize(("tunes", "texts"), [(3, 0), (0, 3)])
def test_what_is_validated_on_apart_is_no_part_of_what_is_learned(gather, folder_of, tunes, texts):
    folder, other = folder_of(tunes, texts), folder_of(1 if tunes else 0, 1 if texts else 0, "other")
    apart, whole = gather(folder, val=str(other)).material, gather(folder).material
    assert len(apart.names) == 3
    assert apart.corpus_sha256 == whole.corpus_sha256 == whole.sha256 != apart.sha256


def test_no_source_is_a_usage_error_with_an_example(gather):
    with pytest.raises(UsageError, match="no source was given") as caught:
        gather()
    assert "lstmgen train" in caught.value.remedy


@pytest.mark.parametrize("tokenizer", [None, "char", "notes"])
def test_a_folder_without_a_file_says_so(gather, tmp_path, tokenizer):
    (tmp_path / "folder").mkdir()
    with pytest.raises(CorpusError, match="folder: no files there") as caught:
        gather(tmp_path / "folder", tokenizer=tokenizer)
    assert caught.value.remedy


# What cannot be opened


@needs_fifos
@pytest.mark.usefixtures("watchdog")
@pytest.mark.parametrize(
    ("name", "content", "tokenizer"),
    [("a.txt", WORDS, None), ("a.txt", WORDS, "char"), ("a.mid", tune(), None), ("a.mid", tune(), "notes")],
    ids=["text", "text, char", "music", "music, notes"],
)
def test_a_fifo_in_a_folder_is_listed_and_never_opened(gather, tmp_path, name, content, tokenizer):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / name).write_bytes(content)
    os.mkfifo(folder / "pipe")
    material = gather(folder, tokenizer=tokenizer).material
    rows = {Path(row["file"]).name: row for row in material.files()}
    assert rows.keys() == {name, "pipe"}
    assert rows[name]["read"]
    assert rows["pipe"]["reasons"] == ["a FIFO (named pipe), expected a file"]


@needs_fifos
@pytest.mark.usefixtures("watchdog")
@pytest.mark.parametrize("tokenizer", [None, "char", "notes"])
def test_a_fifo_that_is_named_is_refused_with_a_way_to_read_it(gather, tmp_path, tokenizer):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CorpusError, match=r"pipe: a FIFO \(named pipe\), expected a file") as caught:
        gather(tmp_path / "pipe", tokenizer=tokenizer)
    assert caught.value.remedy == "pipe it in: cat SOURCE | lstmgen train -"


@needs_fifos
@pytest.mark.usefixtures("watchdog")
@pytest.mark.parametrize("tokenizer", [None, "char", "notes"])
def test_a_folder_of_nothing_but_a_fifo_says_so(gather, tmp_path, tokenizer):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "folder" / "pipe")
    with pytest.raises(CorpusError, match="FIFO"):
        gather(tmp_path / "folder", tokenizer=tokenizer)


# Standard input


@pytest.mark.parametrize(
    ("content", "suffix", "chosen"),
    [(WORDS, ".txt", "text"), (tune(), ".mid", "music"), (b"\x00\xff", ".txt", None)],
    ids=["text", "MIDI", "junk"],
)
def test_standard_input_is_kept_under_the_ending_of_its_medium_and_read_from_there(gather, tmp_path, content, suffix, chosen):
    (tmp_path / "run").mkdir()
    kept = keep_input(DataConfig(sources=("-",)), io.BytesIO(content), tmp_path / "run")
    (path,) = kept.values()
    assert (path.suffix, path.read_bytes(), path.parent) == (suffix, content, tmp_path / "run")
    if chosen is None:
        with pytest.raises(CorpusError, match="standard input"):
            gather("-", kept=kept)
        return
    gathered = gather("-", kept=kept)
    assert (gathered.medium.label, gathered.material.names) == (chosen, ("standard input",))


def test_standard_input_is_read_only_where_it_is_among_the_sources(tmp_path):
    def closed():
        raise AssertionError("read")

    data = DataConfig(sources=("a.txt",))
    assert keep_input(data, closed, tmp_path) == {}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_that_is_named_is_kept_and_read_from_there_and_one_in_a_folder_is_never_opened(gather, tmp_path):
    (tmp_path / "in").mkdir()
    pipes = [tmp_path / "in" / "pipe", tmp_path / "in" / "other"]
    for pipe, content in zip(pipes, (b"from a pipe", b"to validate on"), strict=True):
        os.mkfifo(pipe)
        threading.Thread(target=pipe.write_bytes, args=(content,), daemon=True).start()
    data = DataConfig(sources=(str(pipes[0]),), val=str(pipes[1]))
    kept = keep_input(data, None, tmp_path / "run")
    material = gather(pipes[0], kept=kept, val=str(pipes[1])).material
    assert [text for _, text in material.items()] == ["from a pipe"]
    assert material.names == (str(pipes[0]),)
    assert material.val.chars == len("to validate on")
    with pytest.raises(CorpusError, match="named pipe"):
        gather(tmp_path / "in", kept=kept)
    with pytest.raises(CorpusError, match="named pipe"):
        gather(f"{tmp_path}/in/*", kept=kept)


def test_standard_input_that_holds_nothing_or_is_not_there_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="empty"):
        keep_input(DataConfig(sources=("-",)), io.BytesIO(b""), tmp_path)
    with pytest.raises(UsageError):
        keep_input(DataConfig(sources=("-",)), None, tmp_path)
    assert list(tmp_path.iterdir()) == []
