"""Run folders: at every instant there is something good to go on from."""

import contextlib
import errno
import json
import math
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import torch

from lstmgen import run_files, storage
from lstmgen.checkpoint import run_folder as run_folder_module
from lstmgen.checkpoint import tensor_file, turns
from lstmgen.checkpoint.run_folder import RunFolder
from lstmgen.checkpoint.turns import keep_text
from lstmgen.config import Config
from lstmgen.errors import CorpusError, DivergedError, InUseError, MachineError, ModelFileError, UsageError
from lstmgen.model import memory
from lstmgen.storage import disk, files, locks


def state_of(step):
    tensors = {
        "network.weight": torch.full((2, 3), float(step)),
        "optimizer.step": torch.tensor(float(step)),
        "rng.cpu": torch.arange(5, dtype=torch.uint8),
        "carried.0.0": torch.ones(1, 4, dtype=torch.bfloat16),
        "streams.cursor": torch.tensor([step, 2**40]),
        "none": torch.empty(0),
    }
    meta = {"step": step, "best_nats": math.inf, "nested": {"list": [1, -math.inf, "x"]}, "seconds": 0.1}
    return tensors, meta


@pytest.fixture
def run(tmp_path):
    return created(tmp_path / "run")


def created(*arguments, **options):
    """A new folder, given back so that it can be taken again."""
    folder = RunFolder.create(*arguments, **options)
    with folder.lock():
        return folder


def files_of(folder):
    return sorted(item.name for item in folder.iterdir() if item.name != ".lock")


def test_a_state_comes_back_exactly(run):
    tensors, meta = state_of(3)
    run.save_state(tensors, meta)
    loaded, values = RunFolder.open(run.path).load_state()
    assert values == meta
    assert loaded.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert loaded[name].dtype == tensor.dtype
        assert torch.equal(loaded[name], tensor)


def test_a_number_that_is_no_number_survives_in_the_state(run):
    run.save_state({"a": torch.zeros(1)}, {"loss": math.nan})
    assert math.isnan(run.load_state()[1]["loss"])


def test_tensors_that_share_memory_are_saved_apart(run):
    base = torch.arange(6.0)
    run.save_state({"a": base[:4], "b": base[2:], "c": base.view(2, 3).t()}, {})
    loaded, _ = run.load_state()
    assert loaded["b"].tolist() == [2, 3, 4, 5]
    assert loaded["c"].tolist() == [[0, 3], [1, 4], [2, 5]]


def test_a_state_that_is_not_finite_is_not_saved_and_the_one_before_stays(run):
    run.save_state(*state_of(1))
    with pytest.raises(DivergedError, match="weight"):
        run.save_state({"weight": torch.tensor([1.0, math.nan])}, {})
    assert run.load_state()[1]["step"] == 1


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "gone"])
def test_when_the_newest_state_is_damaged_the_one_before_is_used_with_a_warning(run, damage):
    run.save_state(*state_of(1))
    run.save_state(*state_of(2))
    last = run.path / "last.safetensors"
    content = bytearray(last.read_bytes())
    if damage == "gone":
        last.unlink()
    else:
        content[-1] ^= 64
        # Replaced and not changed in place, as a bad disk would do to one file; the other generation must not be its twin.
        last.unlink()
        last.write_bytes({"cut": content[:-9], "flip": content, "empty": b""}[damage])
    warnings = []
    tensors, meta = run.load_state(warn=warnings.append)
    assert meta["step"] == 1
    assert torch.equal(tensors["network.weight"], torch.ones(2, 3))
    assert len(warnings) == (damage != "gone")
    run.save_state(*state_of(3))
    assert run.load_state()[1]["step"] == 3
    (run.path / "last.safetensors").write_bytes(b"")
    if damage != "gone":
        assert run.load_state()[1]["step"] == 1, "the damaged state took the place of the good one"


def test_without_a_good_state_the_newest_one_is_complained_of(run):
    run.save_state(*state_of(1))
    (run.path / "last.safetensors").write_bytes(b"nonsense")
    with pytest.raises(ModelFileError, match="found text"):
        run.load_state()


