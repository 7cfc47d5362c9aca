"""What the user named, to files."""

import random
from pathlib import Path

import pytest

from lstmgen.corpus.locate import Candidate, locate


def found(*specs: str) -> list[Candidate]:
    return list(locate(specs, stdin=None, spool=None, cache=None))


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
