"""Commands under torchrun: one process speaks, the others do not, and what goes wrong ends all of them."""

import time

import pytest

from lstmgen import api
from lstmgen.cli import group as cli_group
from lstmgen.cli import run
from lstmgen.errors import CorpusError, LostProcessError, MachineError

TORCHRUN = {"RANK": "0", "WORLD_SIZE": "3", "LOCAL_RANK": "0", "MASTER_ADDR": "localhost", "MASTER_PORT": "1"}


@pytest.fixture
def as_rank(monkeypatch):
    def become(rank):
        for name, value in (TORCHRUN | {"RANK": str(rank)}).items():
            monkeypatch.setenv(name, value)

    return become


class Group:
    def __init__(self, rank=0):
        self.rank, self.size, self.ended = rank, 3, []

    def end(self, exit_code):
        self.ended.append(exit_code)


@pytest.mark.parametrize("argv", [["train", "none.txt", "--max-stepz", "3"], ["train"], ["sample", "none"], []])
def test_a_mistake_is_said_by_the_process_that_leads_alone(argv, as_rank, capfd):
    as_rank(0)
    assert run(argv) == 2
    assert capfd.readouterr().err.count("error:") == 1
    as_rank(1)
    assert run(argv) == 2
    assert capfd.readouterr() == ("", "")


def test_variables_that_make_no_sense_are_a_mistake_too(as_rank, capfd):
    as_rank(3)
    assert run(["train", "story.txt"]) == 2
    assert "RANK=3" in capfd.readouterr().err


@pytest.mark.parametrize("option", ["--dry-run", "--lr-range"])
def test_who_helps_has_nothing_to_do_where_nothing_is_trained(option, as_rank, tmp_path, capfd):
    (tmp_path / "story.txt").write_text("Once upon a time")
    as_rank(2)
    assert run(["train", str(tmp_path / "story.txt"), option]) == 0
    assert capfd.readouterr() == ("", "")


def test_who_helps_ends_as_the_process_that_leads(as_rank, monkeypatch):
    as_rank(1)
    group = Group(1)
    monkeypatch.setattr(cli_group, "joined", lambda: group)
    monkeypatch.setattr(api, "assist", lambda _: 3)
    assert run(["train", "story.txt"]) == 3
    assert group.ended == [3]


@pytest.mark.parametrize(
    "case",
    [
        (1, LostProcessError("one of them has gone"), 4, "one of them has gone"),
        (2, LostProcessError("one of them has gone"), 4, ""),
        (2, MachineError("no CUDA device was found"), 4, "process 2 of 3: no CUDA device was found"),
        (2, ZeroDivisionError("what"), 1, "process 2 of 3: unexpected ZeroDivisionError"),
    ],
)
def test_what_goes_wrong_in_a_process_that_helps_is_said_once(case, as_rank, monkeypatch, capfd):
    rank, error, code, said = case

    def fail(_):
        raise error

    as_rank(rank)
    monkeypatch.setattr(cli_group, "joined", lambda: Group(rank))
    monkeypatch.setattr(api, "assist", fail)
    assert run(["train", "story.txt"]) == code
    heard = capfd.readouterr().err
    assert said in heard
    assert heard.count("error:") == bool(said)


@pytest.mark.parametrize(("error", "code"), [(CorpusError("no such file"), 3), (KeyboardInterrupt(), 130)])
def test_an_error_of_the_process_that_leads_ends_all(error, code):
    group = Group()
    with pytest.raises(type(error)), cli_group.leading(group):
        raise error
    assert group.ended == [code]
    with cli_group.leading(group):
        pass
    assert group.ended == [code, 0]


def test_a_process_that_fails_waits_until_the_one_that_leads_has_spoken(monkeypatch):
    waits = []
    monkeypatch.setattr(time, "sleep", waits.append)
    assert [cli_group.lingering(code) for code in (0, 2)] == [0, 2]
    assert len(waits) == 1
