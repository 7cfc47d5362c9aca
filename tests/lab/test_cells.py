"""The table of cells: every figure is measured in the same way for all, and equal time is a number of steps."""

import pytest

from lstmgen.errors import CorpusError
from lstmgen.lab import cells
from lstmgen.model.language_model import Architecture


def test_equal_time_is_steps_by_speed_and_every_figure_is_there(tmp_path, monkeypatch):
    monkeypatch.setattr(cells, "_speeds", lambda architectures: [100.0, 250.0][: len(architectures)])
    told = []
    (lstm, gru) = cells.cell_table(
        ["lstm", "gru"], sources=["underlamp"], steps=2, cache=tmp_path, progress=lambda *done: told.append(done)
    )
    assert (lstm.steps, lstm.time_steps, gru.time_steps) == (2, 2, 5)
    assert lstm.equal_steps == lstm.equal_time
    assert gru.equal_steps != gru.equal_time
    assert set(lstm.tasks) == {"parity", "reber"}
    assert all(0 <= figure <= 1 for row in (lstm, gru) for figure in row.tasks.values())
    assert set(lstm.gradient) == {10, 100}
    assert lstm.gradient[10] > lstm.gradient[100] > 0
    assert gru.parameters < lstm.parameters
    assert told == [(done, 8) for done in range(1, 9)]


def test_speeds_are_measured_for_each_cell():
    shape = Architecture(vocab_size=9, embedding_size=4, hidden_size=8, num_layers=1)
    speeds = cells._speeds([shape, shape])
    assert len(speeds) == 2
    assert all(speed > 0 for speed in speeds)


def test_a_source_that_is_not_there_is_told_before_anything_is_learned(tmp_path):
    told = []
    with pytest.raises(CorpusError, match="nowhere"):
        next(cells.cell_table(["lstm"], sources=("underlamp", "nowhere"), cache=tmp_path, progress=lambda *done: told.append(done)))
    assert not told
