"""The kernel of what followed the last time, run as C++ with threads where a compiler is found; on a GPU by tests/gpu."""

import contextlib
import ctypes
import shutil
import subprocess

import numpy as np
import pytest
import torch

from lstmgen.model import matching_on_gpu
from lstmgen.model.matches import Matches, advance

AROUND = """
#include <algorithm>
#include <barrier>
#include <thread>
#include <vector>
using std::min;
struct Number {{ int x; }};
thread_local Number blockIdx, threadIdx, blockDim;
std::barrier<> *together;
#define __device__
#define __global__
#define __syncthreads() together->arrive_and_wait()
{source}
extern "C" void launch(int blocks, int threads, long long *ids, int *before, int *orders, int *after, long long *rows, const int *n) {{
    for (int block = 0; block < blocks; block++) {{
        std::barrier<> all(threads);
        together = &all;
        std::vector<std::thread> running;
        for (int thread = 0; thread < threads; thread++)
            running.emplace_back([=] {{
                blockIdx.x = block; threadIdx.x = thread; blockDim.x = threads;
                remember(ids, before, orders, after, rows, n[0], n[1], n[2], n[3], n[4], n[5], n[6]);
            }});
        for (auto &each : running) each.join();
    }}
}}
"""


@pytest.fixture(scope="module")
def launched(tmp_path_factory):
    """A kernel of a compiled twin of the source, as torch launches one."""
    compiler, folder = shutil.which("g++"), tmp_path_factory.mktemp("kernel")
    (folder / "kernel.cpp").write_text(AROUND.format(source=matching_on_gpu.SOURCE))
    command = [compiler or "", "-std=c++20", "-shared", "-fPIC", "-pthread", "-o", folder / "kernel.so", folder / "kernel.cpp"]
    if compiler is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no compiler for C++20")
    library = ctypes.CDLL(str(folder / "kernel.so"))

    def kernel(*, grid, block, args):
        tensors, numbers = args[:5], np.array(args[5:], np.int32)
        assert all(tensor.is_contiguous() for tensor in tensors)
        pointers = [ctypes.c_void_p(tensor.data_ptr()) for tensor in tensors]
        library.launch(grid[0], block[0], *pointers, numbers.ctypes.data_as(ctypes.c_void_p))

    return kernel


@pytest.mark.parametrize("matches", [Matches((1, 3), 64, 7), Matches((2, 4, 5), 16, 300), Matches((2,), 1, 7)], ids=str)
def test_a_window_is_what_its_tokens_are(matches, launched, monkeypatch):
    monkeypatch.setattr(matching_on_gpu, "_kernel", lambda _: launched)
    monkeypatch.setattr(matching_on_gpu, "_THREADS", 4)
    monkeypatch.setattr(torch.cuda, "device", lambda _: contextlib.nullcontext())
    random, streams = np.random.default_rng(0), 3
    memory_BM = torch.from_numpy(matches.start(streams))
    expected_BM = matches.start(streams)
    for count in (1, 5, 40, 1, 17):
        ids_TB = random.integers(int(count == 17), 7, (count, streams))
        given_BM = memory_BM.clone()
        rows_TBR, after_BM = matching_on_gpu.remembered(torch.from_numpy(ids_TB), memory_BM, matches)
        assert torch.equal(memory_BM, given_BM)
        expected = [[advance(int(ids[lane]), expected_BM[lane], matches) for lane in range(streams)] for ids in ids_TB]
        assert rows_TBR.tolist() == expected
        memory_BM = after_BM
        assert memory_BM.tolist() == expected_BM.tolist()


def test_without_a_gpu_there_is_no_kernel():
    ids_TB = torch.zeros(1, 1, dtype=torch.int64)
    matches = Matches((1,), 4, 7)
    assert matching_on_gpu.remembered(ids_TB, torch.from_numpy(matches.start(1)), matches) is None
