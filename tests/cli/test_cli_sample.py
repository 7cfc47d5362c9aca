import errno
import json
import os
import re
from pathlib import Path

import pytest

import lstmgen
from lstmgen.storage import disk

PROMPT = "The sea is wide"


def text_of(cli, run_folder, *argv, **options):
    done = cli("sample", run_folder, "-p", PROMPT, "-n", "30", "-s", "5", *argv, **options)
    assert done.code == 0, done.err
    return done.text


def test_standard_output_is_the_prompt_and_the_text_and_nothing_else(cli, run_folder):
    text = text_of(cli, run_folder)
    assert text.startswith(PROMPT)
    assert len(text) <= len(PROMPT) + 30
    assert len(text) > len(PROMPT)


def test_the_seed_decides_and_is_told(cli, run_folder):
    done = cli("sample", run_folder, "-n", "30")
    seed = re.fullmatch(r"seed: (\d+)\n", done.err)[1]
    again = cli("sample", run_folder, "-n", "30", "--seed", seed)
    assert again.out == done.out
    assert cli("sample", run_folder, "-n", "30", "-s", "123", "-q").err == ""


def test_two_runs_without_a_seed_differ(cli, run_folder):
    one, other = (cli("sample", run_folder, "-n", "60", "--ignore-end").out for _ in range(2))  # else one in 28 has no text
    assert one != other


def test_without_echo_only_the_new_text_is_written(cli, run_folder):
    assert PROMPT + text_of(cli, run_folder, "--no-echo") == text_of(cli, run_folder)


def test_a_length_of_nothing_only_echoes(cli, run_folder):
    assert cli("sample", run_folder, "-p", PROMPT, "-n", "0").text == PROMPT


def test_streamed_or_not_the_bytes_are_the_same(cli, run_folder):
    assert text_of(cli, run_folder, "--no-stream") == text_of(cli, run_folder, "--stream")


def test_a_terminal_gets_a_final_line_end_and_a_pipe_does_not(cli, run_folder):
    assert text_of(cli, run_folder, terminal=("stdout",)) == text_of(cli, run_folder) + "\n"


def test_json_is_one_object_a_sample(cli, run_folder):
    done = cli("sample", run_folder, "-p", PROMPT, "-n", "30", "-s", "5", "--num-samples", "3", "--json")
    samples = [json.loads(line) for line in done.text.splitlines()]
    assert [sample["index"] for sample in samples] == [0, 1, 2]
    for sample in samples:
        assert set(sample) == {"schema", "index", "seed", "prompt", "text", "tokens", "nats_per_token", "ended"}
        assert sample["prompt"] == PROMPT
        assert sample["tokens"] <= 30
        assert sample["nats_per_token"] > 0
    assert len({sample["text"] for sample in samples}) == 3


def test_a_sample_is_the_same_whatever_their_number(cli, run_folder):
    one = json.loads(cli("sample", run_folder, "-n", "30", "-s", "5", "--json").out)
    many = cli("sample", run_folder, "-n", "30", "-s", "5", "--num-samples", "2", "--json").text.splitlines()
    assert json.loads(many[0]) == one


def test_several_samples_are_set_apart_by_one_empty_line(cli, run_folder):
    texts = [
        json.loads(line)["text"]
        for line in cli("sample", run_folder, "-n", "20", "-s", "5", "--num-samples", "3", "--json").text.splitlines()
    ]
    assert cli("sample", run_folder, "-n", "20", "-s", "5", "--num-samples", "3").text == "\n\n".join(texts)


def test_a_file_receives_exactly_what_standard_output_would(cli, run_folder, tmp_path):
    done = cli("sample", run_folder, "-p", PROMPT, "-n", "30", "-s", "5", "-o", tmp_path / "out.txt")
    assert done.out == b""
    assert "out.txt" in done.err
    assert (tmp_path / "out.txt").read_text() == text_of(cli, run_folder)
    assert cli("sample", run_folder, "-p", PROMPT, "-n", "30", "-s", "5", "-o", "-").text == text_of(cli, run_folder)


