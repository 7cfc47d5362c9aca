"""What a run does when it is killed at a bad moment, when the disk refuses, and when its numbers go bad."""

import contextlib
import errno
import itertools
import json
import math
import shutil

import pytest
import torch
from safetensors.numpy import load_file

import lstmgen
import lstmgen.runs.session
from lstmgen import run_files
from lstmgen.checkpoint.model_file import load_model, read_description
from lstmgen.errors import DivergedError, InUseError, MachineError, UsageError
from lstmgen.runs import keeping
from lstmgen.runs.keeping import Keeper
from lstmgen.storage import disk
from lstmgen.training.events import Evaluated, Prepared, Saved, Stepped, Stopped, Warned

TEXT = "".join(f"{number} ships and {number + 1} lamps.\n" for number in range(120))
EAGER = {"training.save_every_s": 1e-6, "training.eval_every": 3}


@pytest.fixture
def start(train, tmp_path):
    """Starts a tiny run in a folder."""
    story = tmp_path / "story.txt"
    story.write_text(TEXT)
    return lambda out, **options: train(story, out=out, **options)


@pytest.fixture
def resume(tmp_path):
    return lambda run, **options: lstmgen.train(resume=run, cache=tmp_path / "cache", **options)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(keeping.time, "sleep", lambda _: None)
    monkeypatch.setattr(Keeper.__init__, "__kwdefaults__", {"wait": lambda _: None})


def weights_of(run, name=run_files.LAST):
    return {key: array.tobytes() for key, array in load_file(run / name).items() if not key.startswith(("good.", "optimizer."))}


def summary_of(run):
    """What the model file says, but for what the clock says."""
    summary = read_description(run / run_files.MODEL).summary
    return {key: value for key, value in summary.items() if key != "seconds"}


def lines_of(run):
    return [json.loads(line) for line in (run / run_files.METRICS).read_text().splitlines()]


def stopped_before(training, kind):
    """Runs a training until an event of a kind, and leaves it as a kill would."""
    events = iter(training)
    for event in events:
        if isinstance(event, kind):
            break
    events.close()


class Dying(Exception):  # noqa: N818 - it stands for a kill
    pass


@pytest.mark.parametrize("place", ["_final_validation", "write_model"])
def test_a_run_that_is_killed_after_its_last_checkpoint_can_be_ended(start, resume, tmp_path, monkeypatch, place):
    settings = {"data.val_frac": 0.0} if place == "write_model" else {}
    list(start(tmp_path / "whole", settings=settings))
    owner = Keeper if place == "write_model" else lstmgen.runs.session.Training
    with monkeypatch.context() as patch:
        patch.setattr(owner, place, dying)
        with pytest.raises(Dying):
            list(start(tmp_path / "killed", settings=settings))
    events = list(resume(tmp_path / "killed"))
    assert isinstance(events[-1], Stopped)
    for name in (run_files.LAST, run_files.MODEL):
        assert weights_of(tmp_path / "whole", name) == weights_of(tmp_path / "killed", name)
    assert summary_of(tmp_path / "whole") == summary_of(tmp_path / "killed")
    with pytest.raises(UsageError, match="used up its budget"):
        list(resume(tmp_path / "killed"))


def test_a_source_that_goes_away_while_the_index_of_copies_is_missing_ends_no_run(start, tmp_path):
    training = iter(start(tmp_path / "run", settings=EAGER))
    for event in training:
        if isinstance(event, Saved):
            break
    (tmp_path / "run" / run_files.NOVELTY).unlink()
    (tmp_path / "story.txt").unlink()
    assert isinstance(list(training)[-1], Stopped)
    assert not (tmp_path / "run" / run_files.NOVELTY).exists()


def test_an_evaluation_that_a_killed_run_made_after_its_last_state_stands_in_the_metrics_once(start, resume, tmp_path, monkeypatch):
    list(start(tmp_path / "whole", settings=EAGER))
    monkeypatch.setattr(Keeper, "last_checkpoint", dying)
    with pytest.raises(Dying):
        list(start(tmp_path / "killed", settings=EAGER))
    monkeypatch.undo()
    list(resume(tmp_path / "killed"))
    rows = [
        [(row["step"], row["val_nats"]) for row in lines_of(tmp_path / run) if row["event"] == "evaluated"] for run in ("whole", "killed")
    ]
    assert rows[0] == rows[1]


def dying(*_, **__):
    raise Dying


