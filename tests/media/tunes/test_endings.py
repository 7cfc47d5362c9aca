"""What a model of `notes` with endings is told of the last bar, and how it announces the last moment of a tune."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lstmgen.errors import UsageError
from lstmgen.media.registry import tokenizer_from_json as from_json
from lstmgen.media.tunes.medium import MEDIUM
from lstmgen.media.tunes.notes.events import DURATION, PITCH, PROGRAM, TRACK
from lstmgen.media.tunes.notes.measures import BAR, POSITION, TEMPO
from lstmgen.media.tunes.notes.remaining import COMPLETING, LAST, LEFT
from lstmgen.media.tunes.notes.repeats import HALF, REPEAT
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.media.tunes.tokenizers import build
from lstmgen.music.constraints import FREE, Constraints
from lstmgen.music.midi.reader import read_midi
from lstmgen.music.score import Meter, Notes, Score
from lstmgen.music.typed import parse_tune

BEFORE = NotesTokenizer("beats", 12, repeats=True, guides=True, variants=True, common_key=True, tracks=2)
ENDINGS = replace(BEFORE, endings=True)
TABLE = ENDINGS.table
LANTERNS = sorted((Path(__file__).parents[3] / "corpora" / "lanterns").glob("*.mid"))[:6]
A, B = "C4 D4 E4 F4", "G4 A4 B4 G4"
TUNES = {
    "one bar": A,
    "two bars": f"{A} {B}",
    "a bar that comes back": f"{A} {B} {A}",
    "a first half that comes back": f"{A} {B} C4 D4 G4:2",
    "a last bar that is short": f"{A} {B} C4:2",
    "an upbeat": f"r:3 G3:1 {A} {B} C4:3",
    "a last note at the very end": f"{A} {B} r:3 r:11/12 C4:1/12",
}


def said(ids, *kinds):
    return [TABLE.event(int(token)) for token in ids if TABLE.event(int(token))[0] in kinds]


def behind(ids, constraints=FREE):
    cursor = ENDINGS.cursor(constraints)
    for token in ids:
        cursor.push(int(token))
    return cursor


def walk(constraints, seed):
    """Ids that a cursor allows, each kind of event as likely as any other, up to the end; None where none comes."""
    random, cursor, ids = np.random.default_rng(seed), ENDINGS.cursor(constraints), []
    cursor.begin()
    while len(ids) < 1000:
        allowed = np.flatnonzero(cursor.allowed())
        kinds = np.array([TABLE.event(token)[0] for token in allowed.tolist()])
        token = int(random.choice(allowed[kinds == random.choice(np.unique(kinds))]))
        if token == 0:
            return np.array(ids, np.int64)
        cursor.push(token)
        ids.append(token)
    return None


@pytest.mark.parametrize("score", [*map(parse_tune, TUNES.values()), *(read_midi(path.read_bytes()).score for path in LANTERNS)])
def test_a_tune_is_its_ids_and_the_same_notes_as_without_endings(score):
    ids, decoded = ENDINGS.encode(score), ENDINGS.decode(ENDINGS.encode(score))
    assert decoded.notes.same_as(BEFORE.decode(BEFORE.encode(score)).notes)
    assert ENDINGS.encode(decoded).tolist() == ids.tolist()
    cursor, stream = behind(ids), ENDINGS.decoder()
    assert cursor.allowed()[0]
    streamed = [*map(stream.push, ids.tolist()), stream.finish()]
    assert Notes.joined(streamed).same_as(decoded.notes)


@pytest.mark.parametrize("name", TUNES)
def test_the_last_moment_that_is_written_is_announced_before_its_notes(name):
    ids = ENDINGS.encode(parse_tune(TUNES[name]))
    kinds = [TABLE.event(int(token))[0] for token in ids]
    if name == "a bar that comes back":  # nothing is written in it
        assert LAST not in kinds
        assert kinds[-1] == REPEAT
        return
    place = kinds.index(LAST)
    assert kinds[place - 1] in {POSITION, TEMPO}
    assert kinds[place + 1 :].count(PITCH) == 1
    assert not {POSITION, BAR} & set(kinds[place:])
    assert (HALF in kinds) == (name == "a first half that comes back")


def test_the_last_bar_is_told_that_the_tune_began_with_an_upbeat():
    for name, typed in TUNES.items():
        last = said(ENDINGS.encode(parse_tune(typed)), LEFT)[-1][1]
        assert (last == COMPLETING) == (name == "an upbeat")
    short = Score.of(
        Notes.of([0, 480, 2400], [480, 2400, 3840], [60, 62, 64]), meters=[Meter(0, 1, 4), Meter(480, 4, 4)], length_ticks=4320
    )
    assert [value for _, value in said(ENDINGS.encode(short), LEFT)] == [2, 1, COMPLETING]
    assert ENDINGS.piece(TABLE.first(LEFT) + COMPLETING) == "1 left, behind an upbeat"
    assert MEDIUM.told(ENDINGS)[TABLE.first(LEFT) + COMPLETING]
    assert not MEDIUM.told(ENDINGS)[TABLE.first(LAST)]


@pytest.mark.parametrize("constraints", [FREE, Constraints(bars=1), Constraints(bars=2), Constraints(bars=5)])
def test_what_a_cursor_allows_comes_back(constraints):
    compared = 0
    for seed in range(8):
        if (ids := walk(constraints, seed)) is None:
            continue
        again = ENDINGS.encode(ENDINGS.decode(ids))
        names, names_again = (some[TABLE.are(some, PROGRAM, TRACK)].tolist() for some in (ids, again))
        if names == names_again:  # else somebody was announced who never plays
            assert again.tolist() == ids.tolist()
            compared += 1
    assert compared >= 2


@pytest.mark.parametrize("pitches", [frozenset({60}), frozenset({60, 62})])
def test_a_narrow_range_of_pitches_leaves_no_tune_without_an_end(pitches):
    for seed in range(6):
        ids = walk(Constraints(bars=3, pitches=pitches, programs=frozenset({0}), drums=False), seed)
        assert ids is not None
        assert len(ENDINGS.decode(ids).notes)


def test_no_tune_ends_unannounced_and_nothing_begins_behind_what_was_announced():
    ids = ENDINGS.encode(parse_tune(f"{A} {B} C4 E4:2")).tolist()
    place = ids.index(TABLE.first(LAST))
    before, after = behind(ids[:place]), behind(ids[: place + 1])
    assert before.allowed()[TABLE.first(LAST)]
    assert not after.allowed()[TABLE.first(LAST)]
    for cursor in (before, after):
        cursor.push(TABLE.first(PITCH) + 64)
        cursor.push(TABLE.first(DURATION) + 11)
    assert not before.allowed()[0]
    assert before.allowed()[TABLE.span(POSITION)].any()
    assert after.allowed()[0]
    assert not after.allowed()[TABLE.span(POSITION)].any()
    assert not after.allowed()[TABLE.first(BAR)]


def test_where_nothing_could_begin_later_the_moment_is_announced():
    ids = ENDINGS.encode(parse_tune(TUNES["a last note at the very end"])).tolist()
    place = ids.index(TABLE.first(LAST))
    allowed = np.flatnonzero(behind(ids[:place]).allowed()).tolist()
    assert {TABLE.event(token)[0] for token in allowed} == {LAST, TEMPO}


def test_only_the_last_moment_is_drawn_as_an_end():
    asked = MEDIUM.parse_prompt(ENDINGS, None, {}, None)
    writer = MEDIUM.plan(ENDINGS, asked, {"bars": 3, "closing": 0.5}, length=None, echo=True, data=None).writer()
    heats = []
    for token in ENDINGS.encode(parse_tune(f"{A} {B} C4 E4:3")).tolist():
        writer.push(token)
        heats.append((TABLE.event(token)[0], writer.heat))
    announced = [kind for kind, _ in heats].index(LAST)
    assert {heat for _, heat in heats[:announced]} == {1.0}
    assert {heat for _, heat in heats[announced:]} == {0.5}


def test_a_prompt_announces_no_end():
    assert not said(ENDINGS.encode_prompt(parse_tune(TUNES["an upbeat"]), bars=4), LAST)
    assert (LEFT, COMPLETING) not in said(ENDINGS.encode_prompt(parse_tune(TUNES["an upbeat"]), bars=4), LEFT)


def test_endings_need_guides_and_are_asked_for():
    score = parse_tune(f"{A} {B}")
    assert build("notes", [score], endings=True).endings
    assert not build("notes", [score]).endings
    for options in ({"guides": False, "endings": True}, {"time_base": "seconds", "endings": True}):
        with pytest.raises(UsageError, match="--endings"):
            build("notes", [score], **options)
    assert "endings" not in BEFORE.to_json()
    assert from_json(ENDINGS.to_json()) == ENDINGS
    assert ENDINGS.vocab_size == BEFORE.vocab_size + 2