def test_several_samples_go_to_numbered_files_and_json_names_them(cli, run_folder, tmp_path):
    done = cli("sample", run_folder, "-n", "20", "-s", "5", "--num-samples", "2", "-o", tmp_path / "out.txt", "--json")
    assert [json.loads(line)["file"] for line in done.text.splitlines()] == [str(tmp_path / "out-1.txt"), str(tmp_path / "out-2.txt")]
    both = cli("sample", run_folder, "-n", "20", "-s", "5", "--num-samples", "2").text
    assert "\n\n".join((tmp_path / f"out-{n}.txt").read_text() for n in (1, 2)) == both


def test_nothing_is_written_when_the_prompt_is_refused(cli, run_folder, tmp_path):
    (tmp_path / "out.txt").write_text("precious")
    assert cli("sample", run_folder, "-p", "Zoë", "-o", tmp_path / "out.txt").code == 3
    assert (tmp_path / "out.txt").read_text() == "precious"


def test_the_prompt_may_come_from_a_pipe_or_a_file_unaltered(cli, run_folder, tmp_path):
    (tmp_path / "prompt.txt").write_text("The sea\n")
    for argv, stdin in ((["-p", "-"], b"The sea\n"), (["-f", "-"], b"The sea\n"), (["-f", tmp_path / "prompt.txt"], b"")):
        assert cli("sample", run_folder, *argv, "-n", "0", stdin=stdin).text == "The sea\n"


def test_escapes_are_read_only_when_asked_for(cli, run_folder):
    assert cli("sample", run_folder, "-p", r"sea\n", "-e", "-n", "0").text == "sea\n"
    assert cli("sample", run_folder, "-p", r"sea\n", "-n", "0", "--oov", "skip").text == r"sea\n"


def test_a_stop_text_ends_the_text_before_it(cli, run_folder):
    whole = cli("sample", run_folder, "-n", "300", "-s", "5", "--ignore-end").text
    stopped = cli("sample", run_folder, "-n", "300", "-s", "5", "--ignore-end", "--stop", "e").text
    assert "e" in whole
    assert stopped == whole.partition("e")[0]


def test_a_symbol_never_seen_is_refused_by_name_or_skipped_or_replaced(cli, run_folder):
    refused = cli("sample", run_folder, "-p", "Zoë", "-n", "5")
    assert (refused.code, refused.out) == (3, b"")
    assert "ë" in refused.err
    assert "--oov" in refused.err
    for policy in ("skip", "replace"):
        assert cli("sample", run_folder, "-p", "Zoë", "-n", "0", "--oov", policy).text == "Zoë"


def test_greedy_text_does_not_depend_on_the_seed(cli, run_folder):
    assert (
        cli("sample", run_folder, "-t", "0", "-n", "30", "-s", "1").out == cli("sample", run_folder, "-t", "0", "-n", "30", "-s", "2").out
    )


@pytest.mark.parametrize("temperature", ["1.2:0.6", "1.0,0.5,0.2", "1"])
def test_a_temperature_may_be_a_ramp_or_a_cycle(cli, run_folder, temperature):
    assert text_of(cli, run_folder, "-t", temperature)


@pytest.mark.parametrize(
    "argv",
    [
        ["--top-k", "1"],
        ["--top-p", "0.001"],
        ["--min-p", "1"],
    ],
)
def test_filters_that_leave_one_token_make_it_greedy(cli, run_folder, argv):
    greedy = cli("sample", run_folder, "-t", "0", "-n", "30", "-s", "1").out
    assert cli("sample", run_folder, *argv, "-n", "30", "-s", "1").out == greedy


def test_the_penalty_and_the_typical_filter_change_the_text(cli, run_folder):
    plain = text_of(cli, run_folder)
    assert text_of(cli, run_folder, "--repeat-penalty", "50", "--repeat-last-n", "-1") != plain
    assert text_of(cli, run_folder, "--typical-p", "0.05") != plain


