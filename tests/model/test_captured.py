"""What is recorded gives what it gave before, wherever its tensors lie, and what cannot be recorded runs on as it began."""

import functools
import gc

import pytest
import torch

from lstmgen.model import captured as captured_module
from lstmgen.model.captured import Captured

CPU = torch.device("cpu")


def recorded(launched):
    """A recorder as CUDA's: nothing runs while it records, and what comes out is there after each launch."""
    outcome = {}
    return (lambda: outcome.update(launched())), outcome


def shifted(given):
    return {"sum": given["one"] + given["other"].sum()}


def given(first, rows=3):
    return {"one": torch.arange(first, first + rows).double(), "other": torch.full((rows, 2), float(first)).double()}


@pytest.mark.parametrize("record", [None, recorded])
def test_every_call_gives_what_the_function_gives(record):
    captured = Captured(shifted, CPU, record=record)
    for first in range(8):
        assert torch.equal(captured(given(first))["sum"], shifted(given(first))["sum"])


def test_a_function_is_recorded_after_some_calls_and_then_launched_as_a_whole():
    calls = []

    def record(launched):
        calls.append("record")
        return (lambda: calls.append("launch")), launched()

    captured = Captured(lambda tensors: calls.append("run") or tensors, CPU, record=record)
    for first in range(6):
        captured(given(first))
    assert calls == ["run"] * 3 + ["record", "run", "launch", "launch", "launch"]
    assert captured.path == "CUDA graphs"


def test_what_is_given_lies_where_it_lay_when_it_was_recorded():
    seen = []
    captured = Captured(lambda tensors: seen.append(tensors["one"].data_ptr()) or tensors, CPU, record=recorded)
    for first in range(6):
        captured(given(first))
    assert len(set(seen)) == 1


def test_other_shapes_and_types_have_places_of_their_own():
    captured = Captured(shifted, CPU, record=recorded)
    for _ in range(5):
        for rows in (3, 5):
            assert torch.equal(captured(given(1, rows))["sum"], shifted(given(1, rows))["sum"])
            single = {name: tensor.float() for name, tensor in given(2, rows).items()}
            assert captured(single)["sum"].dtype == torch.float32


def test_places_are_few_however_many_shapes_come():
    captured = Captured(shifted, CPU, record=recorded)
    for rows in range(1, 30):
        captured(given(0, rows))
    assert len(captured._places) == 8


def test_fewer_rows_than_there_is_room_for_lie_first():
    captured = Captured(lambda tensors: {"double": 2 * tensors["one"]}, CPU, rows=4, record=recorded)
    for first in range(8):
        rows = 1 + first % 4
        assert torch.equal(captured(given(first, rows))["double"][:rows], 2 * given(first, rows)["one"])
    assert len(captured._places) == 1


def test_what_cannot_be_recorded_runs_on_and_says_why():
    told = []

    def refuse(launched):
        launched()
        raise RuntimeError("no graph holds this\nand more")

    captured = Captured(shifted, CPU, record=refuse, failed=functools.partial(told.append, "failed"))
    for first in range(8):
        assert torch.equal(captured(given(first))["sum"], shifted(given(first))["sum"])
    assert told == ["failed"]
    assert captured.path == "kernel by kernel: no graph holds this"


def test_a_device_without_graphs_says_so():
    assert Captured(shifted, CPU).path == "kernel by kernel: the device has no graphs"
    assert Captured(shifted, CPU, record=recorded, problem="it is not wanted").path == "kernel by kernel: it is not wanted"


def test_nothing_is_collected_while_a_function_is_recorded():
    for was_enabled in (True, False):
        (gc.enable if was_enabled else gc.disable)()
        try:
            with captured_module._uncollected():
                assert not gc.isenabled()
            assert gc.isenabled() == was_enabled
        finally:
            gc.enable()