def test_a_save_that_fails_leaves_the_newest_state_as_it_was(run, monkeypatch):
    run.save_state(*state_of(1))
    run.save_state(*state_of(2))

    def full(path, content, *, previous, **_):
        del content, previous
        raise MachineError(f"cannot write {path}: the disk is full")

    monkeypatch.setattr(storage, "atomic_write", full)
    with pytest.raises(MachineError):
        run.save_state(*state_of(3))
    assert run.load_state()[1]["step"] == 2


def test_without_hard_links_the_state_before_is_kept_all_the_same(run, monkeypatch):
    def unsupported(*_):
        raise OSError("no hard links here")

    monkeypatch.setattr(run_folder_module.Path, "hardlink_to", unsupported)
    run.save_state(*state_of(1))
    run.save_state(*state_of(2))
    (run.path / "last.safetensors").write_bytes(b"")
    assert run.load_state()[1]["step"] == 1


def test_a_state_that_the_disk_cannot_read_any_more_is_as_good_as_damaged(run, monkeypatch):
    run.save_state(*state_of(1))
    run.save_state(*state_of(2))
    verify, warnings = tensor_file.verify, []

    def refuse(stream, header, path, **options):
        if path.name == run_files.LAST and code is not None:
            with storage.machine_errors("read", path):
                raise OSError(code, os.strerror(code))
        verify(stream, header, path, **options)

    monkeypatch.setattr(tensor_file, "verify", refuse)
    code = errno.EACCES  # that may pass: nothing is moved
    with pytest.raises(MachineError):
        run.load_state(warn=warnings.append)
    code = None
    assert run.load_state(warn=warnings.append)[1]["step"] == 2
    code = errno.EIO
    assert run.load_state(warn=warnings.append)[1]["step"] == 1
    assert ["the disk reported an error" in warning for warning in warnings] == [True]
    assert run_files.DAMAGED in files_of(run.path)


def test_a_state_that_is_larger_than_the_memory_is_refused_before_it_is_read(run, monkeypatch):
    run.save_state(*state_of(1))
    size = (run.path / run_files.LAST).stat().st_size
    monkeypatch.setattr(memory, "available_bytes", lambda: size)
    assert run.load_state()[1]["step"] == 1
    monkeypatch.setattr(memory, "available_bytes", lambda: size - 1)
    monkeypatch.setattr(tensor_file, "read_tensors", None)
    with pytest.raises(MachineError, match="are available"):
        run.load_state()