@pytest.mark.parametrize(
    "argv",
    [
        ["-t", "-1"],
        ["-t", "nan"],
        ["-t", "warm"],
        ["--top-p", "0"],
        ["--top-k", "-1"],
        ["--min-p", "2"],
        ["--repetition-penalty", "0"],
        ["--oov", "maybe"],
        ["-n", "-2"],
        ["--num-samples", "0"],
        ["-s", "-1"],
        ["-p", "a", "-f", "b"],
        ["--interactive", "--json"],
        ["-n", "-1", "--json"],
        ["--device", "tpu"],
    ],
)
def test_a_wrong_option_is_a_usage_error_in_two_lines(cli, run_folder, argv):
    done = cli("sample", run_folder, *argv)
    assert (done.code, done.out) == (2, b"")
    assert re.fullmatch(r"error: [^\n]+\ntry: [^\n]+\n", done.err)


def test_a_model_that_is_not_there_or_not_one_is_refused(cli, tmp_path):
    (tmp_path / "notes.txt").write_text("not a model at all")
    for model in (tmp_path / "absent", tmp_path / "notes.txt"):
        done = cli("sample", model)
        assert (done.code, done.out) == (3, b"")
        assert re.fullmatch(r"error: [^\n]+\ntry: [^\n]+\n", done.err)


@pytest.mark.parametrize("option", [["--scale", "C minor"], ["--bars", "2"], ["--wav"]])
def test_an_option_of_another_medium_is_refused_by_name_before_the_model_is_loaded(cli, run_folder, option, monkeypatch):
    monkeypatch.setattr("lstmgen.cli.sample.load_model", None)
    done = cli("sample", run_folder, *option)
    assert (done.code, done.out) == (2, b"")
    assert done.err == f"error: {option[0]} is for music, and this model has learned text\ntry: leave it out\n"


