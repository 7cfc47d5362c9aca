"""`lstmgen infill`: gaps in files are filled, and nothing else in them changes."""

import json

import pytest

TEXT = "The sea is ___, the sea is deep.\n"


def test_a_gap_of_standard_input_is_filled_and_how_sure_that_is_is_told(cli, run_folder):
    done = cli("infill", run_folder, "-", "-s", "1", "--length", "2:4", "--candidates", "8", stdin=TEXT.encode())
    assert done.code == 0
    assert done.text.startswith("The sea is ")
    assert done.text.endswith(", the sea is deep.\n")
    assert "seed: 1" in done.err
    assert "effective sample size" in done.err
    again = cli("infill", run_folder, "-", "-s", "1", "--length", "2:4", "--candidates", "8", "-q", stdin=TEXT.encode())
    assert (again.out, again.err) == (done.out, "")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_what_stands_around_the_gap_stays_byte_for_byte(cli, run_folder, tmp_path, encoding):
    mark = b"\xef\xbb\xbf" if encoding == "utf-8" else b""
    content = mark + TEXT.replace("\n", "\r\n").encode(encoding)
    damaged = b"\xff" if encoding == "utf-8" else b""
    (tmp_path / "in.txt").write_bytes(content + damaged)
    argv = ["in.txt", "--encoding", encoding, "--length", "3", "--candidates", "8", "--oov", "skip", "-o", tmp_path / "out.txt"]
    done = cli("infill", run_folder, tmp_path / argv[0], *argv[1:], "-s", "2")
    assert done.code == 0, done.err
    before, after = (part.encode(encoding) for part in TEXT.replace("\n", "\r\n").split("___"))
    if encoding == "utf-16":
        after = after[2:]  # without a byte order mark
    written = (tmp_path / "out.txt").read_bytes()
    assert written.startswith(mark + before)
    assert written.endswith(after + damaged)
    assert len(written) == len(content + damaged)


def test_several_samples_go_to_files_of_their_own_and_json_tells_of_each(cli, run_folder, tmp_path):
    (tmp_path / "in.txt").write_text(TEXT)
    done = cli(
        "infill", run_folder, tmp_path / "in.txt", "--num-samples", "2", "-o", tmp_path / "out.txt", "--json", "--length", "5", "-s", "3"
    )
    found = [json.loads(line) for line in done.text.splitlines()]
    assert [(tmp_path / f"out-{number}.txt").read_text() for number in (1, 2)] == [
        TEXT.replace("___", each["gaps"][0]["text"]) for each in found
    ]
    refused = cli("infill", run_folder, tmp_path / "in.txt", "-o", tmp_path / "in.txt")
    assert refused.code == 2
    assert "write over" in refused.err


@pytest.mark.parametrize(
    ("argv", "stdin", "told"),
    [
        (["-"], b"The sea is deep.\n", (2, "no gap")),
        (["-", "--at", "3:99"], b"The sea.\n", (2, "within the 9 characters")),
        (["-", "--bars", "1-2"], TEXT.encode(), (2, "bars")),
        (["-", "--candidates", "0"], TEXT.encode(), (2, "candidates")),
        (["-"], b"MThd\0\0\0\6\0\1", (3, "MIDI")),
        (["nowhere.txt"], b"", (3, "nowhere.txt")),
        (["-"], "Th\u00eb ___.".encode(), (3, "never seen")),
    ],
)
def test_mistakes_are_named(cli, run_folder, argv, stdin, told):
    code, words = told
    done = cli("infill", run_folder, *argv, stdin=stdin)
    assert (done.code, done.out) == (code, b""), done.err
    assert words in done.err
