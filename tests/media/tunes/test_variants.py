"""Bars that come back with other velocities, halves and heads with another end, tails with another beginning, in the `notes` tokenizer."""

from copy import deepcopy
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from lstmgen.errors import ModelFileError, UsageError
from lstmgen.media.registry import tokenizer_from_json as from_json
from lstmgen.media.tunes.notes.events import VELOCITY_BINS
from lstmgen.media.tunes.notes.measures import BAR, POSITION, TEMPO
from lstmgen.media.tunes.notes.repeats import AGAIN, FARTHEST, HALF, HEAD, REPEAT, TAIL
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.media.tunes.tokenizers import build
from lstmgen.music.constraints import FREE, Constraints
from lstmgen.music.midi.reader import read_midi
from lstmgen.music.score import Notes, Score

REPEATS = NotesTokenizer("beats", 12, repeats=True)
VARIANTS = replace(REPEATS, variants=True)
GUIDED = replace(VARIANTS, guides=True, common_key=True, tracks=4)
TAILED = replace(VARIANTS, tails=True)
ALL = replace(GUIDED, tails=True)
HEADED = replace(TAILED, heads=True)
USUAL = replace(ALL, heads=True, length_first=True, full_bars=True)
TABLE = VARIANTS.table
LANTERNS = sorted((Path(__file__).parents[3] / "corpora" / "lanterns").glob("*.mid"))
SCALE = [(0, 60, 1, 82), (1, 62, 1, 82), (2, 64, 1, 82), (3, 65, 1, 82)]


def tune(*bars):
    """Bars of notes: (beat, pitch, beats, velocity)."""
    rows = [(1920 * number + int(480 * note[0]), *note[1:]) for number, bar in enumerate(bars) for note in bar]
    start, pitch, beats, velocity = np.array(rows).T
    start, length = start.astype(int), (480 * beats).astype(int)
    return Score.of(Notes.of(start, start + length, pitch.astype(int), velocity=velocity.astype(int)), length_ticks=1920 * len(bars))


def louder(bar, *velocities):
    return [(*note[:3], velocity) for note, velocity in zip(bar, velocities, strict=True)]


def words(score, tokenizer=VARIANTS):
    """What each bar says, behind its mark."""
    said = " ".join(f"[{tokenizer.piece(token)}]" for token in tokenizer.encode(score).tolist()).split("[bar]")
    return [each.strip() for each in said[1:]]


def same(one, other):
    return one.notes.same_as(other.notes) and (one.length_ticks, one.meters) == (other.length_ticks, other.meters)


def assert_comes_back(tokenizer, score):
    """A tune is its ids, however they are read: at once, by a cursor, note by note."""
    ids, plain = tokenizer.encode(score), replace(tokenizer, variants=False, tails=False, heads=False)
    decoded = tokenizer.decode(ids)
    assert same(decoded, plain.decode(plain.encode(score)))
    assert tokenizer.encode(decoded).tolist() == ids.tolist()
    assert tokenizer.measure(ids) == plain.measure(plain.encode(score))
    cursor, stream = tokenizer.cursor(), tokenizer.decoder()
    for token in ids.tolist():
        assert cursor.allowed()[token]
        cursor.push(token)
    given = [*map(stream.push, ids.tolist()), stream.finish()]
    assert Notes.joined(given).in_order().same_as(decoded.notes.in_order())


def test_a_bar_with_other_velocities_says_all_of_them_and_one_that_is_equal_none():
    soft, loud = louder(SCALE, 82, 82, 82, 90), louder(SCALE, 102, 82, 82, 82)
    bars = words(tune(SCALE, soft, loud, soft, SCALE))
    assert bars[1] == "[repeat 1 back] [again 82] [again 82] [again 82] [again 90]"
    assert bars[2] == "[repeat 1 back] [again 102] [again 82] [again 82] [again 82]"
    assert bars[3:] == ["[repeat 2 back]", "[repeat 4 back]"]
    assert_comes_back(VARIANTS, tune(SCALE, soft, loud, soft, SCALE))


