"""A run from sources to model, through the Python interface."""

import io
import json
import os

import numpy as np
import pytest
from safetensors.numpy import load_file

import lstmgen
from lstmgen.checkpoint.model_file import load_model
from lstmgen.config import Config
from lstmgen.errors import CorpusError, InUseError, UnseenSymbolError, UsageError
from lstmgen.model.cells import lstm_gradient
from lstmgen.model.compiled import training as compiled
from lstmgen.music.midi.writer import to_midi_bytes
from lstmgen.music.score import Notes, Score
from lstmgen.runs.asked import check_objective
from lstmgen.runs.run import Run
from lstmgen.training import streams
from lstmgen.training.events import Evaluated, Prepared, Sampled, Saved, Stepped, Stopped

TEXT = "".join(
    f"{name} has {count} apples, and {name} is {mood}.\n" for count in range(40) for name in ("Ada", "Ben") for mood in ("glad", "sad")
)


@pytest.fixture
def story(tmp_path):
    path = tmp_path / "story.txt"
    path.write_text(TEXT)
    return path


def weights(run_folder):
    return {name: array for name, array in load_file(run_folder / "last.safetensors").items() if name.startswith("network.")}


def assert_same_weights(one, other):
    left, right = weights(one), weights(other)
    assert left.keys() == right.keys()
    assert all(np.array_equal(left[name], right[name]) for name in left)


def test_a_run_tells_what_happens_in_order_and_leaves_a_complete_folder(train, story, tmp_path):
    training = train(story, out=tmp_path / "run")
    events = list(training)
    assert isinstance(events[0], Prepared)
    assert isinstance(events[-1], Stopped)
    assert {Stepped, Evaluated, Saved} <= {type(event) for event in events}
    assert {path.name for path in (tmp_path / "run").iterdir()} >= {"model.safetensors", "last.safetensors", "metrics.jsonl", "config.toml"}
    summary = training.summary
    assert summary["stopped"] == "steps"
    assert summary["steps"] == 12
    assert summary["tokens_seen"] == 12 * 4 * 8
    assert summary["val"]["chars"] == len(TEXT) - int(0.9 * len(TEXT))
    assert summary["parameters"] == load_model(tmp_path / "run" / "model.safetensors").network.architecture.num_parameters
    json.dumps(summary)


@pytest.mark.parametrize(
    "as_given", [str, lambda path: path, lambda path: [path], lambda path: (str(path),)], ids=["str", "Path", "list", "tuple"]
)
def test_one_source_is_given_by_itself_or_in_a_list(story, tmp_path, tiny, as_given):
    training = lstmgen.train(as_given(story), out=tmp_path / "run", settings=tiny, cache=tmp_path / "cache", pause_after=1)
    (prepared, *_) = training
    assert prepared.documents == 1
    assert prepared.settings["data"]["sources"] == [str(story)]


def test_without_a_source_training_is_refused_and_leaves_no_folder(tmp_path):
    for nothing in ((), []):
        with pytest.raises(UsageError, match="no source") as caught:
            list(lstmgen.train(nothing, out=tmp_path / "run", cache=tmp_path / "cache"))
        assert "lstmgen train" in caught.value.remedy
    assert not (tmp_path / "run").exists()


def test_the_final_figure_is_what_score_says_of_the_model_file(train, story, tmp_path):
    training = train(story, out=tmp_path / "run")
    list(training)
    held_out = TEXT[int(0.9 * len(TEXT)) :]
    score = lstmgen.load(tmp_path / "run").score(held_out)
    assert training.summary["val"]["nats_per_char"] == pytest.approx(score.to_json()["nats_per_char"], rel=1e-5)


def test_the_model_file_alone_generates(train, story, tmp_path):
    list(train(story, out=tmp_path / "run"))
    moved = tmp_path / "elsewhere.safetensors"
    (tmp_path / "run" / "model.safetensors").rename(moved)
    sample = lstmgen.load(moved).generate("Ada", length=20, seed=1, ignore_end=True)[0]
    assert sample.prompt == "Ada"
    assert sample.tokens == len(sample.text) == 20


