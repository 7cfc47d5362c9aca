"""What a network expects of tunes otherwise than they are: what is known where a tune stands, and that weights put it right."""

import json
from dataclasses import replace

import numpy as np
import pytest

from lstmgen.config import DataConfig
from lstmgen.errors import ModelFileError, UsageError
from lstmgen.generation import filters
from lstmgen.generation.filters import Moment
from lstmgen.ids import BOUNDARY_ID
from lstmgen.media.tunes.medium import MEDIUM
from lstmgen.media.tunes.notes.corrections import Corrections, features_of
from lstmgen.media.tunes.notes.events import PITCHES
from lstmgen.media.tunes.notes.fitting import fitted
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.media.tunes.options import PITCH_CORRECTED, PITCH_WITH_RETURNS
from lstmgen.media.tunes.standing import Last
from lstmgen.music.score import Notes, Score, Track

RETURNING = NotesTokenizer(
    "beats", 12, repeats=True, variants=True, tails=True, guides=True, length_first=True, full_bars=True, seats=True, returns=True
)
IN_C = replace(RETURNING, common_key=True)
TABLE = IN_C.table
DATA = DataConfig()


def tune(rows, bars):
    """Notes (beat, beats, pitch, track) of a flute and a cello."""
    start, beats, pitch, track = (np.array(column) for column in zip(*sorted(rows), strict=True))
    start = (480 * start).astype(int)
    notes = Notes.of(start, start + (480 * beats).astype(int), pitch, velocity=80, track=track, program=np.where(track, 42, 73))
    return Score.of(notes, ticks_per_beat=480, tracks=[Track("flute"), Track("cello")], length_ticks=1920 * bars)


def random_tune(seed, bars=8):
    """A melody in D that mostly steps, over a cello that rests in some bars and enters late in others; bars of either come back."""
    random = np.random.default_rng(seed)
    scale, place, rows, before = [62, 64, 66, 67, 69, 71, 73, 74, 76, 78], 4, [], []
    for bar in range(bars):
        if before and random.random() < 0.4:
            melody = before[random.integers(len(before))]
        else:
            melody = []
            for beat in range(4):
                place = int(np.clip(place + random.choice([-1, 1, -1, 1, 2, -3, 0]), 0, len(scale) - 1))
                melody.append((beat, 1, scale[place] + int(random.random() < 0.05)))
            before.append(melody)
        rows += [(4 * bar + beat, beats, pitch, 0) for beat, beats, pitch in melody]
        if random.random() < 0.8:
            late = int(random.random() < 0.4)
            rows += [(4 * bar + 2 * half, 2, int(random.choice([38, 45, 50])), 1) for half in range(late, 2)]
    return tune(rows, bars)


def standings(tokenizer, score):
    """Each event with what is known before it, and then what is known behind the last."""
    cursor, found = tokenizer.cursor(), []
    for token in tokenizer.encode(score).tolist():
        found.append((tokenizer.table.event(token), cursor.standing))
        cursor.push(token)
    return [*found, (("end", 0), cursor.standing)]


def knowing(table, tunes, *, seed=3):
    """A network that knows about how often each id comes, and nothing of when."""
    counts_V = np.bincount(np.concatenate(tunes), minlength=table.vocab_size)
    logits_V = np.log(counts_V + 1) + 0.5 * np.random.default_rng(seed).standard_normal(table.vocab_size)
    return lambda ids: np.tile(logits_V, (len(ids), 1))


MELODY = [(beat, 1, pitch, 0) for beat, pitch in enumerate((74, 76, 78, 74))]
CHORD = [(2, 2, 50, 1), (2, 2, 57, 1)]


@pytest.mark.parametrize(("tokenizer", "down"), [(RETURNING, 0), (IN_C, 2)])
def test_what_is_known_where_a_tune_stands(tokenizer, down):
    score = tune([*MELODY, (0, 1, 45, 1), *CHORD, (4, 1, 79, 0), (5, 3, 74, 0), (6, 2, 45, 1)], 2)
    key = tokenizer.table.event(tokenizer.encode(score)[2])
    assert key == ("key", 2)
    known = standings(tokenizer, score)
    before = [standing for (kind, _), standing in known if kind == "pitch"]
    assert all(standing is None for (kind, _), standing in known if kind in {"length", "transposed", "key"})
    assert {standing.tonic for standing in before} == {2 - down}
    assert not any(standing.minor for standing in before)
    highest, lowest = (lambda pitch, is_highest=is_highest: (Last(0, is_highest, pitch - down),) for is_highest in (True, False))
    # In the order in which they are written: by position, and there the cello first.
    assert [standing.lasts for standing in before] == [
        (),  # the cello's first
        (),  # the flute's first
        highest(74),
        lowest(45),
        (),  # of a chord one note has begun
        highest(76),
        highest(78),
        highest(74),  # of the bar before
        highest(79),
        (),  # behind a chord
    ]


