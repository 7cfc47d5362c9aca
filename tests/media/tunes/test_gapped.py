"""Holes in tunes: what is kept comes at its time and stays byte for byte, what is written keeps to the grammar."""

import io

import mido
import numpy as np
import pytest
from conftest import case_of, waltz

from lstmgen.config import DataConfig
from lstmgen.errors import UsageError
from lstmgen.media.tunes.grid.tokenizer import GridTokenizer
from lstmgen.media.tunes.medium import MEDIUM
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.music.score import Notes, Pedal, Score, Track

NAMES = ("soprano", "alto", "tenor", "bass")
TOKENIZERS = {
    "plain": NotesTokenizer("beats", 12, tracks=4),
    "repeats": NotesTokenizer("beats", 12, tracks=4, repeats=True),
    "variants": NotesTokenizer("beats", 12, tracks=4, repeats=True, variants=True, guides=True, common_key=True),
    "tails": NotesTokenizer("beats", 12, tracks=4, repeats=True, variants=True, tails=True, guides=True, common_key=True),
    "seats": NotesTokenizer("beats", 12, tracks=4, repeats=True, variants=True, guides=True, common_key=True, seats=True),
    "returns": NotesTokenizer("beats", 12, tracks=4, repeats=True, variants=True, guides=True, common_key=True, seats=True, returns=True),
    "guides": NotesTokenizer("beats", 12, tracks=4, repeats=True, guides=True, common_key=True),
    "heads": NotesTokenizer(
        "beats", 12, tracks=4, repeats=True, variants=True, tails=True, heads=True, guides=True, length_first=True, full_bars=True
    ),
    "grid": GridTokenizer(steps_per_beat=2, voices=4),
    "roll": GridTokenizer(steps_per_beat=2, voices=4, hold=False),
}
HOLES = ({"bars": "2-3"}, {"bars": "1"}, {"bars": "4"}, {"bars": "2-3", "tracks": "alto,3"}, {"tracks": "2"}, {"keep": "1"}, {"keep": ""})


def chorale(bars=4, *, voices=4, tempo=480_000, seed=1):
    """Voices in quarter and half notes, the last bar like the first."""
    random = np.random.default_rng(seed)
    parts = []
    for voice, base in zip(range(voices), (72, 65, 57, 48), strict=False):
        at, steps = 0, []
        while at < 4 * bars:
            length = 1 if at % 2 else int(random.choice([1, 2]))
            steps.append((at, length, base + int(random.choice([0, 2, 4, 5, 7]))))
            at += length
        start, lengths, pitch = np.array(steps).T
        parts.append(Notes.of(480 * start, 480 * (start + lengths), pitch, velocity=70 + 4 * voice, track=voice))
    tracks = [Track(name) for name in NAMES[:voices]]
    return Score.of(Notes.joined(parts), tempos=[(0, tempo)], tracks=tracks, length_ticks=1920 * bars)


def gapped(tokenizer, score, **options):
    return MEDIUM.gapped(tokenizer, score, options, DataConfig())


def walked(filling, random, *, most=12):
    """A filling of ids that are drawn evenly, and of the most usual ones where it takes long."""
    while not filling.ended:
        allowed = np.flatnonzero(filling.allowed())
        assert len(allowed)
        if len(filling.ids) % 16 == 3:
            filling.fork().push(int(allowed[-1]))
        bar = len(filling.ids) > most and allowed[0] <= 1
        filling.push(int(allowed[0] if bar else random.choice(allowed)))
    return filling


@pytest.mark.parametrize(
    ("name", "hole"),
    [
        *(("guides", hole) for hole in HOLES),
        *(("grid", hole) for hole in HOLES),
        *((name, HOLES[3]) for name in ("plain", "repeats", "roll", "variants", "tails", "heads")),
        *(("variants", hole) for hole in HOLES[:3]),
    ],
)
def test_what_stood_in_a_hole_may_be_written_there_again(name, hole):
    score = chorale()
    found = gapped(TOKENIZERS[name], score, **hole)
    gap = found.gap([])
    filling = gap.filling()
    for token in gap.true().tolist():
        assert filling.allowed()[token]
        filling.push(token)
    assert filling.ended
    if name != "roll":  # where notes that follow one another on one pitch are one
        assert found.outcome([filling]).item.notes.same_as(score.notes)
    assert len(gap.filling().behind(7)) in {0, 7}


@pytest.mark.parametrize(
    ("name", "hole"),
    [
        *(("guides", hole) for hole in HOLES[::2]),
        *((name, HOLES[3]) for name in ("variants", "tails", "grid")),
        ("variants", HOLES[0]),
        ("grid", HOLES[5]),
    ],
)
def test_whatever_is_written_what_is_kept_is_there_and_its_tracks_are_the_same_bytes(name, hole):
    score, random, tokenizer = chorale(), np.random.default_rng(3), TOKENIZERS[name]
    found = gapped(tokenizer, score, **hole)
    gap = found.gap([])
    filling = walked(gap.filling(), random)
    outcome = found.outcome([filling])
    own = gap.hole
    assert own.without(outcome.item).notes.same_as(own.without(score).notes)
    new = own.new(filling.decoded())
    assert len(outcome.item.notes) == len(own.without(score).notes) + len(new)
    assert (new.end_ticks <= own.end_tick).all()
    before, after = (mido.MidiFile(file=io.BytesIO(MEDIUM.to_bytes(item))).tracks for item in (score, outcome.item))
    kept = set(range(4)) - {track for track in range(4) if own.free(np.array([track]))[0]}
    assert all(before[1 + track] == after[1 + track] for track in kept)
    assert before[0] == after[0]
    if name != "grid":  # whose voices are those that lie above one another, whatever is in them
        written = np.concatenate([gap.before, [token for token in filling.ids if token]])
        assert tokenizer.encode(own.filled(own.score, filling.decoded()))[: len(written)].tolist() == written.tolist()


