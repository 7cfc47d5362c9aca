"""A list of names, as a user would go about it."""

import json
import shutil

import pytest

import lstmgen

NAMES = [first + last for first in ("an", "ben", "cor", "dan", "el") for last in ("na", "a", "ia", "is", "o", "us")]
TINY = (
    *("--hidden-size", "12", "--num-layers", "1", "--embedding-size", "6", "--lr", "0.02", "--batch-size", "8", "--seq-length", "16"),
    *("--device", "cpu", "--precision", "fp32", "--threads", "1", "--sample-every", "0"),
)


@pytest.fixture(scope="module")
def learned(tmp_path_factory, command_line):
    """A folder with a list of names and a model of it."""
    folder = tmp_path_factory.mktemp("names")
    (folder / "names.txt").write_text("\n".join(NAMES) + "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        done = command_line(patch, folder / "home")("train", "names.txt", "--documents", "line", "--max-steps", "60", *TINY)
    assert done.code == 0, done.err
    assert "30 documents, one a line" in done.err
    return folder


@pytest.fixture
def names(learned, tmp_path, monkeypatch):
    """The current folder, with a list of names and a model of it, which a test may change."""
    monkeypatch.chdir(shutil.copytree(learned, tmp_path, dirs_exist_ok=True))
    return tmp_path


@pytest.mark.usefixtures("names")
def test_twenty_names_are_twenty_lines(cli):
    done = cli("sample", "names", "--num-samples", "20", "-s", "1")
    lines = done.text.split("\n")
    assert (len(lines), lines[-1]) == (21, "")
    told = [json.loads(line) for line in cli("sample", "names", "--num-samples", "20", "-s", "1", "--json").text.splitlines()]
    assert lines[:-1] == [sample["text"] for sample in told]
    assert {sample["ended"] for sample in told} == {"end-of-document"}
    terminal = cli("sample", "names", "--num-samples", "20", "-s", "1", terminal=("stdout",))
    assert terminal.text == done.text
    assert "sample 2 of 20" not in terminal.err


@pytest.mark.usefixtures("names")
def test_one_name_is_written_byte_for_byte_and_ends_by_itself(cli):
    alone = cli("sample", "names", "-s", "1").text
    assert alone == cli("sample", "names", "--num-samples", "2", "-s", "1").text.split("\n")[0]
    assert cli("sample", "names", "-s", "1", "-n", "-1").text == alone
    assert len(cli("sample", "names", "-s", "1", "--ignore-end").text) == 500
    assert cli("sample", "names", "-s", "1", "-p", "be").text.startswith("be")


@pytest.mark.usefixtures("few_samples")
def test_a_file_that_is_scored_is_read_line_by_line(cli, names):
    (names / "other.txt").write_text("anna\n\nelia\n")
    table = json.loads(cli("score", "names", "other.txt", "--json", "--per-line").out)
    assert (table["chars"], table["tokens"]) == (10, 10)
    assert [line["text"] for line in table["lines"]] == ["anna", "elia"]
    apart = [json.loads(cli("score", "names", "-", "--json", stdin=name).out)["nats_per_char"] for name in (b"anna", b"elia\n")]
    assert table["nats_per_char"] == pytest.approx(sum(apart) / 2, rel=1e-5)
    adapted = json.loads(cli("score", "names", "other.txt", "--json", "--adapt", "--adapt-segment", "2").out)["adapted"]
    from_python = lstmgen.load("checkpoints/names", device="cpu").score_all(["anna", "elia"], adapt=lstmgen.LearningRule(segment=2))
    assert adapted == from_python.to_json()["adapted"]
    copies = cli("score", "names", "other.txt", "--novelty").text.splitlines()
    assert [line.partition(":")[0] for line in copies] == ["other.txt, document 1", "other.txt, document 2"]
    assert "a copy" in copies[0]


@pytest.mark.usefixtures("names")
def test_what_the_model_is_says_what_a_document_is(cli):
    assert "30, one a line" in " ".join(cli("info", "names").text.split())
    assert json.loads(cli("info", "names", "--json").out)["documents"] == "one a line"


def test_the_separator_is_typed_with_escapes_and_sets_samples_apart(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "jokes").write_text("\n%\n".join(f"knock\n{name}" for name in NAMES))
    done = cli("train", "jokes", "--separator", r"\n%\n", "--max-steps", "60", *TINY)
    assert done.code == 0, done.err
    assert "30 documents" in done.err
    text = cli("sample", "jokes", "--num-samples", "4", "-s", "1").text
    assert text.count("\n%\n") == 3
    assert text.endswith("\n")


@pytest.mark.usefixtures("names")
@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("train", "names.txt", "--documents", "lines"), "expected one of file, line, blank-line"),
        (("train", "names.txt", "--documents", "line", "--separator", "x"), "--separator"),
        (("train", "names.txt", "--separator", ""), "--separator is empty"),
        (("sample", "names", "--interactive"), "one line each"),
    ],
)
def test_what_cannot_be_meant_is_refused(cli, argv, said):
    done = cli(*argv)
    assert done.code == 2
    assert said in done.err