def test_a_folder_that_cannot_be_listed_is_refused_in_words(run, tmp_path, monkeypatch):
    run.save_state(*state_of(1))

    def refuse(_):
        raise PermissionError(errno.EACCES, "permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    for act in (lambda: RunFolder.open(run.path), lambda: RunFolder.create(tmp_path, overwrite=True), lambda: run.kept_input(None)):
        with pytest.raises(MachineError, match="cannot list the folder"):
            act()


@pytest.mark.parametrize("path", ["run", None])
def test_a_folder_that_cannot_be_locked_is_not_left_behind(tmp_path, monkeypatch, path):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr(locks, "_try_lock", refuse)
    with pytest.raises(MachineError, match="has no locks"):
        RunFolder.create(None if path is None else tmp_path / path, name="story", runs=tmp_path / "runs")
    assert not list(tmp_path.iterdir())


def test_every_byte_of_a_state_is_guarded(run):
    run.save_state({"a": torch.tensor([1.0, 2.0])}, {"step": 1})
    last = run.path / "last.safetensors"
    content = last.read_bytes()
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 1 << (place % 8)
        last.write_bytes(damaged)
        with pytest.raises(ModelFileError):
            run.load_state()
        (run.path / "last.damaged.safetensors").unlink(missing_ok=True)


def test_metrics_are_one_object_a_line_and_hold_no_special_numbers(run):
    run.append_metrics({"event": "stepped", "step": 1, "loss_nats": 2.5})
    run.append_metrics({"event": "stepped", "step": 2, "loss_nats": math.nan, "more": [math.inf, "line\nend"]})
    lines = run.metrics_path.read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [1, 2]
    assert json.loads(lines[1]) == {"event": "stepped", "step": 2, "loss_nats": None, "more": [None, "line\nend"]}


def test_truncating_metrics_drops_later_steps_and_torn_lines(run):
    run.append_metrics({"event": "prepared"})
    for step in (1, 2, 3):
        run.append_metrics({"event": "stepped", "step": step})
    with run.metrics_path.open("ab") as file:
        file.write(b'{"event": "stepped", "st')
    run.truncate_metrics(2)
    assert [json.loads(line).get("step") for line in run.metrics_path.read_text().splitlines()] == [None, 1, 2]
    run.append_metrics({"event": "stepped", "step": 3})
    assert [json.loads(line).get("step") for line in run.metrics_path.read_text().splitlines()] == [None, 1, 2, 3]


def test_truncating_metrics_drops_lines_of_the_same_step_that_came_after_the_state(run):
    run.append_metrics({"event": "stepped", "step": 1})
    run.append_metrics({"event": "stepped", "step": 2})
    size = run.metrics_bytes
    run.append_metrics({"event": "evaluated", "step": 2})
    run.truncate_metrics(2, size)
    assert [json.loads(line)["event"] for line in run.metrics_path.read_text().splitlines()] == ["stepped", "stepped"]
    assert run.metrics_bytes == size
    run.truncate_metrics(2, 10 * size)
    assert run.metrics_bytes == size


def test_truncating_metrics_that_do_not_exist_does_nothing(run):
    assert run.metrics_bytes == 0
    run.truncate_metrics(5)
    assert not run.metrics_path.exists()


def test_the_settings_come_back(run):
    config = Config().replace(
        {"data.sources": ("a b.txt", 'quote".txt', "\udcff.txt"), "model.hidden_size": 37, "training.max_time_s": 12.5}
    )
    run.write_config(config)
    assert run.read_config() == config


@pytest.mark.parametrize("content", [b"[model]\nhidden_size = 'wide'\n", b"= =", b"", None])
def test_damaged_or_missing_settings_are_refused(run, content):
    if content is not None:
        (run.path / "config.toml").write_bytes(content)
    with pytest.raises(ModelFileError, match=r"config\.toml"):
        run.read_config()


def test_runs_without_a_path_are_numbered_when_the_name_is_taken(tmp_path):
    runs = tmp_path / "checkpoints"
    names = [created(name="my story", runs=runs).path.name for _ in range(3)]
    assert names == ["my-story", "my-story-2", "my-story-3"]


@pytest.mark.parametrize(
    ("name", "expected"), [("../../etc/passwd", "etc-passwd"), ("-o", "o"), ("...", "run"), ("été", "été"), ("", "run")]
)
def test_a_name_never_leaves_the_folder_of_runs(tmp_path, name, expected):
    run = created(name=name, runs=tmp_path)
    assert run.path == tmp_path / expected


def test_a_long_name_is_cut(tmp_path):
    assert len(created(name="x" * 1000, runs=tmp_path).path.name) < 100


def test_a_folder_with_a_run_is_refused_and_the_ways_out_are_named(run):
    run.save_state(*state_of(1))
    with pytest.raises(UsageError, match="holds a run") as caught:
        created(run.path)
    assert "--resume" in caught.value.remedy
    assert "--overwrite" in caught.value.remedy
    assert run.load_state()[1]["step"] == 1


def test_a_folder_with_other_files_is_refused_and_left_as_it_was(tmp_path):
    (tmp_path / "diary.txt").write_text("dear diary")
    with pytest.raises(UsageError, match="not empty"):
        created(tmp_path)
    assert [item.name for item in tmp_path.iterdir()] == ["diary.txt"]


def test_overwriting_removes_what_a_run_wrote_and_nothing_else(run):
    run.save_state(*state_of(1))
    run.save_state(*state_of(2))
    run.write_config(Config())
    run.append_metrics({"step": 1})
    run.model_path.write_bytes(b"model")
    (run.path / "standard-input-0123456789abcdef.txt").write_text("spooled")
    foreign = ["notes.txt", "config.toml.bak", "standard-input-mine.txt", "other.safetensors"]
    for name in foreign:
        (run.path / name).write_text("mine")
    again = created(run.path, overwrite=True)
    kept = "standard-input-fedcba9876543210.txt"
    (run.path / kept).write_text("of the new run")
    again.begin(*state_of(0), keep=frozenset([kept]))
    assert files_of(run.path) == sorted([*foreign, kept, "last.safetensors"])
    assert run.load_state()[1]["step"] == 0


def test_the_first_state_of_a_new_run_is_there_before_anything_of_the_old_one_goes(run, monkeypatch):
    run.save_state(*state_of(1))
    run.save_state(*state_of(2))
    run.model_path.write_bytes(b"model")
    again = created(run.path, overwrite=True)
    before = files_of(run.path)
    for call in ("open_file", "write", "sync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(disk, call, refused)
            with pytest.raises(MachineError):
                again.begin(*state_of(0))
        assert (files_of(run.path), run.load_state()[1]["step"]) == (before, 2)
    with monkeypatch.context() as patch:
        patch.setattr(disk, "unlink", refused)
        with pytest.raises(MachineError):
            again.begin(*state_of(0))
    assert run.load_state()[1]["step"] == 2
    again.begin(*state_of(0))
    assert files_of(run.path) == ["last.safetensors"]


def refused(*_):
    raise OSError(errno.EIO, "Input/output error")


def test_what_a_killed_save_leaves_is_cleared(run):
    run.save_state(*state_of(1))
    (run.path / run_files.SPARE).write_bytes(b"")
    run.clear()
    assert files_of(run.path) == ["last.safetensors"]


def test_while_a_run_is_made_ready_another_learns_who_does_it(tmp_path):
    with RunFolder.create(tmp_path / "run").lock(), pytest.raises(InUseError, match=f"process {os.getpid()}"):
        RunFolder.create(tmp_path / "run")


def test_a_folder_that_is_refused_gets_no_lock_file(tmp_path):
    (tmp_path / "diary.txt").write_text("dear diary")
    with pytest.raises(UsageError):
        RunFolder.create(tmp_path)
    assert [item.name for item in tmp_path.iterdir()] == ["diary.txt"]


def test_overwriting_with_a_run_that_cannot_begin_leaves_the_earlier_run_whole(run):
    run.save_state(*state_of(1))
    before = files_of(run.path)
    again = created(run.path, overwrite=True)
    (run.path / "standard-input-fedcba9876543210.txt").write_text("of the new run")
    again.discard()
    assert files_of(run.path) == before
    assert run.load_state()[1]["step"] == 1


def test_discarding_the_first_run_of_all_leaves_no_empty_folder_of_runs(tmp_path):
    created(name="story", runs=tmp_path / "checkpoints").discard()
    assert not (tmp_path / "checkpoints").exists()


def test_overwriting_a_run_that_is_training_is_refused(run):
    run.save_state(*state_of(1))
    with run.lock(), pytest.raises(InUseError):
        created(run.path, overwrite=True)
    assert run.load_state()[1]["step"] == 1


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "run").write_text("a file")
    with pytest.raises(UsageError, match="is a file"):
        created(tmp_path / "run")


def test_one_process_at_a_time_holds_a_run(run):
    with run.lock(), pytest.raises(InUseError), RunFolder(run.path).lock():
        pass
    with run.lock():
        pass


def test_a_folder_that_cannot_be_written_is_refused_at_the_start(run, monkeypatch):
    run.save_state(*state_of(1))
    monkeypatch.setattr(run_folder_module.os, "access", lambda *_: False)
    with pytest.raises(MachineError, match="cannot be written"):
        RunFolder.open(run.path)
    with pytest.raises(MachineError, match="cannot be written"):
        created(run.path, overwrite=True)


def test_opening_names_what_is_missing(tmp_path):
    with pytest.raises(ModelFileError, match="no model 'nowhere'"):
        RunFolder.open("nowhere", runs=tmp_path)
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "model.safetensors").write_bytes(b"")
    with pytest.raises(ModelFileError, match="without the state") as caught:
        RunFolder.open("shared", runs=tmp_path)
    assert "--init-from" in caught.value.remedy


