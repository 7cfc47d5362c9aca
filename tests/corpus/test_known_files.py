"""What large files hold is remembered while they stay as they were, and not a moment longer."""

import json
import os
import time

import pytest

from lstmgen.corpus.known_files import known_or
from lstmgen.schema import table, whole

SCHEMA = table({"size": whole()})


class File:
    """A large file, and how often it was read."""

    def __init__(self, folder):
        self.path, self.cache, self.reads = folder / "large.txt", folder / "cache", 0
        self.path.write_bytes(b"a" * 2**20)

    def found(self, *, how=None, cache=True):
        def read():
            self.reads += 1
            return {"size": self.path.stat().st_size}

        return known_or(read, self.path, how=how or {}, schema=SCHEMA, cache=self.cache if cache else None)

    @property
    def record(self):
        (record,) = (self.cache / "read").iterdir()
        return record


@pytest.fixture
def large(tmp_path, monkeypatch):
    file = File(tmp_path)
    now_ns = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now_ns() + 10**10)  # it was written ten seconds ago
    return file


def test_a_file_that_stays_as_it_was_is_read_once(large):
    assert [large.found() for _ in range(3)] == [{"size": 2**20}] * 3
    assert large.reads == 1
    large.found(how={"encoding": "cp1252"})
    assert large.reads == 2
    large.found(cache=False)
    assert large.reads == 3


def appended(file):
    with file.path.open("ab") as stream:
        stream.write(b"b")


def of_the_same_size_and_time(file):
    before = file.path.stat()
    file.path.write_bytes(b"b" * before.st_size)
    os.utime(file.path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replaced(file):
    before = file.path.stat()
    other = file.path.with_name("other.txt")
    other.write_bytes(b"b" * before.st_size)
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(file.path)


@pytest.mark.parametrize("change", [appended, of_the_same_size_and_time, replaced])
def test_a_file_that_was_changed_is_read_again(large, change):
    large.found()
    change(large)
    large.found()
    assert large.reads == 2


def test_a_file_that_has_just_been_written_is_not_remembered(tmp_path):
    fresh = File(tmp_path)
    fresh.found()
    fresh.found()
    assert fresh.reads == 2


def test_a_file_that_changes_while_it_is_read_is_not_remembered(large):
    def read():
        appended(large)
        return {"size": 1}

    known_or(read, large.path, how={}, schema=SCHEMA, cache=large.cache)
    assert not large.cache.exists()


def test_small_files_are_not_worth_it(large):
    large.path.write_bytes(b"a")
    large.found()
    assert not large.cache.exists()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda known: known["found"].update(size=7),
        lambda known: known["found"].update(size=-1),
        lambda known: known.pop("stamp"),
        lambda known: known["stamp"].append(0),
    ],
)
def test_a_record_that_was_spoiled_is_made_again(large, spoil):
    large.found()
    known = json.loads(large.record.read_text())
    spoil(known)
    large.record.write_text(json.dumps(known))
    assert large.found() == {"size": 2**20}
    assert large.reads == 2
    large.record.write_bytes(b"\0")
    assert large.found() == {"size": 2**20}
    assert large.reads == 3
    large.found()
    assert large.reads == 3
