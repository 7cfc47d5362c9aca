import json
import shutil

import pytest


@pytest.fixture
def shelf(run_folder, tmp_path, monkeypatch):
    """The working folder, with two runs in it."""
    for name in ("sea", "lake"):
        shutil.copytree(run_folder, tmp_path / "checkpoints" / name)
    (tmp_path / "checkpoints" / "lake" / "config.toml").write_text('[data]\nsources = ["a.txt"]\n[model]\nhidden_size = 9\n')
    (tmp_path / "checkpoints" / "sea" / "config.toml").write_text('[data]\nsources = ["a.txt"]\n[model]\nhidden_size = 7\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path / "checkpoints"


def test_runs_are_listed_with_what_they_learned_and_how_good_they_are(cli, shelf):
    done = cli("runs", "--sort", "name")
    assert done.code == 0
    heading, lake, sea = done.text.splitlines()
    assert heading.split() == ["run", "learned", "loss", "parameters", "steps", "date"]
    assert lake.split()[:6] == ["lake", "text,", "char", "1.5000", "nats/char", "1.1k"]
    assert sea.startswith("sea")
    assert shelf.is_dir()


def test_runs_are_sorted_as_asked(cli, shelf):
    import os

    os.utime(shelf / "sea" / "metrics.jsonl", (2e9, 2e9))
    assert [line.split()[0] for line in cli("runs").text.splitlines()[1:]] == ["sea", "lake"]
    assert [line.split()[0] for line in cli("runs", "--sort", "name").text.splitlines()[1:]] == ["lake", "sea"]


@pytest.mark.usefixtures("shelf")
def test_the_same_as_json_is_one_object_a_run(cli):
    found = [json.loads(line) for line in cli("runs", "--sort", "name", "--json").text.splitlines()]
    assert [(run["name"], run["loss"], run["loss_unit"], run["state"]) for run in found] == [
        ("lake", 1.5, "nats/char", "finished"),
        ("sea", 1.5, "nats/char", "finished"),
    ]


@pytest.mark.parametrize("columns", [40, 60])
def test_on_a_narrow_terminal_names_and_losses_stay_and_no_line_is_too_long(cli, shelf, columns):
    text = cli("runs", terminal=("stdout",), environ={"COLUMNS": str(columns)}).text
    assert max(map(len, text.splitlines())) <= columns
    assert "1.5000 nats/char" in text
    assert shelf.is_dir()


def test_where_no_run_is_the_list_is_empty_and_says_so(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = cli("runs")
    assert (done.code, done.out) == (0, b"")
    assert "no runs in checkpoints" in done.err


def test_the_folder_of_all_runs_is_pointed_to_the_list(cli, shelf):
    done = cli("info", "checkpoints")
    assert done.code == 3
    assert done.err.endswith("try: lstmgen runs --folder checkpoints\n")
    (shelf / "story.txt").write_text("The sea.")
    assert cli("info", "checkpoints/story.txt").code == 0


@pytest.mark.usefixtures("shelf")
def test_runs_side_by_side_show_what_differs_and_both_curves(cli):
    text = cli("runs", "compare", "sea", "lake").text
    assert text.splitlines()[0].split() == ["sea", "lake"]
    assert ["model.hidden_size", "7", "9"] in [line.split() for line in text.splitlines()]
    assert text.count("┤") >= 6
    found = json.loads(cli("runs", "compare", "sea", "lake", "--json").text)
    assert found["different"] == {"model.hidden_size": [7, 9]}
    assert found["runs"][0]["training"][0] == [1, 2.95]


@pytest.mark.parametrize("columns", [40, 80])
@pytest.mark.usefixtures("shelf")
def test_a_comparison_fits_its_terminal(cli, columns):
    text = cli("runs", "compare", "sea", "lake", terminal=("stdout",), environ={"COLUMNS": str(columns)}).text
    assert max(map(len, text.splitlines())) <= columns


@pytest.mark.usefixtures("shelf")
def test_one_run_is_compared_with_nothing(cli):
    assert cli("runs", "compare", "sea").code == 2


def test_removing_asks_and_only_yes_means_yes(cli, shelf):
    for answer in (b"n\n", b"\n", b"", b"yess\n"):
        done = cli("runs", "rm", "sea", stdin=answer, terminal=("stdin", "stderr"))
        assert done.code == 0
        assert "remove it? [y/N]" in done.err
        assert (shelf / "sea").exists()
    assert cli("runs", "rm", "sea", stdin=b"y\n", terminal=("stdin", "stderr")).code == 0
    assert not (shelf / "sea").exists()


def test_a_script_says_yes_beforehand(cli, shelf):
    refused = cli("runs", "rm", "sea", stdin=b"y\n")
    assert refused.code == 2
    assert refused.err.endswith("try: lstmgen runs rm checkpoints/sea --yes\n")
    assert cli("runs", "rm", "sea", "lake", "--yes").code == 0
    assert list(shelf.iterdir()) == []


def test_none_of_several_is_removed_when_one_cannot_be(cli, shelf):
    from lstmgen.storage import FolderLock

    with FolderLock(shelf / "lake"):
        assert cli("runs", "rm", "sea", "lake", "--yes").code == 6
    assert (shelf / "sea").exists()
    assert cli("runs", "rm", "sea", "nothing", "--yes").code == 3
    assert (shelf / "sea").exists()


def test_curves_are_drawn_in_the_terminal_or_into_files_whose_folders_are_made(cli, shelf):
    assert cli("runs", "plot", "sea").text.count("┤") >= 2
    done = cli("runs", "plot", "sea", "lake", "-o", "new/curves.svg", "-o", "new/curves.png", "--title", "Water")
    assert (done.code, done.out) == (0, b"")
    assert done.err.count("wrote new/curves") == 2
    assert "Water" in (shelf.parent / "new" / "curves.svg").read_text()
    assert (shelf.parent / "new" / "curves.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("argv", "words"), [(["-o", "curves.pdf"], ".svg or .png"), (["--dark"], "--dark is for pictures")])
@pytest.mark.usefixtures("shelf")
def test_what_cannot_be_drawn_is_refused(cli, argv, words):
    done = cli("runs", "plot", "sea", *argv)
    assert done.code == 2
    assert words in done.err


@pytest.mark.usefixtures("shelf")
def test_event_files_without_their_package_name_the_extra(cli, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda *_: None)
    for argv in (["runs", "plot", "sea"], ["train", "absent.txt"]):
        done = cli(*argv, "--tensorboard", "events")
        assert done.code == 2
        assert done.err.endswith("try: pip install 'lstmgen[tensorboard]'\n")