def test_gaps_are_taught_in_one_way_only(train, story, tmp_path):
    for changes in ({"training.infill": 0.3}, {"training.objective": "gaps"}):
        with pytest.raises(UsageError, match="by one process, and there are 2"):
            check_objective(Config().replace(changes), 2)
    with pytest.raises(UsageError, match="reads both ways"):
        list(train(story, out=tmp_path / "run", settings={"training.infill": 0.3, "training.objective": "gaps"}))
    assert not (tmp_path / "run").exists()


OWN = {"runtime.precision": "bf16", "runtime.backward_pass": "own", "runtime.device": "cpu"}
COMPILED = OWN | {"runtime.backward_pass": "compiled", "model.embedding_size": 32, "model.hidden_size": 32, "training.batch_size": 8}
needs_compiled = pytest.mark.skipif(bool(compiled.problem("bf16")), reason=compiled.problem("bf16") or "-")


@pytest.mark.parametrize(
    "settings",
    [
        {"runtime.precision": "fp32"},
        {"runtime.precision": "bf16", "runtime.backward_pass": "torch"},
        OWN,
        pytest.param(COMPILED, marks=needs_compiled),
        {"training.infill": 0.4},
        {"training.objective": "gaps"},
        {"training.objective": "tags"},
    ],
)
def test_stopping_and_resuming_equals_never_having_stopped(train, story, tmp_path, monkeypatch, settings):
    for way in (lstm_gradient, compiled):
        monkeypatch.setattr(way, "pays", lambda *_: True)
    list(train(story, out=tmp_path / "whole", settings=settings))
    list(train(story, out=tmp_path / "parts", settings=settings, pause_after=5))
    second = lstmgen.train(resume=tmp_path / "parts", cache=tmp_path / "cache")
    events = list(second)
    assert events[0].resumed_at_step == 5
    assert events[0].settings["runtime"]["backward_pass"] == settings.get("runtime.backward_pass", "torch")
    assert second.summary["steps"] == 12
    assert ("compiled layers" in second.summary["kernels"]) == (settings is COMPILED)
    assert_same_weights(tmp_path / "whole", tmp_path / "parts")


@pytest.mark.parametrize("given", [{}, {"runtime.backward_pass": "own"}])
def test_a_run_that_knows_of_one_backward_pass_keeps_it_unless_another_is_asked_for(train, story, tmp_path, monkeypatch, given):
    monkeypatch.setattr(lstm_gradient, "pays", lambda *_: True)
    list(train(story, out=tmp_path / "run", settings=OWN, pause_after=1))
    settings = tmp_path / "run" / "config.toml"
    settings.write_text(settings.read_text().replace('backward_pass = "own"\n', ""))
    (prepared, *_) = lstmgen.train(resume=tmp_path / "run", settings=given, cache=tmp_path / "cache")
    assert prepared.settings["runtime"]["backward_pass"] == given.get("runtime.backward_pass", "torch")
    assert ("own backward pass" in prepared.precision) == bool(given)


@needs_compiled
def test_a_run_whose_compiled_layers_are_not_to_be_had_says_what_follows(train, story, tmp_path, monkeypatch):
    monkeypatch.setattr(compiled, "pays", lambda *_: True)
    list(train(story, out=tmp_path / "run", settings=COMPILED, pause_after=1))
    monkeypatch.setattr(compiled, "problem", lambda _: "numba has gone")
    second = lstmgen.train(resume=tmp_path / "run", cache=tmp_path / "cache")
    (prepared, *_) = second
    assert prepared.settings["runtime"]["backward_pass"] == "compiled"
    assert "the layers of the run were compiled, now they are torch: figures agree closely, and not bit for bit" in prepared.notes
    assert "no compiled layers: numba has gone" in prepared.precision


def test_a_constant_rate_run_given_more_steps_equals_the_longer_run(train, story, tmp_path):
    settings = {"optimizer.lr_schedule": "constant", "optimizer.warmup_steps": 2}
    list(train(story, out=tmp_path / "whole", settings=settings))
    list(train(story, out=tmp_path / "parts", settings={**settings, "training.max_steps": 6}))
    list(lstmgen.train(resume=tmp_path / "parts", settings={"training.max_steps": 12}, cache=tmp_path / "cache"))
    assert_same_weights(tmp_path / "whole", tmp_path / "parts")


