"""How well the default settings learn tiny Shakespeare, and in what time.

    python benchmarks/tinyshakespeare.py [--source FILE] [--budgets 90s 3m 10m] [--seed 0] [--set section.key=value ...]

For every budget it runs `lstmgen train FILE --max-time BUDGET`, then scores the validation part (the last tenth, 111,540 characters) twice:
with the state streamed through it, and from an empty state every 256 characters. It prints one row a budget as a Markdown table, and the
processor's matrix units, on which the figures depend. Nothing else should run on the machine meanwhile.

The text is not part of the project: `lstmgen corpora get tinyshakespeare` fetches it, or name a file with --source.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NAME = "tinyshakespeare"
COLUMNS = (
    "budget",
    "seed",
    "nats a character, streamed",
    "from empty every 256",
    "bits",
    "parameters",
    "tokens a second",
    "steps",
    "precision",
    "whole command",
)


def lstmgen(*arguments: str) -> str:
    """What the command prints on standard output."""
    done = subprocess.run([sys.executable, "-m", "lstmgen", *arguments], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"lstmgen {' '.join(arguments)} ended with {done.returncode}")
    return done.stdout


def row(source: str, budget: str, seed: int, settings: list[str], folder: Path) -> str:
    """One budget, trained and scored, as a row of the table."""
    run = str(folder / f"run-{budget}-{seed}")
    begin = time.monotonic()
    options = [option for setting in settings for option in ("--set", setting)]
    report = json.loads(lstmgen("train", source, "-o", run, "--max-time", budget, "--seed", str(seed), "--json", "-q", *options))
    seconds = time.monotonic() - begin
    streamed = json.loads(lstmgen("score", run, "--split", "val", "--json", "-q"))
    windowed = json.loads(lstmgen("score", run, "--split", "val", "--window", "256", "--json", "-q"))
    cells = [
        budget,
        str(seed),
        f"{streamed['nats_per_char']:.4f}",
        f"{windowed['nats_per_char']:.4f}",
        f"{streamed['bits_per_char']:.3f}",
        f"{report['parameters'] / 1e6:.2f} M",
        f"{report['tokens_per_second']:,.0f}",
        f"{report['steps']:,}",
        report["precision"],
        f"{seconds:.0f} s",
    ]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Trains, scores, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", default=NAME)
    parser.add_argument("--budgets", nargs="+", default=["90s", "3m", "10m"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", dest="settings", action="append", default=[])
    chosen = parser.parse_args()
    print(f"machine: {machine()}")
    print("| " + " | ".join(COLUMNS) + " |")
    print("|---" * len(COLUMNS) + "|")
    with tempfile.TemporaryDirectory() as folder:
        for budget in chosen.budgets:
            print(row(chosen.source, budget, chosen.seed, chosen.settings, Path(folder)), flush=True)


def machine() -> str:
    """The processor, its cores, and its bf16 units."""
    import torch

    from lstmgen.model.arithmetic import bf16_units

    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown processor")
    return f"{name}, {torch.get_num_threads()} threads, bf16 units: {bf16_units() or 'none'}, torch {torch.__version__}"


if __name__ == "__main__":
    main()