def test_a_first_half_comes_back_with_another_end_or_none_and_with_other_velocities():
    other, ended = [*SCALE[:2], (2, 72, 1, 82)], SCALE[:2]
    bars = words(tune(SCALE, other, ended, louder(ended, 90, 94), other))
    assert bars[1].startswith("[first half 1 back] [position 2 beats] [velocity 82] [pitch C5]") or bars[1].startswith(
        "[first half 1 back] [position 2 beats] [pitch C5]"
    )
    assert bars[2:] == ["[first half 1 back]", "[repeat 1 back] [again 90] [again 94]", "[repeat 3 back]"]
    loud = [*louder(SCALE[:2], 90, 94), (3, 48, 1, 82)]
    assert words(tune(SCALE, loud))[1].startswith("[first half 1 back] [again 90] [again 94] [position 3 beats]")
    for score in (tune(SCALE, other, ended, louder(ended, 90, 94), other), tune(SCALE, loud, SCALE, loud)):
        assert_comes_back(VARIANTS, score)


def test_a_single_note_and_a_bar_in_which_the_tempo_changes_bring_no_first_half_back():
    assert "first half" not in " ".join(words(tune([SCALE[0], SCALE[3]], [SCALE[0], SCALE[2]])))
    score = tune(SCALE, [*SCALE[:2], (2, 72, 1, 82)])
    slower = Score.of(score.notes, tempos=[(0, 500_000), (1920 + 960, 600_000)], length_ticks=score.length_ticks)
    assert "first half" not in words(slower)[1]
    assert_comes_back(VARIANTS, slower)
    cursor = VARIANTS.cursor()
    for token in [*VARIANTS.encode(tune(SCALE)).tolist(), TABLE.first(BAR), TABLE.first(HALF), TABLE.first(POSITION) + 24]:
        cursor.push(token)
    assert not cursor.allowed()[TABLE.span(TEMPO)].any()


def test_drums_that_come_back_last_are_as_long_as_ever():
    score = tune(SCALE, SCALE)
    assert_comes_back(VARIANTS, score.changed(notes=score.notes.changed(drum=np.ones(len(score.notes), bool))))


@pytest.mark.parametrize("tokenizer", [GUIDED, ALL, USUAL], ids=["variants", "tails", "heads"])
@pytest.mark.parametrize("path", LANTERNS[4::20], ids=lambda path: path.stem)
def test_real_tunes_come_back(path, tokenizer):
    assert_comes_back(tokenizer, read_midi(path.read_bytes()).score)


ENDING = [(0, 67, 1, 82), *SCALE[1:]]


def test_a_tail_comes_back_behind_the_first_moment_from_which_on_the_bars_are_the_same():
    late = [(0, 67, 1, 82), (1, 69, 1, 82), *SCALE[2:]]
    bars = words(tune(SCALE, ENDING, late, ENDING), TAILED)
    assert bars[1] == "[tail 1 back] [position 0 beats] [pitch G4] [duration 1 beat]"
    assert bars[2].startswith("[tail 1 back] [position 0 beats]")  # the nearest, where none lies as far back as the last
    assert bars[2].endswith("[pitch A4] [duration 1 beat]")
    assert bars[3] == "[repeat 2 back]"
    assert_comes_back(TAILED, tune(SCALE, ENDING, late, ENDING))
    assert_comes_back(replace(TAILED, guides=True, common_key=True), tune(SCALE, ENDING, late, ENDING))


