import functools
import json
import math
import re

import pytest

from lstmgen import api
from lstmgen.cli import bars, score

TEXT = "The sea is wide, the sea is deep.\nIt rocks the little boats to sleep.\n"


@pytest.fixture
def files(tmp_path):
    (tmp_path / "one.txt").write_text(TEXT)
    (tmp_path / "two.txt").write_text("The boats sleep.\n")
    return tmp_path


def scored(cli, *argv, **options):
    done = cli("score", *argv, "--json", **options)
    assert done.code == 0, done.err
    return [json.loads(line) for line in done.text.splitlines()]


def test_json_has_every_figure_and_they_agree_with_one_another(cli, run_folder, files):
    (figures,) = scored(cli, run_folder, files / "one.txt")
    assert set(figures) >= {
        "tokens",
        "nats_per_token",
        "perplexity",
        "chars",
        "nats_per_char",
        "bits_per_char",
        "bits_per_byte",
        "window",
        "source",
    }
    assert figures["tokens"] == figures["chars"] == len(TEXT)
    assert figures["perplexity"] == pytest.approx(math.exp(figures["nats_per_token"]))
    assert figures["bits_per_char"] == pytest.approx(figures["nats_per_char"] / math.log(2))
    assert figures["window"] is None
    assert figures["source"].endswith("one.txt")


def test_a_pipe_is_scored_like_a_file(cli, run_folder, files):
    (piped,) = scored(cli, run_folder, "-", stdin=TEXT.encode())
    (filed,) = scored(cli, run_folder, files / "one.txt")
    assert piped["nats_per_token"] == filed["nats_per_token"]


def test_a_window_forgets_and_a_window_as_long_as_the_text_does_not(cli, run_folder, files):
    (whole,) = scored(cli, run_folder, files / "one.txt")
    (short,) = scored(cli, run_folder, files / "one.txt", "--window", "5")
    (long,) = scored(cli, run_folder, files / "one.txt", "--window", "1000")
    assert short["window"] == 5
    assert short["nats_per_token"] != pytest.approx(whole["nats_per_token"], rel=1e-6)
    assert long["nats_per_token"] == pytest.approx(whole["nats_per_token"], rel=1e-6)


def test_several_files_are_scored_apart_and_together(cli, run_folder, files):
    one, two, both = scored(cli, run_folder, files / "one.txt", files / "two.txt")
    assert both["source"] == "all"
    assert both["tokens"] == one["tokens"] + two["tokens"]
    total = one["nats_per_token"] * one["tokens"] + two["nats_per_token"] * two["tokens"]
    assert both["nats_per_token"] == pytest.approx(total / both["tokens"])


def test_one_file_is_counted_in_tokens_and_several_in_files(cli, run_folder, files, monkeypatch):
    monkeypatch.setattr(score, "work_bar", functools.partial(bars.work_bar, patience_s=0.0))
    assert f"scoring {files / 'one.txt'}: 100% of {len(TEXT)} tokens" in cli("score", run_folder, files / "one.txt").err
    several = cli("score", run_folder, files / "one.txt", files / "two.txt").err
    assert re.findall(r"scoring: (\d+)% of 2 files", several) == ["50", "100"]
    assert several.count("scoring") == 2


def test_the_table_shows_the_figures_of_the_json(cli, run_folder, files):
    (figures,) = scored(cli, run_folder, files / "one.txt")
    done = cli("score", run_folder, files / "one.txt")
    head, row = done.text.splitlines()
    assert head.split() == ["text", "tokens", "nats/token", "perplexity", "chars", "nats/char", "bits/char", "bits/byte"]
    assert row.split()[1:3] == [str(figures["tokens"]), f"{figures['nats_per_token']:.4f}"]


