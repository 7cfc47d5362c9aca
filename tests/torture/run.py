"""Runs campaigns of faults and prints what they found, a line each.

    python tests/torture/run.py [--size N] [--seed N] [--json] [PART[:N] ...]

Without a name every part runs, in its long form; `make torture` does that. `PART:N` has so many cases. A part that finds something wrong
names the first cases and makes the exit code 1. Ctrl-C ends a part, and what it found up to then is told. `docs/reliability.md` says
which promise each part tests.
"""

import argparse
import importlib
import json
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from campaign import Result

PARTS = {
    "kills": ("runs killed at random instants, resumed to the end", 500),
    "calls": ("kills in front of a call of a command that writes", 10**9),
    "power": ("states of a disk after a loss of power", 10**9),
    "errors": ("calls that fail, once or for ever", 1000),
    "soak": ("thousand steps of one run under faults of all kinds", 1000),
    "memory": ("megabytes of text at most", 2000),
    "folders": ("commands in a stranger's run folder", 10**9),
    "midi": ("mutants of MIDI files", 100_000, "mutants"),
    "models": ("mutants of model files", 20_000, "mutants"),
    "states": ("mutants of states", 20_000, "mutants"),
    "token_files": ("mutants of token files", 50_000, "mutants"),
    "settings": ("mutants of settings", 10_000, "mutants"),
    "metrics": ("mutants of metrics", 10_000, "mutants"),
    "tokenizers": ("mutants of tokenizers", 20_000, "mutants"),
    "terminal": ("samples that would like to steer a terminal", 10_000),
    "indexes": ("mutants of novelty indexes", 10_000, "mutants"),
}
"""What is counted, how many cases the long form has, and the module, where it is another than that of the part's name."""


def _part(word: str) -> tuple[str, int | None]:
    name, _, size = word.partition(":")
    if name not in PARTS:
        raise argparse.ArgumentTypeError(f"{name!r} is no part")
    return name, int(size) if size else None


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART[:N]", type=_part, help=", ".join(PARTS))
    parser.add_argument("--size", type=int, help="cases of each part")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one object for each part")
    asked = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts jobs in the background with Ctrl-C ignored
    wrong = 0
    for part, own_size in asked.parts or [(part, None) for part in PARTS]:
        what, long_size, *elsewhere = PARTS[part]
        size = own_size or asked.size or long_size
        begin = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            campaign = importlib.import_module(elsewhere[0]).CAMPAIGNS[part] if elsewhere else importlib.import_module(part).campaign
            try:
                result = campaign(Path(folder), size, random.Random(f"{part} {asked.seed}"))
            except KeyboardInterrupt:
                result = Result.latest
                result.figures["interrupted"] = 1
        seconds = round(time.monotonic() - begin, 1)
        if asked.json:
            print(json.dumps({"part": part, "cases": result.cases, "wrong": result.wrong[:20], **result.figures, "seconds": seconds}))
        else:
            also = "".join(f", {number:,} {name}" for name, number in result.figures.items())
            print(f"{part}: {result.cases:,} {what}{also}; {len(result.wrong):,} wrong; {seconds:g} s", flush=True)
            for line in result.wrong[:5]:
                print(f"  {line}")
        wrong += len(result.wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
