"""A run that is killed at any instant, and resumed, ends with the weights of one that was left alone."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CAMPAIGN = Path(__file__).with_name("crash_campaign.py")

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the campaign forks")


def campaign(folder, trials, seed):
    done = subprocess.run([sys.executable, CAMPAIGN, str(folder), str(trials), str(seed)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_killed_and_resumed_runs_end_with_the_same_weights(tmp_path):
    result = campaign(tmp_path, 2, 1)
    assert result["kills"] >= 4
    assert result["other"] == 0


@pytest.mark.slow
def test_a_long_campaign_of_kills_changes_no_weight(tmp_path):
    result = campaign(tmp_path, 250, 2)
    assert result["kills"] >= 500
    assert result["other"] == 0
