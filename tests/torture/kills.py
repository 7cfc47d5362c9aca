"""SIGKILL at random instants: a run that is killed again and again, and resumed to its end, is that of one that was left alone."""

import os
import random
import signal
import time
from pathlib import Path

from campaign import TEXT, Result, ended, in_child, train_to_the_end, weights_of


def campaign(folder: Path, size: int, chance: random.Random) -> Result:
    """So many runs, each killed twice or more on average."""
    source, cache = folder / "story.txt", folder / "cache"
    source.write_text(TEXT)
    begin = time.monotonic()
    assert ended(in_child(lambda: train_to_the_end(folder / "calm", source, cache))) == 0
    seconds = time.monotonic() - begin
    expected, result = weights_of(folder / "calm"), Result()
    while result.cases < size or result.figures.get("kills", 0) < 2 * size:  # a kill may come too late; then there is one more run
        run = folder / f"run-{result.cases}"
        for _ in range(4):
            child = in_child(lambda run=run: train_to_the_end(run, source, cache))
            time.sleep(chance.uniform(0, seconds))
            os.kill(child, signal.SIGKILL)
            if ended(child) == 0:
                break
            result.count("kills")
        else:
            if ended(in_child(lambda run=run: train_to_the_end(run, source, cache))):
                result.wrong.append(f"{run} cannot be resumed to its end")
        if weights_of(run) != expected:
            result.wrong.append(f"{run} ended in other weights")
        result.cases += 1
    return result
