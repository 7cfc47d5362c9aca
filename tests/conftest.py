"""What every test can rely on: the number of threads and the treatment of tiny numbers are as torch sets them at its start."""

import sys

import pytest


@pytest.fixture(autouse=True)
def torch_as_it_starts():
    torch = sys.modules.get("torch")
    threads = torch.get_num_threads() if torch else None
    yield
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_flush_denormal(False)
        if threads is not None:
            torch.set_num_threads(threads)
