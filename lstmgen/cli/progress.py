"""What is known of a run from its events so far, and the same in plain lines."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from lstmgen import api, choices
from lstmgen.api import Evaluated, Event, Prepared, RolledBack, Sampled, Saved, Stepped, Warned
from lstmgen.cli.media import first_sample, label_of
from lstmgen.cli.output import visible
from lstmgen.cli.sparkline import Points
from lstmgen.cli.wording import amount, bits, command, counted, duration, size

_POINTS: Final = 512
"""At least so many places of a curve are kept, and fewer than twice as many."""
_LINE_EVERY_S: Final = 10.0
_IN_BYTES: Final = "reading"
"""The stage whose work is bytes; that of others is notes or what else a medium counts."""
_PATIENCE_S: Final = 2.0
"""Before it is told how long something takes."""
_ALL: Final = 0.995
"""Of the validation part: as much as all of it."""
_LINE_EVERY_SHARE: Final = 0.05


class Trail:
    """Losses by their steps: all of them at first; of a long run means of two, of four, ... neighbours."""

    def __init__(self) -> None:
        self.points: list[tuple[float, float]] = []
        self._each = 1
        self._open: list[tuple[float, float]] = []

    def add(self, step: int, nats: float) -> None:
        """One more; what is not finite is left out."""
        if not math.isfinite(nats):
            return
        self._open.append((step, nats))
        if len(self._open) == self._each:
            self.points = [*self.points, _middle(self._open)]
            self._open = []
        if len(self.points) >= 2 * _POINTS:
            self.points = [_middle(self.points[place : place + 2]) for place in range(0, len(self.points), 2)]
            self._each *= 2


def _middle(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return sum(step for step, _ in points) / len(points), sum(nats for _, nats in points) / len(points)


class RunView:
    """Folds the events of a run into what a display shows; every attribute is replaced as a whole, so another thread may read."""

    def __init__(self) -> None:
        self.prepared: Prepared | None = None
        self.stepped: Stepped | None = None
        self.evaluated: Evaluated | None = None
        self.best: Evaluated | None = None
        self.sampled: Sampled | None = None
        self.notice = ""
        self.preparing = ""
        self._training, self._validation = Trail(), Trail()

    def take(self, event: Event) -> None:
        """Fold in one more event."""
        if isinstance(event, Prepared):
            self.prepared = event
            self._recall(event)
        elif isinstance(event, Stepped):
            self.stepped = event
            self._training.add(event.step, event.loss_nats)
        elif isinstance(event, Evaluated):
            self.evaluated = event
            self._validation.add(event.step, event.val_nats)
            self.best = event if event.is_best or self.best is None else self.best
        elif isinstance(event, Sampled):
            self.sampled = event

    def _recall(self, prepared: Prepared) -> None:
        """What earlier sittings of a resumed run have told."""
        if prepared.resumed_at_step:
            history = api.read_history(prepared.run)
            for trail, points in ((self._training, history.training), (self._validation, history.validation)):
                for point in points:
                    trail.add(point.step, point.nats)

    @property
    def training(self) -> Points:
        """Steps and training losses so far, those of earlier sittings included."""
        return self._training.points

    @property
    def validation(self) -> Points:
        """Steps and validation losses so far."""
        return self._validation.points

    @property
    def progress(self) -> float:
        """Share of the budget that is used up."""
        return min(max(self.stepped.progress, 0.0), 1.0) if self.stepped else 0.0


def unit_of(prepared: Prepared | None) -> str:
    """What a token of this run is called."""
    return {"char": "character", "byte": "byte"}.get(prepared.tokenizer if prepared else "", "token")


def shape_line(prepared: Prepared) -> str:
    """`lstm 2 x 384, char tokenizer with 65 tokens, 2.4M parameters`."""
    model: dict[str, Any] = prepared.settings.get("model", {})
    layers = f"{model.get('cell', '?')} {model.get('num_layers', '?')} x {model.get('hidden_size', '?')}"
    return (
        f"{layers}, {prepared.tokenizer} tokenizer with {counted(prepared.vocab_size, 'token')}, {amount(prepared.parameters)} parameters"
    )


def data_line(prepared: Prepared) -> str:
    """`1 document, 1.0M tokens to learn from, 112k to validate on`."""
    parts = (counted(prepared.documents, "document"), f"{amount(prepared.train_tokens)} tokens to learn from")
    return ", ".join((*parts, f"{amount(prepared.val_tokens)} to validate on"))


def loss_words(nats: float) -> str:
    """`1.512 nats, 2.181 bits`."""
    return f"{nats:.3f} nats, {bits(nats):.3f} bits" if math.isfinite(nats) else "not known yet"


def preparing_line(what: str, done: int, total: int) -> str:
    """`reading story.txt, 34% of 12.1 MB`."""
    if total <= 0:
        return what
    whole = size(total) if what == _IN_BYTES else ""
    share = f"{done / total:.0%}" if done else ""
    return ", ".join(filter(None, (what, " of ".join(filter(None, (share, whole))))))


class Preparing:
    """Says how far a stage of the preparation is, and how long the rest of it will take.

    Args:
        now_s: tells the time; for tests.
    """

    def __init__(self, *, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._stage = ""
        self._began: tuple[float, int] = 0.0, 0
        self._told_s = 0.0

    def line(self, what: str, done: int, total: int) -> str:
        """`reading, 34% of 12.1 GB, 8.2s left`; the time from when it can be told."""
        if what != self._stage:
            self._stage, self._began = what, (self._now_s(), done)
        began_s, first = self._began
        took_s, line = self._now_s() - began_s, preparing_line(what, done, total)
        if took_s < _PATIENCE_S or not first < done < total:
            return line
        return f"{line}, {duration(took_s * (total - done) / (done - first))} left"

    def now_and_then(self, what: str, done: int, total: int) -> str:
        """The same where each line stays: when a stage begins, and every so many seconds; empty at other times."""
        begins = what != self._stage
        if not begins and self._now_s() - self._told_s < _LINE_EVERY_S:
            return ""
        self._told_s = self._now_s()
        return self.line(what, 0 if begins else done, total)


def prepared_lines(prepared: Prepared) -> list[str]:
    """What stands above the first step, in plain lines."""
    verb = f"resuming {prepared.run} at step {prepared.resumed_at_step:,}" if prepared.resumed_at_step else f"training {prepared.run}"
    lines = [verb, f"  {shape_line(prepared)}", f"  {data_line(prepared)}", f"  {prepared.device}, {prepared.precision}"]
    return [*lines, *(f"  note: {note}" for note in prepared.notes)]


def sample_lines(sampled: Sampled) -> list[str]:
    """A sample drawn while training: a heading, and the text with control characters written out."""
    return [f"sample at step {sampled.step:,}:", *(f"  | {line}" for line in visible(sampled.text).strip("\n").split("\n"))]


def evaluation_line(evaluated: Evaluated, unit: str) -> str:
    """One evaluation in one line."""
    verdict = ", the best so far" if evaluated.is_best else ""
    return f"step {evaluated.step:,}: validation {loss_words(evaluated.val_nats)} a {unit}{verdict}"


def step_line(stepped: Stepped, unit: str) -> str:
    """Where the run stands, in one line."""
    left = f", {duration(stepped.remaining_s)} left" if stepped.remaining_s is not None else ""
    speed = f"{amount(stepped.tokens_per_second)} tokens a second"
    return f"{stepped.progress:4.0%} step {stepped.step:,}: training {loss_words(stepped.loss_nats)} a {unit}, {speed}{left}"


def settings_lines(prepared: Prepared) -> list[str]:
    """Every setting of the run, as `--set` takes it."""
    return [
        f"  {section}.{key} = {value}"
        for section, values in prepared.settings.items()
        for key, value in values.items()
        if value is not None
    ]


def saved_line(saved: Saved) -> str:
    """A checkpoint was written."""
    return f"step {saved.step:,}: saved in {short_path(saved.path)}"


class PlainLines:
    """Chooses which events become lines where nothing can be redrawn: every evaluation, and now and then a step.

    Args:
        verbose: also the settings, and every checkpoint.
    """

    def __init__(self, *, verbose: bool = False) -> None:
        self._verbose = verbose
        self._unit = "token"
        self._last_s = 0.0
        self._last_progress = 0.0

    def of(self, event: Event) -> list[str]:
        """The lines that an event is worth, often none."""
        if isinstance(event, Prepared):
            self._unit = unit_of(event)
            return [*prepared_lines(event), *(settings_lines(event) if self._verbose else [])]
        if isinstance(event, Saved) and self._verbose:
            return [saved_line(event)]
        if isinstance(event, Evaluated):
            return [evaluation_line(event, self._unit)]
        if isinstance(event, Sampled):
            return sample_lines(event)
        if isinstance(event, Warned | RolledBack):
            return [warning_line(event)]
        if isinstance(event, Stepped) and self._is_time(event):
            self._last_s, self._last_progress = event.elapsed_s, event.progress
            return [step_line(event, self._unit)]
        return []

    def _is_time(self, event: Stepped) -> bool:
        return event.elapsed_s - self._last_s >= _LINE_EVERY_S and event.progress - self._last_progress >= _LINE_EVERY_SHARE


def warning_line(event: Warned | RolledBack) -> str:
    """Something went wrong and was dealt with."""
    return f"step {event.step:,}: {event.message}"


def short_path(path: str) -> str:
    """A path as short as it can be typed from here."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") or len(relative) > len(path) else relative


