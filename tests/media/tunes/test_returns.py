"""Returns: a part that comes back by itself, beside others that do not. What is told is the same tune, and whatever is drawn is one."""

from dataclasses import replace

import numpy as np
import pytest

from lstmgen.errors import UsageError
from lstmgen.ids import BOUNDARY_ID
from lstmgen.media.legal import unpacked
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.media.tunes.tokenizers import build, from_json
from lstmgen.music.constraints import Constraints
from lstmgen.music.form import form_of
from lstmgen.music.score import Notes, Score, Track

SEATED = NotesTokenizer(
    "beats", 12, repeats=True, variants=True, tails=True, guides=True, length_first=True, full_bars=True, tracks=2, seats=True
)
RETURNING = replace(SEATED, returns=True)
TABLE = RETURNING.table
WAYS = {"usual": RETURNING, "heads": replace(RETURNING, heads=True), "key": replace(RETURNING, common_key=True, tracks=1)}
every_way = pytest.mark.parametrize("tokenizer", WAYS.values(), ids=WAYS)
MELODY, OTHER = (72, 74, 76, 79), (79, 77, 76, 74)


def tune(*bars):
    """Bars of (melody, bass, velocity of the melody, drums or not): a flute in quarters, two notes of a cello, and a drum on each beat."""
    rows = []
    for number, (melody, bass, velocity, drums) in enumerate(bars):
        start = 1920 * number
        loud = velocity if isinstance(velocity, tuple) else (velocity,) * 4
        rows += [(start + 480 * beat, 480, pitch, loud[beat], 0, 73, False) for beat, pitch in enumerate(melody)]
        rows += [(start + 960 * half, 960, bass + 7 * half, 64, 1, 42, False) for half in range(2) if bass]
        rows += [(start + 480 * beat, 120, 36 + beat % 2, 90, 2, 0, True) for beat in range(4) if drums]
    start, length, pitch, velocity, track, program, drum = (np.array(column) for column in zip(*sorted(rows), strict=True))
    notes = Notes.of(start, start + length, pitch, velocity=velocity, track=track, program=program, drum=drum.astype(bool))
    tracks = [Track(name) for name in ("flute", "cello", "drums")][: int(track.max()) + 1]
    return Score.of(notes, ticks_per_beat=480, tracks=tracks)


TUNES = {
    "melody": tune((MELODY, 48, 80, False), (OTHER, 50, 80, False), (MELODY, 52, 80, False)),
    "louder": tune((MELODY, 48, 80, False), (OTHER, 50, 80, False), (MELODY, 52, 100, False)),
    "accents": tune((MELODY, 48, 80, False), (OTHER, 50, 80, False), (MELODY, 52, (80, 60, 80, 70), False)),
    "all by themselves": tune((MELODY, 48, 80, False), (OTHER, 50, 80, False), (MELODY, 50, 100, False), (OTHER, 48, 80, False)),
    "drums": tune((MELODY, 48, 80, True), (OTHER, 50, 80, True), (OTHER, 52, 90, True), (MELODY, 53, 80, False), (OTHER, 50, 80, True)),
    "of what came back": tune((MELODY, 48, 80, False), (MELODY, 50, 90, False), (MELODY, 52, 100, False), (MELODY, 52, 70, False)),
    "rests": tune((MELODY, 48, 80, False), ((), 50, 80, False), (MELODY, None, 80, False), (MELODY, 52, 80, False)),
}


def events(tokenizer, score):
    return [tokenizer.table.event(token) for token in tokenizer.encode(score).tolist()]


def returns(tokenizer, score):
    """By bar, from 0: the parts that come back with their pitches, how far back, and by how many bins louder, or their velocities."""
    found, bar, part = {}, -1, None
    for kind, value in events(tokenizer, score):
        bar += kind == "bar"
        part = value if kind == "program" else part
        if kind == "return":
            found.setdefault(bar, []).append([part, value + 1, 0])
        elif kind == "louder":
            found[bar][-1][2] = value - 12
        elif kind == "again" and bar in found:
            found[bar][-1].append(value)
    return {bar: [tuple(each) for each in there] for bar, there in found.items()}


def streamed(tokenizer, ids):
    stream = tokenizer.decoder()
    return Notes.joined([*map(stream.push, ids), stream.finish()])


