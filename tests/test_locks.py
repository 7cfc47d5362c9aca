"""One process at a time holds a folder, and the kernel takes the lock back from one that dies."""

import errno
import os
import signal
import subprocess
import sys

import pytest

from lstmgen import storage
from lstmgen.errors import InUseError, MachineError
from lstmgen.storage import FolderLock, locks


def test_a_held_lock_refuses_others_and_names_the_holder(tmp_path):
    with storage.FolderLock(tmp_path) as lock, pytest.raises(InUseError, match=f"in use by process {os.getpid()}") as caught:
        storage.FolderLock(tmp_path).acquire()
    assert caught.value.exit_code == 6
    assert str(tmp_path) in caught.value.message
    lock.release()  # a second release does nothing
    with storage.FolderLock(tmp_path):
        pass


def test_locking_twice_with_one_lock_is_a_mistake_in_the_program(tmp_path):
    with storage.FolderLock(tmp_path) as lock, pytest.raises(RuntimeError):
        lock.acquire()


def test_locks_of_different_folders_and_names_do_not_meet(tmp_path):
    (tmp_path / "b").mkdir()
    with storage.FolderLock(tmp_path), storage.FolderLock(tmp_path / "b"), storage.FolderLock(tmp_path, name=".other"):
        assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", ".other", "b"]


def test_the_kernel_releases_the_lock_of_a_killed_process(tmp_path):
    code = (
        "import sys; from pathlib import Path; from lstmgen import storage\n"
        "storage.FolderLock(Path(sys.argv[1])).acquire(); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", code, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(InUseError, match=f"process {process.pid}"):
            storage.FolderLock(tmp_path).acquire()
        process.send_signal(signal.SIGKILL)
        process.wait()
    with storage.FolderLock(tmp_path):
        assert (tmp_path / ".lock").read_text() == f"{os.getpid()}\n"
    assert (tmp_path / ".lock").read_text() == ""


def test_a_lock_file_without_a_readable_number_still_refuses(tmp_path):
    with storage.FolderLock(tmp_path):
        (tmp_path / ".lock").write_text("?")
        with pytest.raises(InUseError, match="another process"):
            storage.FolderLock(tmp_path).acquire()


def test_a_folder_that_cannot_be_locked_says_why(tmp_path, monkeypatch):
    with pytest.raises(MachineError, match="cannot lock"):
        storage.FolderLock(tmp_path / "missing").acquire()

    def refuse(_descriptor):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(locks, "_try_lock", refuse)
    with pytest.raises(MachineError, match="has no locks"):
        storage.FolderLock(tmp_path).acquire()


@pytest.mark.skipif(os.name == "nt", reason="links need privileges there")
def test_a_link_in_place_of_the_lock_file_is_not_followed(tmp_path):
    (tmp_path / "precious").write_text("keep")
    (tmp_path / ".lock").symlink_to("precious")
    with pytest.raises(MachineError):
        storage.FolderLock(tmp_path).acquire()
    assert (tmp_path / "precious").read_text() == "keep"


def test_a_lock_file_that_its_holder_took_away_is_not_taken_for_the_lock(tmp_path, monkeypatch):
    first, second, third = (storage.FolderLock(tmp_path) for _ in range(3))
    first.acquire()
    opened = locks.disk.open_file
    taken = []

    def open_and_lose(path, flags):
        """Between the opening and the lock, the holder takes the file away and another process makes a new one."""
        descriptor = opened(path, flags)
        if not taken:
            taken.append(path)
            first.remove()
            third.acquire()
        return descriptor

    monkeypatch.setattr(locks.disk, "open_file", open_and_lose)
    with pytest.raises(InUseError):
        second.acquire()
    third.release()


def test_a_lock_that_somebody_only_looks_at_is_taken_a_moment_later(tmp_path, monkeypatch):
    looker = storage.FolderLock(tmp_path)
    looker.acquire()
    (tmp_path / ".lock").write_text("")
    monkeypatch.setattr(locks.time, "sleep", lambda _: looker.release())
    with storage.FolderLock(tmp_path) as lock:
        assert lock.is_ours


def test_removing_a_lock_leaves_no_file(tmp_path):
    lock = storage.FolderLock(tmp_path)
    lock.acquire()
    lock.remove()
    assert not lock.is_ours
    assert list(tmp_path.iterdir()) == []


def test_whether_a_lock_is_held_can_be_asked_without_making_a_file(tmp_path, monkeypatch):
    lock = FolderLock(tmp_path)
    assert not FolderLock(tmp_path).is_held()
    assert list(tmp_path.iterdir()) == []
    with lock:
        assert FolderLock(tmp_path).is_held()
    assert not FolderLock(tmp_path).is_held()

    def refuse(_):
        raise OSError(errno.ENOLCK, "no locks here")

    monkeypatch.setattr(locks, "_try_lock", refuse)
    assert not FolderLock(tmp_path).is_held()


def test_a_holder_that_never_signs_is_another_process(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "_SIGNING_S", 0.0)
    monkeypatch.setattr(locks, "_sign", lambda *_: None)
    with FolderLock(tmp_path), pytest.raises(InUseError, match="in use by another process"):
        FolderLock(tmp_path).acquire()


def test_a_lock_file_that_goes_away_while_it_is_locked_is_made_again(tmp_path, monkeypatch):
    real, gone = locks._try_lock, []

    def lock(descriptor):
        if not gone:
            gone.append(True)
            next(tmp_path.iterdir()).unlink()
        return real(descriptor)

    monkeypatch.setattr(locks, "_try_lock", lock)
    with FolderLock(tmp_path):
        assert len(list(tmp_path.iterdir())) == 1
