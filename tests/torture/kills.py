"""SIGKILL at random instants: a run that is killed again and again, and resumed to its end, is that of one that was left alone."""

import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

from campaign import SETTINGS, TEXT, Result, ended, in_child, left_by, train_to_the_end

from lstmgen import run_files

_PROGRAMS = 20
"""Of so many runs one is trained by the program itself, which is killed while it starts as well; the others by forks."""


def campaign(folder: Path, size: int, chance: random.Random) -> Result:
    """So many runs, each killed twice or more on average."""
    source, cache, result = folder / "story.txt", folder / "cache", Result()
    source.write_text(TEXT)
    train_to_the_end(folder / "calm", source, cache)
    begin = time.monotonic()
    assert ended(in_child(lambda: train_to_the_end(folder / "twin", source, cache))) == 0
    seconds = time.monotonic() - begin
    expected = left_by(folder / "calm")
    run = folder / "run"
    while result.cases < size or result.figures.get("kills", 0) < 2 * size:  # a kill may come too late; then there is one more run
        is_program = result.cases % _PROGRAMS == _PROGRAMS - 1
        code = -1
        for _ in range(4):
            child = in_child(lambda: (program if is_program else train_to_the_end)(run, source, cache))  # noqa: B023 - it forks at once
            time.sleep(chance.uniform(0, seconds + 3 * is_program))
            os.kill(child, signal.SIGKILL)
            if (code := ended(child)) != -signal.SIGKILL:
                break
            result.count("kills")
            result.count("of them of the program from its start", int(is_program))
        if code and ended(in_child(lambda: train_to_the_end(run, source, cache))):
            result.wrong.append(f"run {result.cases} cannot be resumed to its end")
        elif left_by(run) != expected:
            result.wrong.append(f"run {result.cases} ended in other weights or metrics")
        left = [path.name for path in (*run.iterdir(), *cache.rglob("*")) if path.name.endswith((".tmp", ".new"))]
        result.wrong += [f"run {result.cases} leaves {name}" for name in left]
        shutil.rmtree(run)
        shutil.rmtree(cache)
        result.cases += 1
    return result


def program(run: Path, source: Path, cache: Path) -> None:
    """The same by the program, in the place of this process."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nowhere, number)
    settings = [word for key, value in SETTINGS.items() for word in ("--set", f"{key}={value}")]
    new = [str(source), "-o", str(run), "--overwrite", *settings]
    what = ["--resume", str(run)] if run_files.holds_state(run) else new
    os.execve(sys.executable, [sys.executable, "-m", "lstmgen", "train", *what], {**os.environ, "LSTMGEN_HOME": str(cache)})
