"""The fields of every object that is printed as JSON are those that docs/formats.md lists for it."""

import json
import shutil

import pytest

from lstmgen.version import JSON_SCHEMA


def test_the_page_names_the_schema(page_of_json):
    assert f"Schema {JSON_SCHEMA}" in page_of_json.text
    assert len(page_of_json.fields) >= 20


@pytest.fixture
def sea(run_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("sea", "lake"):
        shutil.copytree(run_folder, tmp_path / "checkpoints" / name)
    (tmp_path / "text.txt").write_text("The sea is wide, the sea is deep.\n" * 30)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "argv"),
    [
        ("info of a model", ["info", "sea"]),
        ("info of a text", ["info", "text.txt"]),
        ("info of a corpus that is not here", ["info", "tinyshakespeare"]),
        ("corpora", ["corpora"]),
        ("corpora get", ["corpora", "get", "underlamp"]),
        ("score of text", ["score", "sea", "text.txt"]),
        ("score of text", ["score", "sea", "text.txt", "--per-line", "--per-token"]),
        ("sample of text", ["sample", "sea", "-n", "3"]),
        ("predict", ["predict", "sea", "-p", "The s", "--words"]),
        ("score of text", ["score", "sea", "text.txt", "--adapt"]),
        ("sample of text", ["sample", "sea", "-n", "3", "-o", "new/folder/a.txt"]),
        ("infill of text", ["infill", "sea", "text.txt", "--at", "5:7", "--candidates", "8"]),
        ("infill of text", ["infill", "sea", "text.txt", "--at", "5:7", "--candidates", "8", "-o", "filled.txt"]),
        ("runs", ["runs"]),
        ("runs compare", ["runs", "compare", "sea", "lake"]),
        ("inspect --find", ["inspect", "sea", "text.txt", "--find", "column"]),
        ("inspect --gradient", ["inspect", "sea", "text.txt", "--gradient"]),
        ("inspect --context", ["inspect", "sea", "text.txt", "--context"]),
        ("lab", ["lab"]),
        ("lab TASK", ["lab", "reber", "--cell", "gru", "--steps", "1"]),
        ("lab cells", ["lab", "cells", "--cell", "gru", "--source", "underlamp", "--steps", "1"]),
        ("bench", ["bench", "encode", "--quick"]),
        ("lab gradient", ["lab", "gradient", "--cell", "gru"]),
    ],
)
@pytest.mark.usefixtures("sea")
def test_an_object_has_the_fields_of_the_page_and_no_others(cli, page_of_json, name, argv):
    done = cli(*argv, "--json")
    assert done.code == 0, done.err
    for line in done.text.splitlines():
        page_of_json.check(name, json.loads(line))


TINY = ["--hidden-size", "6", "--num-layers", "1", "--batch-size", "2", "--seq-length", "7", "--max-steps", "4", "--threads", "1"]


def test_a_run_its_plan_and_its_metrics_have_the_fields_of_the_page(cli, page_of_json, sea):
    page_of_json.check("train", json.loads(cli("train", "text.txt", "-o", "RUN", *TINY, "--json").out))
    page_of_json.check("train --lr-range", json.loads(cli("train", "text.txt", "--lr-range", *TINY, "--json").out))
    page_of_json.check("train --dry-run", json.loads(cli("train", "text.txt", "--dry-run", *TINY, "--json").out))
    typed = json.loads(cli("score", "RUN", "--split", "val", "--keystrokes", "--words", "9", "--json").out)
    page_of_json.check("score --keystrokes", typed)
    assert typed["pressed_ngram"] < typed["keys"]  # its text repeats itself
    page_of_json.check("score --novelty", json.loads(cli("score", "RUN", "--novelty", "text.txt", "--json").out))
    for line in (sea / "RUN" / "metrics.jsonl").read_text().splitlines():
        values = json.loads(line)
        page_of_json.check(f"metrics, {values['event']}", values)


@pytest.fixture
def tunes(tune_case, tmp_path, monkeypatch):

    from lstmgen.checkpoint.model_file import save_model

    monkeypatch.chdir(tmp_path)
    model = tune_case.model
    save_model(tmp_path / "tunes.safetensors", model.network.tensors(), model.network.architecture, model.tokenizer, {})
    return tmp_path


@pytest.mark.parametrize("tune_case", ["notes-beats"], indirect=True)
def test_a_tune_without_a_file_is_carried_in_the_object_and_every_file_is_named_and_reported(cli, page_of_json, tunes):
    import base64

    found = json.loads(cli("sample", "tunes.safetensors", "--bars", "1", "-s", "1", "--json").out)
    content = base64.b64decode(found["content_base64"])
    assert content.startswith(b"MThd")
    page_of_json.check("sample of music", found)
    done = cli("sample", "tunes.safetensors", "--bars", "1", "-s", "1", "--json", "-o", "a/b/t.mid", "--png", "--svg")
    found = json.loads(done.out)
    assert found["files"] == ["a/b/t.mid", "a/b/t.png", "a/b/t.svg"]
    assert (tunes / "a" / "b" / "t.mid").read_bytes() == content
    for file in found["files"]:
        assert f"wrote {file}: " in done.err
    page_of_json.check("sample of music", found)
    page_of_json.check("info of music", json.loads(cli("info", "a/b/t.mid", "--json").out))
    scored = [json.loads(line) for line in cli("score", "tunes.safetensors", "a/b/t.mid", "a", "--json").out.splitlines()]
    page_of_json.check("score of music", scored[0])