def test_the_lines_add_up_and_the_most_surprising_comes_first(cli, run_folder, files):
    (figures,) = scored(cli, run_folder, files / "one.txt", "--per-line")
    assert [line["text"] for line in figures["lines"]] == TEXT.splitlines()
    assert sum(line["nats"] for line in figures["lines"]) == pytest.approx(figures["nats_per_token"] * figures["tokens"])
    hardest = max(figures["lines"], key=lambda line: line["nats_per_char"])
    listed = cli("score", run_folder, files / "one.txt", "--per-line", "--top", "1").text.splitlines()
    assert listed[-3] == f"the 1 most surprising lines of {files / 'one.txt'}"
    assert listed[-1].endswith(hardest["text"])


def test_the_tokens_are_listed_all_in_order_or_the_most_surprising_first(cli, run_folder, files):
    (figures,) = scored(cli, run_folder, files / "one.txt", "--per-token")
    assert len(figures["per_token"]) == len(TEXT)
    every = cli("score", run_folder, files / "one.txt", "--per-token", "--top", "0").text.splitlines()
    places = [int(line.split()[0]) for line in every[-len(TEXT) :]]
    assert places == list(range(len(TEXT)))
    top = cli("score", run_folder, files / "one.txt", "--per-token", "--top", "3").text.splitlines()[-3:]
    surprises = [float(line.split()[2]) for line in top]
    assert surprises == sorted(surprises, reverse=True)
    assert surprises[0] == pytest.approx(max(token["nats"] for token in figures["per_token"]), abs=1e-3)


def test_a_symbol_never_seen_is_refused_or_skipped_and_said(cli, run_folder, files):
    (files / "odd.txt").write_text("The sea ë\n")
    refused = cli("score", run_folder, files / "odd.txt")
    assert (refused.code, refused.out) == (3, b"")
    skipped = cli("score", run_folder, files / "odd.txt", "--oov", "skip", "--json")
    assert json.loads(skipped.out)["chars"] == 9
    assert "never seen" in skipped.err


def test_bytes_that_are_not_utf8_follow_errors(cli, run_folder, files):
    (files / "bad.txt").write_bytes(b"The sea\xff\n")
    assert cli("score", run_folder, files / "bad.txt").code == 3
    done = cli("score", run_folder, files / "bad.txt", "--errors", "ignore", "--json")
    assert json.loads(done.out)["chars"] == 8


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["FILE", "--split", "val"],
        ["--split", "test"],
        ["FILE", "--window", "0"],
        ["FILE", "--oov", "no"],
        ["--split", "val", "--oov", "skip"],
        ["FILE", "--recall", "1"],
    ],
)
def test_what_does_not_go_together_is_refused(cli, run_folder, argv):
    done = cli("score", run_folder, *argv)
    assert (done.code, done.out) == (2, b"")
    assert re.fullmatch(r"error: [^\n]+\ntry: [^\n]+\n", done.err)


def test_an_empty_or_missing_file_is_refused(cli, run_folder, files):
    (files / "empty.txt").write_text("")
    for name in ("empty.txt", "absent.txt"):
        assert cli("score", run_folder, files / name).code == 3


def test_a_model_without_its_run_has_no_parts_to_score(cli, run_folder):
    done = cli("score", run_folder, "--split", "val")
    assert done.code == 3
    assert "config.toml" in done.err


def test_a_score_says_in_which_precision_it_was_measured(cli, run_folder, files):
    (exact,), (fewer,) = (scored(cli, run_folder, files / "one.txt", "--precision", name) for name in ("auto", "int8"))
    assert (exact["precision"], fewer["precision"]) == ("fp32", "int8")
    assert fewer["bits_per_char"] == pytest.approx(exact["bits_per_char"], rel=0.02)
    assert fewer["bits_per_char"] != exact["bits_per_char"]


ADAPT = ["--adapt", "--adapt-rate", "0.003", "--adapt-segment", "7"]


