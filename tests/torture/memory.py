"""Peak memory of training, above that of a process that has only loaded torch and made the gradients of a tiny network."""

import itertools
import os
import random
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from campaign import TEXT, Result

LARGEST_MB = 300
_BARE = "import torch; net = torch.nn.LSTM(8, 8); net(torch.zeros(3, 2, 8))[0].sum().backward()"
_WATCHING = (
    "import os, sys; child = os.spawnv(os.P_NOWAIT, sys.executable, sys.argv[1:]); _, status, usage = os.wait4(child, 0); "
    "print(usage.ru_maxrss, status)"
)
"""A small process between this one and what is measured: a process inherits the peak of the one that starts it."""
_MB = 10**6


def campaign(folder: Path, size: int, chance: random.Random) -> Result:
    """Texts of so many megabytes: in lines by two tokenizers, in one line, and of 50,000 different characters."""
    bare, result = peak(folder, "-c", _BARE), Result()
    result.count("MB of torch alone", bare)
    lines = folder / "lines.txt"
    fill(lines, size, pieces(chance))
    one_line = folder / "line.txt"
    fill(one_line, size, (piece.replace("\n", " ") for piece in pieces(chance)))
    many = folder / "many.txt"
    alphabet = [chr(code) for code in itertools.chain(range(0x4E00, 0x9FFF), range(0xAC00, 0xD7A3), range(0x20000, 0x26000))][:50_000]
    fill(many, min(size, 6), ("".join(chance.choices(alphabet, k=1000)) + "\n" for _ in itertools.count()), start="".join(alphabet) + "\n")
    for what, source, tokenizer in (
        (f"{size:,} MB in lines, char", lines, "char"),
        (f"{size:,} MB in lines, bpe", lines, "bpe"),
        (f"one line of {size:,} MB, char", one_line, "char"),
        ("50,000 characters", many, "char"),
    ):
        options = ("--tokenizer", tokenizer, "--max-steps", "3", "-o", str(folder / what))
        found = peak(folder, "-m", "lstmgen", "train", str(source), *options) - bare
        result.count(f"MB: {what}", found)
        if found > LARGEST_MB:
            result.wrong.append(f"{what}: {found} MB")
        result.cases += 1
    return result


def pieces(chance: random.Random) -> Iterable[str]:
    """A text without an end, in which words come in another order all the time."""
    words = TEXT.split() + [f"word{number}" for number in range(2000)]
    while True:
        yield "\n".join(" ".join(chance.choices(words, k=12)) for _ in range(1000)) + "\n"


def fill(path: Path, megabytes: int, texts: Iterable[str], *, start: str = "") -> None:
    """A text of this size: sixteen megabytes of its own, again and again."""
    begin, block = start.encode(), b""
    for text in texts:
        block += text.encode()
        if len(block) >= min(megabytes, 16) * _MB:
            break
    with path.open("wb") as file:
        file.write(begin)
        for _ in range(max(1, megabytes * _MB // len(block))):
            file.write(block)


def peak(folder: Path, *arguments: str) -> int:
    """The most megabytes that Python took for this."""
    environment = {**os.environ, "LSTMGEN_HOME": str(folder / "home"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", _WATCHING, sys.executable, *arguments]
    done = subprocess.run(command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    largest, status = done.stdout.split()[-2:]
    assert status == "0", done.stderr
    return int(largest) * (1 if sys.platform == "darwin" else 1024) // _MB
