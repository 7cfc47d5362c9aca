"""How tunes end that are told how many bars are left: before the place of their upbeat, and with what closes."""

from dataclasses import replace

import numpy as np
import pytest

from lstmgen.config import DataConfig
from lstmgen.media.tunes.medium import MEDIUM
from lstmgen.media.tunes.notes.events import DURATION, PITCH, VELOCITY
from lstmgen.media.tunes.notes.measures import BAR, METER, METERS, POSITION
from lstmgen.media.tunes.notes.remaining import LEFT
from lstmgen.media.tunes.notes.repeats import HALF, REPEAT
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.media.tunes.options import constraints_of
from lstmgen.music.bars import Bars, upbeat_ticks
from lstmgen.music.constraints import FREE, Constraints
from lstmgen.music.score import Key, Meter, Notes, Score

TOKENIZER = NotesTokenizer("beats", 12, repeats=True, guides=True, variants=True)
TABLE = TOKENIZER.table
KINDS = {
    "guides": NotesTokenizer("beats", 12, guides=True),
    "variants": TOKENIZER,
    "all": NotesTokenizer("beats", 12, repeats=True, guides=True, variants=True, common_key=True, tracks=3, grammar=True),
    "tails": NotesTokenizer("beats", 12, repeats=True, guides=True, variants=True, tails=True, common_key=True),
    "heads": NotesTokenizer(
        "beats", 12, repeats=True, guides=True, variants=True, tails=True, heads=True, length_first=True, full_bars=True
    ),
}
DATA = DataConfig(sources=("x",))
BAR_TICKS, BEAT = 1920, 480


def notes_of(*onsets, pitch=60, beats=0.5):
    """Notes of half a beat, at these beats from the beginning; of each its pitch where it is given beside."""
    pairs = [onset if isinstance(onset, tuple) else (onset, pitch) for onset in onsets]
    start = [round(beat * BEAT) for beat, _ in pairs]
    return Notes.of(start, [at + round(beats * BEAT) for at in start], [each for _, each in pairs], velocity=80)


def tune(*onsets, meters=(), bars=3):
    """In C, of so many bars in 4/4."""
    return Score.of(notes_of(*onsets), keys=[Key(0, 0, minor=False)], meters=meters, length_ticks=bars * BAR_TICKS)


UPBEAT = tune((3, 67), (4, 60), (6, 64), (8, 62), (10, 65), (11, 67))
"""An upbeat of a beat, a bar on the tonic, and one that leads on where the upbeat began."""


def behind(prompt, bars, tokenizer=TOKENIZER, **asked):
    """A cursor behind a prompt, in the last of so many bars more."""
    cursor = tokenizer.cursor(Constraints(bars=bars, **asked))
    for token in tokenizer.encode_prompt(prompt, bars=bars).tolist():
        cursor.push(token)
    cursor.begin()
    for bar in range(bars):
        cursor.push(tokenizer.table.first(BAR))
        for band in np.flatnonzero(cursor.allowed()[tokenizer.table.span(LEFT)]).tolist():
            cursor.push(tokenizer.table.first(LEFT) + band)
        if bar + 1 < bars:
            push(cursor, (POSITION, 0), (PITCH, 50), (DURATION, 0))
    assert cursor.closing
    return cursor


def push(cursor, *events):
    for kind, value in events:
        cursor.push(TABLE.first(kind) + value)


def offered(cursor, kind, table=TABLE):
    return np.flatnonzero(cursor.allowed()[table.span(kind)]).tolist()


def walk(tokenizer, options, seed, prompt=None):
    """A tune that a writer allows behind a prompt, each kind of event as likely as any other, and whether it came to an end."""
    asked = MEDIUM.parse_prompt(tokenizer, prompt, options, DATA)
    writer = MEDIUM.plan(tokenizer, asked, options, length=None, echo=True, data=DATA).writer()
    random, table = np.random.default_rng(seed), tokenizer.table
    for _ in range(900):
        allowed = np.flatnonzero(writer.allowed())
        assert len(allowed)
        kinds = np.array([table.event(token)[0] for token in allowed.tolist()])
        token = int(random.choice(allowed[kinds == random.choice(np.unique(kinds))]))
        if token == 0:
            return writer.outcome().item, True
        writer.push(token)
    return writer.outcome().item, False


def leads_on(score):
    """Whether anything begins in the last bar where the upbeat began in its, or behind; a bar no longer than the upbeat is a whole one."""
    upbeat, notes, bars = upbeat_ticks(score), score.notes, Bars(score)
    line = bars.tick(bars.count - 1)
    return line < bars.end_tick - upbeat <= int(notes.start_ticks.max(initial=0)) < bars.end_tick


