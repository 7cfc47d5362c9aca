"""A way of doing work in a process of its own, as it runs where nobody else does.

A training of ours has the C library keep the memory that a step frees, for the whole process; stock PyTorch in the same process would
have that too, and not pay what whoever runs it pays. So on a CPU its trainings are measured here. Between its turns the process waits.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from lstmgen.bench.rounds import Side
from lstmgen.errors import MachineError

_ANSWERS: Final = 1
"""The file that a parent process reads."""
_CODE: Final = "import json, sys; sys.path[:] = {path!r}; from lstmgen.bench import apart; apart.serve(json.loads({asked!r}))"


@contextmanager
def apart(**asked: Any) -> Iterator[Side]:
    """A side that another process works through, until the end of the block.

    Args:
        asked: what `stock.training_of` is called with but the device, and `threads`; plain values.

    Raises:
        MachineError: the process cannot begin, or ends before it has answered.
    """
    program = _CODE.format(path=sys.path, asked=json.dumps(asked))
    try:
        process = subprocess.Popen(  # noqa: S603 - our own code, by our own interpreter
            [sys.executable, "-P", "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
    except OSError as error:
        raise MachineError(f"no process for stock PyTorch could begin: {error.strerror or error}", remedy="fewer processes") from error
    asks, answers = process.stdin, process.stdout

    def side(repetitions: int) -> int:
        if asks is None or answers is None:
            raise TypeError("a pipe was asked for")
        try:
            asks.write(f"{repetitions}\n")
            asks.flush()
            answer = answers.readline()
        except (BrokenPipeError, ValueError):  # it is gone, or no longer wanted
            answer = ""
        if not answer:
            raise MachineError("the process of stock PyTorch has ended", remedy="try again, where more memory is free")
        return int(answer)

    with process:
        try:
            yield side
        finally:
            process.kill()


def serve(asked: dict[str, Any]) -> None:
    """Does as many repetitions as each line of standard input says, and writes how many units they were to standard output."""
    import torch

    from lstmgen.bench import stock

    torch.set_num_threads(asked.pop("threads"))
    side = stock.training_of(**asked, device=torch.device("cpu"))
    for line in sys.stdin:
        os.write(_ANSWERS, f"{side(int(line))}\n".encode())
