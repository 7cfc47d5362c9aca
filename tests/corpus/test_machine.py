"""Corpora that come with Python itself."""

import sys
from pathlib import Path

import pytest

from lstmgen.corpus import machine
from lstmgen.errors import CorpusError


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A small standard library."""
    for name, text in {
        "b.py": '"""Module b."""\n',
        "a/__init__.py": '"""Package a."""\n',
        "a/z.py": 'async def f():\n    """An \\d old escape."""\n\ndef g():\n    pass\n',
        "broken.py": "def (:\n",
        "empty.py": "",
        "data.txt": "text",
        "test/t.py": '"""Test."""\n',
        "a/tests/t.py": '"""Test."""\n',
        "site-packages/p.py": '"""Package."""\n',
        "idlelib/i.py": '"""Idle."""\n',
        "__pycache__/c.py": "x = 1\n",
        ".hidden/h.py": "x = 1\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_sources_are_sorted_and_leave_out_tests_packages_and_empty_files(library):
    assert [path.relative_to(library).as_posix() for path in machine.source_files(library)] == [
        "a/__init__.py",
        "a/z.py",
        "b.py",
        "broken.py",
    ]
    assert machine.source_files(library / "missing") == ()


def test_this_interpreter_has_several_megabytes_of_sources_and_runs_none_of_them():
    root = machine.standard_library()
    before = set(sys.modules)
    files = machine.source_files(root)
    assert sum(path.stat().st_size for path in files) > 3_000_000
    assert all(path.suffix == ".py" for path in files)
    assert set(sys.modules) == before


def test_help_topics_follow_one_another_by_name(monkeypatch):
    monkeypatch.setattr(machine, "_topics", lambda: {"b": "\nB topic\n", "a": "A topic"})
    assert machine.docs_text() == "A topic\n\n\nB topic\n"
    assert machine.topics_bytes() == len("A topic\n\n\nB topic\n")


def test_an_interpreter_without_help_topics_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    assert machine.topics_bytes() is None
    with pytest.raises(CorpusError, match="without its help topics"):
        machine.docs_text()


def test_the_docs_are_made_once_and_then_taken_as_they_are(tmp_path, monkeypatch):
    path = machine.materialised_docs(tmp_path)
    assert path.read_text(encoding="utf-8") == machine.docs_text()
    monkeypatch.setattr(machine, "docs_text", None)
    assert machine.materialised_docs(tmp_path) == path
    assert [item.name for item in path.parent.iterdir()] == [path.name]
