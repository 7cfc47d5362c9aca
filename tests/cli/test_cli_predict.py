"""`lstmgen predict`: tables for people, an object a line for editors."""

import json

import pytest


@pytest.mark.parametrize(("argv", "typed"), [([], "The sea is w"), (["--words"], "The sea is w"), (["--words"], ""), ([], "")])
def test_the_table_shows_the_candidates_of_the_json(cli, run_folder, argv, typed):
    found = json.loads(cli("predict", run_folder, "-p", typed, "--top", "3", "--json", *argv).out)
    assert found["prompt"] == typed
    assert len(found["candidates"]) == 3
    done = cli("predict", run_folder, "-p", typed, "--top", "3", *argv, environ={"COLUMNS": "40"})
    head, *rows = done.text.splitlines()
    assert head.split() == ["next", "probability"]
    for row, candidate in zip(rows, found["candidates"], strict=True):
        assert row.endswith(f"{candidate['probability']:.1%}")
        if argv:
            assert candidate["text"] == "w" * bool(typed) + candidate["adds"]
    assert cli("predict", run_folder, "-p", typed, "--top", "3", *argv).out == done.out


def test_lines_of_standard_input_are_answered_one_by_one(cli, run_folder):
    lines = ["The sea", "", "deep. It r"]
    done = cli("predict", run_folder, "-p", "-", "--words", "--json", stdin="\n".join(lines).encode() + b"\n")
    answers = [json.loads(line) for line in done.text.splitlines()]
    assert [answer["prompt"] for answer in answers] == lines
    for line, answer in zip(lines, answers, strict=True):
        alone = json.loads(cli("predict", run_folder, "-p", line, "--words", "--json").out)
        assert alone == answer


def test_what_could_steer_a_terminal_is_written_out_and_mistakes_are_named(cli, run_folder):
    done = cli("predict", run_folder, "-p", "deep.", "-e", "--top", "60")
    assert "'\\n'" in done.text
    assert "(the end)" in done.text
    unseen = cli("predict", run_folder, "-p", "\u00eb")
    assert (unseen.code, unseen.out) == (3, b"")
    assert cli("predict", run_folder, "--top", "0").code == 2


@pytest.mark.parametrize("tune_case", ["notes-beats"], indirect=True)
def test_of_tunes_events_are_predicted_and_there_are_no_words(cli, tune_case, tmp_path, page_of_json):
    from lstmgen.checkpoint.model_file import save_model

    model, file = tune_case.model, tmp_path / "tunes.safetensors"
    save_model(file, model.network.tensors(), model.network.architecture, model.tokenizer, {})
    found = json.loads(cli("predict", file, "-p", "C4 E4", "--json").out)
    page_of_json.check("predict", found)
    assert len(found["candidates"]) == 5
    refused = cli("predict", file, "-p", "C4 E4", "--words")
    assert refused.code == 2
    assert "has no words" in refused.err