def test_a_tail_stands_behind_a_first_half_whose_distance_it_shares_where_it_can():
    other, half = [(0, 48, 1, 82), *SCALE[1:]], [*SCALE[:2], (2, 72, 0.5, 82), (2.5, 71, 0.5, 82), (3, 70, 1, 82)]
    ends = [*SCALE[:2], (2, 50, 0.5, 82), (2.5, 71, 0.5, 82), (3, 70, 1, 82)]
    bars = words(tune(SCALE, half, ends, [*other[:2], *half[2:]], half), TAILED)
    assert bars[2].startswith("[first half 1 back] [tail 1 back] [position 2 beats]")
    assert bars[3].startswith("[tail 2 back] [position 0 beats]")
    assert_comes_back(TAILED, tune(SCALE, half, ends, [*other[:2], *half[2:]], half))


@pytest.mark.parametrize(
    "bar",
    [
        [(0, 67, 1, 82), (1, 69, 1, 82), (2, 71, 1, 82), SCALE[3]],  # one note alone
        louder(ENDING, 82, 82, 90, 82),
        [(0, 67, 1, 82), (0.5, 69, 0.5, 82), (1, 62, 0.5, 82), (2, 64, 1, 82), (3, 66, 1, 82)],
    ],
    ids=["one note", "louder", "no end"],
)
def test_what_is_no_tail_is_written_out(bar):
    assert "tail" not in " ".join(words(tune(SCALE, bar), TAILED))
    assert_comes_back(TAILED, tune(SCALE, bar))


def test_a_bar_in_which_the_tempo_changes_has_no_tail():
    score = tune(SCALE, ENDING)
    slower = Score.of(score.notes, tempos=[(0, 500_000), (1920 + 960, 600_000)], length_ticks=score.length_ticks)
    assert "tail" not in words(slower, TAILED)[1]
    assert_comes_back(TAILED, slower)


def written(cursor, *events, table=TAILED.table):
    """The kinds that may come behind these events, and the cursor."""
    for kind, value in events:
        cursor.push(table.first(kind) + value)
    return {table.event(token)[0] for token in np.flatnonzero(cursor.allowed()).tolist()}


@pytest.mark.parametrize(
    ("bar", "said"),
    [
        ([*SCALE[:3], (3, 72, 1, 82)], "[head 1 back] [position 3 beats] [pitch C5] [duration 1 beat]"),
        (SCALE[:3], "[head 1 back] [position 3 beats]"),
        (SCALE[:2], "[head 1 back] [position 2 beats]"),
        ([*SCALE[:2], SCALE[3]], "[head 1 back] [position 2 beats] [position 3 beats] [pitch F4] [duration 1 beat]"),
        ([*SCALE[:2], (2, 64, 2, 82)], "[head 1 back] [position 2 beats] [pitch E4] [duration 2 beats]"),
        ([*SCALE[:3], (2.5, 67, 0.5, 82), SCALE[3]], "[head 1 back] [position 2.5 beats] [pitch G4] [duration 0.5 beats]"),
    ],
    ids=["another note", "an end", "an earlier end", "a rest", "longer", "a note more"],
)
def test_a_head_comes_back_up_to_where_the_bars_differ(bar, said):
    assert words(tune(SCALE, bar), replace(HEADED, tails=False))[1].startswith(said)
    for tokenizer in (HEADED, replace(HEADED, tails=False), USUAL):
        assert_comes_back(tokenizer, tune(SCALE, bar))
        assert_comes_back(tokenizer, tune(SCALE, bar, SCALE, bar))


def test_of_several_bars_the_head_is_of_the_one_that_is_alike_for_longest():
    longest, shorter = [*SCALE[:3], (3, 72, 1, 82)], [*SCALE[:2], (2, 72, 1, 82), SCALE[3]]
    bars = words(tune(SCALE, shorter, SCALE, shorter, longest), HEADED)
    assert bars[4].startswith("[head 2 back] [position 3 beats]")  # as far back as the last two
    assert words(tune(SCALE, shorter, longest), HEADED)[2].startswith("[head 2 back]")


def test_a_head_and_a_tail_are_a_bar_of_which_nothing_is_written():
    other = [(0, 48, 1, 82), (1, 50, 1, 82), (2, 72, 1, 82), (3, 74, 1, 82)]
    bars = words(tune(SCALE, other, [*SCALE[:2], *other[2:]]), HEADED)
    assert bars[2] == "[head 2 back] [tail 1 back] [position 2 beats]"
    assert_comes_back(HEADED, tune(SCALE, other, [*SCALE[:2], *other[2:]], other))


