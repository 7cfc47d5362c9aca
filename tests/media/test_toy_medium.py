"""A third medium is a folder and a line in a table: registered here by the test alone, it does all that text and tunes do."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

import lstmgen
from lstmgen import choices
from lstmgen.errors import UsageError
from lstmgen.generation.request import Request

FOLDER = Path(__file__).with_name("toy_numbers")
SETTINGS = {
    "model.hidden_size": 12,
    "model.embedding_size": 7,
    "training.batch_size": 2,
    "training.seq_length": 16,
    "training.max_steps": 30,
    "runtime.precision": "fp32",
    "runtime.device": "cpu",
    "runtime.threads": 1,
}


@pytest.fixture(autouse=True)
def toy(monkeypatch):
    """The line in the table, and the folder under the name that the line gives."""
    for name, path in (("toy_numbers", "__init__"), ("toy_numbers.options", "options"), ("toy_numbers.medium", "medium")):
        file = FOLDER / f"{path}.py"
        spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=[str(FOLDER)] if path == "__init__" else None)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        if file.exists():
            spec.loader.exec_module(module)
    monkeypatch.setitem(choices.MEDIA, "numbers", choices.MediumEntry("toy_numbers", ("digits",)))


@pytest.fixture
def sources(tmp_path):
    folder = tmp_path / "series"
    folder.mkdir()
    for number in range(5):
        counting = [(number + place) % 10 for place in range(60)]
        (folder / f"{number}.txt").write_text("#numbers\n" + "".join(f"{value}\n" for value in counting))
    return folder


def trained(tmp_path, sources, run="run", **changes):
    options = {"out": tmp_path / run, "cache": tmp_path / "cache", **changes}
    training = lstmgen.train(() if "resume" in changes else sources, settings={**SETTINGS, **options.pop("settings", {})}, **options)
    events = list(training)
    return training, events


def test_it_is_told_by_content_trained_saved_and_loaded(tmp_path, sources):
    training, _ = trained(tmp_path, sources)
    assert training.summary["tokenizer"] == "digits"
    assert training.summary["val"]["nats_per_number"] == pytest.approx(training.summary["val"]["nats_per_token"])
    model = lstmgen.load(tmp_path / "run", device="cpu")
    assert model.kind == "numbers"


def test_it_is_resumed_bit_for_bit(tmp_path, sources):
    trained(tmp_path, sources, "whole")
    trained(tmp_path, sources, "parts", pause_after=11)
    trained(tmp_path, sources, out=None, resume=tmp_path / "parts", settings={"training.max_steps": 30})
    whole, parts = (load_file(tmp_path / run / "last.safetensors") for run in ("whole", "parts"))
    assert whole.keys() == parts.keys()
    assert all(np.array_equal(whole[name], parts[name]) for name in whole)


def test_it_is_scored_with_its_own_figures_and_rows(tmp_path, sources):
    trained(tmp_path, sources)
    model = lstmgen.load(tmp_path / "run", device="cpu")
    evaluation = model.score("1 2 3 4 5 6 7 8 9 0 1 2")
    assert evaluation.numbers == evaluation.tokens == 12
    assert sum(row.nats for row in evaluation.rows()) == pytest.approx(12 * evaluation.nats_per_number)
    assert [row.tokens for row in evaluation.rows()] == [10, 2]
    assert model.score_split("val", cache=tmp_path / "cache").numbers == 60
    assert model.novelty(sources / "0.txt").copied_share == 1.0
    digits, mean = model.likeness([(7,) * 30], cache=tmp_path / "cache")
    assert digits.outside
    assert (mean.statistic.name, mean.samples.tolist()) == ("mean", [7.0])


def test_it_samples_streams_and_keeps_to_its_own_options(tmp_path, sources):
    trained(tmp_path, sources)
    model = lstmgen.load(tmp_path / "run", device="cpu")
    samples = model.generate("1 2", num_samples=3, seed=4, length=30, at_most=5)
    assert all(sample.numbers[:2] == (1, 2) and len(sample.numbers) == 32 and max(sample.numbers) <= 5 for sample in samples)
    stream = model.stream("1 2", seed=4, index=1, length=30, at_most=5)
    assert tuple(number for piece in stream for number in piece) == samples[1].numbers[2:]
    samples[0].save(tmp_path / "drawn.txt")
    assert (tmp_path / "drawn.txt").read_text().startswith("#numbers\n1\n2\n")
    request = Request(prompt="1 2", num_samples=2, seed=4, length=30, options={"at_most": 5})
    again = list(model.answer(Request.from_json(json.loads(json.dumps(request.to_json())))))
    assert [sample.numbers for sample in again] == [sample.numbers for sample in samples[:2]]


def test_its_gaps_are_filled(tmp_path, sources):
    trained(tmp_path, sources)
    model = lstmgen.load(tmp_path / "run", device="cpu")
    (sample,) = model.infill("1 2 3 0 5 6 7", place=3, seed=1)
    assert sample.numbers == (1, 2, 3, sample.numbers[3], 5, 6, 7)
    assert sample.gaps[0]["place"] == 3
    assert sum(each["probability"] for each in sample.gaps[0]["candidates"]) <= 1 + 1e-9


def test_it_is_looked_into(tmp_path, sources):
    trained(tmp_path, sources)
    seen = lstmgen.api.inspect(lstmgen.load(tmp_path / "run", device="cpu"), tuple(range(10)) * 6, carried=True)
    assert "".join(seen.shown).startswith("0 1 2 ")
    assert len(set(seen.row_T.tolist())) == 6
    _, finds, control = seen.find("height", top=1)
    assert 0.5 < finds[0].found <= 1
    assert 0.5 < control[0].found <= 1
    assert b"<!doctype html>" in seen.page(title="numbers")


def test_it_is_not_mixed_with_others(tmp_path, sources):
    (tmp_path / "story.txt").write_text("Once upon a time.\n" * 40)
    with pytest.raises(UsageError, match="numbers"):
        list(lstmgen.train([sources, tmp_path / "story.txt"], out=tmp_path / "mixed", settings=SETTINGS, cache=tmp_path / "cache"))


def test_the_command_line_knows_it_without_a_word_of_its_own(tmp_path, sources, capfd, monkeypatch):
    from lstmgen import cli

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    trained(tmp_path, sources)
    run = str(tmp_path / "run")
    assert cli.run(["sample", run, "--at-most", "3", "-n", "8", "-s", "1", "-o", str(tmp_path / "out.txt")]) == 0
    assert max(map(int, (tmp_path / "out.txt").read_text().split()[1:])) <= 3
    assert cli.run(["score", run, str(sources / "1.txt"), "--json"]) == 0
    assert json.loads(capfd.readouterr().out.splitlines()[-1])["numbers"] == 60
    assert cli.run(["sample", run, "--scale", "C minor"]) == 2
