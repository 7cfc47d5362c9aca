"""Seats: parts counted from the lowest in place of instruments. What is told is the same tune; ensembles that differ are written alike."""

from dataclasses import replace

import numpy as np
import pytest

from lstmgen.errors import UsageError
from lstmgen.ids import BOUNDARY_ID
from lstmgen.media.legal import unpacked
from lstmgen.media.tunes.notes.seats import Cast
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.media.tunes.tokenizers import build, from_json
from lstmgen.music.constraints import FREE, Constraints
from lstmgen.music.score import Notes, Score, Track

PLAIN = NotesTokenizer("beats", 12, repeats=True, variants=True, guides=True, length_first=True, tracks=3)
SEATED = replace(PLAIN, seats=True)
EVERY = pytest.mark.parametrize("tokenizer", [SEATED, replace(SEATED, common_key=True), replace(SEATED, tracks=1)], ids=str)


def band(*programs, drums=True):
    """Bars of so many tracks, the first the highest, each of two notes a bar; and drums."""
    rows = []
    for number, program in enumerate(programs):
        for bar in range(4):
            for beat, more in ((0, 0), (2, 2 + bar % 3)):
                start = 480 * (4 * bar + beat)
                rows.append((start, start + 480, max(1, 76 - 9 * number) + more, number, program, False))
    if drums:
        rows += [(480 * beat, 480 * beat + 120, 36 + beat % 2, len(programs), 0, True) for beat in range(16)]
    start, end, pitch, track, program, drum = (np.array(column) for column in zip(*sorted(rows), strict=True))
    notes = Notes.of(start, end, pitch, track=track, program=program, drum=drum)
    names = [f"part {number}" for number in range(len(programs) + drums)]
    return Score.of(notes, ticks_per_beat=480, tracks=[Track(name) for name in names])


def told(score):
    """Everything that is heard, and on how many tracks."""
    notes = score.notes
    columns = (notes.start_ticks, notes.pitch, notes.program, notes.velocity, notes.drum)
    return sorted(zip(*(column.tolist() for column in columns), strict=True)), len(set(notes.track.tolist()))


def events(tokenizer, score):
    return [tokenizer.table.event(token) for token in tokenizer.encode(score).tolist()]


def body(tokenizer, score):
    found = events(tokenizer, score)
    return found[next(place for place, (kind, _) in enumerate(found) if kind == "bar") :]


@EVERY
@pytest.mark.parametrize("programs", [(73, 40, 42), (0, 0, 0), (40, 0, 0), (5,)], ids=str)
def test_what_is_told_is_the_tune(tokenizer, programs):
    score = band(*programs)
    ids = tokenizer.encode(score)
    plain = replace(tokenizer, seats=False)
    decoded = tokenizer.decode(ids)
    assert told(decoded) == told(plain.decode(plain.encode(score)))
    assert np.array_equal(tokenizer.encode(decoded), ids)
    rows = unpacked(tokenizer.legal(ids), tokenizer.vocab_size)
    assert rows[np.arange(len(ids)), ids].all()
    stream = tokenizer.decoder()
    given = [*map(stream.push, ids.tolist()), stream.finish()]
    assert Notes.joined(given).same_as(decoded.notes)


def test_tunes_for_other_instruments_are_written_alike_behind_their_names():
    one, other = band(73, 40, 42), band(0, 105, 11)
    assert body(SEATED, one) == body(SEATED, other)
    assert body(PLAIN, one) != body(PLAIN, other)
    assert [event for event in events(SEATED, one) if event[0] == "cast"] == [("cast", program) for program in (42, 40, 73, 128)]


def test_parts_ascend_from_the_lowest_and_tracks_of_one_program_have_parts_of_their_own():
    named = [event for event in events(SEATED, band(0, 7, 0)) if event[0] in {"cast", "track"}]
    assert named == [("cast", 0), ("track", 1), ("cast", 7), ("cast", 0), ("cast", 128)]
    assert {kind for kind, _ in events(SEATED, band(0, 7, 0))} >= {"program", "pitch"}
    assert "pitch 2" not in {kind for kind, _ in events(SEATED, band(0, 7, 0))}


