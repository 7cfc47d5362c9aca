"""A function of tensors, run on a GPU as one CUDA graph.

A training step and a token are hundreds of kernels of a few microseconds each; to launch one from Python takes as long as to run it. So a
function that always launches the same ones is recorded once for tensors of some shapes, and then launched as a whole. The first calls run
it kernel by kernel: what they allocate and choose is there when it is recorded. Where it cannot be recorded, it runs on as it began.

What is given is copied to a place that stays the same, and what comes out lies in one that the next call writes to again.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

Tensors = dict[str, Tensor]
Function = Callable[[Tensors], Tensors]
Record = Callable[[Callable[[], Tensors]], tuple[Callable[[], object], Tensors]]
"""Takes what is to be launched: what launches it again, and what it gives, which is valid after that."""

_FIRST_CALLS: Final = 3
"""Calls for the same shapes before they are recorded, unless another number is given."""
_MOST_SHAPES: Final = 8


@dataclass
class _Place:
    """Where what is given lies, for some shapes.

    Attributes:
        given: copies of it.
        calls: how often it was filled.
        launch: launches the graph; None: there is none yet.
        outcome: what the graph gives.
    """

    given: Tensors
    calls: int = 0
    launch: Callable[[], object] | None = None
    outcome: Tensors | None = None


class Captured:
    """A function that is recorded where the device can do that.

    Args:
        function: named tensors to named tensors. It reads no number on the host, and changes nothing but tensors that stay where they are.
        device: on which it runs.
        problem: why it is not to be recorded; empty: it is.
        rows: of how many rows every tensor that is given has a place, where there may be fewer; None: as they are given. What the function
            gives has as many rows, of which those that were given count.
        record: how a graph is recorded; None: as CUDA does it, or on other devices not at all.
        first_calls: calls for the same shapes before they are recorded.
        failed: called when the function could not be recorded.
    """

    def __init__(
        self,
        function: Function,
        device: torch.device,
        *,
        problem: str = "",
        rows: int | None = None,
        record: Record | None = None,
        first_calls: int = _FIRST_CALLS,
        failed: Callable[[], None] = lambda: None,
    ) -> None:
        self._function, self._device, self._rows, self._failed = function, device, rows, failed
        self._first_calls = first_calls
        self._places: dict[tuple[object, ...], _Place] = {}
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None
        self._record = record or (None if self._stream is None else self._as_graph)
        self._pool = torch.cuda.graph_pool_handle() if self._stream is not None else None
        self.problem = problem if self._record is not None else "the device has no graphs"
        """Why it runs kernel by kernel; empty where it does not."""

    @property
    def path(self) -> str:
        """How it runs, for people."""
        return f"kernel by kernel: {self.problem}" if self.problem else "CUDA graphs"

    def __call__(self, given: Mapping[str, Tensor]) -> Tensors:
        """What the function gives; valid until the next call, and to be copied by whoever wants it longer."""
        if self._record is None:
            return self._function(dict(given))
        if self._stream is None:
            return self._run(self._record, given)
        current = torch.cuda.current_stream(self._device)
        self._stream.wait_stream(current)
        with torch.cuda.stream(self._stream):
            outcome = self._run(self._record, given)
        current.wait_stream(self._stream)
        return outcome

    def _run(self, record: Record, given: Mapping[str, Tensor]) -> Tensors:
        place = self._place(given)
        there: tuple[list[Tensor], list[Tensor]] = ([], [])
        for name, tensor in given.items():
            held = place.given[name]
            held = held if held.shape == tensor.shape else held[: len(tensor)]
            if tensor.device == held.device:
                there[0].append(held)
                there[1].append(tensor)
            else:
                held.copy_(tensor, non_blocking=True)
        if there[0]:
            torch._foreach_copy_(*there)  # pyright: ignore[reportPrivateImportUsage] - one launch for all
        place.calls += 1
        if place.launch is None and place.calls > self._first_calls and not self.problem:
            self._try(record, place)
        if place.launch is not None and place.outcome is not None:
            place.launch()
            return place.outcome
        return self._function(place.given)

    def _place(self, given: Mapping[str, Tensor]) -> _Place:
        shapes = {name: (self._rows or len(tensor), *tensor.shape[1:]) if tensor.dim() else () for name, tensor in given.items()}
        key = tuple((name, shape, given[name].dtype) for name, shape in shapes.items())
        if key not in self._places:
            if len(self._places) >= _MOST_SHAPES:
                self._places.pop(next(iter(self._places)))
            held = {name: torch.zeros(shape, dtype=given[name].dtype, device=self._device) for name, shape in shapes.items()}
            self._places[key] = _Place(held)
        return self._places[key]

    def _try(self, record: Record, place: _Place) -> None:
        try:
            place.launch, place.outcome = record(lambda: self._function(place.given))
        except (RuntimeError, ValueError) as error:
            self.problem = str(error).splitlines()[0]
            if self._stream is not None:
                _draw_as_usual(self._device)
            self._failed()

    def _as_graph(self, launched: Callable[[], Tensors]) -> tuple[Callable[[], object], Tensors]:
        graph = torch.cuda.CUDAGraph()
        with _uncollected(), torch.cuda.graph(graph, pool=self._pool, stream=self._stream):
            outcome = launched()
        return graph.replay, outcome


@contextmanager
def _uncollected() -> Iterator[None]:
    """Nothing is taken away meanwhile: an older graph that is freed while a new one is recorded ends the recording."""
    gc.collect()
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _draw_as_usual(device: torch.device) -> None:
    """A generator of random numbers that believes in a recording which has failed is changed for one that does not. Not yet run on CUDA."""
    with torch.cuda.device(device):
        generator = torch.cuda.default_generators[torch.cuda.current_device()]
    generator.graphsafe_set_state(generator.clone_state())
