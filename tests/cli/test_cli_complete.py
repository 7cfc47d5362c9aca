import shutil

import pytest
import typer

from lstmgen.cli import root_command
from lstmgen.cli.complete import corpora_and_files, corpus_names, models, paths, runs


def test_runs_are_offered_by_name_and_by_path(run_folder, tmp_path, monkeypatch):
    shutil.copytree(run_folder, tmp_path / "checkpoints" / "sea")
    (tmp_path / "checkpoints" / "unfinished").mkdir()
    monkeypatch.chdir(tmp_path)
    assert models("") == ["sea", "checkpoints/sea"]
    assert models("se") == ["sea"]
    assert "checkpoints/sea/model.safetensors" in models("checkpoints/sea/m")


def test_nothing_is_offered_where_there_is_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert models("") == []
    assert models("no/such/folder/") == []


def test_corpora_and_files_are_offered_as_sources(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "python.txt").write_text("x")
    (tmp_path / "pytest").mkdir()
    assert corpus_names("python-") == ["python-source", "python-docs"]
    assert corpora_and_files("py") == ["python-source", "python-docs", "pytest/", "python.txt"]


def test_files_are_offered_from_the_first_letter_on_and_hidden_ones_when_asked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / ".hidden").write_text("x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "b.mid").write_text("x")
    assert paths("") == ["a.txt", "folder/"]
    assert paths(".h") == [".hidden"]
    assert paths("folder/") == ["folder/b.mid"]


def test_runs_are_offered_where_runs_go_finished_or_not(run_folder, tmp_path, monkeypatch):
    shutil.copytree(run_folder, tmp_path / "checkpoints" / "sea")
    (tmp_path / "checkpoints" / "begun").mkdir()
    (tmp_path / "checkpoints" / "begun" / "last.safetensors").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    assert runs("")[:2] == ["begun", "sea"]
    assert "checkpoints/" in runs("check")


FILES = ("FILE", "FOLDER", "OUT", "RUN", "MODEL", "THING", "SOURCE")


def _parameters(command, path="lstmgen"):
    yield from ((path, parameter) for parameter in command.params)
    for name, child in getattr(command, "commands", {}).items():
        yield from _parameters(child, f"{path} {name}")


PARAMETERS = {f"{path} {item.name}": (path, item) for path, item in _parameters(root_command())}
NAMING = {name: pair for name, pair in PARAMETERS.items() if str(pair[1].metavar).startswith(FILES)}


@pytest.mark.parametrize(("path", "parameter"), NAMING.values(), ids=NAMING)
def test_whatever_names_a_file_or_a_run_offers_something(path, parameter, run_folder, tmp_path, monkeypatch):
    shutil.copytree(run_folder, tmp_path / "checkpoints" / "sea")
    (tmp_path / "checkpoint-of-mine").mkdir()
    monkeypatch.chdir(tmp_path)
    context = typer.Context(root_command(), info_name=path)
    assert parameter.shell_complete(context, "checkpoint")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_any_shell_can_be_shown(cli, shell):
    done = cli("--show-completion", shell)
    assert done.code == 0
    assert f"complete_{shell}" in done.text
    assert cli("--show-completion", "tcsh").code == 2
