"""A short, seeded part of every campaign of `tests/torture`; `make torture` runs them in full."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).parent / "torture" / "run.py"

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the campaigns fork")


READERS = ("midi", "models", "states", "token_files", "settings", "metrics", "tokenizers", "indexes")


CAMPAIGNS = [(["kills"], 1), (["calls"], 1), (["power"], 4), (["errors"], 1), (READERS, 100), (["terminal"], 25)]


@pytest.mark.parametrize(("parts", "size"), CAMPAIGNS, ids=lambda case: "mutants" if case is READERS else None)
def test_a_short_campaign_finds_nothing_wrong(parts, size):
    done = subprocess.run([sys.executable, RUN, *parts, "--size", str(size), "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [result["part"] for result in results] == list(parts)
    for result in results:
        assert result["cases"] >= size
        assert result["wrong"] == []
