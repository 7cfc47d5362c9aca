"""Kills a training run again and again at random instants, resumes it each time, and compares it with one that was left alone.

    python tests/crash_campaign.py FOLDER TRIALS SEED

There are at least twice as many kills as TRIALS. Prints one line of JSON: trials, kills, and how many of the finished runs have other
weights than the calm one. Children are forked from a process that has loaded torch already, so that a trial takes a fraction of a second.
"""

import hashlib
import json
import os
import random
import signal
import sys
import time
import traceback
from pathlib import Path

from safetensors.numpy import load_file

import lstmgen
from lstmgen.checkpoint.run_folder import RunFolder
from lstmgen.errors import ModelFileError, UsageError
from lstmgen.runs.session import Training  # noqa: F401 - loads torch before the first fork

TEXT = "".join(f"{number} ships, {number + 1} lamps, and the sea.\n" for number in range(40))
SETTINGS = {
    "model.hidden_size": 8,
    "model.embedding_size": 8,
    "model.dropout": 0.2,
    "training.batch_size": 3,
    "training.seq_length": 5,
    "training.max_steps": 40,
    "training.eval_every": 7,
    "training.save_every_s": 1e-6,
    "training.sample_every_s": 0.0,
    "runtime.threads": 1,
    "runtime.precision": "fp32",
}


def train(run: Path, source: Path, cache: Path) -> None:
    """Starts the run, or goes on with it."""
    try:
        RunFolder.open(run)
    except ModelFileError:
        training = lstmgen.train([source], out=run, overwrite=True, settings=SETTINGS, cache=cache)
    else:
        training = lstmgen.train(resume=run, cache=cache)
    try:
        for _ in training:
            pass
    except UsageError as error:
        if "used up its budget" not in error.message:  # it was killed after its last step had been saved
            raise


def in_child(run: Path, source: Path, cache: Path, kill_after_s: float | None) -> bool:
    """Trains in a child process and kills it after a while; True when it had finished before."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            train(run, source, cache)
            code = 0
        except BaseException:
            traceback.print_exc()
        os._exit(code)
    if kill_after_s is not None:
        time.sleep(kill_after_s)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status) and os.WEXITSTATUS(status):
        sys.exit(f"training failed by itself in {run}")
    return not os.WIFSIGNALED(status)


def weights_of(run: Path) -> str:
    """The hash of the weights at the end of a run."""
    tensors = load_file(run / "last.safetensors")
    digest = hashlib.sha256()
    for name in sorted(tensors):
        if name.startswith("network."):
            digest.update(name.encode() + tensors[name].tobytes())
    return digest.hexdigest()


def main() -> None:
    """The campaign."""
    folder, trials, chance = Path(sys.argv[1]), int(sys.argv[2]), random.Random(int(sys.argv[3]))
    source, cache = folder / "story.txt", folder / "cache"
    source.write_text(TEXT)
    begin = time.monotonic()
    in_child(folder / "calm", source, cache, None)
    seconds = time.monotonic() - begin
    expected, kills, other = weights_of(folder / "calm"), 0, 0
    trial = 0
    while trial < trials or kills < 2 * trials:  # a kill may come too late; then there is one more trial
        run = folder / f"run-{trial}"
        while not in_child(run, source, cache, chance.uniform(0, seconds) if kills < 4 * (trial + 1) else None):
            kills += 1
        other += weights_of(run) != expected
        trial += 1
    print(json.dumps({"trials": trial, "kills": kills, "other": other}))


if __name__ == "__main__":
    main()
