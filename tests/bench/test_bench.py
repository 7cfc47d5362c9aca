"""What is compared does the same amount of work, and figures are those of the rounds."""

import importlib.util
import itertools

import pytest
import torch

from lstmgen.bench import rounds, stock, tasks
from lstmgen.bench.apart import apart
from lstmgen.bench.machine import Work
from lstmgen.bench.rounds import Pace, Spread, rates
from lstmgen.choices import BENCH_TASKS
from lstmgen.errors import MachineError
from lstmgen.generation.compiled_blocks import TOKENS
from lstmgen.model.language_model import Architecture

pytestmark = pytest.mark.usefixtures("loops")
SHORT = Pace(rounds=2, round_s=0.0)
TINY = Architecture(vocab_size=65, embedding_size=8, hidden_size=32, num_layers=2)


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(tasks, "_architecture", lambda _: TINY)
    monkeypatch.setattr("lstmgen.bench.machine._SIZE", 16)


def test_sides_take_turns_and_rates_are_units_by_time(monkeypatch):
    clock, calls = itertools.count(), []
    monkeypatch.setattr(rounds.time, "perf_counter", lambda: float(next(clock)))

    def side(name, units):
        def run(repetitions):
            calls.append((name, repetitions))
            return units * repetitions

        return run

    found = list(rates({"a": side("a", 3), "b": side("b", 5)}, Pace(rounds=2, round_s=2.0)))
    assert found == [{"a": 6.0, "b": 10.0}] * 2
    assert calls == [("a", 1), ("b", 1), *[("a", 2), ("b", 2)] * 2]


def test_a_round_of_a_training_has_several_steps(monkeypatch):
    clock, calls = itertools.count(), []
    monkeypatch.setattr(rounds.time, "perf_counter", lambda: float(next(clock)))

    def side(name):
        return lambda repetitions: calls.append((name, repetitions)) or repetitions

    list(rates({"a": side("a"), "b": side("b")}, Pace(rounds=1, round_s=1.0, steps=5), trainings={"b"}))
    assert calls == [("a", 1), ("b", 1), ("a", 1), ("b", 5)]


def test_a_spread_is_the_median_and_both_ends():
    assert Spread.of([3.0, 1.0, 9.0]) == Spread(3.0, 1.0, 9.0)


def test_a_limit_is_set_by_what_takes_longer():
    work = Work(tokens=4, multiplications=100, weight_bytes=10, precision="fp32", threads=1)
    assert work.limit(multiplications_a_second=50, bytes_a_second=1000) == 2
    assert work.limit(multiplications_a_second=1e9, bytes_a_second=5) == 2


@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
def test_the_machine_is_measured_with_the_threads_it_may_use(precision, monkeypatch):
    before, asked = torch.get_num_threads(), []
    set_threads = torch.set_num_threads
    monkeypatch.setattr(torch, "set_num_threads", lambda count: (asked.append(count), set_threads(count)))
    ways, reading = Work(tokens=1, multiplications=1, weight_bytes=80, precision=precision, threads=1).sides()
    assert ({side(3) for side in ways}, reading(2)) == ({3 * 16**3}, 2 * 80)
    assert asked == [1, before] * (len(ways) + 1)


@pytest.mark.parametrize(("precision", "there", "ways"), [("fp32", True, 2), ("fp32", False, 1), ("bf16", True, 1), ("int8", True, 1)])
def test_fp32_is_multiplied_by_onednn_too_where_it_is_there(precision, there, ways, monkeypatch):
    monkeypatch.setattr("lstmgen.bench.machine.by_onednn", lambda: (lambda left, right: left @ right.t()) if there else None)
    assert len(Work(tokens=1, multiplications=1, weight_bytes=80, precision=precision, threads=1).sides()[0]) == ways


def test_the_fastest_way_of_multiplying_is_the_limit_in_each_round():
    work = Work(tokens=10, multiplications=10, weight_bytes=1, precision="fp32", threads=1)

    def one_token(repetitions):
        return repetitions

    task = tasks._Task(shape="", unit="tokens", ours={"fp32": one_token}, stock={"usual": one_token}, work={"fp32": work})
    of_ways = [(2.0, 8.0), (6.0, 4.0)]
    found = [
        {"fp32": 4.0, "stock usual": 1.0, "multiplying fp32, way 0": one, "multiplying fp32, way 1": other, "reading fp32": 1e9}
        for one, other in of_ways
    ]
    seen = tasks._comparison("train", task, "fp32", "usual", found)
    assert seen.limit == Spread.of([8.0, 6.0])
    assert seen.share == Spread.of([4 / 8, 4 / 6])


@pytest.mark.parametrize("lanes", [1, 3])
def test_both_ways_of_sampling_tell_how_many_tokens_they_drew(lanes):
    (task,) = tasks._sampling(lanes, torch.device("cpu"))
    assert {side(5) for side in task.stock.values()} == {5 * lanes}
    assert {side(5) for side in task.ours.values()} == {5 * lanes * (TOKENS if importlib.util.find_spec("numba") else 1)}
    assert set(task.ours) == set(task.work) == {"fp32", "bf16", "int8"}


@pytest.mark.parametrize(("precision", "others"), [("auto", {"fp32"}), ("fp32", {"fp32", stock.USUAL})])
def test_all_ways_of_training_take_as_many_tokens_and_learn(precision, others):
    for task in tasks._training(torch.device("cpu"), precision):
        assert set(task.paths.values()) == {"torch's layers"}  # too small for others
        assert others <= set(task.stock)
        counts = {side(2) for side in (*task.ours.values(), *task.stock.values())}
        assert len(counts) == 1
        assert counts == {2 * work.tokens for work in task.work.values()}
    network = stock.Stock(vocab_size=5, embedding_size=4, hidden_size=8, num_layers=1, batch_first=precision == "fp32")
    before = [weight.clone() for weight in network.parameters()]
    ids_TB = torch.randint(5, (40, 3), generator=torch.Generator().manual_seed(1))
    assert stock.training(network, ids_TB, window=8, precision=stock.USUAL if precision == "fp32" else "fp32")(3) == 3 * 8 * 3
    assert all(not torch.equal(one, other) for one, other in zip(before, network.parameters(), strict=True))


def test_stock_trains_in_a_process_of_its_own_until_it_is_no_longer_wanted():
    asked = {"sizes": tasks._sizes(TINY), "streams": 2, "window": 4, "precision": "fp32", "threads": 1}
    with apart(**asked) as side:
        assert [side(1), side(3)] == [8, 24]
    with pytest.raises(MachineError, match="has ended"):
        side(1)


def test_a_process_that_cannot_do_what_is_asked_is_told_of():
    with apart(sizes={}, threads=1) as side, pytest.raises(MachineError, match="has ended"):
        side(1)


@pytest.mark.parametrize("name", BENCH_TASKS)
def test_every_task_gives_figures_that_agree(name):
    for found in tasks.compare(name, pace=SHORT):
        assert found.task == name
        assert bool(found.path) == (name != "encode")
        for spread in (found.per_second, found.stock_per_second, found.ratio, found.limit, found.share):
            assert spread is None or 0 < spread.low <= spread.median <= spread.high
        assert (found.limit is None) == (name == "encode")
    assert (tasks.peak_bytes() or 2**24) >= 2**24
