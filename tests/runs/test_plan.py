"""What a run would be, before it is one."""

import pytest

from lstmgen.checkpoint.model_file import read_description
from lstmgen.errors import CorpusError, UsageError
from lstmgen.runs import plan as plan_module
from lstmgen.runs import preparation

TEXT = "The sea is wide, the sea is deep.\n" * 60


@pytest.fixture
def sea(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sea").mkdir()
    (tmp_path / "sea" / "sea.txt").write_text(TEXT)
    (tmp_path / "sea" / "noise.txt").write_bytes(bytes(range(256)) * 9)
    return tmp_path


def test_a_plan_is_what_the_run_becomes_and_leaves_no_folder(sea, train):
    plan = train("sea").plan()
    assert sorted(path.name for path in sea.iterdir()) == ["cache", "sea"]
    training = train("sea", out=sea / "run")
    events = list(training)
    prepared = events[0]
    for name in ("tokenizer", "vocab_size", "parameters", "train_tokens", "val_tokens", "documents", "device"):
        assert getattr(plan, name) == getattr(prepared, name)
    settings = {section: dict(values) for section, values in prepared.settings.items()}
    settings["runtime"]["precision"] = plan.settings["runtime"]["precision"]
    assert plan.settings == settings
    assert sorted(row["read"] for row in plan.sources) == [False, True]
    assert plan.steps == training.summary["steps"] == 12
    model = read_description(sea / "run" / "model.safetensors")
    assert plan.model_bytes == pytest.approx(model.bytes, rel=0.4)
    assert plan.seconds_per_step > 0


def test_a_budget_of_time_is_told_in_steps_and_one_of_passes_too(sea, train):
    assert sea.is_dir()
    timed = train("sea", settings={"training.max_steps": None, "training.max_time_s": 60.0}).plan()
    assert timed.seconds == pytest.approx(60, abs=2)
    assert timed.steps == pytest.approx((60 - (timed.seconds - timed.steps * timed.seconds_per_step)) / timed.seconds_per_step, abs=2)
    passes = train("sea", settings={"training.max_steps": None, "training.epochs": 2.0}).plan()
    assert passes.passes == pytest.approx(2.0, abs=0.05)


def test_a_preset_is_named_where_its_values_are_taken(sea, train):
    assert sea.is_dir()
    size = {"model.hidden_size": None, "model.num_layers": None, "model.embedding_size": None}
    assert train("sea", settings=size | {"model.preset": "tiny"}).plan().preset == "tiny"
    assert train("sea").plan().preset is None


@pytest.mark.parametrize(("seconds_a_step", "width"), [(0.02, 384), (0.2, 256)])
def test_a_machine_is_timed_before_its_network_is_chosen(sea, train, monkeypatch, seconds_a_step, width):
    (sea / "long.txt").write_text(TEXT * 80)
    monkeypatch.setattr(preparation, "seconds_of_steps", lambda *_, **__: [seconds_a_step])
    monkeypatch.setattr(plan_module, "seconds_of_steps", lambda *_, **__: [seconds_a_step] * 5)
    free = {"model.hidden_size": None, "model.num_layers": None, "model.embedding_size": None, "optimizer.lr": None}
    budget = {"training.max_steps": None, "training.max_time_s": 60.0, "training.batch_size": 32, "training.seq_length": 32}
    assert train("long.txt", settings=free | budget).plan().settings["model"]["hidden_size"] == width


def test_planning_changes_no_random_number(sea, train):
    import torch

    assert sea.is_dir()
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    train("sea").plan()
    assert torch.equal(torch.rand(3), expected)


def test_what_a_run_would_refuse_a_plan_refuses_too(sea, train):
    (sea / "empty.txt").write_text("")
    with pytest.raises(CorpusError):
        train("empty.txt").plan()
    with pytest.raises(UsageError, match="keeps its plan"):
        train(resume="run").plan()