@pytest.mark.usefixtures("few_samples")
def test_a_copy_that_learns_has_columns_of_its_own(cli, run_folder, files):
    model = (run_folder / "model.safetensors").read_bytes()
    (static,) = scored(cli, run_folder, files / "one.txt")
    (both,) = scored(cli, run_folder, files / "one.txt", *ADAPT, "--per-line", "--per-token")
    assert {name: both[name] for name in static} == static
    adapted = both["adapted"]
    assert (adapted["rate"], adapted["segment"]) == (0.003, 7)
    assert adapted["nats_per_char"] != static["nats_per_char"]
    for rows in (both["lines"], both["per_token"]):
        assert sum(row["adapted_nats"] for row in rows) == pytest.approx(adapted["nats_per_char"] * static["chars"])
    done = cli("score", run_folder, files / "one.txt", *ADAPT, "--per-line", "--per-token", "--top", "1")
    head, first, *rest = done.text.splitlines()
    assert head.split() == ["text", "static", "adapted", "change"]
    assert first.split()[1:4] == ["nats/token", f"{static['nats_per_token']:.4f}", f"{adapted['nats_per_token']:.4f}"]
    assert sum("adapted" in line for line in rest) == 2  # the lists
    assert (run_folder / "model.safetensors").read_bytes() == model


@pytest.mark.usefixtures("few_samples")
def test_each_file_is_learned_by_a_copy_of_its_own_and_the_total_adds_them_up(cli, run_folder, files):
    (alone,) = scored(cli, run_folder, files / "two.txt", *ADAPT)
    one, two, both = scored(cli, run_folder, files / "one.txt", files / "two.txt", *ADAPT)
    assert two["adapted"] == alone["adapted"]
    total = sum(each["adapted"]["nats_per_token"] * each["tokens"] for each in (one, two))
    assert both["adapted"]["nats_per_token"] == pytest.approx(total / both["tokens"])
    paths, rule = [files / "one.txt", files / "two.txt"], api.LearningRule(rate=0.003, segment=7)
    from_python = api.load(run_folder, device="cpu").score_all(paths, adapt=rule).to_json()
    assert both["adapted"] == from_python["adapted"]
    (again,) = scored(cli, run_folder, files / "one.txt", *ADAPT, "--adapt-replay", "2", "--adapt-own", "0.1")
    rule = api.LearningRule(rate=0.003, segment=7, replay=2, own=0.1)
    assert again["adapted"] == api.load(run_folder, device="cpu").score_all(paths[:1], adapt=rule).to_json()["adapted"]
    assert again["adapted"]["nats_per_token"] != one["adapted"]["nats_per_token"]
    lines = cli("score", run_folder, files / "one.txt", files / "two.txt", *ADAPT, environ={"COLUMNS": "40"}).text.splitlines()
    assert len([line for line in lines if line.startswith("all")]) == 5


@pytest.mark.usefixtures("few_samples")
def test_models_that_predict_together_learn_too(cli, run_folder, files):
    (alone,) = scored(cli, run_folder, files / "one.txt", *ADAPT)
    (both,) = scored(cli, run_folder, files / "one.txt", *ADAPT, "--with", run_folder)
    assert both["averaged"] == 2
    for one, two in ((alone, both), (alone["adapted"], both["adapted"])):
        assert one["nats_per_char"] == pytest.approx(two["nats_per_char"]), "a model beside itself says what it says alone"


@pytest.mark.usefixtures("few_samples")
def test_a_cache_has_its_share_of_every_figure(cli, run_folder, files):
    (alone,), (none,), (some,) = (
        scored(cli, run_folder, files / "one.txt", *ADAPT, *recall) for recall in ([], ["--recall", "0"], ["--recall", "0.3"])
    )
    assert none.pop("recall") == some["recall"] | {"share": 0.0}
    assert none == alone
    assert some["recall"]["share"] == 0.3
    for one, two in ((alone, some), (alone["adapted"], some["adapted"])):
        assert one["nats_per_char"] != two["nats_per_char"]
        assert two["nats_per_char"] < one["nats_per_char"] - math.log(0.7), "the network keeps its own share"
    done = cli("score", run_folder, files / "one.txt", "--recall", "0.3")
    assert "note: what followed at like places before has 30% of each probability\n" in done.err