def test_a_request_to_stop_leaves_a_run_that_resumes(train, story, tmp_path):
    training = train(story, out=tmp_path / "run", settings={"training.max_steps": 100_000})
    for event in training:
        if isinstance(event, Stepped):
            training.stop()
    assert training.summary["stopped"] == "signal"
    assert (tmp_path / "run" / "model.safetensors").exists()
    steps = training.summary["steps"]
    second = lstmgen.train(resume=tmp_path / "run", settings={"training.max_steps": steps + 3}, cache=tmp_path / "cache")
    list(second)
    assert second.summary["steps"] == steps + 3


def test_a_damaged_checkpoint_is_said_and_the_one_before_is_taken(train, story, tmp_path):
    run = tmp_path / "run"
    list(train(story, out=run, pause_after=5))
    list(lstmgen.train(resume=run, cache=tmp_path / "cache", pause_after=2))
    content = bytearray((run / "last.safetensors").read_bytes())
    content[-1] ^= 1
    (run / "last.safetensors").write_bytes(content)
    second = lstmgen.train(resume=run, cache=tmp_path / "cache")
    events = list(second)
    assert events[0].resumed_at_step == 5
    assert any("the checkpoint before it is used" in note for note in events[0].notes)
    assert second.summary["steps"] == 12


def test_metrics_after_a_resume_have_every_step_once(train, story, tmp_path):
    list(train(story, out=tmp_path / "run", pause_after=5))
    list(lstmgen.train(resume=tmp_path / "run", cache=tmp_path / "cache"))
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    steps = [line["step"] for line in lines if line["event"] == "evaluated"]
    assert steps == sorted(set(steps))


def test_a_changed_source_is_not_resumed(train, story, tmp_path):
    list(train(story, out=tmp_path / "run", pause_after=5))
    story.write_text(TEXT.replace("Ada", "Eva", 1))
    with pytest.raises(CorpusError, match="changed") as failure:
        list(lstmgen.train(resume=tmp_path / "run", cache=tmp_path / "cache"))
    assert "--init-from" in failure.value.remedy


def test_a_resumed_run_keeps_its_settings(train, story, tmp_path):
    list(train(story, out=tmp_path / "run", pause_after=5))
    with pytest.raises(UsageError, match=r"model\.hidden_size"):
        list(lstmgen.train(resume=tmp_path / "run", settings={"model.hidden_size": 17}, cache=tmp_path / "cache"))


def test_an_lstm_without_a_gate_is_the_cell_of_that_name_and_goes_on_as_such(train, story, tmp_path):
    run = tmp_path / "run"
    list(train(story, out=run, pause_after=5, settings={"model.without": "forget"}))
    list(lstmgen.train(resume=run, cache=tmp_path / "cache"))
    assert lstmgen.load(run).network.architecture.cell == "lstm-1997"
    with pytest.raises(UsageError, match="cell gru, the model has lstm-1997"):
        list(train(story, out=tmp_path / "next", init_from=run, settings={"model.cell": "gru"}))


def test_only_an_lstm_goes_without_a_gate(train, story, tmp_path):
    with pytest.raises(UsageError, match="--without input is for the cell lstm, not for gru"):
        list(train(story, out=tmp_path / "run", settings={"model.cell": "gru", "model.without": "input"}))


@pytest.mark.parametrize("budget", [{"training.max_time_s": 0.5}, {"training.epochs": 0.02}])
def test_a_new_budget_takes_the_place_of_the_one_that_is_used_up(train, story, tmp_path, budget):
    first = train(story, out=tmp_path / "run", settings={"training.max_steps": None, **budget})
    list(first)
    steps = first.summary["steps"] + 3
    second = lstmgen.train(resume=tmp_path / "run", settings={"training.max_steps": steps}, cache=tmp_path / "cache")
    list(second)
    assert second.summary["steps"] == steps
    assert second.summary["stopped"] == "steps"


def test_a_changed_validation_source_is_not_resumed(train, story, tmp_path):
    other = tmp_path / "val.txt"
    other.write_text(TEXT[:500])
    list(train(story, out=tmp_path / "run", settings={"data.val": str(other)}, pause_after=5))
    other.write_text(TEXT[:501])
    with pytest.raises(CorpusError, match="changed"):
        list(lstmgen.train(resume=tmp_path / "run", cache=tmp_path / "cache"))


