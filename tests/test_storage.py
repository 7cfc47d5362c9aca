"""What must survive a crash survives it."""

import errno
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lstmgen import limits, storage
from lstmgen.errors import MachineError
from lstmgen.storage import disk, files

FAULTS = [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EACCES, errno.EMFILE]


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.endswith(".tmp")]


def run_python(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, check=False)


# atomic_write


@pytest.mark.parametrize("content", [b"", b"new", bytes(100_000)])
def test_a_file_holds_exactly_what_was_written_from_bytes_or_by_a_function(tmp_path, content):
    storage.atomic_write(tmp_path / "a", content)
    storage.atomic_write(tmp_path / "b", lambda stream: (stream.write(content), None)[1])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == content
    assert leftovers(tmp_path) == []


def test_a_writing_function_may_go_back_and_fill_in_a_header(tmp_path):
    def write(stream):
        stream.write(b"????body")
        stream.seek(0)
        stream.write(b"head")

    storage.atomic_write(tmp_path / "a", write)
    assert (tmp_path / "a").read_bytes() == b"headbody"


def failing(call: Callable, *, number: int, code: int) -> Callable:
    """`call`, whose `number`-th use raises."""
    uses = 0

    def attempt(*arguments, **keywords):
        nonlocal uses
        uses += 1
        if uses == number:
            raise OSError(code, os.strerror(code))
        return call(*arguments, **keywords)

    return attempt


@pytest.mark.parametrize("code", FAULTS)
@pytest.mark.parametrize("call", ["open_file", "write", "sync", "replace"])
def test_a_failure_anywhere_before_the_rename_leaves_the_old_file_and_no_temporary_one(tmp_path, monkeypatch, call, code):
    target = tmp_path / "model"
    target.write_bytes(b"old")
    monkeypatch.setattr(disk, call, failing(getattr(disk, call), number=1, code=code))
    with pytest.raises(MachineError, match="cannot write") as caught:
        storage.atomic_write(target, b"new")
    monkeypatch.undo()
    assert target.read_bytes() == b"old"
    assert leftovers(tmp_path) == []
    assert str(target) in caught.value.message
    assert caught.value.remedy


def test_what_the_disk_does_not_give_back_as_it_was_written_never_takes_the_place_of_the_old_file(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"old")
    real = disk.write
    monkeypatch.setattr(disk, "write", lambda descriptor, data: real(descriptor, bytes(data).replace(b"5", b"6")))
    with pytest.raises(MachineError, match="gave back something else"):
        storage.atomic_write(tmp_path / "a", b"12345")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert leftovers(tmp_path) == []


def test_the_old_file_gets_its_other_name_only_when_the_new_one_is_in_place(tmp_path, monkeypatch):
    for content in (b"1", b"2"):
        storage.atomic_write(tmp_path / "a", content, previous=tmp_path / "b")
    assert ((tmp_path / "a").read_bytes(), (tmp_path / "b").read_bytes()) == (b"2", b"1")
    monkeypatch.setattr(disk, "replace", failing(disk.replace, number=2, code=errno.EIO))
    with pytest.raises(MachineError):
        storage.atomic_write(tmp_path / "a", b"3", previous=tmp_path / "b")
    assert ((tmp_path / "a").read_bytes(), (tmp_path / "b").read_bytes()) == (b"3", b"1")


