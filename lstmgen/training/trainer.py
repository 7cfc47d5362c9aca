"""Truncated backpropagation through time, as a generator of events.

It takes steps and says what happened. It prints nothing, saves nothing and draws no samples: whoever runs it does, and so decides what a
run is. Everything that the next step depends on can be taken out (`state`) and put back (`restore`), bit for bit.

Truncated BPTT: Williams and Peng 1990; here window and truncation are the same T tokens, the state carried over and cut off between them.

Letters: T window, B streams, V vocabulary.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import torch

from lstmgen.config import Config
from lstmgen.errors import DivergedError, LostProcessError
from lstmgen.model.arithmetic import Arithmetic
from lstmgen.model.language_model import LanguageModel
from lstmgen.training.budget import Budget, Clock
from lstmgen.training.distributed import ALONE, Group
from lstmgen.training.events import CheckpointDue, Evaluated, Finished, RolledBack, Stepped, StopReason
from lstmgen.training.helper import beginning
from lstmgen.training.kept_memory import kept_memory
from lstmgen.training.learner import Learner, under
from lstmgen.training.objectives import Measure
from lstmgen.training.optimizer import learning_rate
from lstmgen.training.state_check import check_tensors, check_values, refused
from lstmgen.training.streams import Reader

TrainerEvent = Stepped | Evaluated | CheckpointDue | RolledBack | Finished

_REPORT_EVERY_S = 0.2
_SMOOTHING = 0.98
_VALIDATION_SHARE = 0.05
"""Part of the work that evaluations may take, counted in tokens so that it does not depend on the machine."""
_VALIDATION_COST = 0.45
"""Work of validating a token, in training tokens: the forward third, and the run-in of the lanes."""
_LARGE_VOCABULARY = 512
_BAD_STEPS = 25
"""Bad steps in a row that make a divergence."""
_MAX_ROLLBACKS = 3


@dataclass
class Counters:
    """Where a run stands: all that changes besides tensors."""

    step: int = 0
    tokens: int = 0
    loss_nats: float = math.nan
    skipped_steps: int = 0
    bad_in_a_row: int = 0
    rollbacks: int = 0
    lr_scale: float = 1.0
    next_evaluation: int = 0
    evaluated_step: int = -1
    untrained_nats: float = math.inf
    """Loss of the first window, before anything was learned, or of guessing where that is more: no model above it is a good one."""
    latest_nats: float = math.nan
    """What the latest evaluation found; without a validation part the smoothed loss of training."""
    good_step: int = 0
    """The step whose weights training goes back to after a divergence."""
    best_nats: float = math.inf
    best_step: int = 0
    evaluations_since_best: int = 0


class Trainer:
    """One training run over token ids.

    Args:
        network: the model, on its device; trained in place.
        reader: what is learned from, window by window.
        validation: what is evaluated on, or None.
        config: resolved settings.
        budget: when to end.
        arithmetic: device and precision.
        clock: counts the budget's time.
        group: the processes that train; this one leads.
    """

    def __init__(
        self,
        network: LanguageModel,
        *,
        reader: Reader,
        validation: Measure | None,
        config: Config,
        budget: Budget,
        arithmetic: Arithmetic,
        clock: Clock,
        group: Group = ALONE,
    ) -> None:
        self.network = network
        self.config = config
        self.budget = budget
        self.arithmetic = arithmetic
        self.clock = clock
        self.counters = Counters()
        self.validation = validation
        self.reader = reader
        self.group = group
        self.learner = Learner(network, config.optimizer, arithmetic=arithmetic, batch_size=reader.batch_size, group=group)
        self.pause_at: int | None = None
        """The step after which this sitting ends as by a request; the schedule does not know of it."""
        # An evaluation takes a second or two: enough tokens to tell models apart, fewer where each costs a large softmax.
        self._max_val_tokens = 131_072 if network.architecture.vocab_size <= _LARGE_VOCABULARY else 65_536
        # A loss far above that of guessing means that the weights are ruined although every number is still finite.
        self._out_of_bounds_nats = 3 * math.log(network.architecture.vocab_size) + 3
        self.save_at = math.inf
        """The time.monotonic() at which the state is to be saved next."""
        self._stop_requested = False
        self._went_bad = False
        self._window_nats = math.nan
        self._good: dict[str, torch.Tensor] = {}
        self._evaluation_interval = self._choose_evaluation_interval()
        self.counters.next_evaluation = (
            max(1, self._evaluation_interval // 4) if config.training.eval_every is None else self._evaluation_interval
        )

    def request_stop(self) -> None:
        """Ends the run after the step that is under way; safe to call from a signal handler."""
        self._stop_requested = True

    def run(self) -> Iterator[TrainerEvent]:
        """Takes steps until the budget, patience or a request ends it; the last event is `Finished`.

        Raises:
            DivergedError: training went bad more often than it may, or ended badly with nothing learned; the last good weights are back.
            LostProcessError: a process that helps has gone; everything is as it was after the last step.
        """
        with kept_memory():
            yield from self._run()

    def _run(self) -> Iterator[TrainerEvent]:
        reporter = _Reporter(self)
        self.save_at = time.monotonic() + self.config.training.save_every_s
        self.network.train()
        if not self._good:
            self._remember_good()
        self._gather_helpers()
        while (reason := self._reason_to_stop()) is None:
            if self._step():
                yield from self._recover()
            if (report := reporter.due()) is not None:
                yield report
            if self.counters.step >= self.counters.next_evaluation:
                yield from self._evaluate()
            if time.monotonic() >= self.save_at:
                self.save_at = math.inf
                yield CheckpointDue(step=self.counters.step)
                self.save_at = min(self.save_at, time.monotonic() + self.config.training.save_every_s)
        self._settle()
        if self._went_bad:
            yield from self._recover()
        yield reporter.now()
        if reason != "signal":
            yield from self._evaluate()
            if self._is_ruined():
                self._return_to_good()
                raise self._diverged(f"training ended at step {self.counters.step:,} with a loss out of bounds, and learned nothing before")
        yield Finished(reason=reason, step=self.counters.step)

    def progress(self) -> float:
        """Used share of the budget, 0 to 1."""
        return min(1.0, max(self._shares().values(), default=0.0))

    def _shares(self) -> dict[StopReason, float]:
        return self.budget.shares(elapsed_s=self.clock.elapsed_s, step=self.counters.step, tokens=self.counters.tokens)

    def _reason_to_stop(self) -> StopReason | None:
        if self._stop_requested or (self.pause_at is not None and self.counters.step >= self.pause_at):
            return "signal"
        patience = self.config.training.patience
        if patience and self.counters.evaluations_since_best >= patience:
            return "patience"
        return next((reason for reason, share in self._shares().items() if share >= 1), None)

    def probe(self, rate: float) -> float:
        """One step at this rate, whatever the schedule says: the loss in nats of its window before it."""
        self.network.train()
        self._step(rate)
        self._settle()
        return self._window_nats

    def _scheduled_rate(self) -> float:
        settings, counters = self.config.optimizer, self.counters
        return counters.lr_scale * learning_rate(
            self.progress(), counters.step, peak=settings.lr or 0.0, schedule=settings.lr_schedule, warmup_steps=settings.warmup_steps
        )

    def _step(self, rate: float | None = None) -> bool:
        """One window forward, backward and into the weights, at the rate of the schedule or at this one; True when the run has gone bad.

        A GPU is given the next step before it has ended this one, so what a step came to is known one step later.
        """
        counters = self.counters
        rate = self._scheduled_rate() if rate is None else rate
        # Dropout depends on the run's seed and the step alone, so that nothing done between two steps can change what training does.
        seed = (self.config.training.seed * 1_000_003 + counters.step) % 2**63
        place = self.reader.state()
        window = self.reader.next_window()
        try:
            self.group.tell({"do": "step", "rate": rate, "seed": seed, "counted": window.counted}, window.tensors())
            self.learner.launch(window, rate=rate, seed=seed)
        except LostProcessError:
            self.reader.restore(place)
            raise
        counters.step += 1
        counters.tokens += window.counted
        while len(self.learner.launched) > self.learner.lag:
            self._note()
        return self._went_bad

    def _settle(self) -> None:
        """Waits for what has been launched."""
        while self.learner.launched:
            self._note()

    @property
    def _noted(self) -> int:
        """The steps of which it is known what they came to: all of them, but for those that a GPU is still busy with."""
        return self.counters.step - len(self.learner.launched)

    def _note(self) -> None:
        """What the oldest step came to of which that is not known."""
        counters, outcome = self.counters, self.learner.outcome()
        self._window_nats = outcome.loss_nats
        if self._noted == 1:
            guessing = math.log(self.network.architecture.vocab_size)
            counters.untrained_nats = max(outcome.loss_nats, guessing) if outcome.finite else guessing
        counters.skipped_steps += not outcome.finite
        self._note_loss(outcome.loss_nats, finite=outcome.finite)
        self._went_bad |= counters.bad_in_a_row >= _BAD_STEPS or not outcome.sound

    def _gather_helpers(self) -> None:
        """Gives the processes that help everything as it stands here."""
        self.group.tell(*beginning(self.learner, threads=self.config.runtime.threads))

    def _note_loss(self, loss_nats: float, *, finite: bool) -> None:
        counters = self.counters
        ruined = not finite or loss_nats > self._out_of_bounds_nats
        counters.bad_in_a_row = counters.bad_in_a_row + 1 if ruined else 0
        if finite:
            known = not math.isnan(counters.loss_nats)
            weight = min(_SMOOTHING, 1 - 1 / self._noted) if known else 0.0
            counters.loss_nats = weight * (counters.loss_nats if known else 0.0) + (1 - weight) * loss_nats

    def _recover(self) -> Iterator[TrainerEvent]:
        """Goes back to the last good weights at half the learning rate.

        Raises:
            DivergedError: that has been done often enough.
        """
        counters, step, good_step = self.counters, self.counters.step, self.counters.good_step
        self._return_to_good()
        if counters.rollbacks >= _MAX_ROLLBACKS:
            times, counters.rollbacks = counters.rollbacks, 0  # a run that is resumed has its chances again, at the rate it has come to
            raise self._diverged(f"training diverged at step {step:,}, and {times} returns to good weights did not help")
        counters.rollbacks += 1
        yield RolledBack(step=step, good_step=good_step, lr_scale=counters.lr_scale, number=counters.rollbacks, of=_MAX_ROLLBACKS)

    def _diverged(self, message: str) -> DivergedError:
        lower = (self.config.optimizer.lr or 0) / 10
        return DivergedError(message, remedy=f"train with a lower rate, for example --lr {lower:.2g}")

    def _is_ruined(self) -> bool:
        """Whether the weights are bad at the end, and there were never better ones to keep. One bad batch says nothing."""
        counters = self.counters
        if self.validation is None:
            return counters.bad_in_a_row > 1
        return math.isinf(counters.best_nats) and not counters.latest_nats <= self._out_of_bounds_nats

    def _return_to_good(self) -> None:
        self._settle()
        self._went_bad = False
        self.learner.load(self._good)
        self.learner.reset()
        self._gather_helpers()
        counters = self.counters
        counters.lr_scale /= 2
        counters.bad_in_a_row = 0
        counters.loss_nats = math.nan

    def _remember_good(self) -> None:
        self.counters.good_step = self.counters.step
        self._good = {name: tensor.detach().clone() for name, tensor in self.network.tensors().items()}

    def _choose_evaluation_interval(self) -> int:
        if self.config.training.eval_every is not None or self.validation is None:
            return self.config.training.eval_every or 1_000
        tokens = min(self.validation.positions, self._max_val_tokens) * _VALIDATION_COST / _VALIDATION_SHARE
        return max(20, math.ceil(tokens / self.reader.tokens_per_window))

    def _evaluate(self) -> Iterator[TrainerEvent]:
        """Passes over the validation part, unless this step has been evaluated already."""
        self._settle()
        counters = self.counters
        counters.next_evaluation = counters.step + self._evaluation_interval
        if self.validation is None:
            counters.latest_nats = counters.loss_nats
            if not counters.bad_in_a_row and counters.latest_nats < counters.untrained_nats:
                self._remember_good()
            return
        if counters.step == counters.evaluated_step:
            return
        counters.evaluated_step = counters.step
        nats, tokens = self.validation(self.network, arithmetic=self.arithmetic.context, max_tokens=self._max_val_tokens, group=self.group)
        counters.latest_nats = val_nats = nats / tokens if tokens else math.inf
        is_good = val_nats < counters.untrained_nats
        is_best = is_good and val_nats < counters.best_nats
        if is_best:
            counters.best_nats, counters.best_step, counters.evaluations_since_best = val_nats, counters.step, 0
        else:
            counters.evaluations_since_best += 1
        if is_good:
            self._remember_good()
        yield Evaluated(step=counters.step, val_nats=val_nats, is_best=is_best, elapsed_s=self.clock.elapsed_s)

    def state(self) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
        """Everything that the next step depends on: tensors by name, which are those in use and no copies, and plain values."""
        self._settle()
        tensors, scaler = self.learner.state()
        if self.counters.good_step != self.counters.step:
            tensors |= {f"good.{name}": tensor for name, tensor in self._good.items()}
        return tensors, {
            "counters": asdict(self.counters),
            "reader": self.reader.state(),
            "elapsed_s": self.clock.elapsed_s,
            "scaler": scaler,
        }

    def restore(self, tensors: dict[str, torch.Tensor], values: dict[str, Any]) -> None:
        """Puts back what `state` gave; the next step is then the one that would have come.

        Args:
            tensors: of the state; those of the network fit it.
            values: of the state.

        Raises:
            ModelFileError: they are not what `state` gives.
        """
        check_values(values, Counters)
        counters = Counters(**values["counters"])
        check_tensors(
            tensors,
            carried=self.learner.carried.tensors(),
            parameters=self.learner.optimizer.parameters,
            must_have_moments=counters.step > counters.skipped_steps
            and counters.lr_scale == 1,  # a return to good weights begins with none
        )
        with refused():
            self.reader.restore(values["reader"])
        self.learner.restore(tensors, values["scaler"])
        self._good = under(tensors, "good.")
        self.counters = counters
        self.clock.add_earlier(values["elapsed_s"])


class _Reporter:
    """Says now and then how training goes; speed is that of the last seconds."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._at = time.monotonic()
        self._tokens = trainer.counters.tokens
        self._speed = 0.0

    def due(self) -> Stepped | None:
        """A report, when it is time for one."""
        return self.now() if time.monotonic() - self._at >= _REPORT_EVERY_S else None

    def now(self) -> Stepped:
        """A report."""
        trainer, counters, now = self._trainer, self._trainer.counters, time.monotonic()
        if counters.tokens > self._tokens and now > self._at:
            speed = (counters.tokens - self._tokens) / (now - self._at)
            self._speed = 0.9 * self._speed + 0.1 * speed if self._speed else speed
        self._at, self._tokens = now, counters.tokens
        progress, elapsed_s = trainer.progress(), trainer.clock.elapsed_s
        return Stepped(
            step=counters.step,
            progress=progress,
            loss_nats=counters.loss_nats,
            lr=trainer.learner.optimizer.param_groups[0]["lr"],
            tokens_seen=counters.tokens,
            tokens_per_second=self._speed,
            epoch=counters.tokens / len(trainer.reader.ids),
            elapsed_s=elapsed_s,
            remaining_s=elapsed_s * (1 - progress) / progress if progress > 0 else None,
            skipped_steps=counters.skipped_steps,
        )
