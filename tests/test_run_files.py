import pytest

from lstmgen import run_files

KEPT = f"{run_files.INPUT_PREFIX}0123456789abcdef"


@pytest.mark.parametrize("name", [run_files.MODEL, run_files.LAST, run_files.SPARE, run_files.SOURCES, f"{KEPT}.txt", f"{KEPT}.mid"])
def test_what_a_run_writes_is_its_own(name):
    assert run_files.is_own(name)


@pytest.mark.parametrize("name", [run_files.LOCK, "notes.txt", "config.toml.bak", f"{KEPT}.pdf", f"{KEPT}0.txt", f"my-{KEPT}.txt", ""])
def test_what_a_run_does_not_write_is_not_its_own(name):
    assert not run_files.is_own(name)


@pytest.mark.parametrize(
    ("name", "run", "state"),
    [(run_files.MODEL, True, False), (run_files.LAST, True, True), (run_files.PREVIOUS, True, True), (run_files.CONFIG, False, False)],
)
def test_a_model_or_a_state_makes_a_run_and_a_state_can_be_resumed(tmp_path, name, run, state):
    (tmp_path / name).touch()
    assert (run_files.holds_run(tmp_path), run_files.holds_state(tmp_path)) == (run, state)
    assert not run_files.holds_run(tmp_path / "absent")


def test_a_folder_of_runs_holds_runs_and_nothing_else(tmp_path, monkeypatch):
    assert not run_files.holds_runs(tmp_path / "nothing")
    assert not run_files.holds_runs(tmp_path)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / run_files.MODEL).touch()
    (tmp_path / ".hidden").touch()
    assert run_files.holds_runs(tmp_path)
    (tmp_path / "story.txt").touch()
    assert not run_files.holds_runs(tmp_path)

    def refuse(_):
        raise PermissionError

    monkeypatch.setattr(type(tmp_path), "iterdir", refuse)
    assert not run_files.holds_runs(tmp_path)
