import math

import pytest

from lstmgen.cli.progress import PlainLines, Preparing, RunView, closing_lines, preparing_line, quality_line, sample_lines, short_path
from lstmgen.training.events import Sampled


def lines_of(events):
    plain = PlainLines()
    return [line for event in events for line in plain.of(event)]


def test_every_evaluation_sample_and_warning_is_told(fake):
    text = "\n".join(lines_of(fake.whole_run()))
    assert text.count("validation") == 2
    assert "step 160: validation 1.800 nats, 2.597 bits a character, the best so far" in text
    assert "  | time" in text
    assert "step 201: a step was left out" in text
    assert "note: byte order mark removed" in text


def test_progress_lines_are_at_least_ten_seconds_and_five_percent_apart(fake):
    fast = [fake.stepped(n, n / 100, elapsed=n / 10) for n in range(1, 101)]
    slow = [fake.stepped(n, n / 1000, elapsed=60.0 * n) for n in range(1, 221)]
    assert len(lines_of(fast)) == 1
    assert len(lines_of(slow)) == 4
    assert len(lines_of(fake.whole_run())) < 40


def test_no_line_holds_a_control_character(fake):
    for line in lines_of(fake.whole_run()):
        assert all(character.isprintable() for character in line)


def test_a_sample_is_shown_literally_with_control_characters_written_out():
    assert sample_lines(Sampled(step=200, text="\n[bold]x\x1b[2J\ny\n")) == ["sample at step 200:", "  | [bold]x\\x1b[2J", "  | y"]


def test_the_best_evaluation_is_kept_and_the_last_one_too(fake):
    view = RunView()
    for event in (fake.evaluated(10, 2.0), fake.evaluated(20, 1.5), fake.evaluated(30, 1.9, best=False)):
        view.take(event)
    assert view.best is not None
    assert view.evaluated is not None
    assert (view.best.step, view.evaluated.step) == (20, 30)


def test_the_curves_hold_every_loss_at_its_step_but_those_that_are_not_finite(fake):
    view = RunView()
    for event in (
        fake.stepped(1, 0.0, loss=4.0),
        fake.stepped(3, 0.5, loss=math.nan),
        fake.stepped(4, 0.6, loss=1.0),
        fake.evaluated(4, 2.0),
    ):
        view.take(event)
    assert view.training == [(1, 4.0), (4, 1.0)]
    assert view.validation == [(4, 2.0)]


def test_a_long_run_is_kept_as_means_in_bounded_memory(fake):
    view = RunView()
    for step in range(10_000):
        view.take(fake.stepped(step, 0.5, loss=float(step)))
    assert 512 <= len(view.training) < 1024
    assert all(place == nats for place, nats in view.training)
    assert view.training[-1][0] > 9_900


def test_a_resumed_run_shows_the_curves_of_its_earlier_sittings(fake, tmp_path):
    (tmp_path / "metrics.jsonl").write_text('{"step": 5, "loss_nats": 3.0}\n{"step": 5, "val_nats": 2.5}\n')
    view = RunView()
    view.take(fake.prepared(run=str(tmp_path), resumed_at_step=5))
    view.take(fake.stepped(9, 0.5, loss=1.0))
    assert view.training == [(5, 3.0), (9, 1.0)]
    assert view.validation == [(5, 2.5)]


@pytest.mark.parametrize(("progress", "shown"), [(-1.0, 0.0), (0.25, 0.25), (1.5, 1.0)])
def test_progress_stays_between_nothing_and_all(fake, progress, shown):
    view = RunView()
    view.take(fake.stepped(1, progress))
    assert view.progress == shown


def test_the_end_says_where_the_model_is_how_good_it_is_and_what_to_type_next(fake):
    text = "\n".join(closing_lines(fake.summary(), "checkpoints/story"))
    assert "the time is up after 400 steps in 1m35s" in text
    assert "model: checkpoints/story/model.safetensors" in text
    assert "1.5000 nats a character, 2.1640 bits a character" in text
    assert "next: lstmgen sample checkpoints/story -p 'Once upon'" in text


def test_the_end_says_of_how_much_of_the_validation_part_its_figure_is(fake):
    command = "lstmgen score checkpoints/story --split val"
    assert command not in "\n".join(closing_lines(fake.summary(val_share=1.0), "checkpoints/story"))
    text = "\n".join(closing_lines(fake.summary(val_share=0.0557), "checkpoints/story"))
    assert f"of 6% of the validation part; of all of it: {command}" in text


def test_the_end_of_a_run_without_validation_claims_no_quality(fake):
    assert "validation" not in "\n".join(closing_lines(fake.summary(val=None), "r"))
    assert (
        quality_line({"tokens": 1, "nats_per_token": 2.0, "perplexity": 7.4})
        == "2.0000 nats a token, 2.8854 bits a token (perplexity 7.4 a token)"
    )


def test_a_path_is_shown_as_short_as_it_can_be_typed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert short_path(str(tmp_path / "a" / "b")) == "a/b"
    assert short_path(str(tmp_path.parent / "c")) == str(tmp_path.parent / "c")
    assert short_path("a/b") == "a/b"


def test_how_long_preparing_will_take_is_told_once_it_is_known():
    now = [100.0]
    preparing = Preparing(now_s=lambda: now[0])
    assert preparing.line("reading", 0, 1000) == "reading, 1.0 kB"
    now[0] += 1
    assert preparing.line("reading", 100, 1000) == "reading, 10% of 1.0 kB"
    now[0] += 3
    assert preparing.line("reading", 200, 1000) == "reading, 20% of 1.0 kB, 16s left"
    assert preparing.line("reading", 1000, 1000) == "reading, 100% of 1.0 kB"
    now[0] += 5
    assert preparing.line("tokenizing", 500, 1000) == "tokenizing, 50%"


def test_where_lines_stay_there_are_few_of_them():
    now = [100.0]
    preparing = Preparing(now_s=lambda: now[0])
    lines = []
    for second in range(25):
        now[0] = 100 + second
        lines += filter(None, [preparing.now_and_then("reading", 10 * second, 1000)])
    assert lines == ["reading, 1.0 kB", "reading, 10% of 1.0 kB, 1m30s left", "reading, 20% of 1.0 kB, 1m20s left"]


def test_preparing_is_told_in_shares_of_bytes():
    assert preparing_line("reading", 500_000, 2_000_000) == "reading, 25% of 2.0 MB"
    assert preparing_line("reading", 0, 0) == "reading"


def test_a_resumed_run_says_where_it_goes_on(fake):
    assert lines_of([fake.prepared(resumed_at_step=1200)])[0] == "resuming checkpoints/story at step 1,200"
