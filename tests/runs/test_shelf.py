"""Runs in a folder, as they are listed, compared and taken away."""

import json
import os
import shutil

import pytest

from lstmgen.checkpoint.model_file import save_model
from lstmgen.checkpoint.run_folder import RunFolder
from lstmgen.config import Config
from lstmgen.errors import InUseError, ModelFileError, UsageError
from lstmgen.runs.history import read_history
from lstmgen.runs.shelf import check_removable, compare_runs, find_run, list_runs, read_run, remove_run

FIGURES = {"char": {"nats_per_char": 1.25}, "notes-beats": {"nats_per_note": 5.5}}


def make(folder, case, *, val=None, settings=None, steps=40):
    """A run of an untrained model, with everything that a finished one has."""
    run = RunFolder.create(folder)
    with run.lock():
        return filled(run, case, val=val, settings=settings, steps=steps)


def filled(run, case, *, val, settings, steps):
    network = case.model.network
    facts = {"steps": steps, "seconds": 3.5} | ({} if val is None else {"val": val})
    save_model(run.model_path, network.tensors(), network.architecture, case.tokenizer, facts)
    run.save_state({}, {"counters": {}})
    run.write_config(Config().replace({"data.sources": ("a.txt",)} | (settings or {})))
    run.append_metrics({"event": "stepped", "step": steps, "loss_nats": 2.0, "elapsed_s": 1.0})
    return run.path


@pytest.fixture
def shelf(tmp_path, medium_case):
    """A folder with two runs of a medium, and things that are none."""
    figures = next(each for name, each in FIGURES.items() if name.startswith(medium_case.tokenizer.name))
    make(tmp_path / "b", medium_case, val={"nats_per_token": 1.5} | figures)
    make(tmp_path / "a", medium_case)
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("x")
    (tmp_path / "file").write_text("x")
    return tmp_path


def test_runs_are_listed_with_the_loss_in_the_unit_of_their_medium(shelf, medium_case):
    first, second = list_runs(shelf)
    figures = next(each for name, each in FIGURES.items() if name.startswith(medium_case.tokenizer.name))
    (name, loss), *_ = figures.items()
    assert (first.name, first.state, first.loss, first.loss_unit) == ("a", "unfinished", None, None)
    assert (second.name, second.state, second.loss, second.loss_unit) == ("b", "finished", loss, name.replace("_per_", "/"))
    assert (second.kind, second.steps, second.network) == (medium_case.medium.label, 40, "lstm 2 x 7")
    assert second.nats_per_token == 1.5
    assert list_runs(shelf / "nowhere") == ()


def test_a_loss_without_a_figure_of_the_medium_is_one_of_tokens(tmp_path, medium_case):
    found = read_run(make(tmp_path / "r", medium_case, val={"nats_per_token": 2.5}))
    assert (found.loss, found.loss_unit) == (2.5, "nats/token")


def test_a_damaged_run_is_listed_and_spoils_no_other(shelf):
    (shelf / "b" / "model.safetensors").write_bytes(b"\0" * 50)
    (shelf / "only-state").mkdir()
    (shelf / "only-state" / "last.safetensors").write_bytes(b"torn")
    states = {run.name: (run.state, bool(run.problem)) for run in list_runs(shelf)}
    assert states == {"a": ("unfinished", False), "b": ("damaged", True), "only-state": ("unfinished", False)}


@pytest.mark.parametrize("summary", [{"steps": "many", "val": [1]}, {"val": {"nats_per_token": 1e300}}, {"val": {"nats_per_token": True}}])
def test_whatever_a_summary_claims_is_listed(tmp_path, medium_case, summary):
    network = medium_case.model.network
    (tmp_path / "r").mkdir()
    save_model(tmp_path / "r" / "model.safetensors", network.tensors(), network.architecture, medium_case.tokenizer, summary)
    (found,) = list_runs(tmp_path)
    assert (found.steps, found.loss) == (None, None)


def test_a_run_in_training_is_seen_by_its_lock_and_looking_leaves_no_file(shelf):
    before = sorted(path.name for path in (shelf / "a").iterdir())
    (shelf / "a" / ".lock").unlink(missing_ok=True)
    assert read_run(shelf / "a").state == "unfinished"
    assert not (shelf / "a" / ".lock").exists()
    with RunFolder.open(shelf / "a").lock():
        assert read_run(shelf / "a").state == "training"
    assert read_run(shelf / "a").state == "unfinished"
    assert sorted(path.name for path in (shelf / "a").iterdir()) == sorted({*before, ".lock"})