@pytest.mark.parametrize("seed", range(6))
def test_what_is_drawn_names_everybody_once_and_no_part_that_nobody_plays(seed):
    tokenizer, random = replace(SEATED, common_key=True), np.random.default_rng(seed)
    cursor = tokenizer.cursor(Constraints(bars=3), like=None)
    cursor.begin()
    kinds_V = np.array([kind for kind, _ in tokenizer.table.events])
    ids = []
    while not cursor.finished and len(ids) < 200:
        allowed = np.flatnonzero(cursor.allowed())
        kinds = kinds_V[allowed]
        ids.append(int(random.choice(allowed[kinds == random.choice(np.unique(kinds))])))
        cursor.push(ids[-1])
    cast = Cast.of(np.array(ids), tokenizer.table)
    assert len(set(cast)) == len(list(cast)) > 0
    played = {value for kind, value in map(tokenizer.table.event, ids) if kind == "program"}
    assert played <= set(cast.lines)
    assert len(tokenizer.decode(ids).notes)


def test_more_tracks_than_parts_share_the_last_one():
    score = band(*range(128), 0, 1, 2)
    ids = SEATED.encode(score)
    assert unpacked(SEATED.legal(ids), SEATED.vocab_size)[np.arange(len(ids)), ids].all()
    assert len(SEATED.decode(ids).tracks) == 129
    assert sum(kind == "cast" for kind, _ in events(SEATED, score)) == 129


def test_a_part_that_nobody_was_named_for_is_a_pianos():
    ids = SEATED.encode(band(73, 40, drums=False))
    table = SEATED.table
    ids[ids == table.first("program") + 1] = table.first("program") + 7
    stream = SEATED.decoder()
    given = Notes.joined([*map(stream.push, ids.tolist()), stream.finish()])
    assert set(given.program.tolist()) == {0, 40}
    assert told(SEATED.decode(ids)) == told(Score.of(given))


def drawn_programs(prompt, constraints, *, seeds=8):
    """Who plays in what is drawn behind a prompt, each kind of event as likely as any other."""
    found = set()
    kinds_V = np.array([kind for kind, _ in SEATED.table.events])
    for seed in range(seeds):
        random, ids = np.random.default_rng(seed), SEATED.encode(prompt).tolist() if prompt else []
        cursor = SEATED.cursor(constraints, like=prompt)
        for token in ids:
            cursor.push(token)
        since = len(ids)
        cursor.begin()
        while not cursor.finished and len(ids) < since + 120 and ids[-1:] != [BOUNDARY_ID]:
            allowed = np.flatnonzero(cursor.allowed())
            assert len(allowed), [SEATED.piece(token) for token in ids[-8:]]
            kinds = kinds_V[allowed]
            ids.append(int(random.choice(allowed[kinds == random.choice(np.unique(kinds))])))
            cursor.push(ids[-1])
        notes = SEATED.decode(ids, like=prompt, since=since).notes
        found |= set(np.where(notes.drum, 128, notes.program).tolist())
    return found


def test_who_is_asked_for_plays_and_nobody_else():
    asked = Constraints(programs=frozenset({40, 73}), drums=False, bars=8)
    assert drawn_programs(None, asked) == {40, 73}
    assert drawn_programs(band(73, 40, 42), asked) == {40, 73}


def test_who_was_not_in_a_tune_joins_it_where_that_is_asked_for():
    asked = Constraints(programs=frozenset({40, 9}), drums=True, bars=8)
    assert drawn_programs(band(73, 40, drums=False), asked) == {40, 9, 128}
    assert drawn_programs(band(73, 40, drums=False), replace(FREE, bars=8)) == {73, 40}


def has_seats(scores, **options):
    return bool(build("notes", scores, **options).to_json().get("seats"))


def test_seats_are_chosen_where_tunes_are_for_different_instruments():
    mixed = [band(73, 40), band(0, 42), band(0), band(11, 12)]
    assert has_seats(mixed)
    assert not has_seats(mixed, seats=False)
    assert not has_seats([*mixed[:2], *([band(0, 0)] * 3)])
    assert has_seats([band(0, 0)], seats=True)
    assert from_json(SEATED.to_json()) == SEATED
    assert "seats" not in PLAIN.to_json()
    with pytest.raises(UsageError, match="seats"):
        NotesTokenizer("seconds", seats=True)