def test_a_finished_run_says_that_it_is_finished(train, story, tmp_path):
    list(train(story, out=tmp_path / "run"))
    with pytest.raises(UsageError, match="used up its budget"):
        list(lstmgen.train(resume=tmp_path / "run", cache=tmp_path / "cache"))


def test_standard_input_is_kept_so_that_its_run_resumes(train, tmp_path):
    list(train("-", stdin=io.BytesIO(TEXT.encode()), out=tmp_path / "run", pause_after=5))
    second = lstmgen.train(resume=tmp_path / "run", cache=tmp_path / "cache")
    list(second)
    assert second.summary["steps"] == 12


def piped(train, text, run, **options):
    content = text if isinstance(text, bytes) else text.encode()
    training = train("-", stdin=io.BytesIO(content), out=run, **options)
    list(training)
    return training


def kept_in(run):
    return [path for path in run.iterdir() if path.name.startswith("standard-input-")]


# The names of what is kept are hashes: of two texts one comes first, whatever the order in which they are learned.
@pytest.mark.parametrize("texts", [(TEXT, TEXT[::-1]), (TEXT[::-1], TEXT)], ids=["one", "other"])
@pytest.mark.parametrize("tokenizer", [None, "byte"])
def test_a_run_that_replaces_another_one_learns_what_came_through_its_own_pipe(train, tmp_path, texts, tokenizer):
    settings = {} if tokenizer is None else {"tokenizer.name": tokenizer}
    for text in texts:
        piped(train, text, tmp_path / "run", overwrite=True, pause_after=5, settings=settings)
    (kept,) = kept_in(tmp_path / "run")
    assert kept.read_text() == texts[1]
    resumed = lstmgen.train(resume=tmp_path / "run", cache=tmp_path / "cache")
    list(resumed)
    piped(train, texts[1], tmp_path / "alone", settings=settings)
    assert_same_weights(tmp_path / "run", tmp_path / "alone")
    assert resumed.summary["val"] == load_model(tmp_path / "alone" / "model.safetensors").summary["val"]


def test_the_same_text_piped_into_the_same_folder_again_is_kept(train, tmp_path):
    for _ in range(2):
        piped(train, TEXT, tmp_path / "run", overwrite=True, pause_after=5)
    (kept,) = kept_in(tmp_path / "run")
    assert kept.read_text() == TEXT
    list(lstmgen.train(resume=tmp_path / "run", cache=tmp_path / "cache"))


def test_a_run_knows_what_it_read_from_standard_input_whatever_else_lies_there(train, tmp_path):
    run = tmp_path / "run"
    piped(train, TEXT, run, pause_after=5)
    for digit in "0f":  # as a run leaves it that was killed while it replaced this one
        (run / f"standard-input-{digit * 16}.txt").write_text(TEXT[::-1])
    list(lstmgen.train(resume=run, cache=tmp_path / "cache"))
    piped(train, TEXT, tmp_path / "alone")
    assert_same_weights(run, tmp_path / "alone")
    assert lstmgen.load(run).score_split("val", cache=tmp_path / "cache").chars == len(TEXT) // 10


def test_a_run_of_a_version_that_recorded_no_name_resumes(train, tmp_path, monkeypatch):
    run = tmp_path / "run"
    monkeypatch.setattr(Run, "input_record", {})
    piped(train, TEXT, run, pause_after=5)
    list(lstmgen.train(resume=run, cache=tmp_path / "cache"))
    assert lstmgen.load(run).score_split("val", cache=tmp_path / "cache").chars == len(TEXT) // 10


@pytest.mark.parametrize("name", ["../story.txt", "story.txt", "standard-input-0123456789abcdef.txt"])
def test_a_record_that_names_another_file_is_refused(train, story, tmp_path, monkeypatch, name):
    monkeypatch.setattr(Run, "input_record", {"standard_input": name})
    piped(train, TEXT, tmp_path / "run", pause_after=5)
    (tmp_path / "run" / "story.txt").write_text(TEXT)
    with pytest.raises(CorpusError, match="does not hold what was read from standard input"):
        list(lstmgen.train(resume=tmp_path / "run", cache=tmp_path / "cache"))
    assert story.exists()