def test_a_run_is_found_by_path_and_by_name_and_a_model_that_stands_alone_too(shelf):
    shutil.copy(shelf / "b" / "model.safetensors", shelf / "alone.safetensors")
    assert find_run(str(shelf / "b")) == shelf / "b"
    assert find_run("b", runs=shelf) == shelf / "b"
    assert read_run(find_run(str(shelf / "alone.safetensors"))).loss == read_run(shelf / "b").loss
    for name in ("", "nothing", "texts", "a\0b", str(shelf / "texts" / "a.txt")):
        with pytest.raises(ModelFileError):
            find_run(name, runs=shelf)


def test_what_differs_is_named_and_lost_settings_differ_from_nothing(tmp_path, medium_case):
    paths = [
        make(tmp_path / "a", medium_case, settings={"model.hidden_size": 7, "training.seed": 3}),
        make(tmp_path / "b", medium_case, settings={"model.hidden_size": 9, "training.seed": 3}),
        make(tmp_path / "c", medium_case),
    ]
    (tmp_path / "c" / "config.toml").write_text("[broken")
    found = compare_runs(paths)
    assert found.different == ("model.hidden_size",)
    assert [each.get("model.hidden_size") for each in found.settings] == [7, 9, None]
    assert found.settings[2] == {}


def test_a_run_is_removed_with_its_folder(shelf):
    assert remove_run(shelf / "a") == ()
    assert not (shelf / "a").exists()
    assert (shelf / "b").exists()


def test_what_a_run_did_not_write_stays_and_is_named(shelf):
    (shelf / "a" / "notes.txt").write_text("mine")
    (shelf / "a" / "novelty.index").unlink(missing_ok=True)
    (shelf / "a" / "novelty.index").mkdir()
    assert remove_run(shelf / "a") == ("notes.txt", "novelty.index")
    assert sorted(path.name for path in (shelf / "a").iterdir()) == ["notes.txt", "novelty.index"]


def test_links_are_not_followed(shelf, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "precious.jsonl").write_text("keep")
    (shelf / "a" / "sources.jsonl").symlink_to(elsewhere / "precious.jsonl")
    (shelf / "link").symlink_to(shelf / "b")
    with pytest.raises(UsageError, match="is a link"):
        remove_run(shelf / "link")
    assert remove_run(shelf / "a") == ()
    assert (elsewhere / "precious.jsonl").read_text() == "keep"
    assert (shelf / "b" / "model.safetensors").exists()


@pytest.mark.parametrize("name", ["model.safetensors", "last.safetensors"])
def test_a_folder_whose_files_only_bear_the_names_is_not_removed(tmp_path, name):
    from safetensors.numpy import save_file

    folder = tmp_path / "other-program"
    folder.mkdir()
    import numpy as np

    save_file({"weight": np.zeros(3, np.float32)}, folder / name)
    with pytest.raises(UsageError, match="nothing is removed"):
        remove_run(folder)
    assert [path.name for path in folder.iterdir()] == [name]


def test_a_run_in_training_is_not_removed(shelf):
    with RunFolder.open(shelf / "a").lock():
        for attempt in (check_removable, remove_run):
            with pytest.raises(InUseError):
                attempt(shelf / "a")
    assert (shelf / "a" / "model.safetensors").exists()


@pytest.mark.usefixtures("watchdog")
def test_losses_are_read_from_whatever_the_metrics_hold(tmp_path):
    lines = [
        {"event": "stepped", "step": 1, "loss_nats": 3.0, "elapsed_s": 0.5},
        {"event": "stepped", "step": 2, "loss_nats": None, "elapsed_s": 1.0},
        {"event": "evaluated", "step": 2, "val_nats": 2.5, "elapsed_s": 1.0},
        {"step": True, "loss_nats": 1.0},
        {"step": 10**400, "loss_nats": 1.0},
        {"step": 3, "loss_nats": "low"},
        [1],
    ]
    deep = "[" * 100_000
    (tmp_path / "metrics.jsonl").write_text("\n".join([*map(json.dumps, lines), deep, '{"step": 4, "loss_nats": 2.0}', '{"torn']))
    found = read_history(tmp_path)
    assert [(point.step, point.nats) for point in found.training] == [(1, 3.0), (4, 2.0)]
    assert [(point.step, point.nats, point.elapsed_s) for point in found.validation] == [(2, 2.5, 1.0)]
    (tmp_path / "metrics.jsonl").unlink()
    assert read_history(tmp_path).training == ()
    os.mkfifo(tmp_path / "metrics.jsonl")
    assert read_history(tmp_path).training == ()
