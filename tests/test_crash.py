"""A short, seeded part of every campaign of `tests/torture`; `make torture` runs them in full."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).parent / "torture" / "run.py"

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the campaigns fork")


@pytest.mark.parametrize(("part", "size"), [("kills", 2)])
def test_a_short_campaign_finds_nothing_wrong(part, size):
    done = subprocess.run([sys.executable, RUN, part, "--size", str(size), "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout)
    assert result["cases"] >= size
    assert result["wrong"] == []
