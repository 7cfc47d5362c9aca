"""Real runs, as small as can be, from text to model to text."""

import json
import re
import shlex

import pytest

VERSE = "The sea is wide, the sea is deep.\nIt rocks the little boats to sleep.\n\n"
TINY = [
    "--hidden-size", "6", "--num-layers", "2", "--embedding-size", "5", "--batch-size", "3", "--seq-length", "7",
    "--device", "cpu", "--precision", "fp32", "--threads", "1",
]  # fmt: skip


@pytest.fixture
def sea(tmp_path, monkeypatch):
    """A folder with a text, which is the working folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sea.txt").write_text(VERSE * 40)
    return tmp_path


def trained(cli, *argv, steps="6", **options):
    done = cli("train", *argv, "--max-steps", steps, *TINY, "--json", **options)
    assert done.code == 0, done.err
    return json.loads(done.out)


@pytest.mark.usefixtures("sea")
def test_a_text_becomes_a_model_that_samples_scores_and_describes_itself(cli):
    summary = trained(cli, "sea.txt")
    keys = "model tokenizer vocab_size parameters steps tokens_seen seconds tokens_per_second device precision seed stopped val"
    assert set(summary) >= set(keys.split())
    assert (summary["model"], summary["steps"], summary["stopped"]) == ("checkpoints/sea/model.safetensors", 6, "steps")
    assert cli("sample", "sea", "-p", "The sea", "-n", "9", "-s", "1").text.startswith("The sea")
    info = json.loads(cli("info", "sea", "--json").out)
    assert (info["parameters"], info["architecture"]["hidden_size"]) == (summary["parameters"], 6)


@pytest.mark.usefixtures("sea")
def test_the_validation_figure_of_training_is_what_score_says(cli):
    summary = trained(cli, "sea.txt")
    scored = json.loads(cli("score", "sea", "--split", "val", "--json").out)
    for name in ("tokens", "chars", "bytes"):
        assert scored[name] == summary["val"][name]
    for name in ("nats_per_token", "perplexity", "nats_per_char", "bits_per_char", "bits_per_byte"):
        assert scored[name] == pytest.approx(summary["val"][name], rel=1e-4)
    training = json.loads(cli("score", "sea", "--split", "train", "--json").out)
    assert training["chars"] + scored["chars"] == len(VERSE * 40)


def test_what_comes_through_a_pipe_is_learned_and_the_model_file_alone_is_enough(cli, sea):
    summary = trained(cli, "-", "-o", "RUN2", stdin=(VERSE * 40).encode())
    assert summary["model"] == "RUN2/model.safetensors"
    (sea / "RUN2" / "model.safetensors").rename(sea / "alone.safetensors")
    done = cli("sample", "alone.safetensors", "-n", "50", "-s", "1", "--ignore-end")
    assert (done.code, len(done.text)) == (0, 50)


@pytest.mark.usefixtures("sea")
def test_the_parts_of_what_came_through_a_pipe_can_be_scored(cli):
    summary = trained(cli, "-", "-o", "RUN", stdin=(VERSE * 40).encode())
    scored = json.loads(cli("score", "RUN", "--split", "val", "--json").out)
    assert scored["chars"] == summary["val"]["chars"]


def test_a_pause_and_a_resumption_change_nothing(cli, sea):
    trained(cli, "sea.txt", "-o", "whole", steps="8")
    trained(cli, "sea.txt", "-o", "parts", "--pause-after", "3", steps="8")
    done = cli("train", "--resume", "parts", "--json")
    assert (done.code, json.loads(done.out)["steps"]) == (0, 8)
    states = [(sea / run / "last.safetensors").read_bytes() for run in ("whole", "parts")]
    tensors = [state[8 + int.from_bytes(state[:8], "little") :] for state in states]
    assert tensors[0] == tensors[1]


@pytest.mark.usefixtures("sea")
def test_a_finished_run_goes_on_with_a_larger_budget_and_says_so_without_one(cli):
    trained(cli, "sea.txt", "-o", "RUN", steps="4")
    refused = cli("train", "--resume", "RUN")
    assert refused.code == 2
    assert "--max-steps" in refused.err
    more = cli("train", "--resume", "RUN", "--max-steps", "7", "--json")
    assert json.loads(more.out)["steps"] == 7


def test_a_run_is_never_overwritten_unasked(cli, sea):
    trained(cli, "sea.txt", "-o", "RUN")
    before = (sea / "RUN" / "model.safetensors").read_bytes()
    refused = cli("train", "sea.txt", "-o", "RUN", "--max-steps", "2", *TINY)
    assert refused.code == 2
    assert "--resume" in refused.err
    assert (sea / "RUN" / "model.safetensors").read_bytes() == before
    assert trained(cli, "sea.txt", "-o", "RUN", "--overwrite", "--seed", "9")["seed"] == 9


@pytest.mark.usefixtures("sea")
def test_the_folder_of_a_run_is_not_taken_for_text(cli):
    trained(cli, "sea.txt", "-o", "RUN")
    done = cli("train", "RUN", "--max-steps", "2", *TINY)
    assert done.code == 2
    assert done.err.endswith("try: lstmgen train --resume RUN\n")


@pytest.mark.usefixtures("sea")
def test_a_new_run_may_begin_from_another_ones_weights(cli):
    trained(cli, "sea.txt", "-o", "RUN")
    summary = trained(cli, "sea.txt", "--init-from", "RUN", "-o", "NEXT")
    assert summary["model"] == "NEXT/model.safetensors"


@pytest.mark.parametrize(("argv", "name"), [(["--tokenizer", "byte"], "byte"), (["--tokenizer", "word", "--vocab-size", "300"], "word")])
@pytest.mark.usefixtures("sea")
def test_every_tokenizer_makes_the_journey(cli, argv, name):
    assert trained(cli, "sea.txt", "-o", "RUN", *argv)["tokenizer"] == name
    assert json.loads(cli("info", "RUN", "--json").out)["tokenizer"]["name"] == name
    assert cli("sample", "RUN", "-p", "Zoë", "-n", "4", "-s", "1").code == 0


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("absent.txt", None, "absent.txt"),
        ("empty.txt", b"", "empty"),
        ("utf16.txt", "The sea".encode("utf-16"), "UTF-16"),
        ("noise.bin", bytes(range(256)) * 9, "noise.bin"),
        ("bad.txt", b"The sea\xff is wide", "0xFF"),
    ],
)
def test_a_source_that_is_not_text_is_one_clear_error_and_leaves_nothing_behind(cli, sea, name, content, words):
    if content is not None:
        (sea / name).write_bytes(content)
    done = cli("train", name, "--max-steps", "2", *TINY)
    assert (done.code, done.out) == (3, b"")
    error, remedy = done.err.splitlines()[-2:]
    assert error.startswith("error: ")
    assert words in error
    assert remedy.startswith("try: ")
    assert not [path for path in (sea / "checkpoints").rglob("*") if path.is_file()]


@pytest.mark.usefixtures("sea")
def test_a_run_that_is_being_trained_is_in_use(cli):
    from lstmgen.checkpoint.run_folder import RunFolder

    trained(cli, "sea.txt", "-o", "RUN")
    with RunFolder.open("RUN").lock():
        assert cli("train", "--resume", "RUN", "--max-steps", "9").code == 6


@pytest.mark.usefixtures("sea")
def test_the_settings_of_a_run_give_the_same_run_again(cli):
    first = trained(cli, "sea.txt", "-o", "RUN")
    again = cli("train", "-c", "RUN/config.toml", "-o", "AGAIN", "--json")
    assert again.code == 0, again.err
    assert json.loads(again.out)["val"] == first["val"]


def test_the_demo_tells_the_whole_story(cli, sea, monkeypatch):
    import lstmgen
    from lstmgen.cli import demo

    real = lstmgen.train
    small = {"model.hidden_size": 6, "training.batch_size": 2, "training.seq_length": 8, "training.max_steps": 3, "runtime.device": "cpu"}
    monkeypatch.setitem(vars(lstmgen), "train", lambda *sources, settings, **call: real(*sources, settings=settings | small, **call))
    done = cli("demo", "--max-time", "30s")
    assert done.code == 0, done.err
    for words in (
        "1. Learning from underlamp",
        "2. Writing",
        "3. Measuring",
        "4. Next commands",
        "bits to guess",
        "lstmgen sample checkpoints/demo",
        "5. Learning from the tunes of lanterns",
        "6. Composing 16 bars",
        "7. Measuring",
        "8. Next commands",
    ):
        assert words in done.err
    name, text = demo.bundled_text()
    assert done.text.count(demo.usual_line(text)) >= 2
    assert demo.free_run("demo").name == "demo-2"
    assert (sea / "checkpoints" / "demo" / "model.safetensors").is_file()
    assert all((sea / "checkpoints" / "demo-tunes" / f"tune.{kind}").is_file() for kind in ("mid", "png", "wav"))
    assert name == "underlamp"


@pytest.mark.usefixtures("sea")
def test_the_next_steps_of_the_demo_are_commands_that_work(cli):
    import shlex

    from lstmgen.cli.demo import next_steps

    trained(cli, "sea.txt", "-o", "RUN")
    for line in next_steps("RUN", "The sea\n")[:-1]:
        words = shlex.split(line.partition("  #")[0])
        assert words[0] == "lstmgen"
        done = cli(*words[1:])
        assert (done.code, re.findall("error", done.err)) == (0, []), line


def test_the_prompt_of_the_demo_is_the_line_that_the_text_repeats_most():
    from lstmgen.cli.demo import usual_line

    assert usual_line("A:\nx\n\n\n\nB:\ny\nA:\nz\n") == "A:\n"


def test_the_verdict_compares_with_knowing_nothing():
    from lstmgen.cli.demo import verdict

    lines = verdict({"vocab_size": 65, "val": {"nats_per_char": 1.3862943611}, "seconds": 60.0, "tokens_seen": 1_000})
    assert "64 characters" in lines[0]
    assert "6.00 bits" in lines[0]
    assert "2.00 bits" in lines[1]
    assert "only 4 characters" in lines[1]
    assert verdict({"vocab_size": 65, "val": None}) == ["There was too little text to measure it on."]


def test_a_dry_run_says_what_would_be_done_and_does_nothing(cli, sea):
    done = cli("train", "sea.txt", "--dry-run", "--max-steps", "6", *TINY)
    assert (done.code, done.err) == (0, "")
    for words in ("1 document of text", "lstm 2 x 6", "6 steps of 3 x 7 tokens", "for the model"):
        assert words in done.text
    assert [path.name for path in sea.iterdir() if path.name != "home"] == ["sea.txt"]
    assert json.loads(cli("train", "-", "--dry-run", "--json", *TINY, stdin=(VERSE * 40).encode()).out)["documents"] == 1
    assert cli("train", "--resume", "RUN", "--dry-run").code == 2


def last_command(text, label):
    """The words behind `next: lstmgen`, or behind another label."""
    (line,) = [line for line in text.splitlines() if line.startswith(label)]
    words = shlex.split(line.removeprefix(label))
    assert words.pop(0) == "lstmgen"
    return words


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        ("NOTES on lamps: keep them dry, keep them lit\n", "NOTES on lamps: keep"),
        ('\n\n  \t\n--help is "no" `option`; $(rm -r x)\n', '--help is "no" `option`;'),
        ("-\n***\nit's 5 o'clock\tnow\n", "it's 5 o'clock"),
        ("\u706f\u5854\u5728\u6d77\u8fb9" * 9 + "\n", ("\u706f\u5854\u5728\u6d77\u8fb9" * 9)[:24]),
        ("a\u202egnp.exe and more\n", "a"),
        ("???\n", None),
    ],
)
@pytest.mark.parametrize("tokenizer", ["char", "byte"])
def test_the_command_that_is_printed_at_the_end_runs_as_it_stands(cli, sea, text, prompt, tokenizer):
    (sea / "own.txt").write_text(text * 30, encoding="utf-8")
    done = cli("train", "own.txt", "--max-steps", "2", "--tokenizer", tokenizer, *TINY)
    words = last_command(done.err, "next: ")
    assert words == ["sample", "checkpoints/own", *(["-p", prompt] if prompt else [])]
    sampled = cli(*words)
    assert sampled.code == 0, sampled.err
    assert sampled.text.startswith(prompt or "")
    used = last_command(cli("info", "checkpoints/own").text, "use ")
    assert used[2:] == words[2:]
    assert cli(*used, "-n", "3").code == 0


@pytest.mark.usefixtures("sea")
def test_a_model_without_its_run_folder_has_a_command_that_runs_as_well(cli, sea):
    trained(cli, "sea.txt")
    (sea / "checkpoints" / "sea" / "model.safetensors").rename(sea / "alone.safetensors")
    words = last_command(cli("info", "alone.safetensors").text, "use ")
    assert words == ["sample", "alone.safetensors"]
    assert cli(*words).code == 0