def test_a_run_opens_by_its_name_and_after_it_was_moved(tmp_path):
    run = created(name="story", runs=tmp_path)
    run.save_state(*state_of(4))
    assert RunFolder.open("story", runs=tmp_path).path == run.path
    run.path.rename(tmp_path / "moved")
    assert RunFolder.open("moved", runs=tmp_path).load_state()[1]["step"] == 4


def test_a_run_that_could_not_begin_leaves_nothing_behind(tmp_path):
    run = created(tmp_path / "new")
    with run.lock():
        run.write_config(Config())
        run.discard()
    assert not run.path.exists()


def test_discarding_keeps_a_folder_that_was_there_before(tmp_path):
    run = created(tmp_path)
    run.write_config(Config())
    run.discard()
    assert files_of(tmp_path) == []


def test_discarding_keeps_files_of_others(tmp_path):
    run = created(tmp_path / "new")
    (run.path / "mine.txt").write_text("mine")
    run.write_config(Config())
    run.discard()
    assert files_of(run.path) == ["mine.txt"]


def test_a_text_is_kept_in_the_run_and_never_over_another_or_through_a_link(tmp_path):
    run, elsewhere = tmp_path / "run", tmp_path / "elsewhere"
    run.mkdir()
    model = run / run_files.MODEL
    assert keep_text(model, b"once", elsewhere=elsewhere) == run / run_files.TURNS
    assert keep_text(model, b"once upon", elsewhere=elsewhere) == run / run_files.TURNS
    assert keep_text(model, b"other", elsewhere=elsewhere) == run / "turns-2.txt"
    (run / "turns-3.txt").symlink_to(tmp_path / "outside")
    assert keep_text(model, b"third", elsewhere=elsewhere) == run / "turns-4.txt"
    assert not (tmp_path / "outside").exists()
    assert (run / run_files.TURNS).read_bytes() == b"once upon"
    assert keep_text(tmp_path / "alone.safetensors", b"a", elsewhere=elsewhere) == elsewhere / run_files.TURNS


