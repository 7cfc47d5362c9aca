import json
import os
import signal
from types import SimpleNamespace

import pytest

import lstmgen
from lstmgen.errors import DivergedError
from lstmgen.training.events import Stopped


@pytest.fixture
def training(monkeypatch, fake):
    """Puts a run that never was in the place of `lstmgen.train`, and records how it was called."""
    record = SimpleNamespace(call=None, stops=0, events=fake.whole_run(), during=None)

    class Training:
        def stop(self):
            record.stops += 1

        def __iter__(self):
            for number, event in enumerate(record.events):
                if record.during is not None and number == len(record.events) // 2:
                    record.during()
                if record.stops and not isinstance(event, Stopped):
                    continue
                yield event

    def train(sources=(), **call):
        record.call = {"sources": tuple(sources), **call}
        return Training()

    monkeypatch.setitem(vars(lstmgen), "train", train)
    return record


@pytest.mark.usefixtures("training")
def test_without_json_standard_output_stays_empty_and_the_end_is_told_on_standard_error(cli):
    done = cli("train", "story.txt")
    assert (done.code, done.out) == (0, b"")
    assert "done: the time is up" in done.err
    assert "next: lstmgen sample checkpoints/story" in done.err


@pytest.mark.usefixtures("training")
def test_with_json_standard_output_is_one_line_the_summary(cli, fake):
    done = cli("train", "story.txt", "--json")
    assert json.loads(done.out) == {"schema": 1, **fake.summary()}
    assert done.out.count(b"\n") == 1


@pytest.mark.usefixtures("training")
def test_quiet_says_nothing_at_all(cli):
    done = cli("train", "story.txt", "-q")
    assert (done.code, done.out, done.err) == (0, b"", "")


def test_only_what_was_given_is_passed_on(cli, training):
    cli("train", "story.txt", "notes")
    assert training.call["sources"] == ("story.txt", "notes")
    assert training.call["settings"] == {}
    assert [training.call[name] for name in ("out", "resume", "init_from", "pause_after", "overwrite")] == [None, None, None, None, False]


@pytest.mark.parametrize(
    ("line", "settings"),
    [
        ("--max-time 1h30m", {"training.max_time_s": 5400.0}),
        ("--epochs 2.5 --max-steps 7", {"training.epochs": 2.5, "training.max_steps": 7}),
        ("--patience 3 --seed 0", {"training.patience": 3, "training.seed": 0}),
        ("--rnn-size 9 --num-layers 2", {"model.hidden_size": 9, "model.num_layers": 2}),
        ("--embedding-size 5 --dropout 0.1", {"model.embedding_size": 5, "model.dropout": 0.1}),
        ("--tied --cell gru", {"model.tied": True, "model.cell": "gru"}),
        ("--no-tied --preset tiny", {"model.tied": False, "model.preset": "tiny"}),
        ("--tokenizer bpe --vocab-size 300", {"tokenizer.name": "bpe", "tokenizer.vocab_size": 300}),
        ("--tokenizer-from other", {"tokenizer.source_model": "other"}),
        ("--learning-rate 1e-3 --lr-schedule cosine", {"optimizer.lr": 0.001, "optimizer.lr_schedule": "cosine"}),
        ("--warmup-steps 0 --weight-decay 0", {"optimizer.warmup_steps": 0, "optimizer.weight_decay": 0.0}),
        ("--grad-clip 5 --batch-size 4", {"optimizer.grad_clip": 5.0, "training.batch_size": 4}),
        ("--bptt 8 --eval-every 10", {"training.seq_length": 8, "training.eval_every": 10}),
        ("--val v.txt --val-frac 0", {"data.val": "v.txt", "data.val_frac": 0.0}),
        ("--errors replace --keep-newlines", {"data.errors": "replace", "data.keep_newlines": True}),
        ("--device cpu --precision fp32", {"runtime.device": "cpu", "runtime.precision": "fp32"}),
        ("--threads 1 --save-every 2m", {"runtime.threads": 1, "training.save_every_s": 120.0}),
        ("--sample-every 0", {"training.sample_every_s": 0.0}),
        ("--lr 1e-3 --set optimizer.lr=9 --set optimizer.beta2=0.9", {"optimizer.lr": 0.001, "optimizer.beta2": 0.9}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_option_reaches_its_setting(cli, training, line, settings):
    assert cli("train", "story.txt", *line.split()).code == 0
    assert training.call["settings"] == settings


def test_the_sources_may_stand_in_the_settings_file_and_the_command_line_wins(cli, training, tmp_path):
    file = tmp_path / "run.toml"
    file.write_text('[data]\nsources = ["a.txt", "b.txt"]\n[training]\nseed = 4\n')
    cli("train", "-c", file, "--seed", "5")
    assert training.call["sources"] == ("a.txt", "b.txt")
    assert training.call["settings"] == {"training.seed": 5}
    cli("train", "c.txt", "-c", file)
    assert training.call["sources"] == ("c.txt",)
    assert training.call["settings"] == {"training.seed": 4}


def test_the_other_arguments_are_passed_on_as_they_are(cli, training):
    cli("train", "story.txt", "-o", "RUN", "--overwrite", "--init-from", "other", "--pause-after", "12")
    assert [training.call[name] for name in ("out", "overwrite", "init_from", "pause_after")] == ["RUN", True, "other", 12]
    cli("train", "--resume", "RUN", "--max-time", "2h")
    assert (training.call["sources"], training.call["resume"], training.call["settings"]) == ((), "RUN", {"training.max_time_s": 7200.0})


def test_standard_input_is_what_the_source_dash_reads(cli, training):
    cli("train", "-", stdin=b"a text")
    assert training.call["sources"] == ("-",)
    assert training.call["stdin"].read() == b"a text"


@pytest.mark.usefixtures("training")
def test_waiting_for_a_terminal_says_how_to_end(cli):
    assert "Ctrl-D" in cli("train", "-", terminal=("stdin",)).err


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)],
    ids=["ctrl-c", "sigterm", "sighup"],
)
def test_a_signal_stops_safely_prints_how_to_go_on_and_sets_the_exit_code(cli, training, fake, number, code):
    training.events[-1] = Stopped(reason="signal", step=200, summary=fake.summary(stopped="signal"))
    training.during = lambda: os.kill(os.getpid(), number)
    done = cli("train", "story.txt", "--json", "-q")
    assert (done.code, training.stops) == (code, 1)
    assert json.loads(done.out)["stopped"] == "signal"
    assert "stopped after step 200; everything is saved in checkpoints/story\n" in done.err
    assert done.err.endswith("try: lstmgen train --resume checkpoints/story\n")


