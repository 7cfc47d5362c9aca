"""Folders of MIDI files become collections; what cannot be used is named with its reason, and many processes read what one does."""

import os
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context

import numpy as np
import pytest

from lstmgen.corpus.locate import locate
from lstmgen.errors import CorpusError
from lstmgen.media.tunes import collection, midi_files
from lstmgen.music.midi.writer import to_midi_bytes
from lstmgen.music.score import Key, Meter, Notes, Pedal, Score, Track


def gather_scores(specs, *, kept=None, cache=None, **options):
    """The pieces that the specs name."""
    return collection.gather_scores(list(locate(specs, kept={"-": kept} if kept else None, cache=cache)), **options)


def tune(seed):
    random = np.random.default_rng(seed)
    count = int(random.integers(5, 50))
    start = np.sort(random.integers(0, 9000, count))
    notes = Notes.of(start, start + 100, random.integers(30, 90, count), program=int(random.integers(128)))
    return Score.of(notes, meters=[Meter(0, 3, 4)], keys=[Key(0, 2, minor=False)], tempos=[(0, 600_000), (480, 500_000)],
                    pedals=[Pedal(10, 0, down=True), Pedal(90, 0, down=False)], tracks=[Track("ü")])  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    for number in range(9):
        content = to_midi_bytes(tune(number))
        (tmp_path / f"{number}.mid").write_bytes(content[: len(content) // 2] if number % 3 == 2 else content)
    (tmp_path / "again.mid").write_bytes(to_midi_bytes(tune(0)))
    (tmp_path / "page.mid").write_text("<!doctype html><title>404</title>")
    (tmp_path / "empty.mid").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("just words")
    return tmp_path


def test_a_folder_in_which_every_third_file_is_damaged_is_read_and_each_is_told(folder):
    found = gather_scores([str(folder)])
    names = [piece.name.rsplit("/", 1)[-1] for piece in found.pieces]
    assert names == [f"{number}.mid" for number in range(9)]
    damaged = [name for name, piece in zip(names, found.pieces, strict=True) if piece.findings]
    assert damaged == ["2.mid", "5.mid", "8.mid"]
    skipped = {name.rsplit("/", 1)[-1]: reason for name, reason in found.skipped}
    assert set(skipped) == {"again.mid", "page.mid", "empty.mid", "notes.txt"}
    assert "the same as" in skipped["again.mid"]
    assert "not a MIDI file" in skipped["page.mid"]
    text = "\n".join(found.summary_lines())
    assert "9 tunes" in text
    assert "cut off before its end" in text
    assert found.notes == sum(len(piece.score.notes) for piece in found.pieces)
    assert found.duration_s > 0


def same(one, other):
    assert one.notes.same_as(other.notes)
    for name in ("meters", "keys", "tracks", "length_ticks", "ticks_per_beat"):
        assert getattr(one, name) == getattr(other, name), name
    assert list(one.pedals) == list(other.pedals)
    assert one.tempos.us_per_beat.tolist() == other.tempos.us_per_beat.tolist()


@pytest.fixture
def small(monkeypatch):
    """Every collection is worth a process, and takes more than one batch."""
    monkeypatch.setattr(midi_files, "_WORTH_A_PROCESS_BYTES", 0)
    monkeypatch.setattr(midi_files, "_BATCH", 3)


@pytest.mark.usefixtures("small")
def test_processes_read_what_this_one_does(folder):
    alone = gather_scores([str(folder)])
    seen = []
    pool = partial(ProcessPoolExecutor, 2, mp_context=get_context("spawn"))
    together = gather_scores([str(folder)], executor=pool, progress=lambda done, total: seen.append((done, total)))
    assert together.sha256 == alone.sha256
    assert together.skipped == alone.skipped
    for one, other in zip(alone.pieces, together.pieces, strict=True):
        assert (one.name, one.sha256, one.findings) == (other.name, other.sha256, other.findings)
        same(one.score, other.score)
    total = sum(path.stat().st_size for path in folder.iterdir())
    assert seen[-1] == (total, total)
    assert seen == sorted(seen)


class Executed(Executor):
    """Reads here, and is told apart by what it counts; breaks after so many files."""

    def __init__(self, breaks_after=1000):
        self.given, self.closed, self._breaks_after = 0, False, breaks_after

    def map(self, function, paths, *, chunksize):
        assert chunksize == midi_files._BATCH
        for path in paths:
            if self.given == self._breaks_after:
                raise BrokenProcessPool("a process died")
            self.given += 1
            yield function(path)

    def shutdown(self, **_):
        self.closed = True


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("breaks_after", [0, 5, 12])
def test_what_processes_that_die_do_not_deliver_is_read_here(folder, breaks_after):
    pool = Executed(breaks_after)
    found = gather_scores([str(folder)], executor=lambda: pool)
    assert (found.sha256, pool.given, pool.closed) == (gather_scores([str(folder)]).sha256, breaks_after, True)


def no_semaphores():
    raise OSError(38, "Function not implemented")


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    "pool",
    [partial(ProcessPoolExecutor, 2, mp_context=get_context("spawn"), initializer=os._exit, initargs=(1,)), no_semaphores],
    ids=["they die at once", "they cannot be started"],
)
def test_where_processes_do_not_start_everything_is_read_here(folder, pool, capfd):
    assert len(gather_scores([str(folder)], executor=pool).pieces) == 9
    assert capfd.readouterr().err == ""


def test_a_small_collection_needs_no_executor(folder):
    def refuse():
        raise AssertionError("too little to do")

    assert len(gather_scores([str(folder)], executor=refuse).pieces) == 9


@pytest.mark.usefixtures("small")
def test_an_executor_is_closed_where_a_named_file_ends_the_reading(folder):
    pool = Executed()
    with pytest.raises(CorpusError):
        gather_scores([str(folder / "0.mid"), str(folder / "page.mid"), str(folder / "1.mid")], executor=lambda: pool)
    assert (pool.closed, pool.given) == (True, 2)


def test_a_file_that_is_named_must_be_usable(folder):
    with pytest.raises(CorpusError, match="not a MIDI file"):
        gather_scores([str(folder / "page.mid")])
    assert len(gather_scores([str(folder / "2.mid")]).pieces) == 1


def test_a_folder_without_one_usable_file_explains_itself(tmp_path):
    (tmp_path / "a.mid").write_text("<html>")
    (tmp_path / "b.mid").write_bytes(b"")
    with pytest.raises(CorpusError, match="no usable MIDI among 2 files") as caught:
        gather_scores([str(tmp_path)])
    assert "not a MIDI file" in caught.value.message
    assert caught.value.remedy


def test_a_collection_is_known_by_its_bytes_and_not_by_its_names(folder):
    before = gather_scores([str(folder)]).sha256
    (folder / "0.mid").rename(folder / "00.mid")
    assert gather_scores([str(folder)]).sha256 == before
    (folder / "1.mid").unlink()
    assert gather_scores([str(folder)]).sha256 != before