@pytest.mark.usefixtures("few_samples")
def test_a_share_of_a_cache_that_is_learned_is_told_as_it_ends(cli, run_folder, files, page_of_json):
    learned = ["--recall", "auto", "--recall-sharpness", "50"]
    one, two, whole = scored(cli, run_folder, files / "one.txt", files / "two.txt", *ADAPT, *learned, "--per-token", "--per-line")
    page_of_json.check("score of text", one)
    assert one["recall"] == whole["recall"] == {"share": "auto", "sharpness": 50.0, "reach": 16384}
    for each in (one, two, whole):
        assert 0 < each["recalled_share"] < 1
        assert 0 < each["adapted"]["recalled_share"] < 1
        for key in ("nats", "adapted_nats"):
            rows = [sum(row[key] for row in each[name]) for name in ("per_token", "lines")]
            losses = each if key == "nats" else each["adapted"]
            assert rows == pytest.approx([losses["nats_per_token"] * each["tokens"]] * 2)
    assert whole["recalled_share"] == pytest.approx((one["recalled_share"] + two["recalled_share"]) / 2)
    (usual,) = scored(cli, run_folder, files / "one.txt", "--recall", "auto")
    assert usual["nats_per_char"] != one["nats_per_char"]
    assert usual["recall"]["sharpness"] == 20
    done = cli("score", run_folder, files / "one.txt", *ADAPT, "--recall", "auto")
    assert re.search(
        r"note: what followed at like places before has a learned share, where an item ends \d+% and \d+% with --adapt, of", done.err
    )


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--adapt-rate", "0.1"], "add --adapt"),
        (["--adapt", "--adapt-rate", "2"], "expected 0 to 1"),
        (["--adapt", "--adapt-segment", "0"], "expected 1 to"),
        (["--adapt-replay", "4"], "add --adapt"),
        (["--adapt", "--adapt-replay", "65"], "expected 0 to 64"),
        (["--adapt", "--adapt-own", "2"], "expected 0 to 1"),
        (["--adapt", "--novelty"], "--adapt"),
        (["--with", "other", "--novelty"], "--with"),
        (["--recall", "0.1", "--novelty"], "--recall"),
        (["--recall", "0.1", "--window", "8"], "farther than a window"),
        (["--recall", "auto", "--window", "8"], "farther than a window"),
        (["--recall", "most"], "--recall: expected auto or a number, found 'most'"),
        (["--recall-sharpness", "50"], "add --recall auto"),
        (["--recall", "auto", "--recall-sharpness", "1001"], "the sharpness of the cache is 1001.0, expected 0 to 1000"),
    ],
)
def test_learning_that_cannot_be_meant_is_refused(cli, run_folder, files, argv, said):
    done = cli("score", run_folder, files / "one.txt", *argv)
    assert done.code == 2
    assert said in done.err


def test_keys_are_told_of_the_model_and_without_sources_of_no_ngram(cli, run_folder, files, page_of_json):
    done = cli("score", run_folder, files / "two.txt", "--keystrokes", "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    page_of_json.check("score --keystrokes", found)
    assert (found["words"], found["keys"], found["pressed_ngram"]) == (3, 17, None)
    assert found["saved"] == pytest.approx(1 - found["pressed"] / 17)
    assert "there is no n-gram beside it" in done.err
    head, row = cli("score", run_folder, files / "two.txt", "--keystrokes", "--words", "1").text.splitlines()
    assert head.split() == ["text", "words", "keys", "saved", "n-gram"]
    assert row.split()[1:3] == ["1", "3"]
    assert row.endswith("-")
    refused = cli("score", run_folder, files / "two.txt", "--words", "1")
    assert (refused.code, refused.out) == (2, b"")
