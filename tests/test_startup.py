"""What must be answered at once is answered without the heavy packages."""

import os
import subprocess
import sys

import pytest

HEAVY = ("torch", "numpy", "sentencepiece", "safetensors", "pydantic", "rich", "mido", "PIL")
PROGRAM = f"""
import sys
from lstmgen.cli import run
code = run(sys.argv[1:])
loaded = [name for name in {HEAVY!r} if name in sys.modules]
sys.stderr.write(f"\\ncode={{code}} loaded={{loaded}}")
"""


def ask(*argv, cwd):
    environ = {**os.environ, "TERM": "dumb"}
    done = subprocess.run([sys.executable, "-c", PROGRAM, *argv], capture_output=True, text=True, cwd=cwd, env=environ, check=True)
    return done.stdout, done.stderr.rpartition("\n")[2]


@pytest.mark.parametrize("argv", [(), ("--help",), ("--version",), ("train", "--help"), ("sample", "-h"), ("corpora", "get", "--help")])
def test_help_and_version_load_nothing_heavy(argv, tmp_path):
    out, report = ask(*argv, cwd=tmp_path)
    assert out
    assert report == "code=0 loaded=[]"


@pytest.mark.parametrize(
    "argv",
    [
        ("tran",),
        ("train", "--hiden-size", "3"),
        ("train", "x", "--lr", "-1"),
        ("train",),
        ("sample",),
        ("sample", "x", "-t", "-1"),
        ("sample", "x", "--top-p", "2"),
        ("sample", "x", "--oov", "maybe"),
        ("score", "x"),
        ("score", "x", "y", "--window", "0"),
    ],
)
def test_a_mistake_in_the_arguments_loads_no_torch(argv, tmp_path):
    _, report = ask(*argv, cwd=tmp_path)
    assert report.startswith("code=2 ")
    assert "torch" not in report


@pytest.mark.parametrize(
    "argv", [("corpora",), ("corpora", "list", "--json"), ("corpora", "path", "python-source"), ("info", "python-docs")]
)
def test_corpora_are_listed_and_described_without_torch(argv, tmp_path):
    out, report = ask(*argv, cwd=tmp_path)
    assert out
    assert report.startswith("code=0 ")
    assert "torch" not in report


def test_importing_the_package_loads_nothing_heavy_and_offers_its_names():
    program = f"""
import sys, lstmgen
assert not [name for name in {(*HEAVY, "typer")!r} if name in sys.modules]
assert set(dir(lstmgen)) >= {{"load", "train", "Sampling", "__version__"}}
assert lstmgen.Sampling().temperature > 0
assert not [name for name in ("torch", "numpy") if name in sys.modules]
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_name_that_the_package_does_not_have_is_an_attribute_error():
    import lstmgen

    with pytest.raises(AttributeError, match="no attribute 'tran'"):
        _ = lstmgen.tran


def test_a_command_with_values_loads_no_pydantic(tmp_path):
    (tmp_path / "a.txt").write_text("abc")
    _, report = ask("info", "a.txt", "--encoding", "utf-8", cwd=tmp_path)
    assert report.startswith("code=0 ")
    assert "pydantic" not in report