def test_a_new_run_in_the_folder_leaves_such_texts_where_they_are():
    assert not run_files.is_own(run_files.TURNS)


def test_what_a_run_left_that_was_killed_before_it_began_is_no_hindrance(tmp_path):
    folder = created(tmp_path / "run").path
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (folder / f".lstmgen-{files._host()}-{gone.pid}-{'0' * 16}.tmp").write_bytes(b"half")
    (folder / "standard-input-0123456789abcdef.txt").write_text("kept")
    again = created(folder)
    again.begin(*state_of(0))
    assert files_of(folder) == ["last.safetensors"]


# What a stranger's folder may hold


OWN = ["metrics.jsonl", "model.safetensors", "last.safetensors", "last.previous.safetensors", "config.toml", ".lock", "sources.jsonl"]


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("kind", ["link", "dangling link", "fifo", "folder"])
@pytest.mark.usefixtures("watchdog")
def test_what_is_no_file_in_the_place_of_a_file_is_refused_and_what_it_points_to_stays(run, tmp_path, name, kind):
    for step in (1, 2):
        run.save_state(*state_of(step))
    treasure = tmp_path / "treasure"
    if kind != "dangling link":
        treasure.write_text("mine")
    place = run.path / name
    place.unlink(missing_ok=True)
    {"fifo": os.mkfifo, "folder": os.mkdir}.get(kind, lambda path: path.symlink_to(treasure))(place)
    for take in (RunFolder.open, partial(RunFolder.create, overwrite=True)):
        with pytest.raises(ModelFileError, match=r"symbolic link|FIFO|a folder"):
            take(run.path)
    if kind != "dangling link":
        assert treasure.read_text() == "mine"
    else:
        assert not treasure.exists()


