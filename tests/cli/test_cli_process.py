"""The program as a process of its own: pipes, signals, terminals and closed streams."""

import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import program
import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals, pseudo-terminals and /dev/full are Unix")


def started(*argv):
    """The command line of a process that starts from nothing."""
    return [sys.executable, "-m", "lstmgen", *map(str, argv)]


def run(*argv, environ=None, **options):
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL} | options
    return subprocess.run(started(*argv), env=program.ENVIRON | (environ or {}), check=False, **options)


def in_a_shell(line):
    return subprocess.run(["bash", "-c", line], env=program.ENVIRON, capture_output=True, check=False)


def test_a_reader_that_has_enough_ends_it_quietly_and_without_an_error(run_folder):
    line = " ".join(started("sample", run_folder, "-n", "-1", "-s", "1", "-q"))
    done = in_a_shell(f"{line} | head -c 100; exit ${{PIPESTATUS[0]}}")
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(done.stdout) == 100


def test_help_into_a_pipe_that_closes_ends_quietly():
    line = " ".join(started("train", "--help"))
    done = in_a_shell(f"{line} | head -0; exit ${{PIPESTATUS[0]}}")
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_full_disk_behind_standard_output_is_the_machine(run_folder):
    with Path("/dev/full").open("wb") as full:
        done = run("sample", run_folder, "-n", "5", "-s", "1", "-q", stdout=full)
    assert done.returncode == 4
    assert done.stderr.startswith(b"error: cannot write to standard output: ")
    assert done.stderr.count(b"\n") == 2


