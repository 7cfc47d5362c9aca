import json

import torch

from lstmgen import api
from lstmgen.bench import tasks
from lstmgen.bench.rounds import Pace, Spread
from lstmgen.bench.tasks import Comparison


def test_at_every_width_the_table_fits_and_tells_what_is_compared(cli, monkeypatch):
    spread = Spread(44.72, 41.0, 102.35)
    same = dict.fromkeys(("per_second", "stock_per_second", "ratio", "limit", "share"), spread)
    found = [
        Comparison(task="sample", shape="2 x 512, 1 lane", ours="bf16", stock="fp32", path="", unit="token", **same),
        Comparison(task="encode", shape="char", ours="encode", stock="a dictionary", path="", unit="byte", **same),
        Comparison(task="encode", shape="bpe", ours="encode", stock="sentencepiece", path="", unit="byte", **same),
    ]
    monkeypatch.setattr(api, "bench", lambda task, **_: [each for each in found if each.task == task])
    for columns in (40, 60, 80, 100):
        lines = cli("bench", "sample", "encode", terminal=("stdout",), environ={"COLUMNS": str(columns)}).text.splitlines()
        assert max(map(len, lines)) <= columns
        assert all(word in " ".join(lines) for each in found for word in (each.task, each.shape, each.ours, each.stock, "44.72"))
    piped = cli("bench", "sample", "encode", environ={"COLUMNS": "40"}).text
    assert len(piped.splitlines()) == 1 + len(found), "in a pipe a row is one line"


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