def test_without_hard_links_the_old_file_is_copied(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_READ_BACK_BYTES", 4)
    storage.atomic_write(tmp_path / "a", b"123456789")
    monkeypatch.setattr(disk, "link", failing(disk.link, number=1, code=errno.EPERM))
    storage.atomic_write(tmp_path / "a", b"2", previous=tmp_path / "b")
    assert ((tmp_path / "a").read_bytes(), (tmp_path / "b").read_bytes()) == (b"2", b"123456789")


def test_a_file_that_has_to_be_new_replaces_nothing_not_even_what_comes_while_it_is_written(tmp_path, monkeypatch):
    target = tmp_path / "new"
    storage.atomic_write(target, b"first", is_new=True)
    with pytest.raises(MachineError, match="a file of that name is in the way"):
        storage.atomic_write(target, b"second", is_new=True)
    late = tmp_path / "late"
    with pytest.raises(MachineError, match="in the way"):
        storage.atomic_write(late, lambda stream: (stream.write(b"mine"), late.write_bytes(b"theirs"))[1], is_new=True)
    monkeypatch.setattr(disk, "link", lambda *_: (_ for _ in ()).throw(OSError(errno.EPERM, "no hard links here")))
    storage.atomic_write(tmp_path / "unlinked", b"whole", is_new=True)
    assert [(tmp_path / name).read_bytes() for name in ("new", "late", "unlinked")] == [b"first", b"theirs", b"whole"]
    assert leftovers(tmp_path) == []


def test_a_folder_takes_the_place_of_another_durably(tmp_path, monkeypatch):
    for name in ("old", "made"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    synced = []
    monkeypatch.setattr(disk, "sync_folder", synced.append)
    storage.replace_folder(tmp_path / "made", tmp_path / "old")
    assert [path.name for path in tmp_path.rglob("*")] == ["old", "made"]
    assert synced == [tmp_path]


def test_a_failed_sync_of_the_folder_is_reported_and_the_file_is_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(disk, "sync_folder", failing(disk.sync_folder, number=1, code=errno.EIO))
    with pytest.raises(MachineError, match="the disk reported an error"):
        storage.atomic_write(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"


@pytest.mark.parametrize("code", [errno.EINVAL, errno.EIO])
def test_a_file_system_that_cannot_sync_folders_is_no_failure_and_a_disk_that_fails_is(tmp_path, monkeypatch, code):
    monkeypatch.setattr(disk.os, "fsync", failing(os.fsync, number=1, code=code))
    if code == errno.EIO:
        with pytest.raises(OSError, match="Input/output"):
            disk.sync_folder(tmp_path)
    else:
        disk.sync_folder(tmp_path)


def test_an_exception_that_counts_as_complete_lets_what_was_written_take_its_place(tmp_path):
    (tmp_path / "a").write_bytes(b"old")

    def write_and_stop(complete):
        with storage.written_aside(tmp_path / "a", complete=complete) as stream:
            stream.write(b"as far as it came")
            assert (tmp_path / "a").read_bytes() == b"old"
            raise KeyboardInterrupt

    for complete, expected in (((), b"old"), ((KeyboardInterrupt,), b"as far as it came")):
        with pytest.raises(KeyboardInterrupt):
            write_and_stop(complete)
        assert (tmp_path / "a").read_bytes() == expected
    assert leftovers(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="modes mean something else there")
def test_a_file_that_is_replaced_keeps_its_mode_and_one_that_is_read_only_is_not_replaced(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "a").chmod(0o604)
    storage.atomic_write(tmp_path / "a", b"new")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o604
    monkeypatch.setattr(files.os, "access", lambda *_: False)
    with pytest.raises(MachineError, match="permission denied"):
        storage.atomic_write(tmp_path / "a", b"newer")
    assert (tmp_path / "a").read_bytes() == b"new"


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="no descriptors as files here")
@pytest.mark.parametrize("name", ["/dev/fd/{}", "link"])
def test_what_is_open_already_is_written_to_behind_what_it_holds(tmp_path, name):
    with (tmp_path / "out").open("w+b", buffering=0) as out:
        out.write(b"before ")
        path = Path(name.format(out.fileno()))
        if name == "link":
            path = tmp_path / "link"
            path.symlink_to(f"/dev/fd/{out.fileno()}")
        storage.atomic_write(path, b"after")
        assert (tmp_path / "out").read_bytes() == b"before after"
    assert leftovers(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="no named pipes there")
@pytest.mark.usefixtures("watchdog")
def test_a_pipe_is_written_to_and_stays_one(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    storage.atomic_write(tmp_path / "pipe", b"through")
    assert os.read(reader, 99) == b"through"
    assert (tmp_path / "pipe").is_fifo()
    os.close(reader)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device here")
def test_a_full_device_is_named():
    with pytest.raises(MachineError, match="cannot write '/dev/full': the disk is full"):
        storage.atomic_write(Path("/dev/full"), b"x")


@pytest.mark.parametrize("error", [ValueError("mine"), KeyboardInterrupt(), MachineError("mine")])
def test_whatever_the_writing_function_raises_comes_through_and_leaves_nothing_behind(tmp_path, error):
    (tmp_path / "a").write_bytes(b"old")

    def write(stream):
        stream.write(b"half")
        raise error

    with pytest.raises(type(error)) as caught:
        storage.atomic_write(tmp_path / "a", write)
    assert caught.value is error
    assert (tmp_path / "a").read_bytes() == b"old"
    assert leftovers(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="no file size limits there")
def test_a_disk_that_takes_no_more_is_named_and_the_old_file_stays(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    code = (
        "import resource, sys; from pathlib import Path; from lstmgen import storage, errors\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: storage.atomic_write(Path(sys.argv[1]), bytes(5000))\n"
        "except errors.MachineError as error: print(error.message, error.remedy)"
    )
    done = run_python(code, tmp_path / "a")
    assert "larger than is allowed" in done.stdout
    assert "ulimit" in done.stdout
    assert (tmp_path / "a").read_bytes() == b"old"
    assert leftovers(tmp_path) == []


def test_a_process_that_dies_while_writing_leaves_the_old_file_and_a_temporary_one_that_is_cleared_away(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    code = (
        "import os, sys; from pathlib import Path; from lstmgen import storage\n"
        "storage.atomic_write(Path(sys.argv[1]), lambda stream: (stream.write(bytes(99999)), os._exit(9)))"
    )
    assert run_python(code, tmp_path / "a").returncode == 9
    assert (tmp_path / "a").read_bytes() == b"old"
    assert len(leftovers(tmp_path)) == 1
    assert len(storage.remove_leftovers(tmp_path)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_writing_to_a_folder_or_into_a_missing_folder_says_so(tmp_path):
    with pytest.raises(MachineError, match="it is a folder"):
        storage.atomic_write(tmp_path, b"x")
    with pytest.raises(MachineError, match="no such file or folder"):
        storage.atomic_write(tmp_path / "missing" / "a", b"x")
    with pytest.raises(MachineError, match="too long"):
        storage.atomic_write(tmp_path / ("n" * 300), b"x")


def test_a_name_as_long_as_the_file_system_allows_can_be_written(tmp_path):
    storage.atomic_write(tmp_path / ("n" * 255), b"x")
    assert (tmp_path / ("n" * 255)).read_bytes() == b"x"


@pytest.mark.skipif(os.name == "nt", reason="links need privileges there")
def test_writing_through_a_link_keeps_the_link(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    storage.atomic_write(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


@pytest.mark.skipif(os.name == "nt", reason="modes mean something else there")
def test_a_new_file_gets_the_permissions_that_the_umask_leaves(tmp_path):
    old = os.umask(0o027)
    try:
        storage.atomic_write(tmp_path / "a", b"x")
    finally:
        os.umask(old)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


def test_an_error_without_a_known_number_still_says_what_the_system_said():
    with pytest.raises(MachineError) as raised, storage.machine_errors("read", "x"):
        raise OSError(errno.EDEADLK, "Resource deadlock avoided")
    error = raised.value
    assert error.message == "cannot read 'x': Resource deadlock avoided"
    assert error.remedy


# store_by_content


def test_content_is_stored_under_its_own_hash_and_equal_content_once(tmp_path):
    first = storage.store_by_content(tmp_path, [b"ab", b"c"], prefix="in-", suffix=".txt")
    second = storage.store_by_content(tmp_path, [b"a", b"bc"], prefix="in-", suffix=".txt")
    other = storage.store_by_content(tmp_path, [b"abd"], prefix="in-", suffix=".txt")
    assert first == second != other
    assert first.read_bytes() == b"abc"
    assert first.name == f"in-{hashlib.sha256(b'abc').hexdigest()[:16]}.txt"
    assert leftovers(tmp_path) == []


def test_storing_into_a_folder_that_is_missing_says_so(tmp_path):
    with pytest.raises(MachineError, match="cannot write into"):
        storage.store_by_content(tmp_path / "missing", [b"x"], prefix="", suffix="")


# append_line


def test_appended_lines_follow_one_another_whether_or_not_they_bring_their_end(tmp_path):
    path = tmp_path / "metrics.jsonl"
    for line in (b'{"step":1}', b'{"step":2}\n', b""):
        storage.append_line(path, line)
    assert path.read_bytes() == b'{"step":1}\n{"step":2}\n\n'


def test_a_line_after_a_torn_one_stands_alone(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(b'{"step":1}\n{"st')
    storage.append_line(path, b'{"step":2}')
    assert path.read_bytes() == b'{"step":1}\n{"st\n{"step":2}\n'


def test_two_lines_at_once_are_refused(tmp_path):
    with pytest.raises(ValueError, match="one line"):
        storage.append_line(tmp_path / "a", b"1\n2")
    assert not (tmp_path / "a").exists()


def test_a_line_that_fails_half_way_is_taken_back(tmp_path, monkeypatch):
    path = tmp_path / "metrics.jsonl"
    storage.append_line(path, b"first")

    def half(stream, content):
        stream.write(content[:3])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "_write_all", half)
    with pytest.raises(MachineError, match="the disk is full"):
        storage.append_line(path, b"second")
    assert path.read_bytes() == b"first\n"


def test_a_file_that_takes_a_little_at_a_time_gets_the_whole_line():
    class Slow:
        taken = b""

        def write(self, view):
            self.taken += bytes(view[:2])
            return len(bytes(view[:2]))

    slow = Slow()
    files._write_all(slow, b"abcdefg")  # pyright: ignore[reportArgumentType]
    assert slow.taken == b"abcdefg"


# remove_leftovers


def temporary_name(pid: int, *, host: str | None = None) -> str:
    return f".lstmgen-{host or files._host()}-{pid}-{'0' * 16}.tmp"


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_only_own_temporary_files_of_dead_or_long_gone_writers_are_cleared(tmp_path):
    gone = dead_pid()
    old = time.time() - limits.LEFTOVER_AGE_S - 60
    kept = [
        temporary_name(os.getpid()),
        temporary_name(gone, host="0" * 8),  # alive, perhaps, on another machine
        "model.safetensors",
        f"x{temporary_name(gone)}",
        ".lstmgen-notes.tmp",
    ]
    cleared = [temporary_name(gone), temporary_name(gone + 1, host="1" * 8)]
    for name in (*kept, *cleared):
        (tmp_path / name).write_bytes(b"x")
    os.utime(tmp_path / cleared[1], (old, old))
    os.utime(tmp_path / "model.safetensors", (old, old))
    (tmp_path / temporary_name(gone, host="2" * 8)).mkdir()
    assert {path.name for path in storage.remove_leftovers(tmp_path)} == set(cleared)
    assert all((tmp_path / name).exists() for name in kept)


def test_writing_into_a_folder_clears_what_crashed_writers_left_there(tmp_path):
    (tmp_path / temporary_name(dead_pid())).write_bytes(b"half")
    storage.atomic_write(tmp_path / "a", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_clearing_a_folder_that_is_not_there_does_nothing(tmp_path):
    assert storage.remove_leftovers(tmp_path / "missing") == ()


def test_a_process_of_another_user_counts_as_alive(monkeypatch):
    def refuse(_pid, _signal):
        raise PermissionError

    monkeypatch.setattr(files.os, "kill", refuse)
    assert files._alive(1)


# sha256_of, make_folder


def test_every_new_folder_is_made_durable_in_its_parent(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(disk, "sync_folder", synced.append)
    storage.make_folder(tmp_path / "a" / "b")
    assert synced == [tmp_path, tmp_path / "a"]


def test_the_hash_of_a_file_is_that_of_its_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"abc" * 100_000)
    assert storage.sha256_of(tmp_path / "a") == hashlib.sha256(b"abc" * 100_000).hexdigest()
    with pytest.raises(MachineError, match="cannot read"):
        storage.sha256_of(tmp_path / "missing")


def test_folders_are_made_with_their_parents_and_a_file_in_the_way_is_named(tmp_path):
    assert storage.make_folder(tmp_path / "a" / "b").is_dir()
    assert storage.make_folder(tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(MachineError, match="cannot create the folder"):
        storage.make_folder(tmp_path / "file")
    with pytest.raises(MachineError, match="cannot create the folder"):
        storage.make_folder(tmp_path / "file" / "below")


# cache_folder


@pytest.mark.skipif(os.name == "nt", reason="absolute paths look different there")
@pytest.mark.parametrize(
    ("environ", "system", "expected"),
    [
        ({"LSTMGEN_HOME": "/l", "XDG_CACHE_HOME": "/x", "HOME": "/h"}, "linux", "/l/cache"),
        ({"XDG_CACHE_HOME": "/x", "HOME": "/h"}, "linux", "/x/lstmgen"),
        ({"XDG_CACHE_HOME": "/x", "HOME": "/h"}, "darwin", "/x/lstmgen"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/h"}, "linux", "/h/.cache/lstmgen"),
        ({"XDG_CACHE_HOME": "", "HOME": "/h"}, "linux", "/h/.cache/lstmgen"),
        ({"HOME": "/h"}, "darwin", "/h/Library/Caches/lstmgen"),
        ({"LOCALAPPDATA": "/a", "XDG_CACHE_HOME": "/x", "USERPROFILE": "/u"}, "win32", "/a/lstmgen/cache"),
        ({"USERPROFILE": "/u", "HOME": "/h"}, "win32", "/u/AppData/Local/lstmgen/cache"),
    ],
)
def test_the_cache_is_where_each_system_keeps_caches(environ, system, expected):
    assert storage.cache_folder(environ, system=system) == Path(expected)


def test_a_relative_home_of_ours_starts_at_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert storage.cache_folder({"LSTMGEN_HOME": "here"}) == tmp_path / "here" / "cache"


def test_without_any_home_the_error_names_the_variable_to_set(monkeypatch):
    def refuse():
        raise RuntimeError

    monkeypatch.setattr(Path, "home", refuse)
    with pytest.raises(MachineError) as caught:
        storage.cache_folder({}, system="linux")
    assert "LSTMGEN_HOME" in caught.value.remedy


def test_a_folder_that_can_be_written_and_not_read_is_not_synced(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EACCES, "permission denied")

    synced = []
    monkeypatch.setattr(os, "fsync", synced.append)
    disk.sync_folder(tmp_path)
    assert len(synced) == 1
    monkeypatch.setattr(os, "open", refuse)
    disk.sync_folder(tmp_path)
    assert len(synced) == 1


def test_a_folder_takes_a_free_name(tmp_path):
    (tmp_path / "made").mkdir()
    storage.replace_folder(tmp_path / "made", tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_a_disk_whose_memory_cannot_be_dropped_is_asked_all_the_same(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "posix_fadvise", raising=False)
    storage.atomic_write(tmp_path / "a", b"content")
    assert (tmp_path / "a").read_bytes() == b"content"


@pytest.mark.skipif(os.name == "nt", reason="modes and links")
def test_what_takes_the_place_of_a_link_gets_nothing_of_what_that_points_to(tmp_path):
    (tmp_path / "elsewhere").write_text("theirs")
    (tmp_path / "elsewhere").chmod(0o466)
    (tmp_path / "link").symlink_to("elsewhere")
    storage.atomic_write(tmp_path / "link", b"ours", follow=False)
    storage.atomic_write(tmp_path / "plain", b"ours")
    assert not (tmp_path / "link").is_symlink()
    assert (tmp_path / "link").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.skipif(os.name == "nt", reason="modes")
def test_a_file_that_is_replaced_keeps_who_may_read_it_and_is_run_as_nobody_else(tmp_path):
    (tmp_path / "a").write_text("old")
    (tmp_path / "a").chmod(0o6750)
    storage.atomic_write(tmp_path / "a", b"new")
    assert (tmp_path / "a").stat().st_mode & 0o7777 == 0o750


def test_links_that_lead_in_a_circle_are_replaced_for_there_is_nothing_behind_them(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    storage.atomic_write(tmp_path / "a", b"content")
    assert (tmp_path / "a").read_bytes() == b"content"
