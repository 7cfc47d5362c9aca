"""The metrics of a run, read as a stream."""

import io
import json

from lstmgen import limits
from lstmgen.checkpoint import metrics


def lines(count):
    return b"".join(json.dumps({"step": step, "loss_nats": 3.0 - step / count}).encode() + b"\n" for step in range(count))


def test_rows_come_in_order_and_what_is_none_is_passed_over():
    deep, large = b'{"a":' * 10_000, b'{"a": 1' + b"0" * 5_000 + b"}"
    text = b"\n".join([b'{"step": 1}', b"torn", b"[1]", deep, b'{"step": 2}', large, b"\xff", b'{"step": 3}'])
    found = list(metrics.rows(io.BytesIO(text)))
    assert [row["step"] for _, row in found] == [1, 2, 3]
    assert found[-1][0] == b'{"step": 3}'


def test_a_line_that_is_too_long_is_passed_over_whole(monkeypatch):
    monkeypatch.setattr(limits, "MAX_METRICS_LINE_BYTES", 64)
    text = b'{"step": 1}\n' + b"x" * 1000 + b'{"step": 9}\n{"step": 2}\n'
    assert [row["step"] for _, row in metrics.rows(io.BytesIO(text))] == [1, 2]


def test_nothing_is_read_behind_the_end_that_is_given(monkeypatch):
    monkeypatch.setattr(limits, "MAX_METRICS_LINE_BYTES", 64)
    text = b'{"step": 1}\n{"step": 2}\n'
    for more in (b'{"step": 3}\n', b"x" * 10_000):
        stream = io.BytesIO(text + more)
        assert [row["step"] for _, row in metrics.rows(stream, len(text))] == [1, 2]
        assert stream.tell() == len(text)
        stream.seek(0)
        assert [row["step"] for _, row in metrics.rows(stream, len(text) + 100)] == [1, 2, 3][: 3 if more.endswith(b"\n") else 2]
        assert stream.tell() <= len(text) + 200


def test_a_short_file_is_given_whole(tmp_path):
    (tmp_path / "metrics").write_bytes(lines(50))
    assert [row["step"] for row in metrics.glimpse(tmp_path / "metrics")] == list(range(50))


def test_of_a_long_file_rows_are_given_that_are_spread_over_it(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_METRICS_READ_BYTES", 1_000)
    monkeypatch.setattr(limits, "MAX_CURVE_POINTS", 40)
    (tmp_path / "metrics").write_bytes(lines(5_000))
    steps = [row["step"] for row in metrics.glimpse(tmp_path / "metrics")]
    assert 35 <= len(steps) <= 40
    assert steps == sorted(set(steps))
    assert steps[0] < 200
    assert steps[-1] > 4_800


def test_a_file_that_is_one_endless_line_gives_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_METRICS_READ_BYTES", 1_000)
    monkeypatch.setattr(limits, "MAX_METRICS_LINE_BYTES", 100)
    (tmp_path / "metrics").write_bytes(b"x" * 100_000)
    assert list(metrics.glimpse(tmp_path / "metrics")) == []


def test_a_file_is_given_up_that_is_none_in_many_places(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_METRICS_READ_BYTES", 1_000)
    monkeypatch.setattr(limits, "MAX_METRICS_LINE_BYTES", 100)
    monkeypatch.setattr(limits, "MAX_CURVE_POINTS", 500)
    (tmp_path / "metrics").write_bytes(b"x" * 9_000 + b"\n" + lines(30))
    monkeypatch.setattr(metrics, "_MOST_MISSED", 500)
    assert list(metrics.glimpse(tmp_path / "metrics"))
    monkeypatch.setattr(metrics, "_MOST_MISSED", 50)
    assert not list(metrics.glimpse(tmp_path / "metrics"))


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "metrics").write_bytes(lines(3))
    (tmp_path / "link").symlink_to("metrics")
    assert len(list(metrics.glimpse(tmp_path / "metrics"))) == 3
    assert list(metrics.glimpse(tmp_path / "link")) == list(metrics.glimpse(tmp_path / "nothing")) == []


def test_of_a_long_file_lines_are_given_once_and_those_that_are_no_objects_not_at_all(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_METRICS_READ_BYTES", 100)
    (tmp_path / "metrics").write_bytes(lines(3) + b"[1]\n" * 40 + lines(3))
    rows = list(metrics.glimpse(tmp_path / "metrics"))
    assert 0 < len(rows) < 6
