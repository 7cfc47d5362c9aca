"""The `notes` tokenizer: one form for each tune, wishes that hold, ends that are exact."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmgen.errors import ModelFileError, UsageError
from lstmgen.media.registry import tokenizer_from_json as from_json
from lstmgen.media.tunes.notes.beats import POSITION
from lstmgen.media.tunes.notes.events import PITCH, PROGRAM, TRACK, VELOCITY
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer, best_options
from lstmgen.media.tunes.parts import DRUMS
from lstmgen.music.bars import Bars
from lstmgen.music.constraints import FREE, Constraints
from lstmgen.music.score import Meter, Notes, Score

FORMS = [
    NotesTokenizer("beats", 24),
    NotesTokenizer("beats", 12),
    NotesTokenizer("seconds", 24),
    NotesTokenizer("beats", 12, repeats=True),
    NotesTokenizer("beats", 12, repeats=True, tracks=3),
    NotesTokenizer("seconds", 24, tracks=2),
]
WISHES = [
    Constraints(bars=4),
    Constraints(seconds=7.3),
    Constraints(pitches=frozenset(range(60, 72)), max_note_beats=1, drums=False, bars=3),
    Constraints(programs=frozenset({5, 40}), seconds=5.0, keep_tempo=True, keep_meter=True),
]


def name_of(tokenizer):
    return f"{tokenizer.time_base}-{tokenizer.steps_per_beat}{'-repeats' * tokenizer.repeats}-{tokenizer.tracks}"


def names_of(tokenizer, ids):
    """The instruments that a piece names first, ascending, each with the number of its last track."""
    names, before = {}, ""
    for token in ids.tolist():
        kind, value = tokenizer.table.event(token)
        if kind == PROGRAM and value > max(names, default=-1):
            names[value] = 0
        elif kind == TRACK and before == PROGRAM and value:
            names[max(names)] = value
        else:
            break
        before = kind
    return names


def check_comes_back(tokenizer, ids):
    """The same ids come back; of instruments that were named and never play, only the same tune does."""
    score = tokenizer.decode(ids)
    again = tokenizer.encode(score)
    names, names_again = names_of(tokenizer, ids), names_of(tokenizer, again)
    if names == names_again:
        assert again.tolist() == ids.tolist()
    assert set(names_again) == set(instruments(score)) <= set(names)
    back = tokenizer.decode(again)
    assert all(
        np.array_equal(getattr(back.notes, column), getattr(score.notes, column)) for column in ("start_ticks", "end_ticks", "pitch")
    )
    assert (back.length_ticks, back.meters) == (score.length_ticks, score.meters)
    return score


def instruments(score):
    return np.unique(np.where(score.notes.drum, DRUMS, score.notes.program.astype(int))).tolist()


every_form = pytest.mark.parametrize("tokenizer", FORMS, ids=name_of)


def walk(tokenizer, wishes, seed):
    """Ids that a cursor allows, each kind of event as likely as any other."""
    random, cursor, ids = np.random.default_rng(seed), tokenizer.cursor(wishes), []
    cursor.begin()
    while not cursor.finished and len(ids) < 1500:
        allowed = np.flatnonzero(cursor.allowed())
        assert len(allowed)
        kinds = np.array([tokenizer.table.event(token)[0] for token in allowed.tolist()])
        token = int(random.choice(allowed[kinds == random.choice(np.unique(kinds))]))
        if token == 0:
            break
        cursor.push(token)
        ids.append(token)
    # In beats the last mark of a bar only says that the tune is over.
    return np.array(ids[:-1] if cursor.finished and tokenizer.time_base == "beats" else ids, np.int64), cursor.finished


@every_form
@pytest.mark.parametrize("wishes", WISHES, ids=range(len(WISHES)))
@pytest.mark.parametrize("seed", range(6))
def test_what_a_cursor_allows_comes_back_as_it_was_and_the_wishes_hold(tokenizer, wishes, seed):
    ids, finished = walk(tokenizer, wishes, seed)
    assert finished
    score = check_comes_back(tokenizer, ids)
    notes = score.notes
    assert np.all(notes.end_ticks > notes.start_ticks)
    if wishes.bars is not None and tokenizer.time_base == "beats":
        assert Bars(score).count == wishes.bars
    if wishes.seconds is not None and tokenizer.time_base == "seconds":
        assert score.duration_s == pytest.approx(wishes.seconds, abs=0.011)
    pitched = notes.take(~notes.drum)
    if wishes.pitches is not None:
        assert set(pitched.pitch.tolist()) <= wishes.pitches
        assert not notes.drum.any()
    if wishes.programs is not None:
        assert set(pitched.program.tolist()) <= wishes.programs


@every_form
def test_a_walk_without_wishes_that_may_end_comes_back_as_it_was(tokenizer):
    for seed in range(4):
        ids, _ = walk(tokenizer, FREE, seed)
        if len(ids) < 1500:
            check_comes_back(tokenizer, ids)


@every_form
@settings(max_examples=60)
@given(data=st.data())
def test_any_ids_at_all_decode_to_a_score(tokenizer, data):
    ids = data.draw(st.lists(st.integers(0, tokenizer.vocab_size - 1), max_size=60))
    notes = tokenizer.decode(ids).notes
    assert np.all(notes.end_ticks > notes.start_ticks)


def tune():
    notes = Notes.of([0, 0, 480, 960, 1440, 1920], [480, 960, 960, 1440, 1920, 3840], [60, 64, 67, 65, 38, 60],
                     velocity=[80, 80, 80, 40, 100, 80], program=[0, 0, 0, 40, 0, 0], drum=[False] * 4 + [True, False], track=[0, 0, 0, 1, 2, 0])  # fmt: skip  # noqa: E501 - one row a column
    return Score.of(notes, meters=[Meter(0, 3, 4)], tempos=[(0, 500_000)], length_ticks=4320)


def test_a_tune_reads_as_its_events():
    tokenizer = NotesTokenizer("beats", 12)
    words = [tokenizer.piece(token) for token in tokenizer.encode(tune()).tolist()]
    assert words[:3] == ["program Acoustic Grand Piano", "program Violin", "drums"]
    assert words[3:7] == ["bar", "meter 3/4", "position 0 beats", "tempo 120"]
    assert words[7:13] == [
        "program Acoustic Grand Piano",
        "velocity 82",
        "pitch C4",
        "duration 1 beat",
        "pitch E4",
        "duration 2 beats",
    ]
    assert words.count("bar") == 3
    assert "drums" in words


def test_the_ids_of_the_format_are_pinned():
    ids = NotesTokenizer("beats", 12).encode(tune()).tolist()
    assert ids == PINNED


PINNED = [363, 403, 491, 1, 8, 267, 170, 363, 512, 584, 791, 588, 803, 279, 591, 791, 291, 403, 502, 589, 791, 1, 267, 491, 517,
          690, 279, 363, 512, 584, 811, 1]  # fmt: skip


@every_form
def test_notes_instruments_drums_and_length_come_back(tokenizer):
    back = tokenizer.decode(tokenizer.encode(tune()))
    assert back.notes.pitch.tolist() == tune().notes.pitch.tolist()
    assert back.notes.drum.tolist() == tune().notes.drum.tolist()
    assert back.notes.program.tolist() == tune().notes.program.tolist()
    assert back.duration_s == pytest.approx(tune().duration_s, abs=0.01)


@every_form
def test_transposition_moves_pitches_and_leaves_drums(tokenizer):
    ids = tokenizer.encode(tune())
    assert tokenizer.transpositions(ids) == (-60, 60)
    moved = tokenizer.decode(tokenizer.augmented(ids, semitones=3)).notes
    assert (moved.pitch.astype(int) - tune().notes.pitch).tolist() == [0 if drum else 3 for drum in tune().notes.drum]


@every_form
def test_stretching_makes_a_tune_slower(tokenizer):
    ids = tokenizer.encode(tune())
    assert tokenizer.measure(tokenizer.augmented(ids, stretch=1.1)).seconds == pytest.approx(1.1 * tokenizer.measure(ids).seconds, rel=0.01)


@every_form
def test_it_comes_back_from_its_json_and_refuses_another(tokenizer):
    assert from_json(tokenizer.to_json()) == tokenizer
    with pytest.raises(ModelFileError):
        from_json(tokenizer.to_json() | {"steps_per_beat": 7})
    with pytest.raises(ModelFileError):
        from_json(tokenizer.to_json() | {"time_base": "days"})


def test_what_continues_a_tune_takes_its_ticks_tempo_and_tracks():
    like = Score.of(
        Notes.of([0], [96], [60], program=7), ticks_per_beat=96, tempos=[(0, 650_000)], meters=[Meter(0, 3, 4)], length_ticks=288
    )
    tokenizer = NotesTokenizer("beats", 24)
    ids = tokenizer.encode(like)
    more = np.concatenate([ids, tokenizer.encode(tune())[7:]])
    new = tokenizer.decode(more, like=like, since=len(ids))
    assert (new.ticks_per_beat, new.tempos.us_per_beat.tolist()) == (96, [650_000])
    assert len(tokenizer.decode(more, like=like).notes) == len(new.notes) + 1


def test_only_named_instruments_play_and_a_wish_lets_others_join():
    tokenizer = NotesTokenizer("beats", 12)
    solo = tokenizer.encode(Score.of(Notes.of([0], [480], [60], program=7), length_ticks=1920))
    for wishes, expected in [(FREE, [7]), (Constraints(programs=frozenset({7, 40})), [7, 40, DRUMS])]:
        cursor = tokenizer.cursor(wishes)
        for token in solo.tolist():
            cursor.push(token)
        cursor.begin()
        cursor.push(tokenizer.table.first(POSITION) + 12)
        programs = np.flatnonzero(cursor.allowed()[tokenizer.table.span(PROGRAM)]).tolist()
        assert programs == [program for program in expected if program != 7]
        assert cursor.allowed()[tokenizer.table.span(PITCH)].any()


def test_a_prompt_that_breaks_off_before_a_note_is_continued_by_the_grammar_where_constraints_leave_nothing():
    tokenizer = NotesTokenizer("beats", 12)
    table = tokenizer.table
    held = tokenizer.encode(Score.of(Notes.of([0], [1920], [60], program=7), length_ticks=1920)).tolist()
    cursor = tokenizer.cursor(Constraints(pitches=frozenset({60})))
    for token in [*held, table.first(POSITION) + 12, table.first(VELOCITY) + 3]:
        cursor.push(token)
    cursor.begin()
    allowed = cursor.allowed()
    assert np.flatnonzero(~allowed[table.span(PITCH)]).tolist() == [60]  # which sounds already
    assert allowed.sum() == 127


def test_scores_on_a_grid_are_written_in_beats_and_performances_in_seconds():
    random = np.random.default_rng(1)
    start = np.sort(random.integers(0, 50_000, 300))
    free = Score.of(Notes.of(start, start + 300, random.integers(40, 80, 300)))
    assert best_options([tune()]) == {"time_base": "beats", "steps_per_beat": 12}
    assert best_options([free])["time_base"] == "seconds"
    with pytest.raises(UsageError):
        NotesTokenizer("beats", 5)
