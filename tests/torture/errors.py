"""Every call that changes the disk fails: each of seven errors, once and for ever, for every command that writes.

Training that has begun takes all of its steps, whatever fails; it ends with exit code 4 only when the disk refuses for good at its end.
"""

import os
import random
import shutil
from functools import partial
from pathlib import Path

import commands
from calls import all_calls, chosen
from campaign import Result
from faults import ERRORS, fail_at

from lstmgen.training.trainer import Trainer


def campaign(folder: Path, size: int, chance: random.Random) -> Result:
    """So many cases of (command, call, error, once or for ever)."""
    base, result = folder / "base", Result()
    base.mkdir()
    commands.furnish(base, names := chosen(size, chance))
    calls, calm = all_calls(folder, base, names)
    cases = [(*call, code, for_ever) for call in calls for code in ERRORS for for_ever in (False, True)]
    steps = folder / "steps"
    for name, number, code, for_ever in chance.sample(cases, min(size, len(cases))):
        trial, job = folder / "trial", commands.JOBS[name]
        shutil.copytree(base, trial)
        steps.write_bytes(b"")

        fault = partial(fail_at, number, code, for_ever=for_ever)
        exit_code, said = commands.done(trial, job, lambda fault=fault: (count_steps(steps), fault())[1])
        taken = len(steps.read_bytes())
        wrong = commands.complaints(trial, job, base, calm[name])
        if exit_code not in {0, 4} or "Traceback" in said:
            wrong.append(f"exit code {exit_code}: {said.strip()[-300:]}")
        if exit_code == 4 and not ("error: " in said and "try: " in said):
            wrong.append(f"it does not say what to do: {said.strip()[-300:]}")
        if job.run and taken not in {0, job.steps}:
            wrong.append(f"training ended after {taken} of {job.steps} steps")
        if job.run and taken and exit_code == 4 and not (for_ever and "saved up to step" in said):
            wrong.append(f"training had ended, and so did the program: {said.strip()[-300:]}")
        if job.run and exit_code == 4:
            result.count("refused before the first step" if not taken else "refused at the end of training", 1)
        words = f"{name}, call {number}, {os.strerror(code)} {'for ever' if for_ever else 'once'}"
        result.wrong += [f"{words}: {line}" for line in wrong]
        shutil.rmtree(trial)
        result.cases += 1
    result.figures["cases of the commands tried"] = len(cases)
    return result


def count_steps(path: Path) -> None:
    """From now on every step of training adds a byte to a file."""
    real, descriptor = Trainer._step, os.open(path, os.O_WRONLY | os.O_APPEND)

    def step(trainer: Trainer) -> bool:
        os.write(descriptor, b".")
        return real(trainer)

    Trainer._step = step  # pyright: ignore[reportAttributeAccessIssue]
