"""One long run under faults of all kinds at random, which ends in the weights of one that was left alone."""

import os
import random
import signal
import time
from pathlib import Path
from typing import Any

from campaign import SETTINGS, TEXT, Result, ended, in_child, left_by, train_to_the_end
from faults import ERRORS, watch

import lstmgen
from lstmgen import run_files
from lstmgen.errors import LstmgenError, MachineError
from lstmgen.runs import keeping

_LONGEST_SITTING_S = 20.0
_REFUSED = 0.02
"""Share of the calls that fail."""


def campaign(folder: Path, size: int, chance: random.Random) -> Result:
    """A run of so many thousand steps."""
    source, cache, result = folder / "story.txt", folder / "cache", Result()
    source.write_text(TEXT)
    settings = SETTINGS | {"training.max_steps": 1000 * size, "training.save_every_s": 0.2, "training.eval_every": 200}

    def train(run: Path) -> None:
        began = run_files.holds_state(run)
        training = lstmgen.train(resume=run, cache=cache) if began else lstmgen.train([source], out=run, settings=settings, cache=cache)
        for _ in training:
            pass

    def trouble(seed: int) -> int:
        random_here = random.Random(seed)

        def fail(_number: int, _name: str, _arguments: tuple[Any, ...]) -> None:
            if random_here.random() < _REFUSED:
                code = random_here.choice(ERRORS)
                raise OSError(code, os.strerror(code))

        watch(fail)
        keeping._FIRST_DELAY_S = 0.1  # pyright: ignore[reportConstantRedefinition]
        try:
            train(folder / "run")
        except MachineError:
            return 4
        except LstmgenError as error:
            return 2 if "used up its budget" in error.message else 1
        return 0

    train_to_the_end(folder / "warm", source, cache)
    calm = in_child(lambda: train(folder / "calm"))
    code, began_s = None, time.monotonic()
    while code not in {0, 2}:
        child = in_child(lambda: trouble(chance.randrange(2**32)))
        deadline = time.monotonic() + chance.uniform(0.5, _LONGEST_SITTING_S)
        while (found := os.waitpid(child, os.WNOHANG))[0] == 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        if found[0] == 0:
            os.kill(child, signal.SIGKILL)
            found = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(found[1])
        result.count("kills", int(code < 0))
        result.count("sittings")
        if code not in {0, 2, 4, -signal.SIGKILL}:
            result.wrong.append(f"a sitting ended with {code}")
            break
    result.count("minutes", round((time.monotonic() - began_s) / 60))
    assert ended(calm) == 0
    if left_by(folder / "run") != left_by(folder / "calm"):
        result.wrong.append("it ended in other weights or metrics than one that was left alone")
    result.cases = size
    return result
