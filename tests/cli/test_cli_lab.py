"""`lstmgen lab`: what there is, trials, and the gradient."""

import json

import pytest

from lstmgen.choices import LAB_TASKS


def test_without_a_task_all_are_listed(cli):
    done = cli("lab")
    assert done.code == 0
    names = [line for line in done.out.decode().splitlines() if not line.startswith(" ")]
    assert names == [*LAB_TASKS, "gradient", "cells"]


def test_a_trial_gives_a_row_for_each_cell_and_one_for_guessing(cli):
    done = cli("lab", "reber", "--cell", "gru", "--cell", "rnn", "--seeds", "2", "--steps", "2")
    assert done.code == 0
    heading, *rows = done.out.decode().splitlines()
    assert heading.split()[:3] == ["cell", "parameters", "right"]
    assert [row.split()[0] for row in rows[:3]] == ["gru", "rnn", "guessing"]
    assert "50.0 %" in rows[2]
    assert rows[3].startswith("published: ")


def test_json_has_an_object_for_every_trial(cli):
    done = cli("lab", "reber", "--cell", "gru", "--seeds", "2", "--seed", "5", "--steps", "2", "--json", "-q")
    found = [json.loads(line) for line in done.out.decode().splitlines()]
    assert [(trial["task"], trial["cell"], trial["seed"], trial["steps"]) for trial in found] == [
        ("reber", "gru", 5, 2),
        ("reber", "gru", 6, 2),
    ]
    assert all(0 <= trial["figure"] <= 1 for trial in found)
    assert done.err == ""


def test_the_gradient_is_shown_beside_the_closed_form_and_the_claim(cli):
    done = cli("lab", "gradient", "--cell", "lstm", "--cell", "rnn")
    assert [line.split("  ")[0] for line in done.out.decode().splitlines()] == [
        "share left after k steps",
        "lstm",
        "rnn",
        "sigmoid(1)^k, a cell alone",
        "said of a plain RNN",
    ]
    found = [json.loads(line) for line in cli("lab", "gradient", "--cell", "gru", "--json").out.decode().splitlines()]
    assert [(row["cell"], row["part"], row["lags"][0]) for row in found] == [("gru", "all", 1)]


@pytest.mark.parametrize("argv", [["nothing"], ["reber", "--cell", "cnn"], ["reber", "--seeds", "0"]])
def test_what_is_wrong_is_refused(cli, argv):
    done = cli("lab", *argv)
    assert (done.code, done.out) == (2, b"")


def test_the_gradient_is_drawn_and_nothing_else_is(cli, tmp_path):
    picture = tmp_path / "gradient.svg"
    assert cli("lab", "gradient", "--cell", "gru", "-o", str(picture)).code == 0
    assert "gru" in picture.read_text()
    for refused in (
        ["reber", "-o", str(picture)],
        ["gradient", "-o", "gradient.gif"],
        ["reber", "--source", "underlamp"],
        ["gradient", "--seeds", "2"],
    ):
        assert cli("lab", *refused).code == 2
