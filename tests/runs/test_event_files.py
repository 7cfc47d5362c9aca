"""TensorBoard's event files, read back by TensorBoard where it is installed."""

import json
import sys

import pytest

from lstmgen.errors import MissingExtraError
from lstmgen.runs.event_files import EventFiles, export_run, require_tensorboard
from lstmgen.training.events import Evaluated, Stepped


def test_without_the_package_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    for attempt in (require_tensorboard, lambda: EventFiles(tmp_path / "events")):
        with pytest.raises(MissingExtraError) as caught:
            attempt()
        assert caught.value.remedy == "pip install 'lstmgen[tensorboard]'"
    assert not (tmp_path / "events").exists()


def scalars(folder):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    found = accumulator.EventAccumulator(str(folder))
    found.Reload()
    return {tag: [(item.step, pytest.approx(item.value)) for item in found.Scalars(tag)] for tag in found.Tags()["scalars"]}


@pytest.mark.filterwarnings("ignore")
def test_the_losses_of_a_run_are_read_back_with_their_steps(tmp_path):
    pytest.importorskip("tensorboard")
    (tmp_path / "sea").mkdir()
    lines = [
        {"step": 3, "elapsed_s": 1.0, "loss_nats": 2.5},
        {"step": 6, "elapsed_s": 2.0, "loss_nats": 1.5},
        {"step": 6, "elapsed_s": 2.0, "val_nats": 1.25},
    ]
    (tmp_path / "sea" / "metrics.jsonl").write_text("\n".join(map(json.dumps, lines)))
    folder = export_run(tmp_path / "sea", tmp_path / "events")
    assert folder == tmp_path / "events" / "sea"
    assert scalars(folder) == {"loss/training": [(3, 2.5), (6, 1.5)], "loss/validation": [(6, 1.25)]}


@pytest.mark.filterwarnings("ignore")
def test_events_are_written_as_they_come_and_a_resumed_run_goes_on(tmp_path):
    pytest.importorskip("tensorboard")

    def stepped(step):
        return Stepped(
            step=step, progress=0.5, loss_nats=2.0, lr=0.25, tokens_seen=9, tokens_per_second=8.0, epoch=1.0, elapsed_s=1.0,
            remaining_s=None, skipped_steps=0,
        )  # fmt: skip

    with EventFiles(tmp_path) as files:
        files.take(stepped(1))
        files.take(Evaluated(step=2, val_nats=1.5, is_best=True, elapsed_s=1.0))
        files.take(stepped(9))
    with EventFiles(tmp_path, first_step=5) as files:
        files.take(stepped(6))
    found = scalars(tmp_path)
    assert found["loss/validation"] == [(2, 1.5)]
    assert found["learning rate"] == [(1, 0.25), (6, 0.25)]
