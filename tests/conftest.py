"""What every test can rely on: one thread, since tests run side by side, and tiny numbers treated as torch does at its start."""

import os
import signal
import sys

import pytest

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is loaded, here and in every process that a test starts


@pytest.fixture(autouse=True)
def torch_as_it_starts():
    yield
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_flush_denormal(False)
        torch.set_num_threads(1)


@pytest.fixture
def watchdog():
    """Turns a hang into a failure, such as the wait for someone to write into a FIFO."""

    def give_up(*_):
        raise AssertionError("it hangs")  # not an OSError, which a reader of files may pass over

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
