"""What a step frees is there for the next one, without a fault for each of its pages; afterwards the system has it back."""

import ctypes
import os
import resource
import sys

import pytest

from lstmgen.training.kept_memory import kept_memory

BLOCK = 40_000_000
PAGES = BLOCK // os.sysconf("SC_PAGE_SIZE")
pytestmark = pytest.mark.skipif(sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "mallopt"), reason="the C library is not glibc")


def faults():
    """Of touching a large block that the C library gives and takes back."""
    library = ctypes.CDLL(None)
    library.malloc.restype, library.malloc.argtypes, library.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    block = library.malloc(BLOCK)
    ctypes.memset(block, 1, BLOCK)
    library.free(block)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def test_blocks_are_kept_inside_and_only_there():
    with kept_memory():
        faults()
        assert faults() < PAGES / 10
    assert faults() > PAGES / 2
    assert faults() > PAGES / 2


def test_without_such_a_library_nothing_happens(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    with kept_memory():
        faults()
        assert faults() > PAGES / 2