@every_way
@pytest.mark.parametrize("score", TUNES.values(), ids=TUNES)
def test_what_is_told_is_the_tune(tokenizer, score):
    ids = tokenizer.encode(score)
    plain = replace(tokenizer, returns=False)
    decoded = tokenizer.decode(ids)
    exact = plain.decode(plain.encode(score)).notes
    assert exact.changed(velocity=decoded.notes.velocity).same_as(decoded.notes)
    assert np.abs(exact.velocity.astype(int) - decoded.notes.velocity).max() <= 4
    assert np.array_equal(tokenizer.encode(decoded), ids)
    assert unpacked(tokenizer.legal(ids), tokenizer.vocab_size)[np.arange(len(ids)), ids].all()
    assert streamed(tokenizer, ids.tolist()).same_as(decoded.notes)
    assert tokenizer.notation.measure(ids).notes == len(score.notes)


def test_a_melody_comes_back_over_another_bass():
    assert returns(RETURNING, TUNES["melody"]) == {2: [(1, 2, 0)]}
    assert len(RETURNING.encode(TUNES["melody"])) < len(SEATED.encode(TUNES["melody"]))
    assert returns(RETURNING, TUNES["louder"]) == {2: [(1, 2, 5)]}
    assert returns(RETURNING, TUNES["accents"]) == {2: [(1, 2, 0, 20, 15, 20, 17)]}
    assert returns(SEATED, TUNES["louder"]) == {}


@pytest.mark.parametrize(
    ("velocities", "louder"), [((84, 80, 76, 80), 0), ((84, 88, 92, 88), 2), ((4, 8, 4, 4), None), ((100, 127, 100, 127), None)]
)
def test_a_bin_more_or_less_is_not_told(velocities, louder):
    score = tune((MELODY, 48, 80, False), (OTHER, 50, 80, False), (MELODY, 52, velocities, False))
    ((part, distance, by, *said),) = returns(RETURNING, score)[2]
    assert (part, distance, by, len(said)) == ((1, 2, 0, 4) if louder is None else (1, 2, louder, 0))
    notes, told = score.notes, RETURNING.decode(RETURNING.encode(score)).notes
    assert np.abs(notes.velocity.astype(int) - told.velocity).max() <= 4 + 2
    assert not louder or set(told.velocity[told.start_ticks >= 3840].tolist()) >= {4 * (20 + louder) + 2}


@pytest.mark.parametrize("seed", range(5))
def test_small_differences_never_add_up(seed):
    random = np.random.default_rng(seed)
    bars = [
        ((MELODY, OTHER)[random.integers(2)], int(random.choice([48, 50])), tuple((70 + random.integers(-9, 10, 4)).tolist()), False)
        for _ in range(24)
    ]
    score = tune(*bars)
    ids = RETURNING.encode(score)
    decoded = RETURNING.decode(ids)
    assert np.abs(score.notes.velocity.astype(int) - decoded.notes.velocity).max() <= 4 + 2
    assert np.array_equal(RETURNING.encode(decoded), ids)
    assert streamed(RETURNING, ids.tolist()).same_as(decoded.notes)
    assert unpacked(RETURNING.legal(ids), RETURNING.vocab_size)[np.arange(len(ids)), ids].all()


def test_each_part_comes_back_from_a_bar_of_its_own():
    assert returns(RETURNING, TUNES["all by themselves"]) == {2: [(0, 1, 0), (1, 2, 5)], 3: [(0, 3, 0), (1, 2, 0)]}


def test_parts_that_return_to_one_section_say_one_distance():
    third = (74, 72, 71, 72)
    begin = [(MELODY, 48, 80, True), (OTHER, 50, 80, True), (third, 48, 80, True)]
    score = tune(*begin, (third, 53, 80, False), *((melody, 55 if bass == 50 else bass, 80, drums) for melody, bass, _, drums in begin))
    # The drums are those of the bar before too, but the melody says which section it is.
    assert returns(RETURNING, score) == {1: [(128, 1, 0)], 2: [(0, 2, 0), (128, 2, 0)], 3: [(1, 1, 0)], 5: [(1, 4, 0), (128, 4, 0)]}
    assert [value + 1 for kind, value in events(RETURNING, score) if kind == "repeat"] == [4, 4]


