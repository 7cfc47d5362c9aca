"""What the user named, to files."""

import io
import os
import random
from pathlib import Path

import pytest

from lstmgen.corpus.locate import Candidate, keep_input, locate
from lstmgen.errors import CorpusError, UsageError


def found(*specs: str) -> list[Candidate]:
    return list(locate(specs, kept=None, cache=None))


def test_the_order_of_the_file_system_changes_nothing(tmp_path, monkeypatch):
    for name in ("b/2", "b/1", "a", "c/x/y", "c.d", "b.c"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    expected = [candidate.path.relative_to(tmp_path).as_posix() for candidate in found(str(tmp_path))]
    assert sorted(expected) == ["a", "b.c", "b/1", "b/2", "c.d", "c/x/y"]
    assert expected.index("b/1") < expected.index("b/2")
    real = Path.iterdir
    generator = random.Random(3)

    def shuffled(path):
        entries = list(real(path))
        generator.shuffle(entries)
        return iter(entries)

    monkeypatch.setattr(Path, "iterdir", shuffled)
    for _ in range(5):
        assert [candidate.path.relative_to(tmp_path).as_posix() for candidate in found(str(tmp_path))] == expected


def test_folders_may_be_nested_deeper_than_python_calls(tmp_path, monkeypatch):
    folder = tmp_path
    monkeypatch.chdir(tmp_path)
    for _ in range(150):
        folder = folder / "d"
    folder.mkdir(parents=True)
    (folder / "leaf").write_bytes(b"x")
    import sys

    depth = sys.getrecursionlimit()
    sys.setrecursionlimit(150)
    try:
        (candidate,) = found("d")
    finally:
        sys.setrecursionlimit(depth)
    assert candidate.path.name == "leaf"


@pytest.mark.parametrize(("spec", "named"), [("a.txt", True), ("*.txt", False), (".", False)])
def test_only_a_file_that_was_named_itself_counts_as_named(tmp_path, monkeypatch, spec, named):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_bytes(b"x")
    assert [candidate.named for candidate in found(spec)] == [named]


# What is no file


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs there")
def test_what_is_neither_file_nor_folder_is_refused_where_it_is_named_and_told_where_it_is_found(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "device").symlink_to("/dev/zero")
    (tmp_path / "text").write_bytes(b"x")
    obstacles = {candidate.path.name: candidate.obstacle for candidate in found(str(tmp_path))}
    assert obstacles == {"pipe": "a FIFO (named pipe), expected a file", "device": "a character device, expected a file", "text": ""}
    assert [candidate.obstacle for candidate in found(f"{tmp_path}/p*")] == [obstacles["pipe"]]
    for name in ("pipe", "device"):
        with pytest.raises(CorpusError, match="expected a file") as caught:
            found(str(tmp_path / name))
        assert caught.value.remedy == "name - instead, and redirect it into the command: < SOURCE"


# Standard input


def test_standard_input_is_kept_in_a_file_named_by_its_content(tmp_path):
    heads = []

    def ending(head):
        heads.append(head)
        return ".end"

    kept = keep_input("-", io.BytesIO(b"from a pipe"), tmp_path / "new" / "folder", ending=ending)
    assert (kept.read_bytes(), heads) == (b"from a pipe", [b"from a pipe"])
    assert (kept.parent, kept.suffix) == (tmp_path / "new" / "folder", ".end")
    assert keep_input("-", io.BytesIO(b"from a pipe"), kept.parent, ending=ending) == kept
    assert keep_input("-", io.BytesIO(b"another"), kept.parent, ending=ending) != kept
    assert [(c.name, c.path, c.named) for c in locate(["-", "-"], kept={"-": kept}, cache=None)] == [("standard input", kept, True)]


def test_standard_input_that_is_empty_broken_or_not_there_is_refused_and_leaves_nothing(tmp_path):
    class Broken(io.BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    for stdin, message in ((io.BytesIO(), "standard input is empty"), (Broken(), "standard input cannot be read")):
        with pytest.raises(CorpusError, match=message):
            keep_input("-", stdin, tmp_path, ending=lambda _: ".txt")
    with pytest.raises(UsageError):
        keep_input("-", None, tmp_path, ending=lambda _: ".txt")
    with pytest.raises(UsageError):
        found("-")
    assert list(tmp_path.iterdir()) == []
