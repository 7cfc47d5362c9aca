import json
import os
import shutil
from dataclasses import replace

import pytest

from lstmgen.checkpoint.model_file import load_model, save_model
from lstmgen.model.language_model import LanguageModel


def test_a_run_is_described_with_its_network_tokenizer_training_and_curve(cli, run_folder):
    done = cli("info", run_folder)
    assert done.code == 0
    for words in (
        "lstm 2 x 7, embedding 5",
        "char with",
        "knows only the symbols of its corpus",
        "40 steps",
        "1.5000 nats a character",
        "sea.txt",
        "2.950 to 1.000",
        "█",
    ):
        assert words in done.text


def test_the_same_as_json_for_scripts(cli, run_folder):
    facts = json.loads(cli("info", run_folder / "model.safetensors", "--json").out)
    assert facts["kind"] == "model"
    assert facts["architecture"]["hidden_size"] == 7
    assert facts["tokenizer"]["name"] == "char"
    assert facts["tokenizer"]["covers_everything"] is False
    assert facts["parameters"] > 500
    assert len(facts["losses"]) == 40


def test_a_run_is_found_by_its_name_under_checkpoints(cli, run_folder, tmp_path, monkeypatch):
    shutil.copytree(run_folder, tmp_path / "checkpoints" / "sea")
    monkeypatch.chdir(tmp_path)
    assert "checkpoints/sea/model.safetensors" in cli("info", "sea").text


@pytest.mark.parametrize("what", ["written by a run", "a pipe", "a link", "a deep list"])
@pytest.mark.usefixtures("watchdog")
def test_how_a_source_begins_is_told_only_where_a_run_wrote_it(cli, run_folder, tmp_path, what):
    shutil.copytree(run_folder, tmp_path / "run")
    sources, told = tmp_path / "run" / "sources.jsonl", tmp_path / "told"
    told.write_text('{"opening": "Once"}\n')
    sources.unlink(missing_ok=True)
    match what:
        case "a pipe":
            os.mkfifo(sources)
        case "a link":
            sources.symlink_to(told)
        case "a deep list":
            sources.write_text("[" * 60_000)
        case _:
            shutil.copy(told, sources)
    facts = json.loads(cli("info", tmp_path / "run", "--json").out)
    assert facts["opening"] == ("Once" if what == "written by a run" else "")


def test_a_model_is_known_by_its_content_whatever_it_is_called(cli, run_folder, tmp_path):
    shutil.copy(run_folder / "model.safetensors", tmp_path / "shared-by-a-friend")
    assert json.loads(cli("info", tmp_path / "shared-by-a-friend", "--json").out)["kind"] == "model"


def test_it_is_said_by_how_many_tokens_a_network_is_told_what_followed(cli, run_folder, tmp_path):
    model = load_model(run_folder / "model.safetensors")
    shape = replace(model.network.architecture, matches="3,6", match_slots=16)
    save_model(tmp_path / "told.safetensors", LanguageModel(shape).tensors(), shape, model.tokenizer, model.summary)
    assert "told what followed before; tokens looked back on: 3 and 6" in cli("info", tmp_path / "told.safetensors").text
    assert "matches" not in cli("info", run_folder).text


def test_a_text_is_counted(cli, tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfab\r\nb\n")
    facts = json.loads(cli("info", tmp_path / "a.txt", "--json").out)
    assert (facts["kind"], facts["documents"], facts["chars"], facts["bytes"], facts["distinct_chars"]) == ("text", 1, 5, 5, 3)
    assert len(facts["notes"]) == 2
    assert "5 characters" in cli("info", tmp_path / "a.txt").text


def test_a_corpus_is_described_and_one_that_is_not_here_says_how_to_get_it(cli):
    assert json.loads(cli("info", "underlamp", "--json").out)["licence"] == "MIT"
    away = json.loads(cli("info", "tinyshakespeare", "--json").out)
    assert (away["available"], away["get"]) == (False, "lstmgen corpora get tinyshakespeare")


@pytest.mark.parametrize("name", ["nothing-of-that-name", "no/such/file.txt"])
def test_what_is_not_there_is_refused(cli, name):
    done = cli("info", name)
    assert (done.code, done.out) == (3, b"")
    assert name in done.err


def test_a_binary_file_and_a_damaged_model_are_refused(cli, run_folder, tmp_path):
    (tmp_path / "noise.bin").write_bytes(bytes(range(256)) * 4)
    assert cli("info", tmp_path / "noise.bin").code == 3
    model = (run_folder / "model.safetensors").read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(model[:300])
    assert cli("info", tmp_path / "cut.safetensors").code == 3


def test_a_folder_of_a_run_without_a_model_is_not_taken_for_a_folder_of_texts(cli, tmp_path):
    (tmp_path / "last.safetensors").write_bytes(b"")
    done = cli("info", tmp_path)
    assert done.code == 3
    assert "model.safetensors" in done.err


def test_nothing_in_a_foreign_file_steers_the_terminal(cli, tmp_path):
    (tmp_path / "a.txt").write_text("\x1b[2J\x07 text")
    assert "\x1b" not in cli("info", tmp_path / "a.txt", terminal=("stdout",)).text
    assert "\x1b" not in cli("info", tmp_path / "a.txt", "--json").text
