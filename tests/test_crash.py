"""A short, seeded part of every campaign of `tests/torture`; `make torture` runs them in full."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).parent / "torture" / "run.py"

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the campaigns fork")


CAMPAIGNS = {
    "crashes": {"kills": 1, "calls": 3, "errors": 3, "power": 6},
    "strangers": dict.fromkeys(("midi", "models", "states", "token_files", "settings", "metrics", "tokenizers", "indexes"), 100)
    | {"folders": 4, "terminal": 25},
}


@pytest.mark.parametrize("sizes", CAMPAIGNS.values(), ids=CAMPAIGNS)
def test_a_short_campaign_finds_nothing_wrong(sizes):
    parts = [f"{part}:{size}" for part, size in sizes.items()]
    done = subprocess.run([sys.executable, RUN, *parts, "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [result["part"] for result in results] == list(sizes)
    for result in results:
        assert result["cases"] >= sizes[result["part"]]
        assert result["wrong"] == []
