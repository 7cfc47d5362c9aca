"""Models of documents: each line or block begins anew, ends by itself, and is held out whole."""

import json
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it
from safetensors.numpy import load_file

import lstmgen
from lstmgen.corpus.token_file import TokenFile
from lstmgen.errors import UnseenSymbolError, UsageError
from lstmgen.media.text import medium
from lstmgen.media.text.division import Division
from lstmgen.training.events import Sampled

NAMES = [first + last for first in ("an", "ben", "cor", "dan", "el") for last in ("na", "a", "ia", "is", "o", "us")]
LINES = {"data.documents": "line"}


@pytest.fixture
def names(tmp_path):
    path = tmp_path / "names.txt"
    path.write_text("\n".join(NAMES) + "\n\n")
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory, tiny):
    """The folder of a run that has learned to end a name, beside its cache."""
    folder = tmp_path_factory.mktemp("names")
    (folder / "names.txt").write_text("\n".join(NAMES) + "\n\n")
    settings = tiny | LINES | {"training.max_steps": 60, "optimizer.lr": 0.02, "training.batch_size": 9}
    list(lstmgen.train(folder / "names.txt", out=folder / "run", settings=settings, cache=folder / "cache"))
    return folder / "run"


@pytest.fixture
def model(run):
    """A model that has learned to end a name."""
    return lstmgen.load(run, device="cpu")


def token_documents(path, tokenizer):
    tokens = TokenFile.open(path)
    return [tokenizer.decode(part) for part in np.split(tokens.ids[:].astype(np.int64), tokens.starts[1:].astype(np.int64))]


def by_hand(model, text):
    """The surprisals of the characters of a name and of its end."""
    ids = [0, *model.tokenizer.encode(text).tolist(), 0]
    with torch.inference_mode():
        logits_TBV, _ = model.network.eval()(torch.tensor(ids[:-1])[:, None], model.network.zero_state(1))
    return F.cross_entropy(logits_TBV[:, 0], torch.tensor(ids[1:]), reduction="sum").item()


def test_every_line_is_a_document_and_every_tenth_is_held_out_whole(train, names, tmp_path, run, model):
    (cache,) = (run.parent / "cache/tokens").iterdir()
    assert token_documents(cache / "val.tokens", model.tokenizer) == NAMES[9::10]
    assert token_documents(cache / "train.tokens", model.tokenizer) == [name for place, name in enumerate(NAMES) if place % 10 != 9]
    assert "\n" not in model.tokenizer.symbols, "what stands between documents is in none of them"
    prepared = next(iter(train(names, out=tmp_path / "again", settings=LINES)))
    assert prepared.documents == len(NAMES)
    assert "30 documents, one a line" in prepared.notes
    (row,) = map(json.loads, (tmp_path / "again/sources.jsonl").read_text().splitlines())
    assert row["documents"] == len(NAMES)


def test_the_end_of_a_document_is_predicted_and_counts_as_one_character(model):
    score = model.score("anna")
    assert (score.tokens, score.chars, score.bytes) == (5, 5, 5)
    assert score.nats_per_char == pytest.approx(by_hand(model, "anna") / 5, rel=1e-5)
    (row,) = score.rows()
    assert (row.facts["chars"], row.tokens) == (5, 5)
    assert [token.facts["text"] for token in score.token_rows()] == [*"anna", "<boundary>"]


@pytest.mark.parametrize("documents", ["blank-line", "line"])
def test_the_figures_while_training_of_score_and_of_a_token_file_are_one(train, names, tmp_path, documents):
    names.write_text("".join(f"{one}\n{other}\n\n" for one, other in zip(NAMES, reversed(NAMES), strict=True)))
    training = train(names, out=tmp_path / "run", settings={"data.documents": documents})
    list(training)
    model = lstmgen.load(tmp_path / "run", device="cpu")
    held = [text for texts in Division(documents).divided([names.read_text()]) for text in texts][9::10]
    assert ("\n" in held[0]) == (documents == "blank-line")
    scored = model.score_all(held)
    of_split = model.score_split("val", cache=tmp_path / "cache")
    assert scored.chars == sum(len(text) + 1 for text in held) == training.summary["val"]["chars"]
    assert scored.nats_per_char == pytest.approx(sum(by_hand(model, text) for text in held) / scored.chars, rel=1e-5)
    for name in ("tokens", "nats_per_token", "nats_per_char", "bits_per_byte"):
        assert getattr(of_split, name) == pytest.approx(getattr(scored, name), rel=1e-6)
        assert training.summary["val"][name] == pytest.approx(getattr(scored, name), rel=1e-5)


def test_a_name_alone_in_a_file_and_a_file_of_names_have_the_same_surprisals(model):
    apart = [model.score(name).items[0].nats_T for name in NAMES]
    together = model.score_all(NAMES)
    assert all(np.allclose(one, item.nats_T, rtol=1e-5) for one, item in zip(apart, together.items, strict=True))


def test_a_sample_ends_where_its_document_does(model):
    samples = model.generate(num_samples=40, seed=3)
    assert {sample.ended for sample in samples} == {"end-of-document"}
    assert np.mean([len(sample.text) for sample in samples]) < 12
    assert model.generate("an", seed=3)[0].ended == "end-of-document"
    assert model.generate(length=-1, num_samples=2, seed=3)[0].ended == "end-of-document"
    assert model.generate(ignore_end=True, seed=3)[0].tokens == 500
    assert {sample.tokens for sample in model.generate(ignore_end=True, length=7, num_samples=2)} == {7}