@pytest.mark.parametrize(
    "locale", [{"LC_ALL": "C", "PYTHONIOENCODING": "ascii"}, {"PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}]
)
def test_text_goes_out_as_utf8_whatever_the_locale_says(run_folder, locale):
    done = run("sample", run_folder, "-p", "Zoë 文", "--oov", "skip", "-n", "0", environ=locale)
    assert (done.returncode, done.stdout) == (0, "Zoë 文".encode())


def test_with_closed_streams_it_still_does_its_work(run_folder, tmp_path):
    line = " ".join(started("sample", run_folder, "-n", "5", "-s", "1", "-o", tmp_path / "out.txt"))
    done = subprocess.run(["bash", "-c", f"{line} <&- >&- 2>&-"], env=program.ENVIRON, check=False)
    assert done.returncode == 0
    assert len((tmp_path / "out.txt").read_text()) == 5


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_sampling_lets_out_what_was_drawn(run_folder, tmp_path, number, code):
    ours, its = os.pipe()
    with (tmp_path / "errors").open("wb") as errors, os.fdopen(ours, "rb", buffering=0) as text:
        process = program.start("sample", run_folder, "-n", "-1", "-s", "1", "-q", stdout=its, stderr=errors.fileno())
        os.close(its)
        first = text.read(1)
        os.kill(process.pid, number)
        assert first + text.read()
    process.join()
    assert (process.exitcode, (tmp_path / "errors").read_bytes()) == (code, b"")


@pytest.mark.parametrize(
    ("words", "place", "offered"),
    [("lstmgen sam", 1, b"sample\n"), ("lstmgen corpora path python-d", 3, b"python-docs\n"), ("lstmgen train --cell g", 3, b"gru\n")],
)
def test_the_shell_is_told_what_may_come_next(words, place, offered):
    done = run(environ={"_LSTMGEN_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(place)})
    assert (done.returncode, done.stdout) == (0, offered)


def test_on_a_terminal_control_characters_are_shown_and_a_line_is_ended(run_folder):
    code, screen = on_a_terminal("sample", run_folder, "-p", "a\x1b[2J", "--oov", "skip", "-n", "0", "-q")
    assert code == 0
    assert screen == b"a\\x1b[2J\r\n"


def on_a_terminal(*argv, respond=None):
    """Runs on a pseudo-terminal; `respond` is called with the process and the screen so far. Returns the exit code and the screen."""
    import pty

    master, slave = pty.openpty()
    process = program.start(*argv, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    process.keyboard = master
    screen = b""
    while True:
        ready, _, _ = select.select([master], [], [], 0.05)
        if ready:
            try:
                chunk = os.read(master, 65536)
            except OSError:
                break
            if not chunk:
                break
            screen += chunk
        elif not process.is_alive():
            break
        if respond is not None:
            respond(process, screen)
    os.close(master)
    process.join()
    return process.exitcode, screen


def test_what_is_typed_is_waited_for_and_ended_once_with_nothing_drawn_over_it(tmp_path):
    options = ["--hidden-size", "8", "--embedding-size", "4", "--batch-size", "2", "--seq-length", "8", "--device", "cpu", "--threads", "1"]
    sent = []

    def type_(process, screen):
        if not sent and b"waiting for the text" in screen:
            sent.append(screen)
            os.write(process.keyboard, b"the sea is wide\nthe sea is deep\n" * 9 + b"\x04")

    code, screen = on_a_terminal("train", "-", "-o", tmp_path / "run", "--max-steps", "2", *options, respond=type_)
    assert code == 0, screen.decode()
    assert b"end it with Ctrl-D" in screen
    before = screen[: screen.index(b"\x1b[?25l")]  # nothing is animated until the end of what is typed
    assert before.count(b"the sea is deep") == 9
    assert b"done: all steps are taken" in screen


def test_ctrl_c_in_training_on_a_terminal_saves_gives_the_cursor_back_and_the_printed_command_works(tmp_path):
    (tmp_path / "sea.txt").write_text("The sea is wide, the sea is deep.\n" * 300)
    options = ["--hidden-size", "8", "--embedding-size", "4", "--batch-size", "2", "--seq-length", "8", "--device", "cpu", "--threads", "1"]
    sent = []

    def interrupt(process, screen):
        if not sent and b"training" in screen:
            time.sleep(0.3)
            sent.append(os.kill(process.pid, signal.SIGINT))

    code, screen = on_a_terminal("train", tmp_path / "sea.txt", "-o", tmp_path / "run", "--max-time", "10m", *options, respond=interrupt)
    text = screen.decode()
    assert code == 130
    assert "finishing this step and saving" in text
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")
    in_one_line = re.sub(r" \\\s+", " ", re.sub(r"\x1b\[[0-9;]*m", "", text))  # a long command is broken behind backslashes
    assert f"try: lstmgen train --resume {tmp_path / 'run'}" in in_one_line
    resumed = run("train", "--resume", tmp_path / "run", "--pause-after", "2", "--json", environ={"LSTMGEN_HOME": str(tmp_path / "home")})
    assert resumed.returncode == 0, resumed.stderr.decode()
    assert b"resuming" in resumed.stderr


@pytest.mark.parametrize("delay_s", [0.0, 0.1, 0.4, 1.2])
@pytest.mark.parametrize("command", ["sample", "train"])
def test_ctrl_c_at_any_moment_of_the_start_ends_it_without_a_traceback(run_folder, tmp_path, delay_s, command):
    (tmp_path / "sea.txt").write_text("The sea is wide, the sea is deep.\n" * 30)
    argv = {"sample": ["sample", run_folder, "-n", "5"], "train": ["train", "sea.txt", "--max-steps", "1", "--hidden-size", "8"]}[command]
    code = (
        "import sys; import lstmgen.__main__ as program\n"
        "sys.addaudithook(lambda event, given: event == 'import' and given[0] == 'lstmgen.cli' and print('loading', flush=True))\n"
        "program.main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, argv)],
        env=program.ENVIRON | {"LSTMGEN_HOME": str(tmp_path)},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"loading\n"
    time.sleep(delay_s)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode in {0, 130, -signal.SIGINT}, err  # the last: the interpreter was leaving already
    assert b"Traceback" not in err
    assert b"Exception" not in err


def test_samples_go_to_what_the_shell_has_opened(run_folder, tmp_path):
    with (tmp_path / "out.txt").open("wb") as out:
        out.write(b"before\n")
        out.flush()
        argv = ["sample", run_folder, "-n", "5", "-s", "1", "--ignore-end", "-q", "-o", "/dev/stdout"]
        process = program.start(*argv, stdout=out.fileno())
        process.join()
    assert process.exitcode == 0
    assert (tmp_path / "out.txt").read_bytes().startswith(b"before\n")
    assert len((tmp_path / "out.txt").read_text()) == 7 + 5