def test_a_bar_that_comes_back_as_a_whole_says_so():
    score = tune((MELODY, 48, 80, True), (OTHER, 50, 80, True), (MELODY, 48, 80, True), (OTHER, 50, 82, True))
    assert returns(RETURNING, score) == {1: [(128, 1, 0)]}
    assert [value + 1 for kind, value in events(RETURNING, score) if kind == "repeat"] == [2, 2]


def test_what_is_louder_comes_back_by_its_parts():
    score = tune((MELODY, 48, 80, True), (OTHER, 50, 80, True), (MELODY, 48, 100, True))
    assert returns(RETURNING, score)[2] == [(0, 2, 0), (1, 2, 5), (128, 2, 0)]
    alone = tune(((72,), 48, 80, False), ((74,), 50, 80, False), ((72,), 48, 100, False))
    assert [kind for kind, _ in events(RETURNING, alone) if kind in {"repeat", "again", "return"}] == ["repeat", *["again"] * 3]


def test_one_note_is_none_that_comes_back():
    score = tune(((72,), 48, 80, False), ((74,), 50, 80, False), ((72,), 52, 80, False))
    assert returns(RETURNING, score) == {}


def drawn(tokenizer, constraints, seed, *, prompt=None, most=400, favoured=()):
    """Ids that a cursor allows, each kind of event as likely as any other, and those that are favoured wherever they may come."""
    random, kinds_V = np.random.default_rng(seed), np.array([kind for kind, _ in tokenizer.table.events])
    ids = [] if prompt is None else tokenizer.encode(prompt).tolist()
    cursor = tokenizer.cursor(constraints, like=prompt)
    for token in ids:
        cursor.push(token)
    cursor.begin()
    since = len(ids)
    while not cursor.finished and len(ids) < since + most:
        allowed = np.flatnonzero(cursor.allowed())
        assert len(allowed), [tokenizer.piece(token) for token in ids[-8:]]
        kinds = np.unique(kinds_V[allowed])
        liked = [kind for kind in favoured if kind in kinds]
        kind = liked[0] if liked and random.random() < 0.8 else random.choice(kinds)
        ids.append(int(random.choice(allowed[kinds_V[allowed] == kind])))
        if ids[-1] == BOUNDARY_ID:
            break
        cursor.push(ids[-1])
    return [token for token in ids if token != BOUNDARY_ID]


WISHES = {
    "bars": Constraints(bars=6),
    "pitches": Constraints(bars=6, pitches=frozenset(range(58, 80)), drums=False),
    "two pitches": Constraints(bars=6, pitches=frozenset({60, 67})),
    "programs": Constraints(bars=6, programs=frozenset({73})),
    "short": Constraints(bars=6, max_note_beats=1.0),
    "seconds": Constraints(seconds=9.0),
    "loop": Constraints(bars=4, loop=True),
}


@every_way
@pytest.mark.parametrize("constraints", WISHES.values(), ids=WISHES)
def test_whatever_is_drawn_is_a_tune(tokenizer, constraints):
    count = 0
    for seed in range(8):
        favoured = [("return", "program"), ("return", "again", "program", "bar"), ("return", "louder", "program"), ("program",)][seed % 4]
        ids = drawn(tokenizer, constraints, seed, prompt=TUNES["drums"] if seed > 1 else None, favoured=favoured)
        count += sum(tokenizer.table.event(token)[0] == "return" for token in ids)
        decoded = tokenizer.decode(ids)
        assert streamed(tokenizer, ids).same_as(decoded.notes)
        again = tokenizer.decode(tokenizer.encode(decoded))
        assert sorted(zip(again.notes.start_ticks, again.notes.pitch, strict=True)) == sorted(
            zip(decoded.notes.start_ticks, decoded.notes.pitch, strict=True)
        )
        since = TUNES["drums"].length_ticks if seed > 1 else 0
        own = decoded.notes.take((decoded.notes.start_ticks >= since) & ~decoded.notes.drum)
        assert constraints.pitches is None or set(own.pitch.tolist()) <= constraints.pitches
        assert constraints.programs is None or set(own.program.tolist()) <= constraints.programs
    assert count > 3