@pytest.mark.parametrize("name", ["plain", "guides", "seats", "returns", "grid"])
def test_voices_that_a_melody_does_not_have_are_written_on_tracks_of_their_own(name):
    melody = chorale(voices=1, bars=2)
    found = gapped(TOKENIZERS[name], melody, keep="")
    outcome = found.outcome([walked(found.gap([]).filling(), np.random.default_rng(5))])
    item = outcome.item
    assert item.notes.take(item.notes.track == 0).same_as(melody.notes)
    assert set(item.notes.track.tolist()) > {0}
    assert item.tracks[0] == Track("soprano")
    assert outcome.facts["gaps"][0]["kept"] == ["track 1 (soprano)"]
    assert outcome.facts["gaps"][0]["notes"] == len(item.notes) - len(melody.notes)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "no gap"),
        ({"bars": "3-9"}, "within the 4 bars"),
        ({"bars": "0-2"}, "within the 4 bars"),
        ({"bars": "3-2"}, "within the 4 bars"),
        ({"bars": "two"}, "FIRST-LAST"),
        ({"bars": "1-2,4"}, "FIRST-LAST"),
        ({"bars": "1", "tracks": "oboe"}, r"'oboe'; there are soprano \(1\), alto"),
        ({"tracks": "7"}, "no tune has a track 7"),
        ({"keep": "flute"}, "there are soprano"),
        ({"keep": "1,2,3,4"}, "all are kept|no voice"),
        ({"gap": "___"}, "no option gap"),
    ],
)
def test_what_is_no_hole_is_named(options, words):
    with pytest.raises(UsageError, match=words):
        gapped(TOKENIZERS["grid"], chorale(), **options)


def test_bars_are_counted_from_the_first_full_one_and_an_upbeat_can_be_written_anew():
    score = chorale()
    late = score.changed(notes=score.notes.take(score.notes.start_ticks >= 1440))
    with pytest.raises(UsageError, match="within the 3 bars of the tune, and 0 for the upbeat"):
        gapped(TOKENIZERS["plain"], late, bars="2-4")
    for bars, begin in (("0", 0), ("2", 3840)):
        tune = gapped(TOKENIZERS["plain"], late, bars=bars)
        drawn = tune.outcome([walked(tune.gap([]).filling(), np.random.default_rng(2))])
        assert drawn.facts["gaps"][0]["first_bar"] == int(bars)
        assert drawn.facts["bars"] == 4 - (int(drawn.item.notes.start_ticks.min()) >= 960)
        outside = late.notes.take((late.notes.start_ticks < begin) | (late.notes.start_ticks >= begin + 1920))
        assert set(zip(outside.start_ticks.tolist(), outside.pitch.tolist(), strict=True)) <= set(
            zip(drawn.item.notes.start_ticks.tolist(), drawn.item.notes.pitch.tolist(), strict=True)
        )


def test_a_model_that_cannot_fill_a_hole_says_why():
    score = chorale()
    together = NotesTokenizer("beats", 12)
    with pytest.raises(UsageError, match="cannot tell the tracks apart"):
        gapped(together, score, tracks="2")
    assert gapped(together, score, bars="2").gap([]).true() is not None
    with pytest.raises(UsageError, match="not a single note"):
        gapped(together, Score.of(Notes.empty()), bars="1")
    odd = score.changed(meters=(type(score.meters[0])(0, 11, 4),))
    with pytest.raises(UsageError, match="none that the model knows"):
        gapped(together, odd, bars="2")


def test_a_pedal_is_up_where_notes_are_written_anew():
    score = chorale()
    score = score.changed(pedals=type(score.pedals).of(*zip(Pedal(100, 1, True), Pedal(100, 0, True), strict=True)))
    found = gapped(TOKENIZERS["plain"], score, bars="2", tracks="2")
    item = found.outcome([walked(found.gap([]).filling(), np.random.default_rng(1))]).item
    assert list(item.pedals) == [(100, 0, True), (100, 1, True), (1920, 1, False), (3841, 1, True)]


def test_a_model_fills_bars_the_same_for_the_same_seed():
    model, tune = case_of("grid-voices").model, waltz(4)
    one, again = (model.infill(tune, bars="2", seed=4, candidates=4, horizon=6)[0] for _ in range(2))
    assert one.score.notes.same_as(again.score.notes)
    outside = (tune.notes.start_ticks < 1440) | (tune.notes.start_ticks >= 2880)
    left = (one.score.notes.start_ticks < 1440) | (one.score.notes.start_ticks >= 2880)
    assert one.score.notes.take(left).same_as(tune.notes.take(outside))
    assert (one.gaps[0]["first_bar"], one.gaps[0]["last_bar"]) == (2, 2)
