"""`lstmgen restore`: a text comes out as it went in but for case and marks, and the table is that of the JSON."""

import json

import pytest

TEXT = "".join(f"The sea is {mood}. Is the sea deep?\n" for mood in ("calm", "wild", "cold")) * 40


@pytest.fixture
def tags(cli, tmp_path):
    (tmp_path / "sea.txt").write_text(TEXT)
    argv = ("--objective", "tags", "--max-steps", "2", "--hidden-size", "8", "--num-layers", "1", "--precision", "fp32")
    assert cli("train", tmp_path / "sea.txt", "-o", tmp_path / "run", *argv, "--quiet").code == 0
    return tmp_path / "run"


def test_a_text_is_restored_measured_and_mistakes_are_named(cli, tags, run_folder, tmp_path, page_of_json):
    done = cli("restore", tags, "-", stdin=b"\xef\xbb\xbfthe SEA is\r\ncalm \xff\r\n")
    assert done.code == 0
    assert done.out.lower().translate(None, b",.;:!?") == b"\xef\xbb\xbfthe sea is\r\ncalm \xff\r\n"
    out = tmp_path / "out.txt"
    assert cli("restore", tags, "-", "-o", out, stdin=b"the sea\n").code == 0
    assert out.read_bytes().lower().translate(None, b",.;:!?") == b"the sea\n"
    found = json.loads(cli("restore", tags, "--measure", "--json").out)
    page_of_json.check("restore --measure", found)
    table = cli("restore", tags, "--measure", environ={"COLUMNS": "80"}).text
    assert f"{found['macro_f1']['both_ways']:.1%}" in table.splitlines()[-1]
    assert cli("restore", tags).code == 2
    assert cli("restore", tags, "-", "--split", "val", stdin=b"a").code == 2
    assert cli("restore", tags, out, "-o", out).code == 2
    for command in (("restore", run_folder, out), ("sample", tags), ("score", tags, out), ("infill", tags, out)):
        refused = cli(*command)
        assert refused.code == 2
        assert "lstmgen restore" in refused.err or "--objective tags" in refused.err