@pytest.mark.parametrize(
    "bar",
    [
        [*louder(SCALE[:2], 90, 82), (2, 72, 1, 82)],
        [SCALE[0], (1, 72, 1, 82), *SCALE[2:]],  # alike for less than a half
        [(0, 60, 2, 82), (2, 72, 1, 82), (3, 74, 1, 82)],
    ],
    ids=["louder", "too short", "one note"],
)
def test_what_is_no_head_is_written_out(bar):
    headed = replace(HEADED, tails=False)
    assert "head" not in " ".join(words(tune(SCALE, [(0, 60, 2, 82), (2, 64, 1, 82)], bar), headed))
    assert_comes_back(headed, tune(SCALE, bar))


def test_a_bar_in_which_the_tempo_changes_has_no_head():
    score = tune(SCALE, [*SCALE[:3], (3, 72, 1, 82)])
    slower = Score.of(score.notes, tempos=[(0, 500_000), (1920 + 960, 600_000)], length_ticks=score.length_ticks)
    assert "head" not in words(slower, HEADED)[1]
    assert_comes_back(HEADED, slower)
    cursor = HEADED.cursor()
    first = [HEADED.table.first(kind) + value for kind, value in ((BAR, 0), (HEAD, 0), (POSITION, 24))]
    for token in [*HEADED.encode(tune(SCALE)).tolist(), *first]:
        cursor.push(token)
    assert not cursor.allowed()[HEADED.table.span(TEMPO)].any()


@pytest.mark.parametrize("drawn", [False, True])
def test_a_head_ends_in_the_second_half_and_what_is_drawn_where_no_note_is_cut_off(drawn):
    cursor, headed = HEADED.cursor(), partial(written, table=HEADED.table)
    for token in HEADED.encode(tune([*SCALE[:2], (2, 64, 1.5, 82)])).tolist():
        cursor.push(token)
    if drawn:
        cursor.begin()
    assert headed(cursor, (BAR, 0), (HEAD, 0)) == {POSITION}
    positions = np.flatnonzero(cursor.allowed()[HEADED.table.span(POSITION)]).tolist()
    assert positions == ([24, *range(42, 48)] if drawn else [*range(24, 48)])
    at_a_note, behind = headed(deepcopy(cursor), (POSITION, 24)), headed(cursor, (POSITION, 42))
    assert {BAR, POSITION, "pitch"} <= at_a_note
    assert not {BAR, POSITION, "end"} & behind  # where neither has a note the two do not differ


def test_of_a_head_comes_what_wishes_leave():
    cursor = HEADED.cursor(Constraints(pitches=frozenset({60, 62, 65})))
    for token in HEADED.encode(tune(SCALE)).tolist():
        cursor.push(token)
    cursor.begin()
    assert HEAD in written(cursor, (BAR, 0), table=HEADED.table)
    cursor.push(HEADED.table.first(HEAD))
    assert np.flatnonzero(cursor.allowed()[HEADED.table.span(POSITION)]).tolist() == [24]


@pytest.mark.parametrize("drawn", [False, True])
def test_a_bar_with_a_tail_ends_where_that_is_joined_as_it_was_and_what_is_drawn_anywhere(drawn):
    cursor = TAILED.cursor()
    for token in TAILED.encode(tune(SCALE)).tolist():
        cursor.push(token)
    if drawn:
        cursor.begin()
    first = (BAR, 0), (TAIL, 0), (POSITION, 0), ("pitch", 67)
    assert written(deepcopy(cursor), *first[:2]) == {POSITION}
    short, exact, long = (written(deepcopy(cursor), *first, ("duration", value)) for value in (5, 11, 23))
    assert {BAR, "end"} <= exact
    assert bool({BAR, "end"} & short) == bool({BAR, "end"} & long) == drawn
    assert {BAR, "end"} <= written(cursor, *first, ("duration", 11), (POSITION, 12), ("pitch", 69), ("duration", 11))
    positions = np.flatnonzero(cursor.allowed()[TAILED.table.span(POSITION)])
    assert positions.tolist() == list(range(13, 24))  # behind a later moment there would be less than two notes


