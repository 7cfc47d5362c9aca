"""What must be answered at once is answered without the heavy packages."""

import json
import os
import subprocess
import sys

import pytest

HEAVY = ("torch", "numpy", "sentencepiece", "safetensors", "pydantic", "rich", "mido", "PIL")
PROGRAM = f"""
import json, sys
from lstmgen.cli import run
for argv in json.loads(sys.argv[1]):
    code = run(argv)
    sys.stdout.flush()
    loaded = [name for name in {HEAVY!r} if name in sys.modules]
    sys.stderr.write("\\nreport " + json.dumps([code, loaded]) + "\\n")
"""


def ask(*commands, cwd):
    """Runs commands in one process; what was printed, and for each its exit code and what of the heavy packages is loaded by then."""
    environ = {**os.environ, "TERM": "dumb"}
    argv = [sys.executable, "-c", PROGRAM, json.dumps([command.split() for command in commands])]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=cwd, env=environ, check=True)
    reports = [json.loads(line.removeprefix("report ")) for line in done.stderr.splitlines() if line.startswith("report ")]
    assert len(reports) == len(commands)
    return done.stdout, reports


def test_help_and_version_load_nothing_heavy(tmp_path):
    out, reports = ask("", "--help", "--version", "train --help", "sample -h", "corpora get --help", cwd=tmp_path)
    assert out
    assert reports == [[0, []]] * 6


def test_a_mistake_in_the_arguments_loads_no_torch(tmp_path):
    mistakes = (
        *("tran", "train --hiden-size 3", "train x --lr -1", "train", "sample", "sample x -t -1", "sample x --top-p 2"),
        *("sample x --oov maybe", "score x", "score x y --window 0"),
    )
    _, reports = ask(*mistakes, cwd=tmp_path)
    assert [code for code, _ in reports] == [2] * len(mistakes)
    assert "torch" not in reports[-1][1]


def test_corpora_are_listed_and_described_without_torch_and_values_without_pydantic(tmp_path):
    (tmp_path / "a.txt").write_text("abc")
    commands = ("corpora", "corpora list --json", "corpora path python-source", "info python-docs", "info a.txt --encoding utf-8")
    out, reports = ask(*commands, cwd=tmp_path)
    assert out
    assert [code for code, _ in reports] == [0] * len(commands)
    assert not {"torch", "pydantic"} & set(reports[-1][1])


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
