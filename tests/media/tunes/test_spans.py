"""Holes between two steps: what is kept stays note for note and nothing moves, whatever is written; nothing sounds on behind the hole."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import case_of, waltz

from lstmgen.config import DataConfig
from lstmgen.errors import UsageError
from lstmgen.media.tunes.grid.tokenizer import GridTokenizer
from lstmgen.media.tunes.medium import MEDIUM
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.media.tunes.performance.tokenizer import PerformanceTokenizer
from lstmgen.media.tunes.step_notes import StepNotes
from lstmgen.music.score import Notes, Pedals, Score, Track
from lstmgen.music.tidy import with_pedal

TOKENIZERS = {
    "ages": PerformanceTokenizer(ages=True),
    "pitches": PerformanceTokenizer(),
    "seconds": NotesTokenizer("seconds", tracks=4),
    "together": NotesTokenizer("seconds"),
    "chords": GridTokenizer(4, "chords"),
    "unheld": GridTokenizer(4, "chords", hold=False),
}
BEATS = NotesTokenizer("beats")
HOLES = ({"seconds": "1.3-2.91"}, {"bars": "1"}, {"seconds": "2-3.5", "tracks": "1"}, {"keep": "1"}, {"seconds": "0:00-0:01.2"})


def tangle(seed, *, tracks=3, notes=40, drums=False):
    """Notes on few pitches that overlap in every way, the last track perhaps of drums."""
    random = np.random.default_rng(seed)
    start, track = random.integers(0, 4000, notes), random.permutation(np.arange(notes) % tracks)
    drum = drums & (track == tracks - 1)
    lengths, pitch, velocity = random.integers(60, 1400, notes), random.integers(50, 62, notes), random.integers(1, 128, notes)
    columns = {"velocity": velocity, "track": track, "program": np.where(drum, 0, 8 * track), "drum": drum}
    return Score.of(
        Notes.of(start, start + lengths, pitch, **columns),
        ticks_per_beat=int(random.choice([48, 480])) * 2,
        tempos=[(0, 600_000), (700, 900_000)],
        tracks=[Track(f"part {number}") for number in range(tracks)],
    )


def test_nothing_but_time_comes_before_the_hole_where_a_tune_begins_late():
    random, score = np.random.default_rng(7), tangle(4)
    notes = score.notes.changed(start_ticks=score.notes.start_ticks + 900, end_ticks=score.notes.end_ticks + 900)
    score = score.changed(notes=notes)
    for tokenizer in TOKENIZERS.values():
        for _ in range(12):
            gap = gapped(tokenizer, score, seconds="0.9-2").gap([])
            filling = gap.filling()
            while not filling.ended and filling.inner.course.now < gap.span.begin:
                allowed = np.flatnonzero(filling.allowed())
                kinds = {gap.table.events[token][0] for token in allowed.tolist()}
                assert kinds == {"shift"}
                filling.push(int(random.choice(allowed)))


def gapped(tokenizer, score, **options):
    return MEDIUM.gapped(tokenizer, score, options, DataConfig())


def walked(filling, random, *, busy=40):
    """A filling of ids that are drawn evenly; after so many time passes more often."""
    while not filling.ended:
        allowed = np.flatnonzero(filling.allowed())
        assert len(allowed)
        if len(filling.ids) % 13 == 5:
            filling.fork().push(int(allowed[-1]))
        filling.push(int(allowed[-1] if len(filling.ids) > busy and random.random() < 0.5 else random.choice(allowed)))
    return filling


def told(gap, filling):
    """All ids of a tune whose hole is filled."""
    return np.concatenate([gap.before, [token for token in filling.ids if token], filling.behind(10**9)]).astype(np.int64)


@pytest.mark.parametrize("hole", HOLES, ids=str)
@pytest.mark.parametrize("name", TOKENIZERS)
def test_whatever_is_written_the_rest_stays_note_for_note_and_the_ids_are_those_of_the_whole(name, hole):
    tokenizer, random = TOKENIZERS[name], np.random.default_rng(1)
    for seed, drums in ((1, False), (2, True)):
        score = tangle(seed, drums=drums)
        if name == "together" and "tracks" in hole:
            score = score.changed(notes=score.notes.take(score.notes.track != 1))
        found = gapped(tokenizer, score, **hole)
        gap = found.gap([])
        own, filling = gap.hole, walked(gap.filling(), random)
        outcome = found.outcome([filling])
        item, new = outcome.item, own.holds(outcome.item.notes)
        assert item.notes.take(~new).same_as(own.without(score).notes)
        written = item.notes.take(new)
        assert len(written) == outcome.facts["gaps"][0]["notes"] > 0
        assert (written.start_ticks >= own.begin_tick).all()
        assert (written.end_ticks <= own.end_tick).all()
        assert item.length_ticks == score.length_ticks
        if name != "unheld":  # whose ids do not tell a note that goes on from one that is struck again
            ids = told(gap, filling)
            notes = gap._written(filling)
            whole = StepNotes.joined([gap._kept, notes])
            assert tokenizer.notation.tell(replace(whole, named=[*gap._kept.named, *notes.named])).tolist() == ids.tolist()
            fresh = tokenizer.notation.read(ids)
            again = tokenizer.notation.tell(replace(fresh, steps=max(fresh.steps, whole.steps)))
            assert again.tolist() == ids.tolist()


@pytest.mark.parametrize("hole", [HOLES[0], HOLES[1], HOLES[4]], ids=str)
@pytest.mark.parametrize("name", TOKENIZERS)
def test_what_stood_in_a_hole_may_be_written_there_again(name, hole):
    tokenizer, score = TOKENIZERS[name], tangle(3)
    found = gapped(tokenizer, score, **hole)
    gap = found.gap([])
    filling = gap.filling()
    for token in gap.true().tolist():
        assert filling.allowed()[token]
        filling.push(token)
    assert filling.ended
    item, own = found.outcome([filling]).item, gap.hole
    if name == "seconds":  # which tells tracks apart, and every hundredth of a second
        was, now = (each.take(own.holds(each)) for each in (score.notes, item.notes))
        assert sorted(now.pitch.tolist()) == sorted(was.pitch.tolist())
        assert np.abs(now.start_ticks - was.start_ticks).max() <= score.ticks_at(0.011)


@pytest.mark.parametrize("name", TOKENIZERS)
def test_a_note_that_sounds_across_a_border_of_the_hole_keeps_its_end_and_none_that_is_written_crosses_it(name):
    held = Notes.of([0, 300, 900, 2000, 0], [2500, 2100, 960, 2400, 4000], [48, 52, 55, 60, 90])
    score, tokenizer, random = Score.of(held), TOKENIZERS[name], np.random.default_rng(2)
    found = gapped(tokenizer, score, seconds="0.5-2")  # from tick 480 to 1920
    assert found.gap([]).true() is not None
    for _ in range(4):
        item = found.outcome([walked(found.gap([]).filling(), random)]).item
        inside = (item.notes.start_ticks >= 480) & (item.notes.start_ticks < 1920)
        assert item.notes.take(~inside).same_as(held.take([0, 1, 2, 4])) or item.notes.take(~inside).same_as(
            held.take(held.start_ticks != 900)
        )
        assert (item.notes.end_ticks[inside] <= 1920).all()
        if name != "seconds":
            sounding = {48, 52, 90}  # one key cannot be struck while it is down
            assert not sounding & set(item.notes.pitch[inside].tolist())


def test_what_a_pedal_holds_into_the_hole_sounds_on_and_nothing_is_held_behind_it():
    notes = Notes.of([0, 960, 2500], [400, 1300, 2600], [48, 60, 64])
    pedals = Pedals.of([100, 1200, 1250, 1900, 2300], [0] * 5, [True, False, True, False, True])
    score = Score.of(notes, pedals=pedals, length_ticks=3000)
    found = gapped(TOKENIZERS["ages"], score, seconds="0.5-2.5")  # from tick 480 to 2400
    item = found.outcome([walked(found.gap([]).filling(), np.random.default_rng(1))]).item
    assert list(item.pedals) == [(100, 0, True), (480, 0, False), (2401, 0, True)]
    first, last = item.notes.take([0]), item.notes.take([-1])
    assert (first.end_ticks[0], last.start_ticks[0], last.end_ticks[0]) == (1200, 2500, 2600)
    heard = with_pedal(item, "extend").notes
    inside = (heard.start_ticks >= 480) & (heard.start_ticks < 2400)
    assert inside.any()
    assert (heard.end_ticks[inside] <= 2400).all()


@pytest.mark.parametrize("name", ["ages", "chords", "seconds"])
def test_voices_are_written_to_a_melody_on_a_track_of_their_own(name):
    melody = waltz(4)
    melody = melody.changed(notes=melody.notes.take(melody.notes.track == 0), tracks=(Track("tune"),))
    found = gapped(TOKENIZERS[name], melody, keep="")
    item = found.outcome([walked(found.gap([]).filling(), np.random.default_rng(4))]).item
    assert item.notes.take(item.notes.track == 0).same_as(melody.notes)
    assert set(item.notes.track.tolist()) > {0}
    assert item.tracks[0] == Track("tune")
    assert item.length_ticks == melody.length_ticks
    assert found.gap([]).true() is None


def test_drums_stay_where_a_model_knows_none():
    score = tangle(5, drums=True)
    drums = score.notes.take(score.notes.drum)
    for name in ("ages", "chords"):
        found = gapped(TOKENIZERS[name], score, seconds="0-3")
        item = found.outcome([walked(found.gap([]).filling(), np.random.default_rng(1))]).item
        assert item.notes.take(item.notes.drum).same_as(drums)
        with pytest.raises(UsageError, match="knows no drums"):
            gapped(TOKENIZERS[name], score, seconds="0-3", tracks="3")


@pytest.mark.parametrize("options", [{"seconds": "0-3"}, {"keep": "1"}], ids=str)
@pytest.mark.parametrize("name", ["ages", "seconds"])
def test_tracks_that_a_model_has_not_learned_stay(name, options):
    score = tangle(6)
    found = MEDIUM.gapped(TOKENIZERS[name], score, options, DataConfig(tracks="part 0,part 1"))
    item = found.outcome([walked(found.gap([]).filling(), np.random.default_rng(1))]).item
    assert item.notes.take(item.notes.track == 2).same_as(score.notes.take(score.notes.track == 2))
    assert not item.notes.take(item.notes.track == 1).same_as(score.notes.take(score.notes.track == 1))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"seconds": "9-12"}, r"within the 8\.0 s of"),
        ({"seconds": "5-9.4"}, "FIRST-LAST within"),
        ({"seconds": "3-3"}, "FIRST-LAST within"),
        ({"seconds": "4"}, "FIRST-LAST within"),
        ({"seconds": "1e1-3"}, "FIRST-LAST within"),
        ({"seconds": "1-2", "bars": "1"}, "both say where"),
        ({"seconds": "2.001-2.002"}, "shorter than a step"),
    ],
)
def test_seconds_that_are_none_are_named(options, words):
    score = waltz(4)
    score = score.changed(length_ticks=score.length_ticks, tempos=type(score.tempos).of([(0, 666_667)]))
    with pytest.raises(UsageError, match=words):
        gapped(TOKENIZERS["ages"], score, **options)
    if "seconds" in options and "bars" not in options:
        with pytest.raises(UsageError):
            gapped(TOKENIZERS["chords"], score, **options)


def test_a_model_of_beats_names_the_bars_that_hold_the_seconds():
    with pytest.raises(UsageError, match="whole bars") as caught:
        gapped(BEATS, waltz(4), seconds="2.5-6.1")
    assert "--bars 2-4" in caught.value.remedy


@pytest.mark.parametrize("name", ["performance", "notes-seconds", "grid-chords", "grid-voices"])
def test_a_model_fills_seconds_the_same_for_the_same_seed_and_tells_where(name):
    model, tune = case_of(name).model, waltz(3)
    one, again = (model.infill(tune, seconds="2-4", seed=4, candidates=3, horizon=6)[0] for _ in range(2))
    assert one.score.notes.same_as(again.score.notes)
    gap = one.gaps[0]
    assert (gap["begin_s"], gap["end_s"], gap["followed"]) == (2, 4, 3)
    assert 0.999 < gap["effective_sample_size"] < 3.001
    start_s, was_s = (score.seconds_at(score.notes.start_ticks) for score in (one.score, tune))
    outside = [score.notes.take((at < 1.97) | (at >= 3.995)) for score, at in ((one.score, start_s), (tune, was_s))]
    assert outside[0].same_as(outside[1])