def test_a_pause_that_was_asked_for_is_no_failure_and_says_how_to_go_on(cli, training, fake):
    training.events[-1] = Stopped(reason="signal", step=12, summary=fake.summary(stopped="signal"))
    done = cli("train", "story.txt", "--pause-after", "12")
    assert done.code == 0
    assert "paused after step 12" in done.err
    assert "lstmgen train --resume checkpoints/story" in done.err


def test_ctrl_c_before_the_first_step_leaves_at_once_and_says_that_nothing_was_kept(cli, training):
    def interrupt():
        raise KeyboardInterrupt

    training.events = training.events[1:]
    training.during = interrupt
    done = cli("train", "story.txt")
    assert done.code == 130
    assert "nothing to keep" in done.err


def test_an_error_in_the_run_is_told_with_its_code(cli, training):
    def diverge():
        raise DivergedError("the loss is not finite any more", remedy="a smaller --lr")

    training.during = diverge
    done = cli("train", "story.txt")
    assert done.code == 5
    assert done.err.endswith("error: the loss is not finite any more\ntry: a smaller --lr\n")
    assert "Traceback" not in done.err


def test_debug_adds_the_traceback(cli, training):
    def fail():
        raise ZeroDivisionError

    training.during = fail
    done = cli("train", "story.txt", "--debug")
    assert done.code == 1
    assert "Traceback" in done.err


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["--resume", "RUN", "story.txt"],
        ["--resume", "RUN", "-o", "OTHER"],
        ["--resume", "RUN", "--init-from", "OTHER"],
        ["--resume", "RUN", "--overwrite"],
        ["story.txt", "--pause-after", "0"],
        ["story.txt", "--max-time", "soon"],
        ["story.txt", "--max-time", "0"],
        ["story.txt", "--set", "nothing"],
        ["story.txt", "--cell", "cnn"],
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_begins(cli, training, argv):
    done = cli("train", *argv)
    assert (done.code, done.out, training.call) == (2, b"", None)
    first, second = done.err.splitlines()
    assert first.startswith("error: ")
    assert second.startswith("try: ")


@pytest.mark.usefixtures("training")
def test_on_a_terminal_the_display_lives_and_the_cursor_comes_back(cli):
    done = cli("train", "story.txt", terminal=("stderr",))
    assert "\x1b[?25l" in done.err
    assert done.err.rindex("\x1b[?25h") > done.err.rindex("\x1b[?25l")


@pytest.mark.usefixtures("training")
@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_color_and_a_dumb_terminal_get_plain_lines(cli, environ):
    assert "\x1b" not in cli("train", "story.txt", terminal=("stderr",), environ=environ).err


def test_the_rate_test_draws_a_curve_suggests_a_rate_and_keeps_no_run(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sea.txt").write_text("The sea is wide, the sea is deep.\n" * 200)
    tiny = ["--hidden-size", "6", "--num-layers", "1", "--batch-size", "2", "--seq-length", "7", "--threads", "1"]
    done = cli("train", "sea.txt", *tiny, "--lr-range", "-o", "rates.png", "-q")
    lines = done.out.decode().splitlines()
    assert done.code == 0
    assert "┤" in lines[0]
    assert "1.0e-05" in lines[13]
    assert "--lr " in " ".join(lines[14:])
    assert (tmp_path / "rates.png").read_bytes().startswith(b"\x89PNG")
    assert not (tmp_path / "checkpoints").exists()
    for refused in (["-o", "RUN"], ["--dry-run"]):
        assert cli("train", "sea.txt", "--lr-range", *refused).code == 2
    assert cli("train", "--resume", "RUN", "--lr-range").code == 2
