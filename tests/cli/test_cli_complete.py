import shutil

from lstmgen.cli.complete import corpora_and_files, corpus_names, models


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