def test_a_prompt_that_is_no_text_is_refused_with_its_place_before_the_model_is_loaded(cli, run_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("lstmgen.cli.sample.load_model", None)
    (tmp_path / "bad.txt").write_bytes(b"one\ntw\xffo")
    for argv, stdin in ((["-f", tmp_path / "bad.txt"], b""), (["-p", "-"], b"one\ntw\xffo")):
        done = cli("sample", run_folder, *argv, stdin=stdin)
        assert done.code == 3
        assert "0xFF at offset 6, line 2" in done.err
    assert "standard input" in done.err


def test_a_note_on_the_prompt_of_several_samples_is_said_once(cli, run_folder):
    done = cli("sample", run_folder, "-p", "Zoë", "--oov", "skip", "--num-samples", "3", "-n", "5")
    assert done.code == 0
    assert done.err.count("note: symbols of the prompt that the model has never seen were left out: 'Z', 'ë'") == 1


def test_a_folder_takes_numbered_files_as_a_folder_of_tunes_does(cli, run_folder, tmp_path):
    done = cli("sample", run_folder, "-n", "3", "-s", "5", "--num-samples", "2", "-o", tmp_path)
    assert done.code == 0
    texts = [(tmp_path / name).read_text() for name in ("1.txt", "2.txt")]
    assert "\n\n".join(texts) == cli("sample", run_folder, "-n", "3", "-s", "5", "--num-samples", "2").text
    assert cli("sample", run_folder, "-n", "3", "-s", "5", "-o", f"{tmp_path}/new/").code == 0
    assert (tmp_path / "new" / "1.txt").read_text() == texts[0]


def test_the_folders_of_a_file_are_made_and_what_is_in_their_way_is_named(cli, run_folder, tmp_path):
    assert cli("sample", run_folder, "-n", "3", "-o", tmp_path / "new" / "folder" / "out.txt").code == 0
    assert (tmp_path / "new" / "folder" / "out.txt").is_file()
    (tmp_path / "file").write_text("x")
    done = cli("sample", run_folder, "-n", "3", "-o", tmp_path / "file" / "out.txt")
    assert done.code == 4
    assert str(tmp_path / "file") in done.err


def test_the_prompt_file_and_the_model_are_never_written_over(cli, run_folder, tmp_path):
    (tmp_path / "prompt.txt").write_text("The sea")
    for target in (tmp_path / "prompt.txt", run_folder / "model.safetensors"):
        before = target.read_bytes()
        assert cli("sample", run_folder, "-f", tmp_path / "prompt.txt", "-o", target).code == 2
        assert target.read_bytes() == before


def test_the_name_of_a_file_cannot_steer_the_terminal(cli, run_folder, tmp_path):
    done = cli("sample", run_folder, "-n", "3", "-o", tmp_path / "a\x1b[2J\nb.txt", terminal=("stderr",))
    assert done.code == 0
    assert "\\x1b[2J b.txt" in done.err
    assert "\x1b" not in done.err


def test_many_prompts_are_continued_in_order_and_json_carries_their_number(cli, run_folder, tmp_path):
    (tmp_path / "begins.txt").write_text("The sea\nsea is\n")
    own = ("-n", "20", "-s", "5")
    done = cli("sample", run_folder, "--prompts", tmp_path / "begins.txt", "--num-samples", "2", *own, "--json")
    told = [json.loads(line) for line in done.text.splitlines()]
    assert [(one["prompt_index"], one["index"], one["prompt"]) for one in told] == [
        (0, 0, "The sea"),
        (0, 1, "The sea"),
        (1, 0, "sea is"),
        (1, 1, "sea is"),
    ]
    alone = [
        json.loads(line) for line in cli("sample", run_folder, "-p", "The sea", "--num-samples", "2", *own, "--json").text.splitlines()
    ]
    assert [one["text"] for one in told[:2]] == [one["text"] for one in alone]
    piped = cli("sample", run_folder, "--prompts", "-", *own, stdin=b'{"prompt": "The sea"}\n{"prompt": "sea is"}\n')
    assert piped.text == "\n\n".join(one["prompt"] + one["text"] for one in told[::2])
    cli("sample", run_folder, "--prompts", tmp_path / "begins.txt", *own, "-o", f"{tmp_path}/out/")
    assert "\n\n".join(path.read_text() for path in sorted((tmp_path / "out").iterdir())) == piped.text
    escaped = cli("sample", run_folder, "--prompts", "-", "-e", "-n", "0", stdin=rb"The\nsea")
    assert escaped.text == "The\nsea"


@pytest.mark.parametrize(
    ("argv", "stdin", "said"),
    [
        (["--prompts", "-", "-p", "a"], b"", "-p and --prompts"),
        (["--prompts", "-", "--interactive"], b"", "--prompts do not go with it"),
        (["--prompts", "-"], b"", "no prompt in standard input"),
        (["--prompts", "-"], b"sea\nZ\xc3\xb6\n", "prompt 2: "),
        (["--prompts", "-"], b"sea\xff\n", "byte 0xFF at offset 3"),
        (["--prompts", "nowhere.txt"], b"", "nowhere.txt"),
    ],
)
def test_prompts_that_cannot_be_used_are_refused_before_anything_is_written(cli, run_folder, argv, stdin, said):
    done = cli("sample", run_folder, *argv, stdin=stdin)
    assert (done.code, done.out) == (3 if len(argv) == 2 else 2, b"")
    assert said in done.err


def test_a_sample_that_its_model_ended_at_once_says_so_and_names_the_option(cli, run_folder):
    model = lstmgen.load(run_folder)
    seed = next(str(seed) for seed in range(500) if not model.generate(length=1, seed=seed)[0].text)
    done = cli("sample", run_folder, "-s", seed)
    assert (done.code, done.out) == (0, b"")
    assert re.search(r"^note: the model ended its document at once; --ignore-end", done.err, re.MULTILINE)
    assert cli("sample", run_folder, "-s", seed, "--ignore-end", "-n", "9").err.count("note:") == 0
    assert "note:" not in cli("sample", run_folder, "-s", seed, "-n", "0").err


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EIO, errno.EMFILE])
@pytest.mark.parametrize("call", ["open_file", "write", "sync", "replace"])
@pytest.mark.parametrize("streamed", ["--stream", "--no-stream"])
def test_a_file_that_cannot_be_written_stays_what_it_was_and_is_named(cli, run_folder, tmp_path, monkeypatch, code, call, streamed):  # noqa: PLR0917
    target = tmp_path / "out.txt"
    target.write_text("precious")

    def refuse(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(disk, call, refuse)
    done = cli("sample", run_folder, "-n", "5", "-s", "1", "--ignore-end", "-o", target, streamed)
    assert done.code == 4
    assert f"error: cannot write {str(target)!r}" in done.err
    assert target.read_text() == "precious"
    assert [path.name for path in tmp_path.iterdir()] == ["out.txt"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device here")
def test_a_full_device_is_named(cli, run_folder):
    done = cli("sample", run_folder, "-n", "5", "-s", "1", "--ignore-end", "-o", "/dev/full")
    assert done.code == 4
    assert "cannot write '/dev/full': the disk is full" in done.err


def test_a_unit_is_held_and_one_that_is_not_there_is_refused(cli, run_folder):
    free, held = (
        cli("sample", str(run_folder), "-n", "60", "-s", "1", *clamp) for clamp in ([], ["--clamp", "1:2=9", "--clamp", "1:3=-9"])
    )
    assert free.code == held.code == 0
    assert free.out != held.out
    for wrong in ("1:2", "9:1=1"):
        done = cli("sample", str(run_folder), "--clamp", wrong)
        assert done.code == 2
        assert "try:" in done.err


@pytest.mark.parametrize("precision", ["bf16", "int8"])
def test_a_precision_is_told_with_v_and_keeps_the_promise_of_the_seed(cli, run_folder, precision):
    several = cli("sample", run_folder, "-n", "40", "-s", "5", "--num-samples", "3", "--precision", precision, "--json", "-v")
    assert several.code == 0, several.err
    assert f"decoding: {precision}" in several.err
    assert "a second" in several.err
    alone = cli("sample", run_folder, "-n", "40", "-s", "5", "--precision", precision, "--json", "-v")
    assert alone.text.splitlines()[0] == several.text.splitlines()[0]
    streamed = cli("sample", run_folder, "-n", "40", "-s", "5", "--precision", precision, "-v")
    assert streamed.text == json.loads(alone.text)["text"]
    assert re.search(r"40 tokens in \d+\.\d\d s, [\d,]+ a second, the first after \d+\.\d{3} s\n", streamed.err)


def test_a_prompt_is_learned_first_where_that_is_asked_for(cli, run_folder):
    model = (run_folder / "model.safetensors").read_bytes()
    argv = ["sample", run_folder, "-p", "The sea is wide, the sea is wide, ", "-s", "1", "-n", "40"]
    plain, learned, again = (cli(*argv, *more) for more in ([], *[["--adapt", "--adapt-rate", "0.02"]] * 2))
    assert learned.out == again.out
    assert learned.out.startswith(b"The sea is wide")
    assert learned.out != plain.out
    assert (run_folder / "model.safetensors").read_bytes() == model
    nothing = cli("sample", run_folder, "--adapt")
    assert (nothing.code, nothing.out) == (2, b"")
    assert "learns from a prompt" in nothing.err


def test_turns_are_taken_with_a_model_that_has_learned_its_prompt(cli, run_folder):
    argv = ["sample", run_folder, "--interactive", "-p", "The sea is wide, the sea is wide, ", "-s", "1", "-n", "30"]
    plain, learned = (cli(*argv, *more, stdin=b"/quit\n") for more in ([], ["--adapt", "--adapt-rate", "0.02"]))
    assert (plain.code, learned.code) == (0, 0), learned.err
    assert learned.out != plain.out