WISHES = (
    {"bars": 1},
    {"bars": 3},
    {"form": "AA", "bars": 4},
    {"form": "ABA", "bars": 3, "variation": 1.0},
    {"bars": 2, "pitch_range": "C4-C4"},
    {"bars": 2, "max_note_length": "0.25", "max_polyphony": 1},
    {"bars": 2, "instruments": "drums"},
    {"loop": True, "bars": 2},
)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("options", WISHES, ids=str)
def test_every_tune_comes_to_its_end_and_behind_an_upbeat_before_the_place_of_that(name, options):
    tokenizer, loop = KINDS[name], bool(options.get("loop"))
    if not tokenizer.repeats and "form" in options:
        return
    for seed in range(3):
        for prompt in (None,) if loop or "instruments" in options else (None, UPBEAT):
            score, ended = walk(tokenizer, options, [seed, 4], prompt)
            assert ended
            bars, first = Bars(score), int(score.notes.start_ticks.min())
            late = bars.tick(1) <= 2 * first < 2 * bars.tick(1)
            assert bars.count - late == (constraints_of(options).bars or 0) + (0 if prompt is None else 2)
            assert not leads_on(score)
            assert not loop or not late


@pytest.mark.parametrize(
    ("prompt", "place"),
    [
        (UPBEAT, 36),
        (tune(3.5, 4, 8), 42),
        (tune(2, 4, 8), 24),
        (tune(0, 4, 8), 48),
        (tune(1, 4, 8), 48),
        (tune(0, 1, 5, meters=[Meter(0, 1, 4), Meter(BEAT, 4, 4)]), 36),
        (tune(0.5, 1, 5, meters=[Meter(0, 1, 4), Meter(BEAT, 4, 4)]), 42),
    ],
    ids=["a beat", "half a beat", "half a bar", "none", "a late beginning", "a bar of its own", "the end of such a bar"],
)
@pytest.mark.parametrize("tokenizer", KINDS.values(), ids=KINDS)
def test_in_the_last_bar_nothing_begins_where_the_upbeat_began_or_behind(tokenizer, prompt, place):
    cursor = behind(prompt, 2, tokenizer)
    cursor.push(tokenizer.table.first(POSITION))
    cursor.push(int(np.flatnonzero(cursor.allowed()[tokenizer.table.span(PITCH)])[0]) + tokenizer.table.first(PITCH))
    assert offered(cursor, DURATION, tokenizer.table)[-1] >= 24  # what is held may sound on to the end of the bar
    cursor.push(tokenizer.table.first(DURATION))
    assert max(offered(cursor, POSITION, tokenizer.table)) == place - 1
    assert cursor.allowed()[0]


def test_the_place_is_counted_from_the_end_of_the_last_bar_whatever_its_meter():
    for numerator, denominator, last in ((3, 4, 23), (6, 8, 23), (1, 4, 11), (2, 4, 11)):
        cursor = behind(UPBEAT, 2)
        push(cursor, (METER, METERS.index((numerator, denominator))), (POSITION, 0), (PITCH, 50), (DURATION, 0))
        assert max(offered(cursor, POSITION)) == last  # a bar that is no longer than the upbeat is a whole one


def test_what_comes_back_in_the_last_bar_ends_before_the_place_of_the_upbeat():
    leads, full = behind(UPBEAT, 1), behind(tune((0, 67), (4, 60), (6, 64), (8, 60), (10, 65), (11, 60)), 1)
    assert [value + 1 for value in offered(full, REPEAT)] == [1]  # it ends on the tonic, and there is no upbeat
    assert offered(leads, REPEAT) == []  # the bar that leads on, the one that does not close, and the upbeat itself
    closes = behind(tune((3, 67), (4, 62), (6, 60), (8, 62), (10, 65), (11, 60)), 1)
    assert [value + 1 for value in offered(closes, REPEAT)] == [2]  # of two that end on the tonic the one that ends in time


@pytest.mark.parametrize("tokenizer", [TOKENIZER, KINDS["all"]], ids=["variants", "all"])
def test_an_upbeat_does_not_come_back_as_a_bar_unless_it_is_no_upbeat(tokenizer):
    for first, sources in ((3, {1, 2}), (1, {1, 2, 3})):
        cursor, table = tokenizer.cursor(Constraints(bars=9)), tokenizer.table
        for token in tokenizer.encode_prompt(tune((first, 67), (4, 60), (8, 62)), bars=9).tolist():
            cursor.push(token)
        cursor.begin()
        cursor.push(table.first(BAR))
        for band in np.flatnonzero(cursor.allowed()[table.span(LEFT)]).tolist():
            cursor.push(table.first(LEFT) + band)
        assert {value + 1 for value in offered(cursor, REPEAT, table)} == sources


def test_what_is_written_before_the_place_does_not_become_a_bar_that_would_have_to_be_a_repeat():
    latest = 4 + 35 / 12
    for pitches, kept in ((frozenset({62}), False), (None, True)):  # of one pitch nothing could follow
        cursor = behind(tune((3, 62), (4, 62), (latest, 62), 8), 1, pitches=pitches)
        push(cursor, (POSITION, 0), (VELOCITY, 3), (PITCH, 62), (DURATION, 5), (POSITION, 35), (PITCH, 62))
        assert (5 in offered(cursor, DURATION)) == kept


