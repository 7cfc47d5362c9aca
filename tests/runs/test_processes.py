"""Runs of several processes, as far as the one that leads decides them."""

import pytest

import lstmgen
from lstmgen.errors import UsageError
from lstmgen.training.distributed import Group


class Idle:
    """A group of processes of which all but one do nothing."""

    rank, size = 0, 2
    share = Group.share

    def tell(self, order, tensors=None):
        pass

    def add(self, tensor):
        pass


def test_a_number_of_processes_that_does_not_divide_the_streams_is_refused_with_sizes_that_fit(train, tmp_path):
    (tmp_path / "story.txt").write_text("the cat sat on the mat. " * 40)
    three = Idle()
    three.size = 3
    with pytest.raises(UsageError, match="4 streams cannot be divided among 3") as caught:
        list(train(tmp_path / "story.txt", out=tmp_path / "run", group=three))
    assert caught.value.remedy == "--batch-size 3 or --batch-size 6; or torchrun --nproc-per-node 2"
    assert not (tmp_path / "run").exists()


def test_a_run_that_is_resumed_by_another_number_of_processes_says_what_is_the_same(train, tmp_path):
    (tmp_path / "story.txt").write_text("the cat sat on the mat. " * 40)
    first, *_ = train(tmp_path / "story.txt", out=tmp_path / "run", group=Idle(), pause_after=1)
    assert "2 processes, each with 2 of 4 streams" in first.notes
    resumed, *_ = lstmgen.train(resume=tmp_path / "run", pause_after=1, cache=tmp_path / "cache")
    assert any("2 processes before, 1 now" in note and "not bit for bit" in note for note in resumed.notes)
    again, *_ = lstmgen.train(resume=tmp_path / "run", pause_after=1, cache=tmp_path / "cache")
    assert not any("before, 1 now" in note for note in again.notes)
