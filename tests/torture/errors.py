"""Every call that changes the disk fails: each of seven errors, once and for ever, for every command that writes."""

import os
import random
import shutil
from pathlib import Path

import commands
from calls import all_calls, chosen
from campaign import Result
from faults import ERRORS, fail_at

from lstmgen import run_files


def campaign(folder: Path, size: int, chance: random.Random) -> Result:
    """So many cases of (command, call, error, once or for ever)."""
    base, result = folder / "base", Result()
    base.mkdir()
    commands.furnish(base)
    calls, calm = all_calls(folder, base, chosen(size, chance))
    cases = [(*call, code, for_ever) for call in calls for code in ERRORS for for_ever in (False, True)]
    for name, number, code, for_ever in chance.sample(cases, min(size, len(cases))):
        trial, job = folder / "trial", commands.JOBS[name]
        shutil.copytree(base, trial)
        exit_code, said = commands.done(trial, job, lambda n=number, c=code, f=for_ever: fail_at(n, c, for_ever=f))
        wrong = commands.complaints(trial, job, base, calm[name])
        if exit_code not in {0, 4} or "Traceback" in said:
            wrong.append(f"exit code {exit_code}: {said.strip()[-300:]}")
        if exit_code == 4 and not ("error: " in said and "try: " in said):
            wrong.append(f"it does not say what to do: {said.strip()[-300:]}")
        if job.run and exit_code == 4:
            ended = (trial / job.run / run_files.METRICS).exists() and "saved up to step" in said
            result.count("ended training")
            if ended and not for_ever:
                wrong.append("one error ended training")
        words = f"{name}, call {number}, {os.strerror(code)} {'for ever' if for_ever else 'once'}"
        result.wrong += [f"{words}: {line}" for line in wrong]
        shutil.rmtree(trial)
        result.cases += 1
    result.figures["cases of the commands tried"] = len(cases)
    return result
