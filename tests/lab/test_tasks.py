"""Generated tasks ask what they say, and a trial is the same whenever it is run."""

import dataclasses

import numpy as np
import pytest

from lstmgen.choices import LAB_TASKS
from lstmgen.lab.learn import trial
from lstmgen.lab.task import IGNORED, Batch, Task, task_of

every_task = pytest.mark.parametrize("name", list(LAB_TASKS))
LETTERS = "BTPSXVE"


def columns(batch):
    """Each sequence without what fills it up: inputs, targets, scored places."""
    for inputs, targets, scored in zip(batch.inputs_TB.T, batch.targets_TB.T, batch.scored_TB.T, strict=True):
        length = int(np.flatnonzero(targets != IGNORED)[-1]) + 1
        yield inputs[:length], targets[:length], scored[:length]


def made(make, count=40, seed=3):
    return make(np.random.default_rng(seed), count)


@every_task
@pytest.mark.parametrize("which", ["train", "test"])
def test_a_batch_has_ids_of_the_task_and_scores_places_that_have_a_target(name, which):
    task = task_of(name)
    batch = made(getattr(task, which))
    assert batch.inputs_TB.shape == batch.targets_TB.shape == batch.scored_TB.shape
    assert batch.inputs_TB.min() >= 0
    assert batch.inputs_TB.max() < task.symbols
    assert batch.targets_TB.max() < task.symbols
    assert (batch.targets_TB[batch.scored_TB] != IGNORED).all()
    assert batch.scored_TB.any(axis=0).all()


@every_task
def test_a_seed_makes_the_same_sequences_and_another_seed_others(name):
    task = task_of(name)
    one, again, other = made(task.train), made(task.train), made(task.train, seed=4)
    assert np.array_equal(one.inputs_TB, again.inputs_TB)
    assert one.inputs_TB.shape != other.inputs_TB.shape or not np.array_equal(one.inputs_TB, other.inputs_TB)


def test_the_second_outer_letter_of_reber_strings_is_the_first_one_and_the_inside_follows_the_graph():
    graph = {0: "TP", 1: "SX", 2: "TV", 3: "XS", 4: "PV"}
    after = {
        (0, "T"): 1,
        (0, "P"): 2,
        (1, "S"): 1,
        (1, "X"): 3,
        (2, "T"): 2,
        (2, "V"): 4,
        (3, "X"): 2,
        (3, "S"): 5,
        (4, "P"): 3,
        (4, "V"): 5,
    }
    seen = set()
    for inputs, targets, scored in columns(made(task_of("reber").train, count=200)):
        text = "".join(LETTERS[symbol] for symbol in [*inputs, targets[-1]])
        seen.add(text[1])
        assert (text[:1], text[2], text[-3], text[-1]) == ("B", "B", "E", "E")
        assert LETTERS[targets[scored].item()] == text[-2] == text[1]
        node = 0
        for letter in text[3:-3]:
            assert letter in graph[node]
            node = after[node, letter]
        assert node == 5
    assert seen == {"T", "P"}


def test_the_endless_stream_is_the_strings_one_after_the_other():
    inputs, targets, scored = next(columns(made(task_of("reber-continual").train, count=1)))
    text = "".join(LETTERS[symbol] for symbol in [*inputs, targets[-1]])
    places = np.flatnonzero(scored)
    assert len(places) > 200
    begins = [0, *(place + 3 for place in places)]
    for begin, place in zip(begins, places, strict=False):
        assert text[begin] == "B"
        assert text[begin + 1] == text[place + 1]


def test_parity_counts_ones():
    for inputs, targets, _ in columns(made(task_of("parity").train)):
        assert [sum(inputs[: place + 1]) % 2 for place in range(len(inputs))] == targets.tolist()
    assert {len(inputs) for inputs, _, _ in columns(made(task_of("parity").test))} == {256}


def test_counting_scores_what_follows_from_the_number_of_a():
    for number, (inputs, targets, scored) in enumerate(columns(made(task_of("counting").test, count=9)), start=1):
        assert inputs.tolist() == [0] + [1] * number + [2] * number
        assert targets[scored].tolist() == [2] * (number - 1) + [0]


def test_temporal_order_asks_for_both_marks_in_their_order():
    for inputs, targets, _ in columns(made(task_of("temporal-order").train)):
        first, second = inputs[(inputs == 4) | (inputs == 5)] - 4
        assert targets[-1] == 2 * first + second


def test_a_rhythm_is_certain_from_its_second_beat_on():
    for inputs, targets, scored in columns(made(task_of("timing").train)):
        beats = np.flatnonzero(inputs)
        assert len(set(np.diff(beats))) == 1
        assert not scored[: beats[1]].any()
        expected = [(place + 1) % beats[1] == 0 for place in range(len(inputs))]
        assert targets[beats[1] :].tolist() == expected[beats[1] :]


def test_copying_asks_for_the_letters_after_the_wait():
    for inputs, targets, scored in columns(made(task_of("copying").train)):
        assert targets[scored].tolist() == inputs[: scored.sum()].tolist()


def test_sums_are_right_and_those_of_the_test_were_never_learned():
    def sums(make):
        found = set()
        for inputs, targets, scored in columns(made(make, count=3_000)):
            text = "".join("0123456789+= "[symbol] for symbol in inputs)
            one, other = text.split("=")[0].split("+")
            answer = "".join(str(digit) for digit in targets[scored])
            assert int(answer[::-1]) == int(one) + int(other)
            found.add((one, other))
        return found

    task = task_of("addition")
    assert not sums(task.train) & sums(task.test)


def test_the_figure_counts_places_sequences_or_the_length_without_a_gap():
    right = np.array([[1, 1, 0, 1], [1, 0, 1, 1]], dtype=bool)
    scored = np.array([[1, 1, 1, 1], [1, 0, 1, 1]], dtype=bool)
    task = task_of("parity")
    assert dataclasses.replace(task, unit="places").figure(right, scored) == 6 / 7
    assert dataclasses.replace(task, unit="sequences").figure(right, scored) == 3 / 4
    assert dataclasses.replace(task, unit="length").figure(right, scored) == 2
    assert dataclasses.replace(task, unit="length").figure(right[:, :2], scored[:, :2]) == 2


def small(**changes) -> Task:
    short = task_of("parity").train
    return dataclasses.replace(task_of("parity"), **{"test": short, "hidden_size": 5, "batch_size": 4, "test_size": 6} | changes)


@pytest.mark.parametrize("window", [0, 3])
def test_a_trial_reports_and_ends_with_its_figure_the_same_each_time(window):
    def run(seed):
        return [dataclasses.replace(event, seconds=0.0) for event in trial(small(window=window), "gru", seed=seed, steps=8)]

    events = run(1)
    assert [event.step for event in events] == list(range(9))
    assert [event.figure is None for event in events] == [True] * 8 + [False]
    assert events[1:] == run(1)[1:]
    assert events[-1] != run(2)[-1]


def test_a_trial_learns_what_guessing_does_not():
    def last_bit_but_one(random, count):
        bits = random.integers(2, size=(6, count))
        return Batch(bits, np.vstack([np.full((1, count), IGNORED), bits[:-1]]), np.arange(6)[:, None] + 0 * bits > 0)

    task = small(train=last_bit_but_one, test=last_bit_but_one, unit="places", lr=3e-2)
    learned, untrained = (list(trial(task, "lstm", seed=0, steps=steps))[-1].figure for steps in (150, 1))
    assert learned == 1.0
    assert untrained is not None
    assert untrained < 0.8
