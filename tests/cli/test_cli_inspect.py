"""`lstmgen inspect`: shaded text, finds, gradients and context, and what is refused."""

import json

import pytest


@pytest.fixture
def sea(run_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.txt").write_text("The sea is wide, the sea is deep.\n" * 60)
    return str(run_folder)


def lines_of(done):
    assert done.code == 0, done.err
    return done.out.decode().splitlines()


def test_text_is_shown_with_a_legend_the_gates_and_what_units_remember(cli, sea):
    legend, first, digits, *rest = lines_of(cli("inspect", sea, "The sea is wide", "-q"))
    assert legend.startswith("surprisal, nats: below each character 0")
    assert first == "The sea is wide"
    assert len(digits) == len(first)
    assert digits.isdecimal()
    assert any(line.split()[:2] == ["1", "forget"] for line in rest)
    assert rest[-1].endswith("the longest " + rest[-1].split()[-1])


def test_a_unit_is_shown_between_its_bounds_and_json_has_every_token(cli, sea):
    done = cli("inspect", sea, "text.txt", "--show", "1:forget:2", "--first", "9", "--json", "-q")
    *tokens, whole = map(json.loads, lines_of(done))
    assert "".join(token["text"] for token in tokens) == "The sea i"
    assert all(0 < token["value"] < 1 and token["nats"] > 0 for token in tokens)
    assert whole["shown"] == "1:forget:2"
    assert whole["bounds"] == [0.0, 1.0]
    assert {gate["quantity"] for gate in whole["gates"]} == {"input", "forget", "output"}


def test_a_find_lists_trained_and_untrained_units_with_both_halves(cli, sea):
    about, heading, *rows = lines_of(cli("inspect", sea, "text.txt", "--find", "sea", "--top", "2", "-q"))
    assert about.startswith("sea: within a match of sea; area under the ROC curve")
    assert heading.split()[:4] == ["network", "unit", "found", "on"]
    assert [row.split()[0] for row in rows] == ["trained"] * 2 + ["untrained"] * 2
    assert all(0 <= float(row.split()[3]) <= 1 for row in rows)


def test_gradient_and_context_are_tables_with_a_sentence(cli, sea, tmp_path):
    gradient = lines_of(cli("inspect", sea, "text.txt", "--gradient", "--against", "rnn", "-q"))
    assert any(line.startswith("trained: in layer 1 half of the gradient is gone after") for line in gradient)
    assert any(line.startswith("rnn, untrained, layer 1, h") for line in gradient)
    assert cli("inspect", sea, "text.txt", "--gradient", "-o", "gradient.svg").code == 0
    assert "steps back" in (tmp_path / "gradient.svg").read_text()
    context = lines_of(cli("inspect", sea, "text.txt", "--context", "-q"))
    assert [line.split()[0] for line in context[1:6]] == ["1", "2", "4", "8", "16"]
    assert context[-1].startswith("from ")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--find", "quotes", "--gradient"], "looks of their own"),
        (["--against", "rnn"], "--against is for --gradient"),
        (["--find", "quotes", "-o", "x.html"], "--find is a table"),
        (["--show", "cell"], "no part of a network"),
        (["--show", "1:cell", "--context"], "--show is for"),
        (["--top", "3"], "--top is for --find"),
        (["--show", "9:cell"], "there are layers 1 to"),
        (["--find", "("], "neither a feature nor a regular expression"),
    ],
)
def test_what_does_not_go_together_or_is_not_there_is_refused(cli, sea, argv, message):
    done = cli("inspect", sea, "text.txt", *argv)
    assert done.code == 2
    assert message in done.err
    assert "try:" in done.err


def test_a_feature_that_never_changes_and_an_empty_text_are_refused(cli, sea):
    assert cli("inspect", sea, "text.txt", "--find", "xyz").code == 3
    assert cli("inspect", sea, "").code == 3


@pytest.mark.parametrize("medium_case", ["notes-beats"], indirect=True)
def test_tunes_are_looked_at_in_the_same_way(cli, medium_case, tmp_path):
    from lstmgen.checkpoint.model_file import save_model

    model, path = medium_case.model, str(tmp_path / "tunes.safetensors")
    save_model(tmp_path / "tunes.safetensors", model.network.tensors(), model.network.architecture, model.tokenizer, {})
    shown = lines_of(cli("inspect", path, "C4 E4 G4:2", "-q"))
    assert any("pitch E4" in line for line in shown)
    alone = cli("inspect", path, "--find", "bar", "--first", "400")  # a model file without its run has nothing to read but its own
    assert lines_of(alone)[0].startswith("bar: how far into the bar")
    assert "it reads what it writes itself" in alone.err
    assert cli("inspect", path, "C4", "--errors", "strict").code == 2


def test_a_page_is_written_and_named(cli, sea, tmp_path):
    done = cli("inspect", sea, "text.txt", "--first", "50", "-o", "page.html")
    assert done.code == 0
    assert "page.html: 50 tokens" in done.err
    assert (tmp_path / "page.html").read_text().startswith("<!doctype html>")
    assert cli("inspect", sea, "text.txt", "-o", "page.pdf").code == 2


def test_a_file_is_read_as_training_reads_it(cli, sea, tmp_path):
    (tmp_path / "old.txt").write_bytes("The sea is wide\r\nthe sea".encode("utf-16"))
    shown = lines_of(cli("inspect", sea, "old.txt", "--encoding", "utf-16", "-q"))
    assert shown[1].startswith("The sea is wide")
    assert cli("inspect", sea, "old.txt", "--encoding", "utf-7b", "-q").code != 0
    assert len(lines_of(cli("inspect", sea, "-", "--json", "-q", stdin=b"The sea"))) == 8
