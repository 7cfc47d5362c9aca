"""Runs of tunes go the way of runs of text."""

import numpy as np
import pytest
from safetensors.numpy import load_file

import lstmgen
from lstmgen.errors import ModelFileError, UsageError
from lstmgen.music.midi.writer import to_midi_bytes
from lstmgen.music.score import Notes, Score
from lstmgen.runs.model import TrainedModel
from lstmgen.training.events import Sampled


@pytest.fixture
def tunes(tmp_path):
    """Four scales, each 64 notes, in four keys."""
    folder = tmp_path / "tunes"
    folder.mkdir()
    start = np.arange(0, 64 * 240, 240)
    for number in range(4):
        (folder / f"{number}.mid").write_bytes(to_midi_bytes(Score.of(Notes.of(start, start + 240, 50 + number + np.arange(64) % 12))))
    return folder


@pytest.mark.parametrize(("tokenizer", "infill"), [("notes", 0.3), ("performance", 0.0), ("grid", 0.0)])
def test_every_tokenizer_of_tunes_trains_resumes_and_is_scored(train, tunes, tmp_path, tokenizer, infill):
    settings = {"tokenizer.name": tokenizer, "training.sample_every_s": 1e-6, "training.infill": infill}
    whole = train(tunes, out=tmp_path / "whole", settings=settings)
    events = list(whole)
    assert any(isinstance(event, Sampled) for event in events)
    assert (whole.summary["tokenizer"], whole.summary["val"]["notes"]) == (tokenizer, 64)
    list(train(tunes, out=tmp_path / "parts", settings=settings, pause_after=5))
    list(lstmgen.train(resume=tmp_path / "parts", cache=tmp_path / "cache"))
    one, other = (load_file(tmp_path / run / "last.safetensors") for run in ("whole", "parts"))
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[name], other[name]) for name in one)
    model = lstmgen.load(tmp_path / "parts", device="cpu")
    assert model.score_split("val", cache=tmp_path / "cache").nats_per_note == pytest.approx(
        whole.summary["val"]["nats_per_note"], rel=1e-5
    )
    assert model.novelty(tunes / "0.mid").copied_share == 1.0
    plain, novel = (model.generate(bars=1, seed=3, novel=share)[0] for share in (None, 1.0))
    assert plain.score.notes.same_as(novel.score.notes)


@pytest.mark.parametrize("tokenizer", ["notes", "grid"])
def test_gaps_of_tunes_are_learned_too(train, tunes, tmp_path, tokenizer):
    settings = {"tokenizer.name": tokenizer, "training.objective": "gaps"}
    training = train(tunes, out=tmp_path / "run", settings=settings)
    assert not any(isinstance(event, Sampled) for event in training)
    assert training.summary["objective"] == "gaps"
    assert training.summary["val"]["notes"] == 64
    assert 0 < training.summary["val"]["nats_per_token"] < 10


def test_tokens_that_count_on_their_order_are_not_rearranged(train, tunes, tmp_path):
    with pytest.raises(UsageError, match="another order") as refused:
        list(train(tunes, out=tmp_path / "run", settings={"tokenizer.name": "grid", "training.infill": 0.3}))
    assert "--infill" in refused.value.remedy
    assert not (tmp_path / "run").exists()


def test_a_run_says_of_a_mixed_folder_for_what_it_was_taken(train, tunes, tmp_path):
    for number in range(5):
        (tunes / f"{number}.txt").write_text("chords, keys and beats")
    prepared, *_ = train(tunes, out=tmp_path / "run", pause_after=1)
    assert prepared.tokenizer == "notes"
    assert any("taken for music; --tokenizer char takes it for text" in note for note in prepared.notes)


def test_texts_and_tunes_that_are_both_named_are_refused_and_leave_no_folder(train, tunes, tmp_path):
    story = tmp_path / "story.txt"
    story.write_text("Ada has an apple.")
    with pytest.raises(UsageError, match="text and music"):
        list(train(story, tunes, out=tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_what_a_network_expects_otherwise_stands_in_its_model_file(train, tunes, tmp_path):
    settings = {"tokenizer.seats": True}
    for _ in train(tunes, out=tmp_path / "whole", settings=settings):
        pass
    list(train(tunes, out=tmp_path / "parts", settings=settings, pause_after=5))
    list(lstmgen.train(resume=tmp_path / "parts", cache=tmp_path / "cache"))
    whole, parts = (lstmgen.load(tmp_path / run, device="cpu") for run in ("whole", "parts"))
    corrections = whole.summary["corrections"]
    assert parts.summary["corrections"] == corrections
    assert np.abs(corrections["degrees"]).max() > 0.1
    assert np.abs(corrections["steps"]).max() > 0.1
    without = TrainedModel(whole.network, whole.tokenizer, summary={**whole.summary, "corrections": None})
    drawn, plain, before = (
        [sample.score.notes for sample in model.generate(bars=4, seed=3, num_samples=4, **options)]
        for model, options in ((whole, {}), (whole, {"correction": 0.0}), (without, {}))
    )
    assert all(notes.same_as(other) for notes, other in zip(plain, before, strict=True))
    assert not all(notes.same_as(other) for notes, other in zip(plain, drawn, strict=True))
    with pytest.raises(ModelFileError, match="corrections"):
        TrainedModel(whole.network, whole.tokenizer, summary={**whole.summary, "corrections": {"steps": []}}).generate(bars=1)


def test_where_nothing_comes_back_by_itself_nothing_is_put_right(train, tunes, tmp_path):
    list(train(tunes, out=tmp_path / "run", pause_after=1))
    list(lstmgen.train(resume=tmp_path / "run", cache=tmp_path / "cache"))
    assert "corrections" not in lstmgen.load(tmp_path / "run", device="cpu").summary
