import json

import torch

from lstmgen.bench import tasks
from lstmgen.bench.rounds import Pace


def test_the_command_tells_a_table_or_json(cli, monkeypatch):
    monkeypatch.setattr(tasks, "QUICK", Pace(rounds=2, round_s=0.0))
    done = cli("bench", "encode", "--quick", "--json", "--threads", "1")
    assert done.code == 0, done.err
    row, pieces = [json.loads(line) for line in done.text.splitlines()]
    assert (row["task"], row["threads"], row["torch"]) == ("encode", 1, torch.__version__)
    assert (row["shape"], pieces["shape"]) == ("char", "bpe")
    assert set(row["ratio"]) == {"median", "low", "high"}
    table = cli("bench", "encode", "--quick")
    assert table.text.splitlines()[0].split()[:2] == ["task", "shape"]
    assert cli("bench", "swimming").code == 2