def test_a_line_lacks_that_played_in_the_bar_before_until_it_begins():
    score = tune([*MELODY, (0, 4, 45, 1), (5, 1, 50, 1), (6, 1, 81, 0)], 2)
    known = standings(IN_C, score)
    second = [number for number, ((kind, _), _) in enumerate(known) if kind == "bar"][1] + 1
    lacks = [(kind, value if kind == "pitch" else None, standing.lacks) for (kind, value), standing in known[second:]]
    begins = [number for number, (kind, _, _) in enumerate(lacks) if kind == "pitch"]
    assert all(lack for _, _, lack in lacks[: begins[1] + 2]), "with its duration a note has begun"
    assert not any(lack for _, _, lack in lacks[begins[1] + 2 :])
    assert not any(standing is not None and standing.lacks for _, standing in known[:second])


def test_what_comes_back_has_played_too():
    score = tune([*MELODY, (0, 4, 45, 1), *((beat + 4, length, pitch, 0) for beat, length, pitch, _ in MELODY), (4, 4, 50, 1)], 2)
    known = standings(IN_C, score)
    assert [value for (kind, value), _ in known if kind == "return"] == [0]
    place = next(number for number, ((kind, _), _) in enumerate(known) if kind == "return")
    assert known[place][1].lacks
    assert known[place + 1][1].lacks, "the cello has yet to play"
    assert not known[-1][1].lacks


@pytest.mark.parametrize("tokenizer", [RETURNING, IN_C])
def test_with_its_corrections_a_network_expects_what_is_there(tokenizer):
    """Behind the filter that draws, of a network that knows little: each degree, step and distance, and that time goes on."""
    table, tunes = tokenizer.table, [tokenizer.encode(random_tune(seed)) for seed in range(60)]
    expect = knowing(table, tunes)
    logits_1V = expect([0])
    corrections = fitted([tunes], expect, table, tokenizer.cursor)
    counts = {name: np.zeros((3, np.size(getattr(corrections, name)))) for name in ("degrees", "steps", "back", "rests")}
    for ids in tunes:
        cursor = tokenizer.cursor()
        for token in ids.tolist():
            event, standing = table.event(token), cursor.standing
            if standing is not None:
                moment = Moment(0, None, allowed_V=cursor.allowed(), weighed=corrections.at(standing))
                for row, of_1V in enumerate((filters.apply([], logits_1V, [moment]), filters.keep_allowed(logits_1V, [moment]))):
                    for name, places, shares, there in parts_of(event, standing, filters.softmax(of_1V)[0], table):
                        np.add.at(counts[name][row], places, shares)
                        if row == 0 and there is not None:
                            counts[name][2, places[there]] += 1
            cursor.push(token)
    for name, (expected, plain, there) in counts.items():
        seen = (there >= 20) & (np.abs(np.ravel(getattr(corrections, name))) < 2.99)  # what is farther off is put right in part
        assert seen.any(), name
        np.testing.assert_allclose(expected[seen], there[seen], rtol=0.06, err_msg=name)
        assert np.abs(plain - there)[seen].max() > 0.1 * there[seen].max(), name


def parts_of(event, standing, probability_V, table):
    """What the law speaks of: the name of some weights, which of them each id of a kind has, how probable each is, and which is there."""
    kind, value = event
    own = probability_V[table.span(kind)] / max(probability_V[table.span(kind)].sum(), 1e-300)
    if kind in PITCHES:
        features = features_of(standing, PITCHES.index(kind))
        yield "degrees", 12 * int(features.minor) + features.degree_P, own, value
        if features.last is not None:
            yield "steps", 31 * int(features.highest) + features.step_P, own, value
    if kind == "return":
        yield "back", np.minimum(np.arange(len(own)), 15), own, value
    if standing.lacks:
        on = kind == "bar" or (kind == "position" and value > standing.position)
        goes_on = probability_V[table.span("bar")].sum() + probability_V[table.span("position")][standing.position + 1 :].sum()
        yield "rests", np.array([int(standing.position > 0)]), np.array([goes_on]), 0 if on else None


