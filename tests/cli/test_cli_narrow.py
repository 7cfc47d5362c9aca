"""What commands print on a terminal of 40 columns: no line is cut by the terminal, and nothing is left out for it."""

import pytest

from lstmgen.wording import cells

TEXT = "The sea is wide, the sea is deep.\nIt rocks the little boats to sleep.\n"


@pytest.fixture
def sea(finished_run, tmp_path, monkeypatch):
    """The current folder, with a run and two texts."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "RUN").symlink_to(finished_run)
    (tmp_path / "sea.txt").write_text(TEXT * 6)
    (tmp_path / "calm.txt").write_text(TEXT)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("score", "RUN", "sea.txt"), ("nats/token", "bits/byte")),
        (("score", "RUN", "sea.txt", "calm.txt", "--adapt", "--per-line", "--per-token"), ("static", "adapted", "bits/byte", "sleep.")),
        (("predict", "RUN", "-p", "The s"), ("probability",)),
        (("info", "RUN"), ("parameters", "nats a character", "sample", "nats a token")),
        (("info", "sea.txt"), ("characters", "different")),
        (("inspect", "RUN", "sea.txt"), ("surprisal", "what it is", "how much of the cell is kept")),
        (("inspect", "RUN", "sea.txt", "--gradient"), ("share left after k tokens", "trained, layer 1, all", "half of the gradient")),
        (("inspect", "RUN", "sea.txt", "--context"), ("tokens of", "above the least", "gains no more than")),
        (("inspect", "RUN", "sea.txt", "--find", "column"), ("correlation", "verified", "untrained")),
        (("train", "sea.txt", "--dry-run", "--max-steps", "3", "--hidden-size", "8"), ("reads", "learns from", "tokens a second")),
    ],
)
@pytest.mark.usefixtures("sea", "few_samples")
def test_no_line_is_wider_than_the_terminal(cli, argv, said):
    done = cli(*argv, terminal=("stdout",), environ={"COLUMNS": "40", "NO_COLOR": "1"})
    assert done.code == 0, done.err
    assert max(map(cells, done.text.splitlines())) <= 40
    assert all(word in " ".join(done.text.split()) for word in said)