def test_a_run_that_is_killed_before_its_first_step_is_done_can_be_resumed(start, resume, tmp_path):
    list(start(tmp_path / "whole"))
    stopped_before(start(tmp_path / "killed"), Prepared)
    list(resume(tmp_path / "killed"))
    assert weights_of(tmp_path / "whole") == weights_of(tmp_path / "killed")


@pytest.mark.parametrize("call", ["open_file", "write", "sync", "replace", "unlink", "sync_folder"])
def test_replacing_a_run_loses_neither_wherever_it_dies(start, resume, tmp_path, monkeypatch, call):
    """The run in the folder is the old one or the new one, at every use of a call."""
    other = {"training.seed": 5}
    list(start(tmp_path / "old"))
    list(start(tmp_path / "new", settings=other))
    expected = {seed: weights_of(tmp_path / name) for seed, name in ((0, "old"), (5, "new"))}
    found = set()
    for number in itertools.count():
        run = shutil.copytree(tmp_path / "old", tmp_path / f"run-{number}")
        with monkeypatch.context() as patch:
            uses = count_down(patch, call, number)
            with contextlib.suppress(Dying):
                stopped_before(start(run, overwrite=True, settings=other), Prepared)
        with contextlib.suppress(UsageError):  # the old one has ended
            list(resume(run))
        seed = read_description(run / run_files.MODEL).summary["settings"]["training"]["seed"]
        assert weights_of(run) == expected[seed]
        found.add(seed)
        if next(uses) < number:
            break
    assert found >= ({5} if call == "sync_folder" else {0, 5})  # what is synced is in place already


def count_down(patch, call, number):
    """Lets a call be made so often, and die then; gives how often it was made."""
    uses = itertools.count()
    real = getattr(disk, call)

    def counted(*arguments):
        if next(uses) == number:
            raise Dying
        return real(*arguments)

    patch.setattr(disk, call, counted)
    return uses


def refusing(monkeypatch, *names, times=math.inf, call="replace"):
    """The disk refuses to give files these names, so often."""
    left = [times]
    real = getattr(disk, call)

    def refuse(*paths):
        if str(paths[-1]).endswith(names) and left[0] > 0:
            left[0] -= 1
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*paths)

    monkeypatch.setattr(disk, call, refuse)
    return left


@pytest.mark.parametrize("name", [run_files.LAST, run_files.MODEL, run_files.METRICS, run_files.NOVELTY])
@pytest.mark.parametrize("times", [1, 3])
def test_a_disk_that_refuses_for_a_while_ends_no_run_and_changes_nothing_in_it(start, tmp_path, monkeypatch, name, times):
    list(start(tmp_path / "calm", settings=EAGER))
    training = iter(start(tmp_path / "run", settings=EAGER))
    events = [next(training)]
    call = "open_file" if name == run_files.METRICS else "replace"
    real = getattr(disk, call)
    left = [times]

    def refuse(*arguments):
        if any(str(argument).endswith(name) for argument in arguments) and left[0]:
            left[0] -= 1
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*arguments)

    monkeypatch.setattr(disk, call, refuse)
    events += training
    assert left == [0]
    assert isinstance(events[-1], Stopped)
    warnings = [event.message for event in events if isinstance(event, Warned)]
    assert name == run_files.NOVELTY or any("the disk is full" in warning for warning in warnings)
    for file in (run_files.LAST, run_files.MODEL):
        assert weights_of(tmp_path / "calm", file) == weights_of(tmp_path / "run", file)
    assert (tmp_path / "run" / run_files.NOVELTY).is_file()
    steps = [[line["step"] for line in lines_of(tmp_path / run) if line["event"] == "evaluated"] for run in ("calm", "run")]
    assert steps[0] == steps[1]


def test_a_disk_that_refuses_for_good_ends_the_run_only_at_its_end_and_what_was_saved_is_named(start, resume, tmp_path, monkeypatch):
    list(start(tmp_path / "calm", settings=EAGER))
    training = iter(start(tmp_path / "run", settings=EAGER))
    for event in training:
        if isinstance(event, Saved):
            break
    with monkeypatch.context() as patch:
        refusing(patch, run_files.LAST)
        with pytest.raises(MachineError, match=r"the disk is full; the run is saved up to step 1$") as caught:
            list(training)
    assert caught.value.remedy.endswith(f"lstmgen train --resume {tmp_path / 'run'}")
    list(resume(tmp_path / "run"))
    assert weights_of(tmp_path / "calm") == weights_of(tmp_path / "run")


