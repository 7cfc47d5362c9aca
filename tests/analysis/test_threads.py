"""One thread or all."""

import pytest
import torch

from lstmgen.analysis import threads as threads_module
from lstmgen.analysis.threads import ThreadChoice

CPU = torch.device("cpu")


@pytest.fixture
def four_threads(monkeypatch):
    """Four threads, and a clock that goes as the test says."""
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    clock = [0.0]
    monkeypatch.setattr(threads_module.time, "perf_counter", lambda: clock[0])
    yield clock
    torch.set_num_threads(before)


def run(choice, clock, seconds, times):
    """What each piece of work ran with, when it takes `seconds[threads]`."""
    used = []
    for _ in range(times):
        with choice.timed(10):
            used.append(torch.get_num_threads())
            clock[0] += seconds[used[-1]]
        assert torch.get_num_threads() == 4
    return used


@pytest.mark.parametrize(("seconds", "best"), [({1: 1.0, 4: 9.0}, 1), ({1: 9.0, 4: 1.0}, 4)])
def test_both_are_tried_and_then_the_faster_one_is_taken(four_threads, seconds, best):
    choice = ThreadChoice(CPU)
    assert choice.is_trying
    assert run(choice, four_threads, seconds, 3) == [1, 1, 4]
    assert not choice.is_trying
    assert run(choice, four_threads, seconds, 2) == [best, best]


def test_when_the_faster_one_becomes_the_slower_it_changes_over(four_threads):
    choice = ThreadChoice(CPU)
    run(choice, four_threads, {1: 2.0, 4: 1.0}, 4)
    assert run(choice, four_threads, {1: 2.0, 4: 50.0}, 3) == [4, 1, 1]


@pytest.mark.usefixtures("four_threads")
def test_the_number_of_threads_is_put_back_after_a_failure():
    def fail():
        with ThreadChoice(CPU).timed(1):
            assert torch.get_num_threads() == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert torch.get_num_threads() == 4


@pytest.mark.usefixtures("four_threads")
def test_off_the_cpu_nothing_is_tried():
    choice = ThreadChoice(torch.device("meta"))
    assert not choice.is_trying
    with choice.timed(1):
        assert torch.get_num_threads() == 4