@pytest.mark.parametrize(("second", "ends"), [(60, True), (64, False), (48, True)])
def test_a_first_half_ends_a_tune_only_where_it_ends_on_the_tonic(second, ends):
    cursor = behind(tune((3, 67), (4, 67), (5, second), (7, 65), 8), 2)
    push(cursor, (HALF, 2))
    assert bool(cursor.allowed()[0]) == ends
    assert offered(cursor, POSITION) == list(range(24, 36))
    if not ends:
        push(cursor, (POSITION, 24), (VELOCITY, 3), (PITCH, 61), (DURATION, 0))
        assert cursor.allowed()[0]


def test_a_first_half_may_end_a_tune_where_nothing_else_could_follow():
    cursor = behind(tune((2, 67), (4, 67), (5, 64), (7, 65), 8), 2)  # an upbeat of half a bar
    push(cursor, (HALF, 2))
    assert offered(cursor, POSITION) == []
    assert cursor.allowed()[0]


def writer_of(options, prompt=None):
    asked = MEDIUM.parse_prompt(TOKENIZER, prompt, options, DATA)
    return MEDIUM.plan(TOKENIZER, asked, options, length=None, echo=False, data=DATA).writer()


def test_a_last_bar_that_leads_on_is_drawn_again_twice_and_then_without_what_leads_on():
    writer, place = writer_of({"bars": 1, "closing": 0.25}, UPBEAT), TABLE.first(POSITION) + 36
    writer.push(TABLE.first(BAR))
    for tries in (1, 2, 3):
        assert writer.tries == tries
        assert writer.heat == 0.25
        for kind, value in ((LEFT, 0), (POSITION, 0), (VELOCITY, 3), (PITCH, 50 + tries), (DURATION, 0)):
            given = writer.push(TABLE.first(kind) + value)
        assert len(given) == (tries == 3)  # what may be drawn again is held back
        assert writer.allowed()[place] == (tries < 3)
        if tries < 3:
            assert not len(writer.push(place))
    assert writer.outcome().item.notes.pitch.tolist() == [53]
    assert writer.at_boundary == "bars"


def test_the_pieces_of_a_tune_whose_last_bar_was_drawn_again_are_its_notes():
    tries = set()
    for seed in range(8):
        writer, random, pieces = writer_of({"bars": 2, "instruments": "piano"}), np.random.default_rng([seed, 6]), []
        while True:
            allowed = np.flatnonzero(writer.allowed())
            kinds = np.array([TABLE.event(token)[0] for token in allowed.tolist()])
            token = int(random.choice(allowed[kinds == random.choice(np.unique(kinds))]))
            if token == 0:
                break
            pieces.append(writer.push(token))
        found, notes = Notes.joined([*pieces, writer.finish()]), writer.outcome().item.notes
        for name in ("start_ticks", "end_ticks", "pitch"):
            assert getattr(found, name).tolist() == getattr(notes.in_order(), name).tolist()
        tries.add(writer.tries)
    assert {0, 1, 3} <= tries


def test_a_tune_that_is_left_alone_closes_before_its_upbeat_too():
    cursor, place = TOKENIZER.cursor(FREE), TABLE.first(POSITION) + 36
    cursor.begin()
    ids = TOKENIZER.encode(UPBEAT).tolist()
    leads_on = len(ids) - 1 - ids[::-1].index(place)
    for token in ids[:leads_on]:
        cursor.push(token)
    assert cursor.closing
    assert not cursor.allowed()[place]
    assert cursor.allowed()[0]


def test_what_was_written_may_lead_on_for_the_grammar_is_as_it_was():
    ids = TOKENIZER.encode(UPBEAT).tolist()
    cursor = TOKENIZER.cursor(FREE)
    for token in ids:
        cursor.push(token)
    assert TABLE.first(POSITION) + 36 in ids
    assert cursor.allowed()[0]


@pytest.mark.parametrize("guides", [True, False])
def test_a_loop_begins_in_the_first_half_of_its_first_bar_and_its_last_bar_leads_on(guides):
    tokenizer, leading = replace(TOKENIZER, guides=guides), 0
    for seed in range(9):
        score, ended = walk(tokenizer, {"loop": True, "bars": 2}, [seed, 5])
        bars, start = Bars(score), score.notes.start_ticks
        assert ended
        assert bars.count == 2
        assert not bars.tick(1) <= 2 * int(start.min()) < 2 * bars.tick(1)
        leading += bool((4 * start >= bars.tick(1) + 3 * bars.end_tick).any())
    assert leading


@pytest.mark.parametrize(("last", "latest"), [((8, 10), 35), ((8, 10, 11), 36), ((8, 10, 11.5), 42)])
@pytest.mark.parametrize("tokenizer", KINDS.values(), ids=KINDS)
def test_a_last_bar_that_is_written_anew_leads_on_where_it_did(tokenizer, last, latest):
    gap, table = MEDIUM.gapped(tokenizer, tune((3, 67), 4, *last), {"bars": "2"}, DATA).gap(()), tokenizer.table
    filling, places, truth = gap.filling(), [], gap.true()
    assert truth is not None
    for token in truth.tolist():
        assert (allowed := filling.allowed()) is not None
        assert allowed[token]
        places.append(max(offered(filling, POSITION, table), default=0))
        filling.push(token)
    assert max(places) == latest
    assert filling.complete