def test_who_came_back_plays_nothing_else_in_the_bar():
    prompt = RETURNING.encode(TUNES["melody"])
    cursor = RETURNING.cursor(Constraints(bars=4), like=TUNES["melody"])
    for token in prompt.tolist():
        cursor.push(token)
    cursor.begin()
    first = {kind: TABLE.first(kind) for kind in TABLE.kinds}

    def may(kind):
        return (np.flatnonzero(cursor.allowed()[TABLE.span(kind)])).tolist()

    cursor.push(first["bar"])
    if may("left"):
        cursor.push(first["left"] + may("left")[0])
    assert set(may("program")) == {0, 1}
    cursor.push(first["program"] + 1)
    assert cursor.allowed().sum() == len(may("return")) == 3
    cursor.push(first["return"] + 0)
    assert may("again") == list(range(32))
    assert may("program") == may("repeat") == may("tail") == may("meter") == may("tempo") == []
    cursor.push(first["position"])
    assert may("program") == [0]
    assert may("pitch") == may("velocity") == []
    cursor.push(first["program"])
    for kind, value in (("velocity", 21), ("pitch", 40), ("duration", 5)):
        cursor.push(first[kind] + value)
    assert may("program") == []
    cursor.push(first["bar"])


def test_in_a_last_bar_comes_back_what_ends_on_the_tonic():
    score = tune((MELODY, 48, 80, False), (OTHER, 50, 80, False), ((76, 79, 74, 72), 55, 80, False))
    begun, found = len(RETURNING.encode(score)), set()
    tonic = next(value % 12 for kind, value in events(RETURNING, score) if kind == "key")
    assert [MELODY[-1] % 12 == tonic, OTHER[-1] % 12 == tonic, tonic == 72 % 12] == [True, False, False]
    for seed in range(8):
        ids = drawn(RETURNING, Constraints(bars=1), seed, prompt=score, favoured=("program", "return"))[begun:]
        found |= {token for token in ids if TABLE.event(token)[0] in {"program", "return"}}
    assert {TABLE.event(token) for token in found} == {("program", 0), ("program", 1), ("return", 2)}


def test_a_form_that_was_asked_for_is_kept():
    constraints = Constraints(bars=8, form=form_of("AABA", bars=8, variation=0.5))
    ids = drawn(RETURNING, constraints, 3, favoured=("program", "return"))
    assert "return" not in {TABLE.event(token)[0] for token in ids}


def test_ids_that_make_no_sense_are_read_for_what_they_are():
    begin = RETURNING.encode(TUNES["melody"]).tolist()
    bar, back, again, part, louder = (TABLE.first(kind) for kind in ("bar", "return", "again", "program", "louder"))
    for more, pitches in (
        ([bar, part + 1, back + 63], []),
        ([bar, part + 1, back, back + 1], list(MELODY)),
        ([bar, part + 1, back + 1, *[again + 25] * 9], list(OTHER)),
        ([bar, back, part + 1, back], [*MELODY, 52, 59]),
        ([bar, part, back, louder + 24, louder + 24], [52, 59]),
        ([bar, part, louder], []),
        ([bar, part + 7, back], []),
        ([bar, part + 1], []),
        ([back, back], []),
    ):
        notes = RETURNING.decode([*begin, *more]).notes
        assert sorted(notes.take(notes.start_ticks >= 3 * 1920).pitch.tolist()) == sorted(pitches)
        streamed(RETURNING, [*begin, *more])


def test_returns_are_usual_where_parts_are_told():
    mixed = [TUNES["melody"], TUNES["drums"], TUNES["rests"]]
    assert build("notes", mixed, seats=True).to_json()["returns"]
    assert "returns" not in build("notes", mixed, seats=True, returns=False).to_json()
    assert "returns" not in build("notes", mixed, seats=True, variants=False).to_json()
    assert "returns" not in build("notes", mixed, seats=False).to_json()
    assert from_json(RETURNING.to_json()) == RETURNING
    assert SEATED.vocab_size == RETURNING.vocab_size - 64 - 25
    with pytest.raises(UsageError, match="needs --seats"):
        replace(RETURNING, seats=False)
    with pytest.raises(UsageError, match="needs --variants"):
        replace(RETURNING, variants=False, tails=False)