def test_of_a_tail_comes_what_nothing_sounds_into_that_did_not_before():
    first = TAILED.encode(tune(SCALE)).tolist()
    for value, pitches in ((11, [67, 62, 64, 65]), (5, [67, 62, 64, 65]), (23, [67, 64, 65])):
        more = [(BAR, 0), (TAIL, 0), (POSITION, 0), ("pitch", 67), ("duration", value)]
        ids = [*first, *(TAILED.table.first(kind) + value for kind, value in more)]
        notes, stream = TAILED.decode(ids).notes, TAILED.decoder()
        assert notes.take(notes.start_ticks >= 1920).pitch.tolist() == pitches
        given = Notes.joined([*map(stream.push, ids), stream.finish()])
        assert given.in_order().same_as(notes.in_order())


def test_a_bar_says_how_many_remain_before_it_says_what_comes_back():
    cursor, table = ALL.cursor(Constraints(bars=8)), ALL.table
    for token in ALL.encode_prompt(tune(SCALE, ENDING), bars=8).tolist():
        cursor.push(token)
    cursor.begin()
    cursor.push(table.first(BAR))
    assert {table.event(token)[0] for token in np.flatnonzero(cursor.allowed()).tolist()} == {"left"}


KINDS = {REPEAT: 1.5, HALF: 5, HEAD: 5, TAIL: 2, AGAIN: 4, POSITION: 2}
KINDS |= {"velocity": 0.2, "program": 0.3, TEMPO: 0.05, "meter": 0.05, "end": 0.2}
EVERY = {"plain": VARIANTS, "guided": GUIDED, "tails": TAILED, "all": ALL, "heads": HEADED, "usual": USUAL}
NARROW = [
    Constraints(bars=9, keep_tempo=True, keep_meter=True),
    Constraints(bars=12, pitches=frozenset({60, 64}), programs=frozenset({0}), drums=False, keep_tempo=True, keep_meter=True),
    Constraints(bars=12, programs=frozenset(), keep_tempo=True, keep_meter=True),
]


@pytest.mark.parametrize("tokenizer", EVERY.values(), ids=EVERY)
@pytest.mark.parametrize("constraints", NARROW, ids=["few words", "two pitches", "drums"])
def test_whatever_a_cursor_allows_has_one_form(tokenizer, constraints):
    table, seen, compared = tokenizer.table, set(), 0
    for seed in range(8):
        random, cursor, ids = np.random.default_rng(seed), tokenizer.cursor(constraints), []
        cursor.begin()
        while not cursor.finished:
            allowed = np.flatnonzero(cursor.allowed())
            kinds = np.array([table.event(token)[0] for token in allowed.tolist()])
            weights = np.array([KINDS.get(kind, 1.0) for kind in np.unique(kinds)])
            of_kind = allowed[kinds == random.choice(np.unique(kinds), p=weights / weights.sum())]
            token = int(random.choice(of_kind[:2] if random.random() < 0.5 else of_kind[-2:]))
            if not token:
                break
            cursor.push(token)
            ids.append(token)
        ids = np.array(ids, np.int64)
        again = tokenizer.encode(tokenizer.decode(ids))
        heads = [some[: np.flatnonzero(table.are(some, BAR))[0]].tolist() for some in (ids, again)]
        if heads[0] == heads[1]:  # else an instrument was announced that never plays
            if tokenizer.tails:  # any of the bars that end alike may be named
                assert same(tokenizer.decode(again), tokenizer.decode(ids))
            else:
                assert [tokenizer.piece(token) for token in again.tolist()] == [tokenizer.piece(token) for token in ids.tolist()]
            compared += 1
        seen |= {table.event(token)[0] for token in ids.tolist()}
    assert compared >= 2
    assert len(seen & {REPEAT, HALF, HEAD, AGAIN, TAIL}) >= 3


