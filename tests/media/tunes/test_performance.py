"""The 388 events of Performance RNN: their one form, what they keep, what they lose, and the cursor that knows what may follow what."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmgen.config import Config, DataConfig
from lstmgen.errors import InputError, ModelFileError, UsageError
from lstmgen.media.registry import fingerprint, medium_of
from lstmgen.media.registry import tokenizer_from_json as from_json
from lstmgen.media.tunes.performance.tokenizer import PerformanceTokenizer
from lstmgen.media.tunes.tokenizers import build
from lstmgen.music.constraints import FREE, Constraints
from lstmgen.music.score import Meter, Notes, Score, Track
from lstmgen.runs import presets

TOKENIZER = PerformanceTokenizer()
BY_AGE = PerformanceTokenizer(ages=True)
both_forms = pytest.mark.parametrize("tokenizer", [TOKENIZER, BY_AGE], ids=["by_pitch", "by_age"])
ON, OFF, SHIFT, VELOCITY = (TOKENIZER.table.first(kind) for kind in ("on", "off", "shift", "velocity"))
ENDLESS = (FREE, Constraints(pitches=frozenset({60, 62, 64}), max_note_s=0.3))
ENDING = (
    Constraints(seconds=2.0),
    Constraints(seconds=0.01),
    Constraints(bars=1, max_note_beats=0.5),
    Constraints(bars=2, seconds=1.5, pitches=frozenset({0, 127}), max_note_s=0.001),
)


def tune(*notes, **options):
    """A score from (start in s, end in s, pitch, velocity), in milliseconds as ticks."""
    start, end, pitch, velocity = (np.array(column) for column in zip(*notes, strict=True))
    columns = Notes.of(np.rint(start * 1000), np.rint(end * 1000), pitch, velocity=velocity)
    return Score.of(columns, ticks_per_beat=500, **options)


def random_score(random, count=60, *, drums=False):
    """Notes that overlap one another on few pitches, many of them at once, some of no length on a grid of 10 ms."""
    start = random.integers(0, 4000, count)
    pitch, track = random.integers(58, 66, count), random.integers(0, 3, count)
    velocity, drum = random.integers(1, 128, count), random.random(count) < (0.3 if drums else 0)
    notes = Notes.of(start, start + random.integers(1, 2500, count), pitch, velocity=velocity, track=track, drum=drum)
    return Score.of(notes, ticks_per_beat=500, length_ticks=int(random.integers(0, 9000)))


def steps_of(ids):
    return sum(int(token) - SHIFT + 1 for token in ids if SHIFT <= token < VELOCITY)


def walk(random, cursor, length, *, shifts=0.5):
    """Ids drawn from what a cursor allows, until it has finished or to that length; the boundary is never taken."""
    drawn = []
    while not cursor.finished and len(drawn) < length:
        allowed = np.flatnonzero(cursor.allowed())
        allowed = allowed[allowed != 0]
        # Few shifts, so that much happens at once; else nearly every id drawn would be one.
        without = allowed[(allowed < SHIFT) | (allowed >= VELOCITY)]
        choices = without if len(without) and random.random() > shifts else allowed
        drawn.append(int(random.choice(choices)))
        cursor.push(drawn[-1])
    return drawn


def closing(cursor):
    """The ids that end all that sounds, as soon as the cursor allows it."""
    drawn = []
    while not cursor.allowed()[0]:
        allowed = np.flatnonzero(cursor.allowed())
        offs = allowed[(allowed >= OFF) & (allowed < SHIFT)]
        drawn.append(int(offs[0] if len(offs) else allowed[-1] if VELOCITY > allowed[-1] >= SHIFT else allowed[0]))
        cursor.push(drawn[-1])
    return drawn


def sounding_spans(score):
    return list(zip(score.notes.start_ticks.tolist(), score.notes.end_ticks.tolist(), score.notes.pitch.tolist(), strict=True))


def test_there_are_the_388_events_of_performance_rnn_behind_the_boundary():
    assert TOKENIZER.vocab_size == 389
    assert (ON, OFF, SHIFT, VELOCITY) == (1, 129, 257, 357)


def test_the_ids_of_a_small_tune_never_change():
    score = tune((0.1, 0.5, 60, 64), (0.1, 0.5, 64, 64), (0.5, 2.83, 60, 100), length_ticks=3000)
    assert TOKENIZER.encode(score).tolist() == [266, 372, 61, 65, 296, 189, 193, 381, 61, 356, 356, 289, 189, 273]
    assert fingerprint(TOKENIZER) == "eb34623e93ec066e68168ec4278960d9bb55fd14b71224ceb31607ff9d0606fe"


def test_pieces_are_named_as_a_person_would_say_them():
    named = {token: TOKENIZER.piece(token) for token in (0, ON + 60, OFF + 61, SHIFT + 24, VELOCITY, VELOCITY + 31)}
    assert list(named.values()) == ["<boundary>", "on C4", "off C#4", "shift 0.25 s", "velocity 2", "velocity 126"]
    with pytest.raises(IndexError):
        TOKENIZER.piece(389)


@pytest.mark.parametrize("seed", range(8))
def test_the_quick_encoder_gives_what_a_plain_loop_gives(seed):
    score = random_score(np.random.default_rng(seed), drums=True)
    latest = {}  # the last note of each pitch: of those that begin together the longest
    rows = []
    notes = score.notes.take(~score.notes.drum)
    for start, end, pitch, velocity in sorted(
        zip(notes.start_ticks.tolist(), notes.end_ticks.tolist(), notes.pitch.tolist(), notes.velocity.tolist(), strict=True),
        key=lambda row: (int(row[0] / 10 + 0.5), -max(int(row[1] / 10 + 0.5), int(row[0] / 10 + 0.5) + 1)),
    ):
        row = {"start": int(start / 10 + 0.5), "pitch": pitch, "bin": (velocity - 1) // 4}
        row["end"] = max(int(end / 10 + 0.5), row["start"] + 1)
        before = latest.get(pitch)
        if before is not None and before["start"] == row["start"]:
            continue
        if before is not None:
            before["end"] = min(before["end"], row["start"])
        latest[pitch] = row
        rows.append(row)
    moments = sorted([(row["end"], 0, row["pitch"], 0) for row in rows] + [(row["start"], 1, row["pitch"], row["bin"]) for row in rows])
    expected, now, loudness = [], 0, None
    for moment, begins, pitch, velocity_bin in [*moments, (max(int(score.length_ticks / 10 + 0.5), moments[-1][0]), 2, 0, 0)]:
        seconds, rest = divmod(moment - now, 100)
        expected += [SHIFT + 99] * seconds + [SHIFT + rest - 1] * (rest > 0)
        now = moment
        if begins == 1 and velocity_bin != loudness:
            expected.append(VELOCITY + velocity_bin)
            loudness = velocity_bin
        if begins < 2:
            expected.append((ON if begins else OFF) + pitch)
    assert TOKENIZER.encode(score).tolist() == expected


def test_what_lies_on_hundredths_of_a_second_comes_back_but_for_the_velocity_in_its_bin():
    random = np.random.default_rng(1)
    rows = [(place / 10, place / 10 + random.integers(1, 10) / 100, int(random.integers(0, 128)), place % 127 + 1) for place in range(300)]
    score = tune(*rows)
    back = TOKENIZER.decode(TOKENIZER.encode(score))
    assert np.array_equal(back.notes.pitch, score.notes.pitch)
    assert np.allclose(back.seconds_at(back.notes.start_ticks), score.seconds_at(score.notes.start_ticks), atol=1e-3)
    assert np.allclose(back.seconds_at(back.notes.end_ticks), score.seconds_at(score.notes.end_ticks), atol=1e-3)
    assert np.abs(back.notes.velocity.astype(int) - score.notes.velocity).max() == 2


def test_rounding_never_adds_up():
    score = tune(*((0.0149 * place, 0.0149 * place + 0.012, 40 + place % 40, 64) for place in range(2000)))
    back = TOKENIZER.decode(TOKENIZER.encode(score))
    errors_s = back.seconds_at(back.notes.start_ticks) - score.seconds_at(score.notes.start_ticks)
    assert len(back.notes) == 2000
    assert np.abs(errors_s).max() < 0.0061


def test_of_notes_on_one_key_the_later_one_ends_the_earlier_one_and_of_equal_beginnings_the_longer_one_stays():
    score = tune((0, 1, 60, 64), (0.5, 0.7, 60, 64), (2, 2.1, 60, 64), (2, 2.4, 60, 64))
    assert [(start, end) for start, end, _ in sounding_spans(TOKENIZER.decode(TOKENIZER.encode(score)))] == [
        (0, 480),
        (480, 672),
        (1920, 2304),
    ]


def test_drums_are_left_out_and_silence_at_the_end_is_kept():
    drums = Score.of(Notes.of([0], [500], [36], drum=True), ticks_per_beat=500, length_ticks=1230)
    assert TOKENIZER.encode(drums).tolist() == [SHIFT + 99, SHIFT + 22]
    assert TOKENIZER.decode([SHIFT + 99, SHIFT + 22]).duration_s == pytest.approx(1.23, abs=1e-3)


def test_nothing_encodes_to_nothing():
    assert TOKENIZER.encode(Score.of(Notes.empty())).tolist() == []
    assert len(TOKENIZER.decode([]).notes) == TOKENIZER.decode([0]).length_ticks == 0


def test_a_piece_that_no_one_can_play_is_refused_before_its_seconds_are_written_down():
    with pytest.raises(InputError, match="seconds long"):
        TOKENIZER.encode(Score.of(Notes.of([0], [2**31 - 1], [60]), ticks_per_beat=1))


@both_forms
@settings(max_examples=150)
@given(st.lists(st.integers(0, 388), max_size=80), st.integers(0, 90))
def test_any_ids_at_all_decode_to_a_valid_score(tokenizer, ids, since):
    score = tokenizer.decode(ids)
    assert np.all(score.notes.start_ticks < score.notes.end_ticks)
    assert score.notes.same_as(Notes.of(**{name: getattr(score.notes, name) for name in score.notes.__dataclass_fields__}))
    written = tokenizer.encode(score)
    assert np.array_equal(tokenizer.encode(tokenizer.decode(written)), written)
    assert len(tokenizer.decode(ids, since=since).notes) <= len(score.notes)


def test_ids_out_of_range_are_refused():
    for token in (-1, 389):
        with pytest.raises(IndexError):
            TOKENIZER.decode([token])


def test_a_note_that_nothing_ends_is_ended_with_the_piece_or_after_five_seconds():
    waiting = [VELOCITY + 9, ON + 60, *[SHIFT + 99] * 3]
    assert TOKENIZER.decode(waiting).notes.end_ticks.tolist() == [3 * 960]
    assert TOKENIZER.decode(waiting * 2 + waiting[2:]).notes.end_ticks.tolist() == [3 * 960, 8 * 960]
    assert TOKENIZER.decode([VELOCITY + 9, ON + 60]).notes.end_ticks.tolist() == [10]
    assert TOKENIZER.decode([*waiting * 2, *waiting[2:], OFF + 60]).notes.end_ticks.tolist() == [3 * 960, 9 * 960]


@both_forms
@pytest.mark.parametrize("constraints", ENDLESS)
@pytest.mark.parametrize("seed", range(6))
def test_what_a_cursor_allows_comes_back_from_a_score_as_it_was(tokenizer, constraints, seed):
    random = np.random.default_rng(seed)
    cursor = tokenizer.cursor(constraints)
    ids = walk(random, cursor, int(random.integers(0, 150)), shifts=0.15)
    cursor.begin()
    ids += walk(random, cursor, 200, shifts=0.15)
    ids += closing(cursor)
    assert tokenizer.encode(tokenizer.decode(ids)).tolist() == ids


@both_forms
@pytest.mark.parametrize("constraints", ENDING)
@pytest.mark.parametrize("seed", range(6))
def test_a_tune_ends_exactly_where_it_is_to_end_with_all_notes_ended(tokenizer, constraints, seed):
    random = np.random.default_rng(seed)
    cursor = tokenizer.cursor(constraints)
    ids = walk(random, cursor, int(random.integers(0, 60)), shifts=0.2)
    before = steps_of(ids)
    cursor.begin()
    ids += walk(random, cursor, 100_000, shifts=0.2)
    wished = [before + round(constraints.seconds * 100)] if constraints.seconds else []
    wished += [(-(-before // 200) + constraints.bars) * 200] if constraints.bars else []
    assert cursor.finished
    assert np.flatnonzero(cursor.allowed()).tolist() == [0]
    assert steps_of(ids) == min(wished)
    assert tokenizer.encode(tokenizer.decode(ids)).tolist() == ids


@both_forms
@pytest.mark.parametrize("seed", range(6))
def test_constraints_hold_for_all_that_is_drawn(tokenizer, seed):
    constraints = Constraints(pitches=frozenset({60, 62, 64, 65}), max_note_beats=0.4, seconds=4)
    cursor = tokenizer.cursor(constraints)
    cursor.begin()
    score = tokenizer.decode(walk(np.random.default_rng(seed), cursor, 100_000, shifts=0.2))
    spans = sounding_spans(score)
    assert len(spans) > 5
    assert {pitch for _, _, pitch in spans} <= constraints.pitches
    assert max(end - start for start, end, _ in spans) <= 0.2 * 960 + 1


@both_forms
@settings(max_examples=60)
@given(st.integers(0, 2**32), st.integers(0, 40), st.sampled_from(ENDLESS + ENDING))
def test_something_may_always_follow_even_after_a_prompt_that_breaks_off(tokenizer, seed, length, constraints):
    random = np.random.default_rng(seed)
    cursor = tokenizer.cursor(constraints)
    walk(random, cursor, length, shifts=0.2)
    cursor.begin()
    for _ in range(60):
        allowed = np.flatnonzero(cursor.allowed())
        assert len(allowed)
        cursor.push(int(random.choice(allowed)))


@both_forms
@pytest.mark.parametrize("seed", range(4))
def test_a_cursor_takes_whatever_the_encoder_writes(tokenizer, seed):
    cursor = tokenizer.cursor(FREE)
    for token in tokenizer.encode(random_score(np.random.default_rng(seed), 200)).tolist():
        cursor.push(token)
    assert cursor.allowed()[0]


@pytest.mark.parametrize(
    ("ids", "illegal"),
    [
        ([], ON + 60),  # no velocity was ever said
        ([], OFF + 60),  # nothing sounds
        ([VELOCITY + 3], 0),
        ([VELOCITY + 3], SHIFT),
        ([VELOCITY + 3], VELOCITY + 4),
        ([VELOCITY + 3, ON + 60], VELOCITY + 3),  # it is so already
        ([VELOCITY + 3, ON + 60], ON + 59),  # not ascending
        ([VELOCITY + 3, ON + 60], OFF + 60),  # would have no length
        ([VELOCITY + 3, ON + 60], 0),  # sounds
        ([VELOCITY + 3, ON + 60, SHIFT], ON + 60),
        ([VELOCITY + 3, ON + 60, SHIFT], SHIFT),  # two short shifts have another form
        ([VELOCITY + 3, ON + 60, ON + 62, SHIFT, OFF + 62], OFF + 60),
        ([VELOCITY + 3, ON + 60, SHIFT, OFF + 60], 389),
        ([VELOCITY + 3, ON + 60, SHIFT, OFF + 60], -1),
    ],
)
def test_what_the_grammar_forbids_is_refused_and_changes_nothing(ids, illegal):
    cursor = TOKENIZER.cursor(FREE)
    for token in ids:
        cursor.push(token)
    before = cursor.allowed().copy()
    with pytest.raises(ValueError, match="may not come here"):
        cursor.push(illegal)
    assert np.array_equal(cursor.allowed(), before)


def test_whole_seconds_pass_before_the_rest():
    cursor = TOKENIZER.cursor(FREE)
    for token in (SHIFT + 99, SHIFT + 99, SHIFT + 12):
        cursor.push(token)
    assert not cursor.allowed()[SHIFT:VELOCITY].any()


def test_a_note_of_the_prompt_that_is_too_long_ends_before_time_goes_on():
    cursor = TOKENIZER.cursor(Constraints(max_note_s=0.5, pitches=frozenset({72})))
    for token in (VELOCITY + 3, ON + 60, ON + 64, SHIFT + 99):
        cursor.push(token)
    cursor.begin()
    cursor.push(SHIFT)  # as soon as it is certain that it can: one step later
    assert np.flatnonzero(cursor.allowed()).tolist() == [OFF + 60]
    cursor.push(OFF + 60)
    assert np.flatnonzero(cursor.allowed()).tolist() == [OFF + 64]
    cursor.push(OFF + 64)
    assert cursor.allowed()[ON + 72]
    assert not cursor.allowed()[ON + 60]


def test_bars_are_counted_in_the_meter_and_tempo_at_the_end_of_the_prompt():
    tempos = [(0, 500_000), (960, 60_000_000 // 90)]  # 120, then 90 beats a minute
    like = Score.of(
        Notes.of([0], [480], [60]), tempos=tempos, meters=[Meter(0, 4, 4), Meter(1920, 3, 4)], length_ticks=1920 + 480 * 5
    )  # ends in the second bar of three
    cursor = TOKENIZER.cursor(Constraints(bars=2), like=like)
    ids = TOKENIZER.encode(like).tolist()
    for token in ids:
        cursor.push(token)
    cursor.begin()
    ids += walk(np.random.default_rng(0), cursor, 100_000)
    end = TOKENIZER.decode(ids, like=like).length_ticks
    assert end == pytest.approx(1920 + 4 * 3 * 480, abs=0.005 * 90 / 60 * 480 + 1)


def test_a_prompt_that_rounding_moved_behind_its_last_bar_line_still_ends_there():
    like = Score.of(Notes.of([0], [480 * 12], [60]), tempos=[(0, 60_000_000 // 110)])  # 6.5454 s, so 6.55
    cursor = TOKENIZER.cursor(Constraints(bars=1), like=like)
    for token in TOKENIZER.encode(like).tolist():
        cursor.push(token)
    cursor.begin()
    assert steps_of(walk(np.random.default_rng(0), cursor, 100_000)) == 873 - 655


def test_a_note_of_a_broken_off_prompt_that_is_too_long_has_a_step_in_which_to_end():
    cursor = TOKENIZER.cursor(Constraints(max_note_s=0.5))
    for token in (VELOCITY + 3, ON + 60, SHIFT + 99, ON + 64):
        cursor.push(token)
    cursor.begin()
    cursor.push(SHIFT)
    assert np.flatnonzero(cursor.allowed()).tolist() == [OFF + 60]


def test_nothing_is_left_of_a_piece_that_has_ended():
    cursor = TOKENIZER.cursor(FREE)
    fresh = cursor.allowed().copy()
    for token in (VELOCITY + 3, ON + 60, SHIFT, OFF + 60, 0):
        cursor.push(token)
    assert np.array_equal(cursor.allowed(), fresh)


@pytest.mark.parametrize("constraints", [Constraints(pitches=frozenset()), Constraints(max_polyphony=0), Constraints(bars=0)])
def test_constraints_that_leave_nothing_are_refused(constraints):
    with pytest.raises(UsageError):
        TOKENIZER.cursor(constraints)


@pytest.mark.parametrize("semitones", [-5, 0, 7])
def test_a_transposed_piece_has_the_ids_of_the_transposed_score(semitones):
    score = random_score(np.random.default_rng(3))
    moved = score.changed(notes=score.notes.changed(pitch=score.notes.pitch.astype(int) + semitones))
    ids = TOKENIZER.encode(score)
    assert np.array_equal(TOKENIZER.augmented(ids, semitones=semitones), TOKENIZER.encode(moved))


def test_transpositions_reach_to_the_ends_of_the_keyboard_and_not_beyond():
    ids = TOKENIZER.encode(tune((0, 1, 3, 64), (0, 1, 120, 64)))
    assert TOKENIZER.transpositions(ids) == (-3, 7)
    assert TOKENIZER.transpositions(np.array([SHIFT])) == (0, 0)
    for semitones in (-4, 8):
        with pytest.raises(ValueError, match="expected -3 to 7"):
            TOKENIZER.augmented(ids, semitones=semitones)


@pytest.mark.parametrize("tokenizer", [TOKENIZER, PerformanceTokenizer(ages=True)])
def test_a_louder_piece_is_that_of_the_louder_score_and_no_velocity_leaves_its_range(tokenizer):
    score = tune(*((0.1 * place, 0.1 * place + 0.3, 40 + place, 9 + 4 * (place % 20)) for place in range(50)))
    ids = tokenizer.encode(score)
    assert tokenizer.louder_by(ids) == (-2, 10)
    for louder in (-2, 0, 10):
        moved = score.changed(notes=score.notes.changed(velocity=score.notes.velocity.astype(int) + 4 * louder))
        assert np.array_equal(tokenizer.augmented(ids, louder=louder), tokenizer.encode(moved))
    for louder in (-3, 11):
        with pytest.raises(ValueError, match="expected -2 to 10"):
            tokenizer.augmented(ids, louder=louder)
    assert tokenizer.louder_by(ids[:0]) == (0, 0)


def test_new_runs_learn_performances_louder_and_softer_and_runs_that_were_begun_without_do_not():
    medium, ids = medium_of(TOKENIZER), TOKENIZER.encode(tune(*((place, place + 1, 60 + place, 61) for place in range(9))))
    assert medium.settings(TOKENIZER, tokens=10**6, passes=1.0) == {
        "data.silent_ends": False,
        "data.max_louder": 3,
        "model.matches": "none",
    }
    kept = {"sources": ("x",), "max_transpose": 0, "max_stretch": 0.0}
    for most, bins in ((None, {0}), (0, {0}), (2, {-2, -1, 0, 1, 2})):
        varied, random = medium.augmentation(TOKENIZER, DataConfig(**kept, max_louder=most)), np.random.default_rng(1)
        forms = [varied(ids, random, 0) for _ in range(40 if most else 2)]
        assert {int(form.max() - ids.max()) for form in forms} == bins
        assert {len(form) for form in forms} == {len(ids)}


def test_performances_that_are_read_often_are_kept_from_being_learned_by_heart_unless_another_way_is_chosen():
    often = medium_of(TOKENIZER).settings(TOKENIZER, tokens=10**5, passes=40.0)
    filled = Config().replace({"model.dropout": 0.0}).filled(often)
    assert (filled.model.dropout, filled.optimizer.weight_decay, filled.data.max_louder) == (0.0, 1.0, 3)
    assert Config().filled(often).model.dropout == 0.2
    seldom, often = (presets.Facts(train_tokens=count, vocab_size=389, device="cpu", remaining_s=600.0) for count in (10**7, 10**5))
    assert presets.expected_passes(Config(), seldom) < 20 < presets.expected_passes(Config(), often)


@pytest.mark.parametrize("factor", [0.5, 0.95, 1.0, 1.05, 2.0])
def test_a_stretched_piece_keeps_its_notes_and_every_moment_lies_within_a_step_of_where_it_belongs(factor):
    score = tune(*((0.13 * place, 0.13 * place + 0.3, 40 + place % 30, 1 + place % 120) for place in range(200)), length_ticks=30_000)
    ids = TOKENIZER.encode(score)
    slower = TOKENIZER.augmented(ids.astype(np.uint16), stretch=factor)
    was, now = TOKENIZER.decode(ids), TOKENIZER.decode(slower)
    assert np.array_equal(now.notes.pitch, was.notes.pitch)
    assert np.array_equal(now.notes.velocity, was.notes.velocity)
    assert np.allclose(now.notes.start_ticks / 960, was.notes.start_ticks / 960 * factor, atol=0.0065)
    assert np.allclose(now.notes.end_ticks / 960, was.notes.end_ticks / 960 * factor, atol=0.0065)
    assert TOKENIZER.measure(slower).seconds == pytest.approx(30 * factor, abs=0.006)
    assert np.array_equal(slower, ids) == (factor == 1)


@pytest.mark.parametrize("stretch", [0.0, -1.0, float("nan")])
def test_time_cannot_stand_still(stretch):
    with pytest.raises(ValueError, match="stretch"):
        TOKENIZER.augmented(np.array([SHIFT]), stretch=stretch)


def test_measures_count_notes_and_seconds_and_there_are_no_frames():
    ids = TOKENIZER.encode(tune((0, 1, 60, 64), (1.5, 2, 62, 64), length_ticks=2500))
    measured = TOKENIZER.measure(ids)
    assert (measured.notes, measured.seconds, measured.frames) == (2, 2.5, None)
    assert TOKENIZER.clock is None


def test_a_continuation_keeps_tempo_meter_tracks_and_programs_of_its_prompt():
    notes = Notes.of([0, 0, 0], [96, 96, 96], [36, 72, 40], track=[0, 1, 2], program=[32, 73, 0], drum=[False, False, True])
    like = Score.of(
        notes, ticks_per_beat=96, tempos=[(0, 400_000)], meters=[Meter(0, 3, 4)], tracks=[Track("bass"), Track("flute"), Track("drums")]
    )
    prompt = TOKENIZER.encode(like).tolist()
    ids = [*prompt, VELOCITY + 30, ON + 40, ON + 80, SHIFT + 39, OFF + 40, OFF + 80]
    score = TOKENIZER.decode(ids, like=like, since=len(prompt))
    assert (score.ticks_per_beat, score.tempos, score.meters, score.tracks) == (96, like.tempos, like.meters, like.tracks)
    assert score.notes.same_as(Notes.of([96, 96], [192, 192], [40, 80], velocity=122, track=[0, 1], program=[32, 73]))


def test_the_json_gives_the_same_tokenizer_and_nothing_may_be_added():
    assert from_json(TOKENIZER.to_json()) == TOKENIZER
    with pytest.raises(ModelFileError):
        from_json({**TOKENIZER.to_json(), "steps": 100})


@pytest.mark.parametrize("seed", range(8))
def test_both_forms_say_the_same_with_as_many_ids(seed):
    score = random_score(np.random.default_rng(seed), 120)
    pitched, aged = TOKENIZER.encode(score), BY_AGE.encode(score)
    said = (aged < OFF) | (aged >= SHIFT)
    assert np.array_equal(said, (pitched < OFF) | (pitched >= SHIFT))
    assert np.array_equal(aged[said], pitched[said])
    assert sounding_spans(BY_AGE.decode(aged)) == sounding_spans(TOKENIZER.decode(pitched))
    assert not np.array_equal(aged, pitched)


def test_the_ids_by_age_of_a_small_tune_never_change():
    score = tune((0.1, 0.5, 60, 64), (0.2, 0.8, 72, 64), (0.2, 0.5, 48, 64), (0.3, 0.8, 55, 64))
    named = [BY_AGE.piece(token) for token in BY_AGE.encode(score).tolist()]
    assert [name for name in named if not name.startswith(("shift", "velocity"))] == [
        "on C4",
        "on C3",
        "on C5",
        "on G3",
        "off the oldest",
        "off the oldest",
        "off the oldest",
        "off the oldest",
    ]
    later = tune((0.0, 0.9, 60, 64), (0.1, 0.3, 72, 64), (0.2, 0.5, 48, 64))
    assert BY_AGE.encode(later).tolist() == [372, 61, 266, 73, 266, 49, 266, 130, 276, 130, 296, 129]
    assert fingerprint(BY_AGE) != fingerprint(TOKENIZER)


def test_files_that_do_not_say_how_keys_go_up_are_by_pitch():
    assert from_json({"name": "performance", "version": 1}) == TOKENIZER
    assert TOKENIZER.to_json() == {"name": "performance", "version": 1}
    assert from_json(BY_AGE.to_json()) == BY_AGE
    assert build("performance", []) == replace(BY_AGE, grammar=True)
    assert build("performance", [], ages=False) == replace(TOKENIZER, grammar=True)


def test_a_key_that_is_not_down_does_not_go_up_by_age():
    cursor = BY_AGE.cursor(FREE)
    for token in (VELOCITY + 3, ON + 60, ON + 64, SHIFT):
        cursor.push(token)
    assert np.flatnonzero(cursor.allowed()[OFF:SHIFT]).tolist() == [0, 1]
    cursor.push(OFF + 1)
    assert not cursor.allowed()[OFF:SHIFT].any()  # the oldest would have gone up first
    assert len(BY_AGE.decode([VELOCITY, ON + 60, SHIFT, OFF + 5, SHIFT]).notes) == 1