def test_validation_may_come_through_the_pipe_alone(train, story, tmp_path):
    list(train(story, stdin=io.BytesIO(TEXT[:500].encode()), out=tmp_path / "run", settings={"data.val": "-"}, pause_after=5))
    list(lstmgen.train(resume=tmp_path / "run", cache=tmp_path / "cache"))
    assert lstmgen.load(tmp_path / "run").summary["val"]["chars"] == 500


def test_tunes_from_standard_input_are_kept_as_midi_and_their_run_resumes(train, tmp_path):
    start = np.arange(0, 64 * 240, 240)
    tune = to_midi_bytes(Score.of(Notes.of(start, start + 200, 60 + np.arange(64) * 7 % 12)))
    piped(train, tune, tmp_path / "run", pause_after=5)
    (kept,) = kept_in(tmp_path / "run")
    assert (kept.suffix, kept.read_bytes()) == (".mid", tune)
    list(lstmgen.train(resume=tmp_path / "run", cache=tmp_path / "cache"))
    piped(train, TEXT, tmp_path / "run", overwrite=True, pause_after=1)
    assert [path.suffix for path in kept_in(tmp_path / "run")] == [".txt"]


def test_starting_from_a_model_keeps_what_it_knows_and_takes_new_symbols(train, story, tmp_path, tiny):
    list(train(story, out=tmp_path / "first", settings={"training.max_steps": 60}))
    known = lstmgen.load(tmp_path / "first")
    other = tmp_path / "other.txt"
    other.write_text(TEXT.replace("apples", "äpfel"))
    settings = {key: value for key, value in tiny.items() if not key.startswith("model.")}
    training = lstmgen.train(
        [other],
        init_from=tmp_path / "first",
        out=tmp_path / "second",
        cache=tmp_path / "cache",
        settings={**settings, "training.max_steps": 1},
    )
    list(training)
    learned = lstmgen.load(tmp_path / "second")
    assert learned.tokenizer.vocab_size == known.tokenizer.vocab_size + 2
    assert learned.tokenizer.decode(known.tokenizer.encode("Ada is glad.")) == "Ada is glad."
    assert learned.score("Ada is glad.").to_json()["nats_per_char"] < 0.9 * np.log(known.tokenizer.vocab_size)


def test_starting_from_a_model_keeps_its_shape(train, story, tmp_path):
    list(train(story, out=tmp_path / "first"))
    with pytest.raises(UsageError, match="hidden_size 17, the model has 16"):
        list(train(story, init_from=tmp_path / "first", out=tmp_path / "second", settings={"model.hidden_size": 17}))


@pytest.mark.parametrize(
    ("wish", "expected"),
    [({}, "3,6"), ({"model.matches": "2"}, "2"), ({"model.matches": "none"}, ""), ({"training.infill": 0.3}, "")],
    ids=str,
)
def test_what_a_model_is_told_of_what_followed_is_kept_or_comes_and_goes(train, story, tmp_path, wish, expected):
    list(train(story, out=tmp_path / "first", settings={"training.max_steps": 2}))
    assert lstmgen.load(tmp_path / "first").network.architecture.matches == "3,6"
    list(train(story, init_from=tmp_path / "first", out=tmp_path / "second", settings={"training.max_steps": 1, **wish}))
    assert lstmgen.load(tmp_path / "second").network.architecture.matches == expected


def test_another_models_tokenizer_is_taken_as_it_is(train, story, tmp_path):
    list(train(story, out=tmp_path / "first"))
    other = tmp_path / "other.txt"
    other.write_text(TEXT.replace("apples", "äpfel"))
    with pytest.raises(UnseenSymbolError):
        list(train(other, out=tmp_path / "second", settings={"tokenizer.source_model": str(tmp_path / "first")}))
    assert not (tmp_path / "second").exists()
    training = train(story, out=tmp_path / "third", settings={"tokenizer.source_model": str(tmp_path / "first")})
    list(training)
    assert training.summary["tokenizer"] == "char"


@pytest.mark.parametrize("tokenizer", ["byte", "word", "bpe", "unigram"])
def test_every_tokenizer_trains_and_generates(train, story, tmp_path, tokenizer):
    training = train(story, out=tmp_path / "run", settings={"tokenizer.name": tokenizer})
    list(training)
    assert training.summary["tokenizer"] == tokenizer
    assert training.summary["val"]["chars"] == len(TEXT) - int(0.9 * len(TEXT))
    assert lstmgen.load(tmp_path / "run").generate("Ada", length=5, seed=0, ignore_end=True)[0].tokens == 5


