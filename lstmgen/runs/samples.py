"""What a model in training can do by now, shown now and then: a piece of text, or a few bars as a piano roll."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Final

from lstmgen import choices
from lstmgen.runs.model import TrainedModel
from lstmgen.runs.run import Run
from lstmgen.training.events import Sampled, Stepped

_SAMPLES_PER_RUN: Final = 8
_TOKENS: Final = 160
_LEAST_COLUMNS: Final = 24
_LINES: Final = 12


class Sampler:
    """Draws from the model in training now and then, with random numbers of its own; training is not touched.

    Args:
        run: the run under way.
        columns: how wide a sample may be shown, asked each time.
    """

    def __init__(self, run: Run, *, columns: Callable[[], int]) -> None:
        self._run = run
        self._columns = columns
        writes = choices.OBJECTIVES[run.config.training.objective].use == "sample"
        self._every_s = run.config.training.sample_every_s if writes else 0.0
        self._drawn_at = time.monotonic()
        self._drawn_progress = run.trainer.progress()

    def due(self, event: Stepped) -> Iterator[Sampled]:
        """A sample, when it is time for one."""
        if self._every_s is None:
            ready = event.progress - self._drawn_progress >= 1 / _SAMPLES_PER_RUN and time.monotonic() - self._drawn_at >= 1
        else:
            ready = self._every_s > 0 and time.monotonic() - self._drawn_at >= self._every_s
        if ready:
            text = self._drawn(seed=event.step)
            self._drawn_at, self._drawn_progress = time.monotonic(), event.progress
            yield Sampled(step=event.step, text=text)

    def _drawn(self, *, seed: int) -> str:
        run = self._run
        model = TrainedModel(run.network, run.tokenizer, summary={"settings": run.config.to_dict()})
        samples = model.generate(length=_TOKENS, seed=seed, **run.medium.glimpse(run.config.data))
        sizes = itertools.accumulate(sample.tokens for sample in samples)
        shown = [sample.item for sample, size in zip(samples, sizes, strict=True) if size <= _TOKENS] or [samples[0].item]
        width = max(self._columns(), _LEAST_COLUMNS)
        return run.manner.between.join(run.medium.show(item, width=width, height=_LINES) for item in shown)
