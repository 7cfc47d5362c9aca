"""Short tunes that are made of long ones for training: each ends at home with a section and says how long it is."""

from dataclasses import replace

import numpy as np

from lstmgen.config import DataConfig
from lstmgen.media.tunes.medium import MEDIUM
from lstmgen.media.tunes.notes.remaining import LENGTH
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.music.score import Key, Notes, Score
from lstmgen.music.sections import closed_beginnings, full_bars

GUIDED = NotesTokenizer("beats", 12, repeats=True, guides=True)
COMMON = replace(GUIDED, common_key=True)
ALWAYS = DataConfig(sources=("x",), excerpts=True, max_transpose=0)


def tune():
    """AABB of four bars each, a chord below; A and B end on the tonic, D."""
    a, b = [62, 66, 64, 62], [69, 71, 67, 62]
    start = 1920 * np.arange(16)
    melody = Notes.of(start, start + 960, np.array([*a, *a, *b, *b]) + 12, velocity=80, track=0)
    chords = Notes.of(start, start + 1920, np.full(16, 50), velocity=80, track=1)
    return Score.of(Notes.joined([melody, chords]).in_order(), keys=[Key(0, 2, minor=False)], length_ticks=1920 * 16)


def length(tokenizer, ids):
    return int(tokenizer.table.value_of_V[ids[tokenizer.table.are(ids, LENGTH)]][0]) + 1


def test_the_tunes_that_a_piece_begins_with_are_read_like_any_other():
    for tokenizer in (GUIDED, COMMON):
        whole = tokenizer.encode(tune())
        parts = tokenizer.beginnings(whole)
        assert [length(tokenizer, ids) for ids in parts] == [4, 8, 12]
        for ids, part in zip(parts, closed_beginnings(tune()), strict=True):
            assert tokenizer.encode(part).tolist() == ids.tolist() == tokenizer.encode(tokenizer.decode(ids)).tolist()
            cursor = tokenizer.cursor()
            for token in ids.tolist():
                cursor.push(token)
            assert cursor.allowed()[0]


def test_a_reading_is_the_whole_or_one_of_them_where_that_is_wanted_and_the_ids_say_how_long_they_are():
    whole = COMMON.encode(tune())
    for data, tokenizer, expected in (
        (ALWAYS, COMMON, {4, 8, 12, 16}),
        (replace(ALWAYS, excerpts=False), COMMON, {16}),
        (ALWAYS, NotesTokenizer("beats", 12, repeats=True), {16}),
    ):
        varied, random = MEDIUM.augmentation(tokenizer, data), np.random.default_rng(1)
        read = [varied(tokenizer.encode(tune()), random, 0) for _ in range(60)]
        assert {full_bars(tokenizer.decode(ids)) for ids in read} == expected
    varied, random = MEDIUM.augmentation(COMMON, ALWAYS), np.random.default_rng(2)
    wholes = sum(len(varied(whole, random, 0)) == len(whole) for _ in range(300))
    assert 150 < wholes < 250  # two in three


def test_what_nothing_ends_in_is_read_as_it_is():
    once = Score.of(Notes.of(1920 * np.arange(9), 1920 * np.arange(9) + 480, np.arange(60, 69)), length_ticks=1920 * 9)
    varied, random = MEDIUM.augmentation(COMMON, ALWAYS), np.random.default_rng(3)
    ids = COMMON.encode(once)
    assert all(varied(ids, random, 0).tolist() == ids.tolist() for _ in range(20))