def test_a_document_that_does_not_end_is_cut(model, monkeypatch):
    monkeypatch.setattr(medium, "MAX_DOCUMENT", 300)
    endless = lstmgen.Sampling(temperature=0.0)
    with torch.no_grad():
        model.network.head.bias[0] = -100.0
    (sample,) = model.generate(sampling=endless, seed=1)
    assert (sample.ended, sample.tokens) == ("length", 300)


def test_a_resumed_run_equals_an_unbroken_one_bit_for_bit(train, names, tmp_path):
    list(train(names, out=tmp_path / "unbroken", settings=LINES))
    list(train(names, out=tmp_path / "resumed", settings=LINES, pause_after=5))
    list(lstmgen.train(resume=tmp_path / "resumed", cache=tmp_path / "cache"))
    for name in ("last.safetensors", "model.safetensors"):
        left, right = load_file(tmp_path / "unbroken" / name), load_file(tmp_path / "resumed" / name)
        assert left.keys() == right.keys()
        assert all(left[key].tobytes() == right[key].tobytes() for key in left)
    with pytest.raises(UsageError, match=r"data\.documents"):
        list(lstmgen.train(resume=tmp_path / "resumed", settings={"data.documents": "blank-line"}, cache=tmp_path / "cache"))


def test_a_new_run_from_a_model_of_documents_learns_documents_unless_it_is_told_otherwise(train, names, tmp_path, model):
    for settings, expected in (({}, "line"), ({"data.documents": "file"}, "file"), ({"data.separator": "is"}, "file")):
        options = {"settings": settings | {"training.max_steps": 1}, "init_from": model.path}
        if expected == "line":
            *_, stopped = train(names, out=tmp_path / f"new{len(settings)}", **options)
            made = lstmgen.load(stopped.summary["model"])
            assert made.data.documents == "line"
        else:
            prepared = next(iter(train(names, out=tmp_path / f"new-{len(str(settings))}", **options)))
            assert prepared.settings["data"]["documents"] == expected
            assert prepared.documents == (1 if not settings.get("data.separator") else 6)


def test_documents_are_part_of_what_a_corpus_is(train, names, tmp_path):
    hashes = set()
    for number, settings in enumerate(({}, LINES, {"data.documents": "blank-line"}, {"data.separator": "a"}, {"data.separator": "n"})):
        *_, stopped = train(names, out=tmp_path / str(number), settings=settings | {"training.max_steps": 1, "data.val_frac": 0.3})
        hashes.add(lstmgen.load(stopped.summary["model"]).summary["corpus_sha256"])
    assert len(hashes) == 5


def test_what_is_shown_while_it_learns_are_several_documents(train, names, tmp_path):
    settings = LINES | {"training.max_steps": 80, "optimizer.lr": 0.02, "training.sample_every_s": 0.001}
    shown = [event.text for event in train(names, out=tmp_path / "run", settings=settings) if isinstance(event, Sampled)]
    assert max(text.count("\n") for text in shown) > 3
    assert all(len(text) < 200 for text in shown)


def test_a_symbol_that_stands_only_between_documents_is_unseen(model):
    with pytest.raises(UnseenSymbolError):
        model.score("anna\nben")


def test_a_copy_of_a_short_document_is_found_and_drawn_again(model):
    assert model.novelty("Anna").copied_share == 1.0
    assert model.novelty("Anna").where == model.summary["sources"][0]
    assert model.novelty("annaben").copied_share == model.novelty("").copied_share == 0.0
    assert model.novelty(NAMES[9]).copied_share == 0.0, "it was held out"
    assert "copy" in model.novelty("anna").line()
    drawn = model.generate(num_samples=30, seed=1, novel=0.0)
    known = set(NAMES) - set(NAMES[9::10])
    assert len(known & {sample.text for sample in model.generate(num_samples=30, seed=1)}) > 0
    assert not known & {sample.text for sample in drawn if not sample.warnings}


def test_documents_are_for_text(train, tmp_path, names):
    with pytest.raises(UsageError, match="--documents is for text"):
        list(train("lanterns", out=tmp_path / "tunes", settings=LINES))
    with pytest.raises(UsageError, match="--pedal is for music"):
        list(train(names, out=tmp_path / "text", settings={"data.pedal": "drop"}))
    assert not (tmp_path / "tunes").exists()


def test_learning_documents_apart_does_not_see_the_one_before(train, tmp_path):
    """In a sorted list the first letter of the name before tells the next one: a model that saw it would begin badly without it."""
    path = tmp_path / "sorted.txt"
    path.write_text("\n".join(letter + "aeiou"[place % 5] for letter in "bcdfghjk" for place in range(40)))
    settings = LINES | {"training.max_steps": 120, "optimizer.lr": 0.02, "training.batch_size": 16, "model.dropout": 0.0}
    list(train(path, out=tmp_path / "run", settings=settings))
    model = lstmgen.load(tmp_path / "run", device="cpu")
    firsts = [item.nats_T[0] for item in model.score_all(letter + "a" for letter in "bcdfghjk").items]
    assert np.mean(firsts) == pytest.approx(math.log(8), abs=0.15)
