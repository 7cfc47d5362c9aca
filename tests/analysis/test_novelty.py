"""Copies are found in whatever key and at whatever speed, and nothing else is called one."""

import numpy as np
import pytest

from lstmgen.analysis.novelty import SHINGLE, NoveltyIndex
from lstmgen.errors import InputError, ModelFileError
from lstmgen.media.text.words import symbols_of_chunks, symbols_of_text
from lstmgen.media.tunes.melody import symbols_of_score
from lstmgen.music.score import Notes, Score


def tune(seed, count=60):
    random = np.random.default_rng(seed)
    starts = np.cumsum(random.choice([0, 120, 240, 480], count))
    return Score.of(Notes.of(starts, starts + 100, random.integers(40, 80, count)))


def moved(score, *, semitones=0, factor=1.0, skip=0, count=None):
    notes = score.notes.take(slice(skip, None if count is None else skip + count))
    start = ((notes.start_ticks - notes.start_ticks[0]) * factor).astype(int)
    return Score.of(Notes.of(start, start + 50, notes.pitch.astype(int) + semitones))


def copied_by(index, score):
    """What a tune has copied."""
    return index.examine(symbols_of_score(score), offset=1)


@pytest.fixture
def index():
    return NoveltyIndex.of("notes", [(f"tune {seed}", symbols_of_score(tune(seed))) for seed in range(20)])


@pytest.mark.parametrize(("semitones", "factor"), [(0, 1.0), (5, 1.0), (-7, 2.0), (3, 0.5)])
def test_a_copy_is_found_in_another_key_and_at_another_speed(index, semitones, factor):
    found = copied_by(index, moved(tune(7), semitones=semitones, factor=factor))
    assert (found.longest_run, found.where) == (60, "tune 7")
    assert found.copied_share == 1.0


def test_an_excerpt_within_new_music_is_found_where_it_is(index):
    new, old = tune(1000, 30), moved(tune(4), skip=20, count=25, semitones=2)
    shift = int(new.notes.start_ticks[-1]) + 480
    joined = Notes.joined([new.notes, Notes.of(old.notes.start_ticks + shift, old.notes.end_ticks + shift, old.notes.pitch)])
    found = copied_by(index, Score.of(joined))
    # The first step of the excerpt has another time before it, so up to two of its symbols may differ.
    assert 22 <= found.longest_run <= 26
    assert found.where == "tune 4"
    assert 0.3 < found.copied_share < 0.55


def test_new_music_has_copied_nothing(index):
    found = copied_by(index, tune(999))
    assert (found.longest_run, found.copied_share, found.where) == (0, 0.0, "")
    assert "nothing copied" in found.line()


def test_words_in_a_row_are_found_whatever_their_case():
    text = " ".join(f"word{number}" for number in range(100))
    index = NoveltyIndex.of("words", [("story", symbols_of_text(text))])
    copied = "something new here " + " ".join(f"WORD{number}" for number in range(30, 50)) + " and new again"
    found = index.examine(symbols_of_text(copied))
    assert (found.longest_run, found.begins, found.symbols) == (20, 3, 26)
    assert found.copied_share == pytest.approx(20 / 26)
    assert index.examine(symbols_of_text(" ".join(f"word{number}" for number in range(SHINGLE - 1)))).longest_run == 0


def test_a_run_never_crosses_from_one_document_into_the_next():
    first, second = [" ".join(f"{name}{number}" for number in range(10)) for name in ("a", "b")]
    index = NoveltyIndex.of("words", [("one", symbols_of_text(first)), ("two", symbols_of_text(second))])
    assert index.examine(symbols_of_text(f"{first} {second}")).longest_run == 10


def test_a_saved_index_says_the_same(index, tmp_path):
    index.save(tmp_path / "novelty.index")
    opened = NoveltyIndex.open(tmp_path / "novelty.index")
    thing = moved(tune(3), semitones=1, skip=10, count=30)
    assert copied_by(opened, thing) == copied_by(index, thing)


def test_a_missing_or_damaged_index_is_refused(index, tmp_path):
    path = tmp_path / "novelty.index"
    with pytest.raises(InputError, match="keeps no index"):
        NoveltyIndex.open(path)
    index.save(path)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ModelFileError, match="damaged"):
        NoveltyIndex.open(path)
    path.write_bytes(b"nonsense")
    with pytest.raises(ModelFileError, match="damaged"):
        NoveltyIndex.open(path)


def test_what_holds_nothing_has_copied_nothing(index):
    found = copied_by(index, Score.of(Notes.empty()))
    assert (found.symbols, found.longest_run, found.copied_share) == (0, 0, 0.0)


@pytest.mark.parametrize("size", [1, 3, 50])
def test_a_text_in_chunks_has_the_words_of_the_whole(size):
    text = "One two\nthree  FOUR five\u00a0six\tseven."
    chunks = [text[start : start + size] for start in range(0, len(text), size)]
    assert symbols_of_chunks(chunks).tolist() == symbols_of_text(text).tolist()

    assert len(symbols_of_text(text)) == 7


def test_a_text_of_one_word_is_not_held_as_a_whole():
    symbols = symbols_of_chunks(["x" * 50_000] * 200 + [" end"])
    assert len(symbols) == 101
    assert len(set(symbols.tolist())) == 2


def test_symbols_are_never_the_one_that_stands_between_items():
    assert 0 not in symbols_of_text("a b c")
    assert 0 not in symbols_of_score(tune(1))


def test_beyond_its_limit_it_keeps_a_part_and_says_so(monkeypatch):
    monkeypatch.setattr("lstmgen.limits.MAX_NOVELTY_SYMBOLS", 50)
    index = NoveltyIndex.of("words", [("story", symbols_of_text(" ".join(map(str, range(100)))))])
    assert not index.complete
    assert len(index.symbols) == 51
    assert "a part" in index.examine(symbols_of_text("new words")).line()
