"""What a step frees is there for the next one, without a fault for each of its pages; afterwards the system has it back.

Each test has a process of its own: in the middle of a heap that others have used a block stays where it is.
"""

import ctypes
import os
import subprocess
import sys

import pytest

BLOCK = 40_000_000
PAGES = BLOCK // os.sysconf("SC_PAGE_SIZE")
FAULTS = f"""
import ctypes, resource, sys
from lstmgen.training.kept_memory import kept_memory

library = ctypes.CDLL(None)
library.malloc.restype, library.malloc.argtypes, library.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]

def faults():
    "Of touching a large block that the C library gives and takes back."
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    block = library.malloc({BLOCK})
    ctypes.memset(block, 1, {BLOCK})
    library.free(block)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
pytestmark = pytest.mark.skipif(sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "mallopt"), reason="the C library is not glibc")


def faults_of(script):
    """Those that a new process prints."""
    done = subprocess.run([sys.executable, "-c", FAULTS + script], check=True, capture_output=True, text=True)
    return [int(line) for line in done.stdout.split()]


def test_blocks_are_kept_inside_and_only_there():
    script = """
with kept_memory():
    faults()
    faults()
faults()
faults()
"""
    _, again, *afterwards = faults_of(script)
    assert again < PAGES / 10
    assert min(afterwards) > PAGES / 2


def test_without_such_a_library_nothing_happens():
    script = """
sys.platform = "darwin"
with kept_memory():
    faults()
    faults()
"""
    assert min(faults_of(script)) > PAGES / 2