def test_a_text_of_one_kilobyte_trains_with_default_settings(tmp_path):
    path = tmp_path / "small.txt"
    path.write_text(TEXT[:1000])
    training = lstmgen.train([path], out=tmp_path / "run", settings={"training.max_steps": 3}, cache=tmp_path / "cache")
    list(training)
    assert training.summary["steps"] == 3


def test_sources_that_fail_leave_no_folder_behind(train, tmp_path):
    empty = tmp_path / "empty.txt"
    empty.touch()
    with pytest.raises(CorpusError):
        list(train(empty, out=tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_a_folder_that_holds_a_run_is_not_overwritten_unless_asked(train, story, tmp_path):
    list(train(story, out=tmp_path / "run"))
    with pytest.raises(UsageError, match="run"):
        list(train(story, out=tmp_path / "run"))
    list(train(story, out=tmp_path / "run", overwrite=True, settings={"training.max_steps": 2}))
    assert load_model(tmp_path / "run" / "model.safetensors").summary["steps"] == 2


def test_two_runs_cannot_share_a_folder(train, story, tmp_path):
    list(train(story, out=tmp_path / "run", pause_after=3))
    one = iter(lstmgen.train(resume=tmp_path / "run", cache=tmp_path / "cache"))
    next(one)
    with pytest.raises(InUseError):
        next(iter(lstmgen.train(resume=tmp_path / "run", cache=tmp_path / "cache")))
    list(one)


def test_samples_and_evaluations_on_the_way_change_nothing(train, story, tmp_path):
    noisy = {"training.sample_every_s": 1e-6, "training.eval_every": 1}
    events = list(train(story, out=tmp_path / "noisy", settings=noisy))
    list(train(story, out=tmp_path / "calm"))
    assert any(isinstance(event, Sampled) for event in events)
    assert_same_weights(tmp_path / "noisy", tmp_path / "calm")


def test_a_separate_validation_source_leaves_the_whole_text_for_training(train, story, tmp_path):
    other = tmp_path / "val.txt"
    other.write_text(TEXT[:500])
    training = train(story, out=tmp_path / "run", settings={"data.val": str(other)})
    events = list(training)
    assert events[0].train_tokens == len(TEXT) + 1
    assert training.summary["val"]["chars"] == 500


def test_without_a_validation_part_the_last_model_is_kept(train, story, tmp_path):
    training = train(story, out=tmp_path / "run", settings={"data.val_frac": 0.0})
    list(training)
    assert training.summary["val"] is None
    assert (tmp_path / "run" / "model.safetensors").exists()


def test_a_second_run_on_the_same_text_finds_its_tokens_ready(train, story, tmp_path):
    stages = []
    for run in ("one", "two"):
        seen = []
        list(
            train(
                story,
                out=tmp_path / run,
                settings={"tokenizer.name": "bpe"},
                progress=lambda stage, *_, seen=seen: seen.append(stage),
            )
        )
        stages.append(set(seen))
    files = sorted((tmp_path / "cache" / "tokens").iterdir())
    assert len(files) == 1
    assert stages[0] - stages[1] == {"learning the bpe tokenizer"}


def test_resume_takes_no_sources(story, tmp_path):
    with pytest.raises(UsageError, match="--resume"):
        lstmgen.train([story], resume=tmp_path)


def test_a_token_file_that_becomes_shorter_while_training_is_an_error_and_the_run_goes_on_later(train, tmp_path, story, monkeypatch):
    monkeypatch.setattr(streams, "_AHEAD_IDS", 1)
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    list(train(story, out=whole))
    settings = {"training.eval_every": 100}
    training = iter(train(story, out=cut, settings=settings))
    next(training)
    (file,) = (tmp_path / "cache").rglob("train.tokens")
    os.truncate(file, 4096 + 40)
    with pytest.raises(CorpusError, match="became shorter while it was in use"):
        list(training)
    list(lstmgen.train(resume=cut, cache=tmp_path / "cache"))
    assert_same_weights(whole, cut)
