"""The grid in both of its forms: what the ids are, what they keep, what they lose, and the cursors that know what may follow what."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmgen.errors import InputError, ModelFileError, UsageError
from lstmgen.media.base import Clock
from lstmgen.media.registry import tokenizer_from_json as from_json
from lstmgen.media.tunes.grid.options import best_cycle_beats, best_steps_per_beat, best_voices
from lstmgen.media.tunes.grid.tokenizer import GridTokenizer
from lstmgen.music.constraints import FREE, Constraints
from lstmgen.music.score import Meter, Notes, Score, Track

FORMS = [GridTokenizer(voices=1), GridTokenizer(2, voices=3), GridTokenizer(voices=2, hold=False), GridTokenizer(3, "chords")]
FORMS.append(GridTokenizer(4, "chords", hold=False))
every_form = pytest.mark.parametrize("tokenizer", FORMS, ids=lambda grid: f"{grid.form}-{grid.voices}-{grid.hold}")
NARROW = Constraints(pitches=frozenset({60, 61, 64, 67}), max_note_beats=0.5)
ENDING = (Constraints(bars=2), Constraints(seconds=3.0), Constraints(bars=1, seconds=0.01, pitches=frozenset({5})), NARROW)


def score_of(*notes, **options):
    """A score from (start, end, pitch, track) in sixteenths."""
    start, end, pitch, track = (np.array(column) for column in zip(*notes, strict=True))
    return Score.of(Notes.of(start * 120, end * 120, pitch, track=track), **options)


def random_score(random, count=50, *, tracks=3):
    start = random.integers(0, 4000, count)
    length = random.integers(1, 1500, count)
    drum = random.random(count) < 0.1
    notes = Notes.of(start, start + length, random.integers(58, 68, count), track=random.integers(0, tracks, count), drum=drum)
    return Score.of(notes, length_ticks=int(random.integers(0, 8000)))


def walk(random, cursor, length, *, ends=0.5):
    """Ids drawn from what a cursor allows until it has finished, or to that length and on to where the tune may end; no boundary."""
    drawn = []
    while not cursor.finished and (len(drawn) < length or not cursor.allowed()[0]):
        allowed = np.flatnonzero(cursor.allowed())
        allowed = allowed[allowed != 0]
        # The first of them holds a note, rests, or ends the step; else nearly everything drawn would be a new note.
        drawn.append(int(allowed[0] if random.random() < ends else random.choice(allowed)))
        cursor.push(drawn[-1])
    return drawn


def frames(score, steps_per_beat):
    """The set of pitches that sound in each step, and the set of those that begin there."""
    step = score.ticks_per_beat // steps_per_beat
    sounding = [set() for _ in range(score.length_ticks // step)]
    begin = [set() for _ in sounding]
    notes = score.notes
    for start, end, pitch in zip(notes.start_ticks // step, notes.end_ticks // step, notes.pitch.tolist(), strict=True):
        begin[start].add(pitch)
        for place in range(start, end):
            sounding[place].add(pitch)
    return sounding, begin


def nearest(ticks, steps_per_beat):
    return (2 * int(ticks) * steps_per_beat + 480) // 960


def test_the_ids_of_a_small_tune_never_change():
    tune = score_of((1, 3, 72, 0), (3, 4, 72, 0), (0, 2, 60, 1), (2, 4, 59, 1), length_ticks=600)
    written = {
        (form, hold): GridTokenizer(4, form, 2, hold).encode(tune).tolist() for form in ("voices", "chords") for hold in (True, False)
    }
    assert written == {
        ("voices", True): [2, 63, 75, 1, 1, 62, 75, 1, 2, 2],
        ("voices", False): [1, 62, 74, 62, 74, 61, 74, 61, 1, 1],
        ("chords", True): [62, 1, 190, 74, 1, 61, 202, 1, 189, 74, 1, 1],
        ("chords", False): [62, 1, 62, 74, 1, 61, 74, 1, 61, 74, 1, 1],
    }


def test_the_number_of_ids_does_not_depend_on_the_voices():
    assert [GridTokenizer(voices=voices).vocab_size for voices in (1, 16)] == [131, 131]
    assert [GridTokenizer(form=form, hold=hold).vocab_size for form, hold in [("voices", False), ("chords", True), ("chords", False)]] == [
        130,
        258,
        130,
    ]


def test_pieces_are_named_as_a_person_would_say_them():
    voices, chords, roll = GridTokenizer(), GridTokenizer(form="chords"), GridTokenizer(form="chords", hold=False)
    assert [voices.piece(token) for token in (0, 1, 2, 3 + 60)] == ["<boundary>", "hold", "rest", "C4"]
    assert [chords.piece(token) for token in (1, 2 + 61, 130 + 60)] == ["end of step", "on C#4", "hold C4"]
    assert [roll.piece(token) for token in (1, 2 + 60)] == ["end of step", "C4"]
    with pytest.raises(IndexError):
        roll.piece(130)


def test_the_clock_knows_the_voice_and_the_step_of_the_bar():
    assert GridTokenizer(4, "voices", 3, cycle_beats=3).clock == Clock(36, 1, 130)
    assert GridTokenizer(2, "chords").clock == Clock(8, 1, 1)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("hold", [True, False])
def test_chords_hold_what_a_plain_loop_finds(seed, hold):
    score = random_score(np.random.default_rng(seed))
    steps = nearest(score.length_ticks, 4)
    length, expected = {}, []
    for start, end, pitch, drum in zip(
        score.notes.start_ticks, score.notes.end_ticks, score.notes.pitch.tolist(), score.notes.drum, strict=True
    ):
        if not drum:
            key = (nearest(start, 4), pitch)
            length[key] = max(length.get(key, 0), nearest(end, 4) - key[0], 1)
            steps = max(steps, key[0] + length[key])
    left = dict.fromkeys(range(128), 0)
    for step in range(steps):
        for pitch in range(128):
            begins = (step, pitch) in length
            left[pitch] = length[step, pitch] if begins else max(0, left[pitch] - 1)
            if left[pitch]:
                expected.append(2 + pitch + (128 if hold and not begins else 0))
        expected.append(1)
    assert GridTokenizer(4, "chords", hold=hold).encode(score).tolist() == expected


@pytest.mark.parametrize("seed", range(6))
def test_voices_hold_what_a_plain_loop_finds(seed):
    random = np.random.default_rng(seed)
    starts = random.integers(0, 300, 90).tolist()
    rows = [(start, start + int(random.integers(1, 9)), int(random.integers(50, 80)), random.integers(0, 3)) for start in starts]
    named = [Track(f"Voice {number}") for number in (3, 1, 2)]
    score = score_of(*rows, tracks=named)
    expected, left = [], [0, 0, 0]
    for step in range(score.length_ticks // 120):
        for track in (1, 2, 0):
            new = max(((pitch, end - start) for start, end, pitch, owner in rows if (start, owner) == (step, track)), default=None)
            left[track] = new[1] if new else max(0, left[track] - 1)
            expected.append(3 + new[0] if new else 1 if left[track] else 2)
    assert GridTokenizer(4, voices=3).encode(score).tolist() == expected


def test_times_are_rounded_to_the_nearest_step_from_the_beginning_and_no_note_vanishes():
    start = np.arange(200) * 123  # a little late each time, and later and later
    score = Score.of(Notes.of(start, start + 7, 60 + np.arange(200) % 12))
    back = GridTokenizer(4, voices=1).decode(GridTokenizer(4, voices=1).encode(score))
    assert np.abs(back.notes.start_ticks - score.notes.start_ticks).max() <= 60
    assert np.all(back.notes.end_ticks - back.notes.start_ticks == 120)
    assert len(back.notes) == 200


@every_form
def test_rests_before_and_after_the_notes_are_kept(tokenizer):
    score = score_of((16, 20, 60, 0), length_ticks=480 * 12)
    back = tokenizer.decode(tokenizer.encode(score))
    assert (back.notes.start_ticks.tolist(), back.notes.end_ticks.tolist(), back.length_ticks) == ([1920], [2400], 5760)


def test_held_and_repeated_notes_are_told_apart_with_hold_and_only_then():
    score = score_of((0, 1, 60, 0), (1, 2, 60, 0), (4, 6, 60, 0))
    for form in ("voices", "chords"):
        with_hold, without = GridTokenizer(4, form, 1), GridTokenizer(4, form, 1, hold=False)
        assert with_hold.decode(with_hold.encode(score)).notes.start_ticks.tolist() == [0, 120, 480]
        assert without.decode(without.encode(score)).notes.start_ticks.tolist() == [0, 480]


def test_drums_are_left_out():
    score = Score.of(Notes.of([0, 0], [480, 480], [36, 60], drum=[True, False]))
    for tokenizer in FORMS:
        assert tokenizer.decode(tokenizer.encode(score)).notes.pitch.tolist() == [60]


def test_tracks_become_voices_the_highest_on_average_first():
    score = score_of((0, 4, 48, 0), (0, 4, 72, 1), (0, 4, 60, 2))
    assert GridTokenizer(1, voices=3).encode(score).tolist() == [3 + 72, 3 + 60, 3 + 48]
    assert GridTokenizer(1, voices=4).encode(score).tolist() == [3 + 72, 3 + 60, 3 + 48, 2]


def test_tracks_that_are_named_as_voices_are_those_voices():
    score = score_of((0, 4, 48, 0), (0, 4, 72, 1), tracks=[Track("Voice 1"), Track("Voice 3")])
    assert GridTokenizer(1, voices=3).encode(score).tolist() == [3 + 48, 2, 3 + 72]
    assert GridTokenizer(1, voices=2).encode(score).tolist() == [3 + 72, 3 + 48]  # there is no third: they are sorted as any tracks


def test_chords_of_one_track_are_spread_over_the_voices_by_rank_and_the_lowest_note_is_kept():
    chord = score_of(*((0, 4, pitch, 0) for pitch in (40, 52, 59, 64, 71)))
    assert GridTokenizer(1, voices=4).encode(chord).tolist() == [3 + 71, 3 + 64, 3 + 59, 3 + 40]
    assert GridTokenizer(1, voices=1).encode(chord).tolist() == [3 + 71]
    # A note that begins below one that is held does not cut it off.
    held = score_of((0, 12, 71, 0), (4, 8, 64, 0), (4, 8, 60, 0), (8, 12, 64, 0), (8, 12, 60, 0))
    assert GridTokenizer(1, voices=3).encode(held).tolist() == [74, 2, 2, 1, 67, 63, 1, 67, 63]


def test_within_a_voice_the_highest_new_note_wins_and_ends_the_one_before():
    rows = [(0, 8, 60, 0), (4, 6, 62, 0), (4, 8, 65, 0), *((place, place + 1, 60, 0) for place in range(8, 40))]
    back = GridTokenizer(4, voices=1).decode(GridTokenizer(4, voices=1).encode(score_of(*rows)))
    assert back.notes.pitch[:2].tolist() == [60, 65]
    assert back.notes.end_ticks[:2].tolist() == [480, 960]


def test_a_score_on_the_grid_comes_back_exactly():
    random = np.random.default_rng(5)
    rows = [
        (int(place), int(place + random.integers(1, 6)), int(random.integers(40, 90)), voice)
        for voice in range(4)
        for place in range(0, 96, 6)
    ]
    score = score_of(*rows, tracks=[Track(f"Voice {voice + 1}") for voice in range(4)])
    assert GridTokenizer(4).decode(GridTokenizer(4).encode(score)).notes.same_as(score.notes.changed(velocity=np.full(len(rows), 80)))
    chords = GridTokenizer(4, "chords")
    assert frames(chords.decode(chords.encode(score)), 4) == frames(score, 4)


@every_form
@settings(max_examples=60)
@given(data=st.data())
def test_any_ids_at_all_decode_to_a_valid_score(tokenizer, data):
    # Few different ids, so that they have something to do with one another.
    pool = data.draw(st.lists(st.integers(0, tokenizer.vocab_size - 1), min_size=1, max_size=6))
    ids = data.draw(st.lists(st.sampled_from([0, 1, 2, *pool]), max_size=60))
    score = tokenizer.decode(ids)
    assert score.notes.same_as(Notes.of(**{name: getattr(score.notes, name) for name in score.notes.__dataclass_fields__}))
    written = tokenizer.encode(score)
    assert np.array_equal(tokenizer.encode(tokenizer.decode(written)), written)


@every_form
def test_ids_out_of_range_are_refused(tokenizer):
    for token in (-1, tokenizer.vocab_size):
        with pytest.raises(IndexError):
            tokenizer.decode([token])


def test_what_is_illegal_is_ignored():
    voices, chords = GridTokenizer(1, voices=2), GridTokenizer(1, "chords")
    assert voices.decode([1, 63, 1, 1, 64]).notes.pitch.tolist() == [60, 61]
    assert voices.decode([1, 63, 1, 1, 64]).notes.end_ticks.tolist() == [960, 1440]
    held, on = 130, 2
    assert chords.decode([held + 60, on + 64, on + 60, 1, held + 64, on + 64, held + 60, held + 55, 1]).notes.pitch.tolist() == [60, 64, 64]
    assert chords.decode([on + 60]).length_ticks == 480


@every_form
@pytest.mark.parametrize("constraints", [FREE, *ENDING])
@pytest.mark.parametrize("seed", range(3))
def test_what_a_cursor_allows_comes_back_from_a_score_as_it_was(tokenizer, constraints, seed):
    random = np.random.default_rng(seed)
    cursor = tokenizer.cursor(constraints)
    ids = walk(random, cursor, int(random.integers(0, 60)))
    cursor.begin()
    ids += walk(random, cursor, 300)
    assert tokenizer.encode(tokenizer.decode(ids)).tolist() == ids


@every_form
@pytest.mark.parametrize("constraints", ENDING[:3])
def test_a_tune_ends_exactly_where_it_is_to_end(tokenizer, constraints):
    random = np.random.default_rng(2)
    for length in (0, 30):
        cursor = tokenizer.cursor(constraints)
        ids = walk(random, cursor, length)
        before = tokenizer.measure(ids).frames
        cursor.begin()
        ids += walk(random, cursor, 100_000)
        bar = 4 * tokenizer.steps_per_beat
        wished = [(-(-before // bar) + constraints.bars) * bar] if constraints.bars else []
        wished += [before + max(1, round(constraints.seconds * 2 * tokenizer.steps_per_beat))] if constraints.seconds else []
        assert cursor.finished
        assert np.flatnonzero(cursor.allowed()).tolist() == [0]
        assert tokenizer.measure(ids).frames == min(wished)


@every_form
@pytest.mark.parametrize("seed", range(3))
def test_constraints_hold_for_all_that_is_drawn(tokenizer, seed):
    cursor = tokenizer.cursor(NARROW)
    cursor.begin()
    score = tokenizer.decode(walk(np.random.default_rng(seed), cursor, 400, ends=0.3))
    assert set(score.notes.pitch.tolist()) == NARROW.pitches
    longest = tokenizer.steps_per_beat // 2  # steps, of which only whole ones fit into half a beat
    assert int((score.notes.end_ticks - score.notes.start_ticks).max()) == longest * 480 // tokenizer.steps_per_beat


@every_form
def test_something_may_always_follow_even_after_a_prompt_that_breaks_off(tokenizer):
    random = np.random.default_rng(4)
    for length in range(12):
        cursor = tokenizer.cursor(ENDING[length % 4])
        for _ in range(length):
            cursor.push(int(random.choice(np.flatnonzero(cursor.allowed()[1:]) + 1)))
        cursor.begin()
        for _ in range(50):
            allowed = np.flatnonzero(cursor.allowed())
            assert len(allowed)
            cursor.push(int(random.choice(allowed)))


@every_form
def test_a_cursor_takes_whatever_the_encoder_writes(tokenizer):
    for seed in range(4):
        cursor = tokenizer.cursor(FREE)
        for token in tokenizer.encode(random_score(np.random.default_rng(seed), 150)).tolist():
            cursor.push(token)
        assert cursor.allowed()[0]


@pytest.mark.parametrize(
    ("tokenizer", "ids", "illegal"),
    [
        (GridTokenizer(voices=2), [], 1),  # nothing to hold
        (GridTokenizer(voices=2), [63, 2], 131),
        (GridTokenizer(voices=2), [63], 0),  # within a step
        (GridTokenizer(voices=2), [63, 2, 1], 1),  # the other voice rests
        (GridTokenizer(voices=2), [63, 2, 1, 2], -1),
        (GridTokenizer(form="chords"), [62], 62),
        (GridTokenizer(form="chords"), [62], 61),  # not ascending
        (GridTokenizer(form="chords"), [62], 190),  # on and held at once
        (GridTokenizer(form="chords"), [62], 0),
        (GridTokenizer(form="chords"), [62, 1], 191),  # did not sound
        (GridTokenizer(form="chords"), [62, 1, 1], 190),
        (GridTokenizer(form="chords", hold=False), [62, 1, 62], 61),
    ],
)
def test_what_the_grammar_forbids_is_refused_and_changes_nothing(tokenizer, ids, illegal):
    cursor = tokenizer.cursor(FREE)
    for token in ids:
        cursor.push(token)
    before = cursor.allowed().copy()
    with pytest.raises(ValueError, match="may not come here"):
        cursor.push(illegal)
    assert np.array_equal(cursor.allowed(), before)


def test_nothing_is_held_beyond_the_end_of_a_piece():
    for tokenizer, begin in ((GridTokenizer(voices=1), [63]), (GridTokenizer(form="chords"), [62, 1])):
        cursor = tokenizer.cursor(FREE)
        fresh = cursor.allowed().copy()
        for token in [*begin, 0]:
            cursor.push(token)
        assert np.array_equal(cursor.allowed(), fresh)


def test_a_note_of_the_prompt_may_go_on_whatever_its_pitch_but_not_for_too_long():
    limits = Constraints(pitches=frozenset({72}), max_note_beats=0.5)
    for tokenizer, on, hold, step in ((GridTokenizer(voices=1), 63, 1, []), (GridTokenizer(form="chords"), 62, 190, [1])):
        cursor = tokenizer.cursor(limits)
        for token in [on, *step]:
            cursor.push(token)
        cursor.begin()
        assert cursor.allowed()[hold]
        assert not cursor.allowed()[on]
        for token in [hold, *step]:
            cursor.push(token)
        assert not cursor.allowed()[hold]


def test_bars_are_counted_in_the_meter_and_seconds_in_the_tempo_at_the_end_of_the_prompt():
    like = Score.of(
        Notes.of([0], [480], [60]), tempos=[(0, 400_000)], meters=[Meter(0, 4, 4), Meter(1920, 3, 4)], length_ticks=1920 + 480 * 5
    )
    for wished, beats in ((Constraints(bars=2), 4 + 6 + 6), (Constraints(seconds=2.0), 9 + 5)):
        for tokenizer in (GridTokenizer(4, voices=2), GridTokenizer(4, "chords")):
            cursor = tokenizer.cursor(wished, like=like)
            ids = tokenizer.encode(like).tolist()
            for token in ids:
                cursor.push(token)
            cursor.begin()
            ids += walk(np.random.default_rng(0), cursor, 100_000)
            assert tokenizer.decode(ids, like=like).length_ticks == beats * 480


@pytest.mark.parametrize("constraints", [Constraints(pitches=frozenset()), Constraints(max_polyphony=0), Constraints(bars=0)])
def test_constraints_that_leave_nothing_are_refused(constraints):
    for tokenizer in FORMS:
        with pytest.raises(UsageError):
            tokenizer.cursor(constraints)


@every_form
@pytest.mark.parametrize("semitones", [-5, 0, 7])
def test_a_transposed_piece_has_the_ids_of_the_transposed_score_and_is_never_stretched(tokenizer, semitones):
    score = random_score(np.random.default_rng(3))
    moved = score.changed(notes=score.notes.changed(pitch=score.notes.pitch.astype(int) + semitones))
    ids = tokenizer.encode(score).astype(np.uint16)
    assert np.array_equal(tokenizer.augmented(ids, semitones=semitones, stretch=1.3), tokenizer.encode(moved))


def test_transpositions_reach_to_the_ends_of_the_keyboard_and_not_beyond():
    for tokenizer in FORMS:
        ids = tokenizer.encode(score_of((0, 4, 3, 0), (8, 12, 120, 0)))
        assert tokenizer.transpositions(ids) == (-3, 7)
        assert tokenizer.transpositions(np.array([1])) == (0, 0)
        for semitones in (-4, 8):
            with pytest.raises(ValueError, match="expected -3 to 7"):
                tokenizer.augmented(ids, semitones=semitones)


@every_form
def test_frame_ends_mark_one_id_of_every_step_also_behind_a_boundary(tokenizer):
    ids = tokenizer.encode(random_score(np.random.default_rng(1)))
    ends = tokenizer.notation.frame_ends(ids)
    assert ends.sum() == tokenizer.measure(ids).frames > 5
    assert tokenizer.measure(ids).first_frame == 1 + ends.tolist().index(True)
    assert ends[-1]
    assert np.array_equal(tokenizer.notation.frame_ends(np.concatenate([[0], ids, [0], ids])), [False, *ends, False, *ends])


def test_measures_count_notes_steps_and_seconds_at_120_beats_a_minute():
    for tokenizer in FORMS:
        measured = tokenizer.measure(tokenizer.encode(score_of((0, 4, 60, 0), (8, 12, 60, 0), length_ticks=480 * 5)))
        assert (measured.notes, measured.seconds, measured.frames) == (2, 2.5, 5 * tokenizer.steps_per_beat)


def like_score():
    notes = Notes.of(
        [0, 0, 0], [96, 96, 96], [36, 72, 40], velocity=[90, 50, 99], track=[0, 1, 2], program=[32, 73, 0], drum=[False, False, True]
    )
    tracks = [Track("bass"), Track("flute"), Track("drums")]
    return Score.of(notes, ticks_per_beat=96, tempos=[(0, 400_000)], meters=[Meter(0, 3, 4)], tracks=tracks)


@pytest.mark.parametrize("form", ["voices", "chords"])
def test_a_continuation_keeps_tempo_meter_tracks_programs_and_loudness_of_its_prompt(form):
    tokenizer, like = GridTokenizer(1, form, 2), like_score()
    prompt = tokenizer.encode(like).tolist()
    drawn = [3 + 80, 3 + 40] if form == "voices" else [2 + 40, 2 + 80, 1]
    score = tokenizer.decode(prompt + drawn, like=like, since=len(prompt))
    assert (score.ticks_per_beat, score.tempos, score.meters, score.tracks) == (96, like.tempos, like.meters, like.tracks)
    assert score.notes.same_as(Notes.of([96, 96], [192, 192], [40, 80], velocity=[90, 50], track=[0, 1], program=[32, 73]))


def test_a_continuation_plays_the_program_that_its_track_played_last():
    like = Score.of(Notes.of([0, 480], [480, 960], [60, 60], program=[4, 9]))
    assert GridTokenizer(1, voices=1).decode([3 + 60, 3 + 60, 3 + 62], like=like, since=2).notes.program.tolist() == [9]


def test_no_two_voices_share_a_track_of_the_prompt():
    chords = score_of((0, 4, 72, 0), (0, 4, 67, 0), (0, 4, 60, 0), (0, 4, 40, 1), (4, 8, 72, 0), (4, 8, 67, 0), (4, 8, 40, 1))
    tokenizer = GridTokenizer(1, voices=4)
    score = tokenizer.decode([3 + 80, 3 + 70, 3 + 60, 3 + 50], like=chords)
    assert len(score.tracks) == 4
    assert sorted(score.notes.track.tolist()) == [0, 1, 2, 3]


def test_voices_that_a_prompt_has_no_track_for_get_new_ones_in_its_first_program():
    score = GridTokenizer(1, voices=3).decode([3 + 80, 3 + 40, 3 + 30], like=like_score())
    assert [track.name for track in score.tracks] == ["bass", "flute", "drums", "Voice 3"]
    assert (score.notes.track.tolist(), score.notes.program.tolist()) == ([3, 0, 1], [73, 32, 73])


@pytest.mark.parametrize("notes", [Notes.of([0], [2**31 - 1], [60]), Notes.of([2**31 - 2], [2**31 - 1], [60])])
def test_a_piece_with_more_steps_than_any_real_one_is_refused(notes):
    for tokenizer in FORMS:
        with pytest.raises(InputError, match="steps"):
            tokenizer.encode(Score.of(notes, ticks_per_beat=1))


def test_coarse_ticks_and_endless_ids_still_give_a_valid_score():
    coarse = Score.of(Notes.of([0], [1], [60]), ticks_per_beat=1)
    for tokenizer in (GridTokenizer(4, voices=1), GridTokenizer(4, "chords")):
        score = tokenizer.decode(np.tile(np.arange(3, 60), 3), like=coarse)
        assert len(score.notes) > 15
    long = GridTokenizer(1, voices=1).decode(np.full(80_000, 70), like=coarse.changed(ticks_per_beat=32_767))
    assert long.notes.end_ticks.max() <= long.length_ticks == 2**31 - 1


@pytest.mark.parametrize(
    "values",
    [
        {"steps_per_beat": 0},
        {"steps_per_beat": 49},
        {"voices": 0},
        {"voices": 17},
        {"form": "drums"},
        {"cycle_beats": 0},
        {"cycle_beats": 17},
    ],
)
def test_values_out_of_range_are_refused_in_a_call_and_in_a_model_file(values):
    with pytest.raises(UsageError):
        GridTokenizer(**values)
    with pytest.raises(ModelFileError):
        from_json(GridTokenizer().to_json() | values)


@pytest.mark.parametrize(
    "values", [{"hold": 1}, {"voices": 4.0}, {"form": "chords"}, {"steps_per_beat": -(10**5000)}, {"cycle_beats": True}, {"form": None}]
)
def test_damaged_json_is_refused(values):
    with pytest.raises(ModelFileError):
        from_json(GridTokenizer().to_json() | values)


@every_form
def test_the_json_gives_the_same_tokenizer(tokenizer):
    assert from_json(tokenizer.to_json()) == tokenizer


def test_chords_have_no_voices_whatever_is_said():
    assert GridTokenizer(form="chords", voices=7) == GridTokenizer(form="chords")


@pytest.mark.parametrize(("spacing", "steps"), [(480, 1), (240, 2), (160, 3), (120, 4), (80, 6), (60, 8), (40, 12), (97, 4)])
def test_the_steps_are_as_coarse_as_the_notes_allow(spacing, steps):
    start = np.arange(100) * spacing
    assert best_steps_per_beat([Score.of(Notes.of(start, start + spacing, 60))]) == steps


def test_a_note_in_two_hundred_may_lie_between_the_steps_but_not_more():
    start = np.arange(400) * 480
    few, many = start.copy(), start.copy()
    few[100] += 120
    many[100:140:10] += 120
    assert [best_steps_per_beat([Score.of(Notes.of(each, each + 240, 60))]) for each in (few, many)] == [1, 4]


def test_notes_shorter_than_half_a_step_ask_for_finer_steps():
    start = np.arange(100) * 480
    assert best_steps_per_beat([Score.of(Notes.of(start, start + 120, 60))]) == 2


def test_the_voices_are_the_tracks_or_the_notes_of_chords():
    parts = [score_of(*((0, 4, 60 + track, track) for track in range(count))) for count in (2, 3, 4)]
    assert best_voices(parts, steps_per_beat=4) == 4
    assert best_voices([parts[0]] * 30 + [parts[2]], steps_per_beat=4) == 2
    assert best_voices([score_of(*((0, 4, 60 + pitch, 0) for pitch in range(5)))], steps_per_beat=4) == 5
    assert best_voices([score_of(*((0, 4, 40 + track, track) for track in range(12)))], steps_per_beat=4) == 8
    assert best_voices([], steps_per_beat=4) == 4


def test_drums_and_absurd_pieces_say_nothing_about_the_voices():
    drums = Score.of(Notes.of([0, 0], [480, 480], [36, 40], drum=True))
    absurd = Score.of(Notes.of([0], [2**31 - 1], [60]), ticks_per_beat=1)
    assert best_voices([drums, absurd, score_of((0, 4, 60, 0))], steps_per_beat=4) == 1


@pytest.mark.parametrize(("meter", "beats"), [((4, 4), 4), ((3, 4), 3), ((6, 8), 3), ((7, 8), 7), ((2, 2), 4), ((2, 4), 2), ((97, 4), 4)])
def test_bars_begin_alike_after_a_whole_number_of_beats(meter, beats):
    assert best_cycle_beats([score_of((0, 64, 60, 0), meters=[Meter(0, *meter), Meter(480 * 15, 11, 8)])]) == beats