def test_what_was_held_out_counts_as_much_as_what_was_learned():
    table = IN_C.table
    held_out, learned = [IN_C.encode(random_tune(1))], [IN_C.encode(random_tune(seed)) for seed in range(2, 30)]
    expect = knowing(table, [*held_out, *learned])
    both = fitted([held_out, learned], expect, table, IN_C.cursor)
    same = fitted([held_out, held_out], expect, table, IN_C.cursor)
    alone, others = (fitted([part], expect, table, IN_C.cursor) for part in (held_out, learned))
    assert 0 < np.abs(both.steps - alone.steps).sum() < np.abs(others.steps - alone.steps).sum()
    assert np.abs(same.steps).sum() > np.abs(alone.steps).sum(), "seen twice it is surer"
    assert fitted([[], []], expect, table, IN_C.cursor) is None
    assert fitted([[], learned], expect, table, IN_C.cursor).to_json() == others.to_json()


def test_json_comes_back_and_nothing_else_is_taken():
    random = np.random.default_rng(4)
    corrections = Corrections(
        TABLE,
        degrees=random.uniform(-3, 3, (2, 12)),
        steps=random.uniform(-3, 3, (2, 31)),
        back=random.uniform(-3, 3, 16),
        rests=random.uniform(-3, 3, 2),
    )
    values = json.loads(json.dumps(corrections.to_json()))
    again = Corrections.from_json(values, TABLE)
    assert again.to_json() == values
    np.testing.assert_allclose(again.steps, corrections.steps, atol=5e-4)
    for name, wrong in (
        ("degrees", [[0.0] * 12]),
        ("back", [0.0] * 15),
        ("rests", [0.0, 4.0]),
        ("rests", [0.0, float("nan")]),
        ("steps", "x"),
    ):
        with pytest.raises(ModelFileError, match="corrections"):
            Corrections.from_json(values | {name: wrong}, TABLE)
    for wrong in ([], {"degrees": values["degrees"]}, values | {"more": 1}):
        with pytest.raises(ModelFileError, match="corrections"):
            Corrections.from_json(wrong, TABLE)


def test_pitches_that_are_put_right_need_not_be_favoured():
    corrections = Corrections(TABLE).to_json()
    prompt = MEDIUM.parse_prompt(IN_C, None, {}, DATA)

    def plan(options, corrections):
        return MEDIUM.plan(IN_C, prompt, options, length=4, echo=True, data=DATA, corrections=corrections)

    assert plan({}, corrections).pitch_temperature == PITCH_CORRECTED
    assert plan({"pitch_temperature": 0.5}, corrections).pitch_temperature == 0.5
    for options, given in (({}, None), ({"correction": 0.0}, corrections)):
        plain = plan(options, given)
        assert (plain.pitch_temperature, plain.corrections) == (PITCH_WITH_RETURNS, None)
        assert plain.writer().weighed == ()
    with pytest.raises(UsageError, match="nothing was found"):
        plan({"correction": 0.5}, None)
    half = plan({"correction": 0.5}, corrections | {"rests": [-2.0, 1.0]}).corrections
    assert half.rests.tolist() == [-1.0, 0.5]


def test_nothing_that_may_come_is_lost():
    """Whatever the weights are a tune can be drawn to its end, and its ids are those that the grammar allows."""
    corrections = Corrections(IN_C.table, degrees=np.full((2, 12), -3.0), rests=np.full(2, -3.0))
    prompt = MEDIUM.parse_prompt(IN_C, None, {}, DATA)
    plan = MEDIUM.plan(IN_C, prompt, {"bars": 4}, length=None, echo=True, data=DATA, corrections=corrections.to_json())
    random, writer = np.random.default_rng(8), plan.writer()
    logits_1V = 4.0 * IN_C.table.are(np.arange(IN_C.vocab_size), "bar", "position")[None]
    for _ in range(3_000):
        moment = Moment(0, None, allowed_V=writer.allowed(), weighed=writer.weighed)
        weight_V = np.exp(filters.apply([], logits_1V, [moment])[0])
        assert np.array_equal(weight_V > 0, writer.allowed())
        token = int(random.choice(len(weight_V), p=weight_V / weight_V.sum()))
        if token == BOUNDARY_ID:
            break
        writer.push(token)
        if writer.ended:
            break
    assert token == BOUNDARY_ID or writer.ended == "bars"
    assert len(writer.outcome().item.notes)
