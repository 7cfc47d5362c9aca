import re

import pytest

import lstmgen
from lstmgen.cli import command, root_command

TWO_LINES = re.compile(r"error: [^\n]+\ntry: [^\n]+\n")


def test_without_a_command_the_help_is_shown(cli):
    done = cli()
    assert (done.code, done.err) == (0, "")
    assert done.out == cli("--help").out == cli("-h").out
    for name in ("train", "sample", "score", "info", "corpora", "demo"):
        assert f"\n  {name} " in done.text


def test_the_version_is_the_packages(cli):
    assert cli("--version").text == f"lstmgen {lstmgen.__version__}\n"


def test_only_the_command_that_is_named_is_built(monkeypatch):
    built, build = [], command.build
    monkeypatch.setattr(command, "build", lambda described: built.append(described.name) or build(described))
    commands = root_command().commands
    assert built == []
    assert commands["info"] is commands["info"]
    assert built == ["info"]
    assert len(commands) == len(dict(commands)) > 10


@pytest.mark.parametrize(
    ("argv", "error", "remedy"),
    [
        (["tran"], "lstmgen has no command 'tran'", "lstmgen train"),
        (["corpora", "lst"], "lstmgen corpora has no command 'lst'", "lstmgen corpora list"),
        (["xyzzy"], "lstmgen has no command 'xyzzy'", "lstmgen --help"),
        (["train", "--hiden-size", "3"], "lstmgen train has no option --hiden-size", "--hidden-size (all of them: lstmgen train --help)"),
        (["train", "x", "-Z"], "lstmgen train has no option -Z", "lstmgen train --help"),
        (["--vresion"], "lstmgen has no option --vresion", "--version (all of them: lstmgen --help)"),
        (["sample"], "lstmgen sample needs MODEL", "lstmgen sample --help"),
        (["sample", "x", "-n"], "Option '-n' requires an argument", "lstmgen sample --help"),
        (["sample", "x", "-n", "many"], "--length: expected a whole number, found 'many'", "lstmgen sample --help"),
        (["sample", "x", "--num-samples", "0"], "--num-samples: expected at least 1, found 0", "lstmgen sample --help"),
        (["info", "x", "y"], "Got unexpected extra argument(s) (y)", "lstmgen info --help"),
    ],
)
def test_a_mistake_in_the_command_line_names_itself_and_the_way_out(cli, argv, error, remedy):
    done = cli(*argv)
    assert (done.code, done.out) == (2, b"")
    assert done.err == f"error: {error}\ntry: {remedy}\n"


def test_a_file_in_the_place_of_a_command_is_taken_for_a_wish_to_train(cli, tmp_path, monkeypatch):
    (tmp_path / "my story.txt").write_text("x")
    monkeypatch.chdir(tmp_path)
    assert cli("my story.txt").err.endswith("try: lstmgen train 'my story.txt'\n")


def test_what_was_typed_cannot_steer_the_terminal(cli):
    done = cli("\x1b[2Jtrain\nx")
    assert TWO_LINES.fullmatch(done.err)
    assert "\x1b" not in done.err


def test_errors_are_coloured_on_a_terminal_and_only_there(cli):
    assert "\x1b[1;31merror:\x1b[0m" in cli("tran", terminal=("stderr",)).err
    assert "\x1b" not in cli("tran", "--no-color", terminal=("stderr",)).err
    assert "\x1b" not in cli("tran", terminal=("stderr",), environ={"NO_COLOR": "1"}).err
    assert "\x1b[1;31merror:\x1b[0m" in cli("tran", environ={"FORCE_COLOR": "1"}).err


def test_help_is_emphasised_on_a_terminal_and_only_there(cli):
    assert "\x1b[1musage:\x1b[0m" in cli("--help", terminal=("stdout",)).text
    assert "\x1b" not in cli("--help").text
    assert "\x1b" not in cli("--help", terminal=("stdout",), environ={"TERM": "dumb"}).text


@pytest.mark.parametrize("argv", [["-q", "sample"], ["sample", "-q"]])
def test_what_every_command_understands_may_stand_before_or_after_its_name(cli, run_folder, argv):
    assert cli(*argv, run_folder, "-n", "3", "-s", "1").err == ""


def test_verbose_explains_and_quiet_wins_over_it(cli, run_folder):
    done = cli("sample", run_folder, "-n", "3", "-s", "1", "-v")
    assert "ended by length after 3 tokens" in done.err
    assert "temperature=0.8" in done.err
    assert cli("sample", run_folder, "-n", "3", "-s", "1", "-v", "-q").err == ""


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["info", "python-docs"], "was taken for a corpus"),
        (["corpora", "path", "python-docs"], "lstmgen corpora path"),
        (["score", "MODEL", "-"], "the state runs through"),
    ],
)
def test_every_command_has_something_to_explain(cli, run_folder, argv, words):
    argv = [run_folder if word == "MODEL" else word for word in argv]
    assert words in cli(*argv, "-v", stdin=b"The sea").err
    assert words not in cli(*argv, stdin=b"The sea").err


def test_an_error_nobody_expected_is_one_line_and_debug_shows_where(cli, monkeypatch):
    from lstmgen import api

    def fail(_cache):
        raise ZeroDivisionError("no reason")

    monkeypatch.setattr(api, "corpora", fail)
    done = cli("corpora")
    assert done.code == 1
    assert TWO_LINES.fullmatch(done.err)
    assert "ZeroDivisionError: no reason" in done.err
    assert "Traceback" in cli("corpora", "--debug").err


def test_ctrl_c_is_130_without_an_error(cli, monkeypatch):
    from lstmgen import api

    def interrupt(_cache):
        raise KeyboardInterrupt

    monkeypatch.setattr(api, "corpora", interrupt)
    done = cli("corpora")
    assert (done.code, done.err) == (130, "")