def closing_lines(summary: dict[str, Any], run: str) -> list[str]:
    """How a run ended, how good it became, and what to type next."""
    reasons = {
        "time": "the time is up",
        "steps": "all steps are taken",
        "epochs": "all epochs are read",
        "patience": "it got no better",
        "signal": "it was stopped",
    }
    ended = reasons.get(str(summary.get("stopped")), "it ended")
    trained = f"{counted(int(summary.get('steps', 0)), 'step')} in {duration(float(summary.get('seconds', 0.0)))}"
    lines = [f"done: {ended} after {trained}", f"model: {short_path(str(summary.get('model', run)))}"]
    if quality := quality_line(summary.get("val"), summary.get("objective")):
        lines.append(f"validation: {quality}")
        share = summary.get("val_share", 1.0)
        if share < _ALL:
            lines.append(f"of {share:.0%} of the validation part; of all of it: {command('score', short_path(run), '--split', 'val')}")
    sample = first_sample(
        label_of(str(summary.get("tokenizer"))), short_path(run), str(summary.get("opening", "")), summary.get("objective")
    )
    return [*lines, "", f"next: {sample}"]


def quality_line(val: dict[str, Any] | None, objective: Any = None) -> str:
    """`1.447 nats a character, 2.088 bits a character (perplexity 4.25 a token)`, and of what, where that is not every token."""
    line = _quality(val or {})
    of = choices.OBJECTIVES[objective].figures if objective in choices.OBJECTIVES else ""
    return f"{line}, {of}" if line and of else line


def _quality(val: dict[str, Any]) -> str:
    per_token, per_char, perplexity = val.get("nats_per_token"), val.get("nats_per_char"), val.get("perplexity")
    if val.get("nats_per_note") is not None and per_token is not None:
        return f"{float(per_token):.4f} nats a token, {float(val['nats_per_note']):.3f} nats a note"
    unit, nats = ("character", per_char) if per_char is not None else ("token", per_token)
    if nats is None:
        return ""
    shown = "beyond all numbers" if perplexity is None else f"{float(perplexity):.4g} a token"
    return f"{nats:.4f} nats a {unit}, {bits(nats):.4f} bits a {unit} (perplexity {shown})"
