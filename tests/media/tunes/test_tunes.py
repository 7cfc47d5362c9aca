"""Tunes on their way to token files: split by file, tidied, and found again in the cache only where they are the same."""

import numpy as np
import pytest

from lstmgen.config import DataConfig
from lstmgen.errors import CorpusError
from lstmgen.media.base import Access
from lstmgen.media.tunes.collection import Piece
from lstmgen.media.tunes.grid.tokenizer import GridTokenizer
from lstmgen.media.tunes.material import split
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.music.midi.writer import to_midi_bytes
from lstmgen.music.score import Meter, Notes, Pedal, Score
from lstmgen.runs.sources import gather, token_files


def pieces(count):
    return tuple(Piece(name=str(number), sha256="", score=Score.of(Notes.of([0], [1], [60]))) for number in range(count))


@pytest.mark.parametrize(
    ("count", "share", "held"),
    [(30, 0.1, ["9", "19", "29"]), (7, 0.1, ["6"]), (1, 0.1, []), (5, 0.0, []), (4, 0.5, ["1", "3"]), (10, 0.3, ["3", "6", "9"])],
)
def test_files_are_held_out_evenly(count, share, held):
    train, val = split(pieces(count), share)
    assert [piece.name for piece in val] == held
    assert sorted(piece.name for piece in (*train, *val)) == sorted(str(number) for number in range(count))


@pytest.fixture
def access(tmp_path):
    (tmp_path / "run").mkdir()
    return Access(folder=tmp_path / "run", cache=tmp_path / "cache")


def ids_of(access, folder, tokenizer, **data):
    material = gather(DataConfig(sources=(str(folder),), **data), access).material
    return token_files(material, tokenizer, access).train.ids[:]


def test_token_files_are_those_of_the_scores_whatever_lies_in_the_cache(access, tmp_path):
    folder = tmp_path / "tunes"
    folder.mkdir()
    score = Score.of(
        Notes.of([0, 480], [240, 720], [60, 64]), pedals=[Pedal(0, 0, down=True), Pedal(960, 0, down=False)], length_ticks=1920
    )
    (folder / "a.mid").write_bytes(to_midi_bytes(score))
    tokenizer = NotesTokenizer("beats", 12)
    extended = ids_of(access, folder, tokenizer)
    dropped = ids_of(access, folder, tokenizer, pedal="drop")
    assert extended.tolist() != dropped.tolist()
    assert ids_of(access, folder, tokenizer).tolist() == extended.tolist()
    assert dropped[1:].tolist() == tokenizer.encode(score).tolist()


def test_voices_that_meet_on_a_note_stay_two_in_the_token_files(access, tmp_path):
    folder = tmp_path / "tunes"
    folder.mkdir()
    both = Notes.of([0, 0, 480, 480], [480, 480, 960, 960], [60, 60, 62, 58], track=[0, 1, 0, 1])
    (folder / "a.mid").write_bytes(to_midi_bytes(Score.of(both)))
    tokenizer = GridTokenizer(form="voices", voices=2, steps_per_beat=1, hold=False)
    ids = ids_of(access, folder, tokenizer)[1:]
    pitch = tokenizer.table.first("pitch")
    assert (ids - pitch).tolist() == [60, 60, 62, 58]


def test_what_is_heard_of_a_score_tells_it_from_every_other():
    score = Score.of(Notes.of([0, 480], [240, 720], [60, 64]))
    others = [
        score.changed(length_ticks=2000),
        score.changed(ticks_per_beat=96),
        score.changed(meters=(Meter(0, 3, 4),)),
        score.changed(notes=score.notes.changed(velocity=np.array([1, 2]))),
        Score.of(score.notes, tempos=[(0, 400_000)]),
        Score.of(score.notes, pedals=[Pedal(0, 0, down=True)]),
    ]
    assert len({score.content(), *(other.content() for other in others)}) == 7
    assert score.content() == Score.of(Notes.of([0, 480], [240, 720], [60, 64])).content()


def test_too_little_music_is_an_error(access, tmp_path):
    (tmp_path / "tunes").mkdir()
    with pytest.raises(CorpusError):
        gather(DataConfig(sources=(str(tmp_path / "tunes"),)), access)
