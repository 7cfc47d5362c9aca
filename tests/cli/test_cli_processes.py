"""The processes that help reading end with the program, however it ends."""

import signal
import subprocess
import sys

import pytest

from lstmgen.cli import processes

CODE = """
import os, signal, sys, time
from lstmgen.cli.processes import reading_pool
os.cpu_count = lambda: 2
with reading_pool()() as pool:
    print(pool.submit(signal.getsignal, signal.SIGINT).result() == signal.SIG_IGN, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize(("cores", "helps"), [(None, False), (1, False), (2, True)])
def test_with_one_core_there_are_none(monkeypatch, cores, helps):
    monkeypatch.setattr(processes.os, "cpu_count", lambda: cores)
    assert (processes.reading_pool() is not None) == helps


@pytest.mark.skipif(sys.platform == "win32", reason="signals are others there")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["kill", "interrupt"])
def test_they_leave_ctrl_c_to_the_program_and_end_with_it(number):
    process = subprocess.Popen([sys.executable, "-c", CODE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    assert process.stdout.readline() == b"True\n"
    process.send_signal(number)
    # They hold the other end of this pipe too: it ends when the last of them has ended.
    assert process.communicate(timeout=30)[0] == b""
