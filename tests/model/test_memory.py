"""What does not fit is refused before it is taken, with a size that fits."""

import re

import pytest

from lstmgen.errors import MachineError
from lstmgen.model import memory
from lstmgen.model.language_model import Architecture

LARGE = Architecture(vocab_size=100, embedding_size=512, hidden_size=4096, num_layers=3)
WINDOW = {"batch_size": 32, "seq_length": 64}
GB = 10**9


@pytest.mark.parametrize("available", [GB // 5, GB, 5 * GB])
def test_a_model_that_is_too_large_is_refused_with_a_size_that_fits(available):
    with pytest.raises(MachineError, match=r"takes about [\d.]+ GB of memory, and [\d.]+ [GM]B are available") as caught:
        memory.refuse_training(LARGE, **WINDOW, available=available)
    width = int(re.search(r"--hidden-size (\d+) fits", caught.value.remedy)[1])
    smaller = Architecture(vocab_size=100, embedding_size=min(512, width), hidden_size=width, num_layers=3)
    memory.refuse_training(smaller, **WINDOW, available=available)
    assert memory.training_bytes(smaller, **WINDOW) > available / 3


def test_a_model_that_fits_is_not_refused():
    needed = memory.training_bytes(LARGE, **WINDOW)
    memory.refuse_training(LARGE, **WINDOW, available=needed)
    with pytest.raises(MachineError):
        memory.refuse_training(LARGE, **WINDOW, available=needed - 1)


def test_a_file_that_is_too_large_to_load_is_refused(tmp_path):
    with pytest.raises(MachineError, match=r"takes about 3\.0 GB"):
        memory.refuse_loading(tmp_path / "model", GB, available=2 * GB)
    memory.refuse_loading(tmp_path / "model", 1000)


def system(root, *, version, limit, used, inactive=0, free=50 * GB):
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/meminfo").write_text(f"MemTotal: 1 kB\nMemAvailable: {free // 1024} kB\n")
    if version == 2:
        (root / "proc/self/cgroup").write_text("0::/user/job\n")
        folder, names = root / "sys/fs/cgroup/user", ("memory.max", "memory.current", "inactive_file")
    else:
        (root / "proc/self/cgroup").write_text("9:cpu:/x\n4:memory:/user\n")
        folder, names = root / "sys/fs/cgroup/memory/user", ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
    folder.mkdir(parents=True)
    (folder / names[0]).write_text(limit)
    (folder / names[1]).write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 5\n{names[2]} {inactive}\n")
    return root


@pytest.mark.parametrize("version", [1, 2])
def test_the_limit_of_a_control_group_counts_and_what_is_only_remembered_of_files_is_free(tmp_path, version):
    root = system(tmp_path, version=version, limit=str(4 * GB), used=3 * GB, inactive=GB // 2)
    assert memory.available_bytes(root) == 3 * GB // 2


def test_without_a_limit_the_memory_of_the_machine_counts(tmp_path):
    assert memory.available_bytes(system(tmp_path, version=2, limit="max\n", used=GB, free=1024 * 5_000_000)) == 1024 * 5_000_000
    assert memory.available_bytes(tmp_path / "nothing") is None
