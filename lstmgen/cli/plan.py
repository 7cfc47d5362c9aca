"""`lstmgen train --dry-run`: what a run would be, in words."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

import lstmgen
from lstmgen import api
from lstmgen.cli.options import cache
from lstmgen.cli.output import Streams
from lstmgen.cli.processes import reading_pool
from lstmgen.cli.progress import preparing_line
from lstmgen.cli.table import write_facts
from lstmgen.cli.wording import amount, counted, duration, size

_COLUMN: Final = 12
_MANY: Final = 10


def show_plan(streams: Streams, call: Mapping[str, Any], *, json: bool) -> None:
    """Print what `lstmgen.train` would do with these arguments."""
    told: set[str] = set()

    def progress(what: str, _: int, total: int) -> None:
        if what not in told:
            told.add(what)
            streams.explain(preparing_line(what, 0, total))

    how = {"stdin": streams.stdin, "cache": cache(), "executor": reading_pool(), "progress": progress, "started_at": time.monotonic()}
    plan = lstmgen.train(**call, **how).plan()
    if json:
        streams.object_line(plan.to_json())
        return
    write_facts(streams, [*_reads(plan), *_gets(plan)], column=_COLUMN)


def _reads(plan: api.Plan) -> Iterator[tuple[str, str]]:
    skipped = [row for row in plan.sources if not row["read"]]
    yield "reads", f"{counted(plan.documents, 'document')} of {plan.medium}" + (f", {len(skipped)} left out" if skipped else "")
    for row in skipped[:_MANY]:
        yield "", f"{row['file']}: {', '.join(row.get('reasons', ()))}"
    for note in plan.notes:
        yield "note", note
    kept = f"{plan.tokenizer} with {plan.vocab_size:,}"
    yield "learns from", f"{counted(plan.train_tokens, 'token')}, validates on {plan.val_tokens:,}; {kept}"


def _gets(plan: api.Plan) -> Iterator[tuple[str, str]]:
    model, training = plan.settings["model"], plan.settings["training"]
    shape = (
        f"{model['cell']} {model['num_layers']} x {model['hidden_size']}, embedding {model['embedding_size']}, dropout {model['dropout']:g}"
    )
    yield "network", f"{shape}: {counted(plan.parameters, 'parameter')}" + (f" (preset {plan.preset})" if plan.preset else "")
    yield "runs on", f"{plan.device}, {plan.precision}"
    window = f"{training['batch_size']} x {counted(training['seq_length'], 'token')}"
    speed = f"{amount(training['batch_size'] * training['seq_length'] / plan.seconds_per_step)} tokens a second"
    work = f"{counted(plan.steps, 'step')} of {window}, {counted(plan.passes, 'pass', 'passes')}, {speed}"
    yield "takes", f"about {duration(plan.seconds)}: {work}"
    yield (
        "needs",
        f"about {size(plan.memory_bytes)} of memory, {size(plan.model_bytes)} for the model, {size(plan.run_bytes)} for the run folder",
    )
