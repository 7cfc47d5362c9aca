"""What every test can rely on: one thread, since tests run side by side, and tiny numbers treated as torch does at its start."""

import os
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
