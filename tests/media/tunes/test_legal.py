"""What grammars allow, told for all places of a tune at once: the same as by asking them at each."""

from functools import partial

import numpy as np
import pytest

from lstmgen.ids import BOUNDARY_ID
from lstmgen.media.legal import unpacked
from lstmgen.media.registry import medium_of
from lstmgen.media.tunes import tokenizers
from lstmgen.media.tunes.grid.tokenizer import GridTokenizer
from lstmgen.media.tunes.legal import by_grammar
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.media.tunes.performance.tokenizer import PerformanceTokenizer
from lstmgen.media.tunes.step_limits import NOTHING_LIMITED
from lstmgen.music.constraints import FREE
from lstmgen.music.score import Notes, Score

TOKENIZERS = {
    "beats": NotesTokenizer("beats", 12),
    "beats-all": NotesTokenizer("beats", 12, repeats=True, variants=True, guides=True, common_key=True, tracks=2),
    "beats-seats": NotesTokenizer("beats", 12, repeats=True, variants=True, guides=True, common_key=True, tracks=2, seats=True),
    "beats-returns": NotesTokenizer("beats", 12, repeats=True, variants=True, guides=True, tracks=2, seats=True, returns=True),
    "beats-tails": NotesTokenizer("beats", 12, repeats=True, variants=True, tails=True, guides=True, common_key=True, tracks=2),
    "beats-heads": NotesTokenizer(
        "beats", 12, repeats=True, variants=True, heads=True, guides=True, tracks=2, length_first=True, full_bars=True
    ),
    "beats-absolute": NotesTokenizer("beats", 24, repeats=True, guides=True),
    "seconds": NotesTokenizer("seconds"),
    "seconds-tracks": NotesTokenizer("seconds", tracks=3),
    "performance": PerformanceTokenizer(),
    "performance-ages": PerformanceTokenizer(ages=True),
    "voices": GridTokenizer(voices=3),
    "voices-without-hold": GridTokenizer(2, voices=2, hold=False),
    "chords": GridTokenizer(3, "chords"),
    "chords-without-hold": GridTokenizer(4, "chords", hold=False),
}
every_tokenizer = pytest.mark.parametrize("tokenizer", TOKENIZERS.values(), ids=TOKENIZERS)


def band(seed, *, low=50, high=75):
    """A piece of several instruments with drums, in which bars come back."""
    random = np.random.default_rng(seed)
    bars = [random.integers(0, 16, 5) * 120 for _ in range(2)]
    start = np.concatenate([1920 * bar + bars[number] for bar, number in enumerate(random.integers(0, 2, 5))])
    count = len(start)
    part = random.integers(0, 4, count)
    pitch = random.integers(low, high, count)
    notes = Notes.of(
        start,
        start + 120 * random.integers(1, 9, count),
        pitch,
        velocity=random.integers(60, 64, count),
        track=part,
        program=np.where(part == 3, 0, np.array([40, 7, 7, 0])[part]),
        drum=part == 3,
    )
    return Score.of(notes, ticks_per_beat=480)


def asked(tokenizer, ids):
    return by_grammar(tokenizer.notation.grammar(FREE, NOTHING_LIMITED), tokenizer.table, ids)


def ways(tokenizer):
    """Tunes as they are written, and in other keys and at other speeds."""
    for seed in range(3):
        ids = tokenizer.encode(band(seed))
        yield from (ids, tokenizer.augmented(ids, semitones=4), tokenizer.augmented(ids, semitones=-5, stretch=1.04))
    yield tokenizer.encode(band(4, low=0, high=128))


@every_tokenizer
def test_rows_are_what_the_grammar_allows_and_every_id_of_a_tune_is_allowed(tokenizer):
    for ids in ways(tokenizer):
        rows = tokenizer.legal(ids)
        np.testing.assert_array_equal(rows, asked(tokenizer, ids))
        assert unpacked(rows, tokenizer.vocab_size)[np.arange(len(ids) + 1), np.append(ids, BOUNDARY_ID)].all()


@every_tokenizer
def test_a_cursor_allows_the_same_ids(tokenizer):
    ids = tokenizer.encode(band(1))[:60]
    cursor, allowed_TV = tokenizer.cursor(), unpacked(tokenizer.legal(ids), tokenizer.vocab_size)
    for token, allowed_V in zip(ids.tolist(), allowed_TV, strict=False):
        np.testing.assert_array_equal(allowed_V, cursor.allowed())
        cursor.push(token)


@every_tokenizer
def test_of_any_ids_rows_are_those_of_the_grammar_and_what_stands_has_a_probability(tokenizer):
    random, medium = np.random.default_rng(3), medium_of(tokenizer)
    strict = medium.legal(tokenizer.from_json(tokenizer.to_json() | {"grammar": True}))
    whole = tokenizer.encode(band(2))
    for _ in range(8):
        ids = whole[random.integers(0, 20) : random.integers(21, 90)].copy()
        ids[random.integers(0, len(ids), 3)] = random.integers(1, tokenizer.vocab_size, 3)
        np.testing.assert_array_equal(tokenizer.legal(ids), asked(tokenizer, ids))
        stand = unpacked(strict(ids), tokenizer.vocab_size)[np.arange(len(ids) + 1), np.append(ids, BOUNDARY_ID)]
        assert stand.all()


def test_pieces_in_another_key_are_known_by_their_shape(monkeypatch):
    tokenizer = NotesTokenizer("beats", 12, repeats=True, guides=True, common_key=True)
    ids, count = tokenizer.encode(band(1)), []
    monkeypatch.setattr("lstmgen.media.tunes.notes.legal.by_grammar", lambda *what: (count.append(1), by_grammar(*what))[1])
    for semitones in (0, 3, -4):
        moved = tokenizer.augmented(ids, semitones=semitones)
        np.testing.assert_array_equal(tokenizer.legal(moved), asked(tokenizer, moved))
    assert len(count) == 1


def test_new_tokenizers_have_their_grammar_but_for_voices_and_older_ones_have_none():
    scores = [band(1)]
    built = partial(tokenizers.build, scores=scores)
    for name, options, expected in (
        ("notes", {}, True),
        ("performance", {}, True),
        ("grid", {}, False),
        ("grid", {"grid_form": "chords"}, True),
    ):
        tokenizer = built(name, **options)
        assert tokenizer.grammar == expected
        assert (medium_of(tokenizer).legal(tokenizer) is not None) == expected
        assert tokenizers.from_json(tokenizer.to_json()) == tokenizer
        for grammar in (False, True):
            assert built(name, grammar=grammar, **options).grammar == grammar
        older = {key: value for key, value in tokenizer.to_json().items() if key != "grammar"}
        assert not tokenizers.from_json(older).grammar
        assert medium_of(tokenizer).legal(tokenizers.from_json(older)) is None