def test_a_state_never_claims_a_better_model_than_is_on_the_disk(start, resume, tmp_path, monkeypatch):
    training = iter(start(tmp_path / "run", settings=EAGER))
    events = [next(training)]
    with monkeypatch.context() as patch:
        refusing(patch, run_files.MODEL)
        for event in training:
            events.append(event)
            if isinstance(event, Evaluated) and event.step == 6:
                break
        events.append(next(event for event in training if isinstance(event, Stepped | Saved | Warned)))
        training.close()
    assert not (tmp_path / "run" / run_files.MODEL).exists()
    list(resume(tmp_path / "run"))
    list(start(tmp_path / "calm", settings=EAGER))
    assert weights_of(tmp_path / "calm", run_files.MODEL) == weights_of(tmp_path / "run", run_files.MODEL)


# Divergence

WILD = {
    "optimizer.lr": 100.0,
    "optimizer.lr_schedule": "constant",
    "optimizer.grad_clip": 0.0,
    "optimizer.warmup_steps": 0,
    "training.eval_every": 5,
    "training.max_steps": 1000,
}


@pytest.mark.parametrize("val_frac", [0.1, 0.0])
def test_a_run_that_diverges_leaves_a_good_model_and_a_state_that_resumes_and_says_so(start, resume, tmp_path, val_frac):
    run, events = tmp_path / "run", []
    with pytest.raises(DivergedError) as caught:
        events.extend(start(run, settings={**WILD, "data.val_frac": val_frac}))
    assert str(run) in caught.value.message
    assert "--resume" in caught.value.remedy
    assert "--lr" in caught.value.remedy
    model = load_model(run / run_files.MODEL)
    ids = torch.arange(5).reshape(5, 1)
    assert float(model.network(ids, model.network.zero_state(1))[0].detach().abs().max()) < 50
    returns = [(line["number"], line["lr_scale"]) for line in lines_of(run) if line["event"] == "rolledback"]
    assert returns == [(1, 0.5), (2, 0.25), (3, 0.125)]
    state = load_file(run / run_files.LAST)
    assert all(math.isfinite(float(abs(array).max(initial=0))) for name, array in state.items() if name.startswith("network."))
    again = iter(resume(run))
    assert isinstance(next(again), Prepared)
    assert isinstance(next(event for event in again if isinstance(event, Stepped)), Stepped)
    again.close()


def test_a_ruined_model_is_never_the_best(start, tmp_path):
    events = []
    with contextlib.suppress(DivergedError):
        events.extend(start(tmp_path / "run", settings={**WILD, "training.max_steps": 12}))
    losses = [event.val_nats for event in events if isinstance(event, Evaluated)]
    assert max(losses) > 5
    assert all(event.val_nats < 4 for event in events if isinstance(event, Evaluated) and event.is_best)


def test_resuming_in_the_middle_of_a_bad_stretch_is_exact(start, resume, tmp_path):
    settings = {"optimizer.lr": 0.5, "optimizer.grad_clip": 0.0, "optimizer.warmup_steps": 0, "training.eval_every": 5}
    for lr in (0.5, 3.0, 20.0):
        settings = {**settings, "optimizer.lr": lr, "training.max_steps": 60}
        ends = []
        for name, pause in ((f"whole-{lr}", None), (f"parts-{lr}", 33)):
            run = tmp_path / name
            try:
                list(start(run, settings=settings, pause_after=pause))
                if pause:
                    list(resume(run))
                ends.append("ended")
            except DivergedError as error:
                ends.append(error.message.split(";")[0])
        assert ends[0] == ends[1]
        assert weights_of(tmp_path / f"whole-{lr}") == weights_of(tmp_path / f"parts-{lr}")


def test_who_comes_second_is_told_who_trains_there(start, tmp_path):
    first = iter(start(tmp_path / "run"))
    next(first)
    with pytest.raises(InUseError, match="in use by process"):
        list(start(tmp_path / "run"))
    first.close()


# Threads


def test_one_thread_and_two_train_the_same_model(start, tmp_path):
    """Wide enough for torch to share the work out."""
    settings = {"model.hidden_size": 64, "training.batch_size": 16, "training.seq_length": 64, "training.max_steps": 3}
    for threads in (1, 2):
        list(start(tmp_path / str(threads), settings={**settings, "runtime.threads": threads}))
    assert weights_of(tmp_path / "1") == weights_of(tmp_path / "2")
