"""The program as a process of its own, without the seconds in which torch is loaded: a server has it and forks one process a call.

What is tested of the start itself (closed streams, locales, a signal before anything stands) starts an interpreter instead.
"""

import contextlib
import io
import multiprocessing
import os
import sys
from multiprocessing.reduction import DupFd
from pathlib import Path

ENVIRON = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "PYTHONWARNINGS"}}
ENVIRON |= {"OMP_NUM_THREADS": "1", "TERM": "xterm-256color"}
LOADED = ["torch", "lstmgen.cli.train", "lstmgen.cli.sample", "lstmgen.cli.interactive", "lstmgen.runs.session", "lstmgen.runs.samples"]


class _Handed:
    """A file descriptor that becomes one of the new process."""

    def __init__(self, number):
        self.number = number

    def __reduce__(self):
        return _detached, (DupFd(self.number),)


def _detached(duplicate):
    return duplicate.detach()


def _become_the_program(argv, streams, cwd, environ):
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(cwd)
    sys.stdin, sys.stdout, sys.stderr = (
        io.TextIOWrapper(os.fdopen(number, mode, closefd=False), encoding="utf-8", line_buffering=os.isatty(number))
        for number, mode in enumerate(("rb", "wb", "wb"))
    )
    sys.argv = ["lstmgen", *argv]
    from lstmgen.__main__ import main

    main()


def start(*argv, stdin=None, stdout=None, stderr=None, cwd=None, environ=None):
    """A process that runs `lstmgen ARGV...` in a session of its own, as a `multiprocessing.Process`.

    The streams are file descriptors; what is None is /dev/null.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LOADED)
    with contextlib.ExitStack() as opened:
        null = os.open(os.devnull, os.O_RDWR)
        opened.callback(os.close, null)
        streams = [_Handed(null if stream is None else stream) for stream in (stdin, stdout, stderr)]
        environ = ENVIRON | (environ or {})
        process = context.Process(target=_become_the_program, args=([*map(str, argv)], streams, str(cwd or Path.cwd()), environ))
        process.start()
    return process