@pytest.mark.parametrize("name", OWN)
def test_what_takes_the_place_of_a_file_after_the_look_is_not_followed_either(run, tmp_path, name):
    for step in (1, 2):
        run.save_state(*state_of(step))
    run.write_config(Config())
    treasure = tmp_path / "treasure"
    treasure.write_text("mine")
    folder = RunFolder.open(run.path)
    (run.path / name).unlink(missing_ok=True)
    (run.path / name).symlink_to(treasure)
    for act in (
        lambda: folder.append_metrics({"step": 1}),
        lambda: folder.truncate_metrics(1),
        lambda: folder.save_state(*state_of(3)),
        lambda: folder.write_config(Config()),
        lambda: folder.write_sources([{}]),
        lambda: folder.lock().__enter__(),
    ):
        with contextlib.suppress(MachineError):
            act()
    assert treasure.read_text() == "mine"


def test_a_lock_with_a_second_name_is_held_and_not_written_to(run, tmp_path):
    treasure = tmp_path / "treasure"
    treasure.write_text("mine")
    (run.path / ".lock").unlink(missing_ok=True)
    (run.path / ".lock").hardlink_to(treasure)
    with run.lock():
        assert treasure.read_text() == "mine"
        with pytest.raises(InUseError, match="another process"), RunFolder(run.path).lock():
            pass
    assert treasure.read_text() == "mine"


def test_metrics_with_a_second_name_are_written_anew_before_anything_is_added(run, tmp_path):
    treasure = tmp_path / "treasure"
    treasure.write_text('{"step": 1}\n')
    run.metrics_path.hardlink_to(treasure)
    run.truncate_metrics(5)
    run.append_metrics({"step": 6})
    assert treasure.read_text() == '{"step": 1}\n'
    assert run.metrics_path.read_text() == '{"step": 1}\n{"step": 6}\n'


def test_a_folder_that_is_a_link_itself_is_a_run(run, tmp_path):
    run.save_state(*state_of(4))
    (tmp_path / "shortcut").symlink_to(run.path)
    assert RunFolder.open(tmp_path / "shortcut").load_state()[1]["step"] == 4


def test_a_folder_without_a_state_says_so(run):
    with pytest.raises(ModelFileError, match="holds no state to resume from"):
        run.load_state()


def test_what_was_read_from_standard_input_is_found_by_name_and_in_old_runs_without_one(run):
    with pytest.raises(CorpusError, match="does not hold what was read from standard input"):
        run.kept_input(None)
    kept = run.path / f"{run_files.INPUT_PREFIX}{'0' * 16}.txt"
    kept.write_text("the sea")
    assert run.kept_input(None) == run.kept_input(kept.name) == kept
    with pytest.raises(CorpusError, match="does not hold"):
        run.kept_input("standard-input-other.txt")


def test_a_folder_that_holds_a_model_alone_takes_no_new_run(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / run_files.MODEL).touch()
    with pytest.raises(UsageError, match="holds a model already"):
        RunFolder.create(tmp_path / "run")


def test_a_text_is_kept_beside_its_model_and_one_that_goes_on_takes_its_place(tmp_path):
    model = tmp_path / run_files.MODEL
    first = keep_text(model, b"once", elsewhere=tmp_path / "else")
    assert keep_text(model, b"once more", elsewhere=tmp_path / "else") == first == tmp_path / run_files.TURNS
    second = keep_text(model, b"another", elsewhere=tmp_path / "else")
    assert (first.read_bytes(), second.read_bytes()) == (b"once more", b"another")
    assert keep_text(tmp_path / "alone.safetensors", b"x", elsewhere=tmp_path / "else").parent == tmp_path / "else"


def test_a_kept_text_that_cannot_be_read_is_left_alone(tmp_path, monkeypatch):
    first = keep_text(tmp_path / run_files.MODEL, b"once", elsewhere=tmp_path)

    def refuse(*_, **__):
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(turns, "open_regular", refuse)
    assert keep_text(tmp_path / run_files.MODEL, b"once more", elsewhere=tmp_path) != first