@pytest.mark.parametrize("tokenizer", [VARIANTS, TAILED, HEADED], ids=["plain", "tails", "heads"])
def test_where_wishes_leave_nothing_but_a_bar_that_was_there_it_is_written_out(tokenizer):
    cursor, table = tokenizer.cursor(NARROW[1]), tokenizer.table
    cursor.begin()
    first = [
        ("program", 0),
        (BAR, 0),
        (POSITION, 0),
        (TEMPO, 219),
        (BAR, 0),
        (POSITION, 47),
        ("velocity", 30),
        ("pitch", 60),
        ("duration", 0),
    ]
    held = [(POSITION, 0), ("pitch", 64), ("duration", 55), (POSITION, 1), ("pitch", 60), ("duration", 54)]
    for kind, value in [*first, *[(BAR, 0)] * 3, *held, *[(BAR, 0)] * 7, (POSITION, 47)]:
        cursor.push(table.first(kind) + value)
    assert {table.event(token)[0] for token in np.flatnonzero(cursor.allowed()).tolist()} == {"pitch", "velocity"}


def test_velocities_that_are_said_are_no_bar_that_is_there_already():
    cursor = VARIANTS.cursor(FREE)
    first = SCALE[:2]
    ids = VARIANTS.encode(tune(first, louder(first, 82, 90), louder(first, 82, 94))).tolist()
    for token in [*ids, TABLE.first(BAR), TABLE.first(REPEAT)]:
        cursor.push(token)
    allowed = cursor.allowed()
    assert allowed[TABLE.first(BAR)]
    assert allowed[TABLE.span(AGAIN)].all()
    cursor.push(TABLE.first(AGAIN) + 20)
    assert set(range(VELOCITY_BINS)) - set(np.flatnonzero(cursor.allowed()[TABLE.span(AGAIN)]).tolist()) == {20, 22, 23}
    assert cursor.allowed().sum() == VELOCITY_BINS - 3
    cursor.push(TABLE.first(AGAIN) + 1)
    assert not cursor.allowed()[TABLE.span(AGAIN)].any()
    assert cursor.allowed()[TABLE.first(BAR)]


def test_ids_that_make_no_sense_are_read_for_what_they_are():
    begin = VARIANTS.encode(tune(SCALE)).tolist()
    bar, half, again = TABLE.first(BAR), TABLE.first(HALF), TABLE.first(AGAIN)
    for more, pitches in (
        ([bar, half + FARTHEST - 1], []),
        ([bar, half, *[again + 25] * 9], [60, 62]),
        ([bar, half, again, half], [60, 62]),
        ([again, again], []),
        ([bar, again, half], [60, 62]),
    ):
        notes = VARIANTS.decode([*begin, *more]).notes
        assert notes.take(notes.start_ticks >= 1920).pitch.tolist() == pitches
        stream = VARIANTS.decoder()
        for token in [*begin, *more]:
            stream.push(token)
        stream.finish()


def test_tails_that_make_no_sense_are_read_for_what_they_are():
    table = TAILED.table
    begin = TAILED.encode(tune(SCALE)).tolist()
    bar, tail = table.first(BAR), table.first(TAIL)
    first = [table.first(POSITION), table.first("pitch") + 67, table.first("duration") + 11]
    for more, pitches in (
        ([bar, tail + FARTHEST - 1], []),
        ([bar, tail], [60, 62, 64, 65]),
        ([bar, *first, tail, tail], [67, 62, 64, 65]),
        ([bar, table.first(HALF), tail], [60, 62, 64, 65]),
        ([tail], []),
    ):
        notes = TAILED.decode([*begin, *more]).notes
        assert notes.take(notes.start_ticks >= 1920).pitch.tolist() == pitches
        stream = TAILED.decoder()
        for token in [*begin, *more]:
            stream.push(token)
        stream.finish()


