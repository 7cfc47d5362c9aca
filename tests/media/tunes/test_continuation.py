"""New notes behind a prompt's own, counted in bars."""

import pytest

from lstmgen.media.tunes.continuation import after, bars_of, behind, end_tick, ended_at, with_prompt
from lstmgen.music.constraints import FREE, Constraints
from lstmgen.music.score import Meter, Notes, Pedal, Score

WALTZ = Score.of(Notes.of([0, 480, 960], [480, 960, 1200], [60, 62, 64], program=24), meters=[Meter(0, 3, 4)])
DRUMS = Score.of(Notes.of([0, 480], [480, 960], [36, 38], drum=[True, False], program=[0, 7]))


def test_constraints_stand_above_what_a_prompt_says():
    own = with_prompt(Constraints(programs=frozenset({40}), bars=3), WALTZ)
    assert own == Constraints(programs=frozenset({40}), bars=3, keep_tempo=True, keep_meter=True)
    assert with_prompt(FREE, WALTZ) == Constraints(programs=frozenset({24}), drums=False, keep_tempo=True, keep_meter=True)
    assert with_prompt(FREE, DRUMS) == Constraints(programs=frozenset({7}), drums=True, keep_tempo=True, keep_meter=True)
    assert not with_prompt(Constraints(drums=False), DRUMS).drums


def test_without_a_prompt_or_its_notes_nothing_is_added():
    assert with_prompt(FREE, None) is FREE
    assert with_prompt(FREE, Score.of(Notes.empty())).programs is None


@pytest.mark.parametrize(
    ("length", "meters", "expected"),
    [(0, [], 0), (1920, [], 1), (2880, [], 1.5), (1440, [Meter(0, 3, 4)], 1), (1440 + 960, [Meter(0, 3, 4), Meter(1440, 4, 4)], 1.5)],
)
def test_length_in_bars(length, meters, expected):
    assert bars_of(Score.of(Notes.empty(), meters=meters, length_ticks=length)) == pytest.approx(expected)


def test_bars_of_a_piece_that_claims_billions_are_counted_at_once():
    assert bars_of(Score.of(Notes.empty(), ticks_per_beat=1, meters=[Meter(0, 1, 64)], length_ticks=2**31 - 2)) > 1e9


@pytest.mark.parametrize(("length", "expected"), [(1, 1440), (1440, 1440), (1441, 2880)])
def test_bars_of_a_continuation_are_counted_from_the_first_bar_line_at_or_after_the_prompt(length, expected):
    prompt = Score.of(Notes.empty(), meters=[Meter(0, 3, 4)], length_ticks=length)
    assert end_tick(prompt, Score.of(Notes.empty()), Constraints(bars=2)) == expected + 2 * 1440


def test_what_comes_after_a_tick_keeps_the_tempo_and_the_meter_that_hold_there():
    score = Score.of(
        Notes.of([0, 1920, 3840], [480, 2400, 4000], [60, 62, 64]),
        meters=[Meter(0, 4, 4), Meter(1920, 3, 4)],
        tempos=[(0, 500_000), (480, 400_000), (3840, 300_000)],
    )
    rest = after(score, 1920)
    assert rest.notes.start_ticks.tolist() == [0, 1920]
    assert rest.meters == (Meter(0, 3, 4),)
    assert (rest.tempos.ticks.tolist(), rest.tempos.us_per_beat.tolist()) == ([0, 1920], [400_000, 300_000])


def test_at_an_end_what_sounds_is_cut_and_what_would_begin_is_left_out():
    ended = ended_at(960, Score.of(Notes.of([0, 480, 960], [480, 2000, 1200], [60, 62, 64])))
    assert (ended.notes.pitch.tolist(), ended.notes.end_ticks.tolist(), ended.length_ticks) == ([60, 62], [480, 960], 960)


def test_behind_a_prompt_its_own_notes_and_pedals_are_untouched():
    prompt = Score.of(WALTZ.notes, pedals=[Pedal(0, 0, down=True)])
    whole = behind(prompt, Score.of(Notes.of([1440], [1500], [70])))
    assert whole.notes.take(slice(0, 3)).same_as(prompt.notes)
    assert whole.notes.pitch.tolist() == [60, 62, 64, 70]
    assert whole.pedals is prompt.pedals