def test_heads_that_make_no_sense_are_read_for_what_they_are():
    table = HEADED.table
    begin = HEADED.encode(tune(SCALE)).tolist()
    bar, head, position = table.first(BAR), table.first(HEAD), table.first(POSITION)
    note = [table.first("pitch") + 67, table.first("duration") + 11]
    for more, pitches in (
        ([bar, head + FARTHEST - 1, position + 24], []),
        ([bar, head], []),
        ([bar, head, bar, position], []),
        ([bar, head, position + 36], [60, 62, 64]),
        ([bar, head, position + 36, *note], [60, 62, 64, 67]),
        ([bar, head, table.first(AGAIN), head, position + 24], [60, 62]),
        ([head, position], []),
    ):
        notes = HEADED.decode([*begin, *more]).notes
        assert notes.take(notes.start_ticks >= 1920).pitch.tolist() == pitches
        stream = HEADED.decoder()
        for token in [*begin, *more]:
            stream.push(token)
        stream.finish()


def ids_saved(score):
    """By heads, of a tune."""
    return len(TAILED.encode(score)) - len(HEADED.encode(score))


def test_heads_take_the_place_of_halves_where_that_takes_fewer_ids_and_older_models_have_none():
    longer, half = tune(SCALE, [*SCALE[:3], (3, 72, 1, 82)]), SCALE[:2]
    softer = tune(SCALE, [*louder(half, 70, 74), (2, 72, 1, 82)], [*louder(half, 90, 94), (2, 71, 1, 82)])
    assert build("notes", [longer]).heads
    assert build("notes", [tune(SCALE)]).heads
    assert not build("notes", [softer]).heads
    assert build("notes", [longer, longer, softer]).heads == (2 * ids_saved(longer) + ids_saved(softer) >= 0)
    assert not build("notes", [longer], variants=False).heads
    with pytest.raises(UsageError, match="--heads"):
        NotesTokenizer("beats", 12, repeats=True, heads=True)
    assert "heads" not in TAILED.to_json()
    assert from_json(HEADED.to_json()) == HEADED
    assert HEADED.vocab_size == TAILED.vocab_size
    assert not HEADED.table.span(HALF).stop - HEADED.table.span(HALF).start


def test_tails_are_the_default_with_variants_and_need_them_and_older_models_have_none():
    score = tune(SCALE)
    assert build("notes", [score]).tails
    assert not build("notes", [score], tails=False).tails
    assert not build("notes", [score], variants=False).tails
    for options in ({"variants": False, "tails": True}, {"repeats": False, "tails": True}, {"time_base": "seconds", "tails": True}):
        with pytest.raises(UsageError, match="--tails"):
            build("notes", [score], **options)
    assert "tails" not in VARIANTS.to_json()
    assert from_json(TAILED.to_json()) == TAILED
    assert TAILED.vocab_size == VARIANTS.vocab_size + FARTHEST


def test_it_is_the_default_with_repeats_and_needs_them_and_older_models_have_none():
    score = tune(SCALE)
    assert build("notes", [score]).variants
    assert not build("notes", [score], repeats=False).variants
    assert not build("notes", [score], variants=False).variants
    for options in ({"repeats": False, "variants": True}, {"time_base": "seconds", "variants": True}):
        with pytest.raises(UsageError, match="--variants"):
            build("notes", [score], **options)
    assert "variants" not in REPEATS.to_json()
    assert from_json(REPEATS.to_json()) == REPEATS
    assert from_json(VARIANTS.to_json()) == VARIANTS
    assert VARIANTS.vocab_size == REPEATS.vocab_size + FARTHEST + VELOCITY_BINS
    with pytest.raises(ModelFileError):
        from_json(VARIANTS.to_json() | {"variants": "yes"})
