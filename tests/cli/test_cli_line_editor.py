"""A conversation on a terminal: lines are edited and remembered, Ctrl-C loses nothing, and what is not saved is kept."""

import os
import re
import select
import shlex
import signal
import time
from pathlib import Path

import program
import pytest

from lstmgen import run_files

pytest.importorskip("readline")
pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="whether a process waits is read from /proc")

PROMPT = "> "


class Conversation:
    """`sample --interactive` on a pseudo-terminal."""

    def __init__(self, run, home, *argv):
        import pty

        self.master, slave = pty.openpty()
        environ = {"TERM": "xterm", "NO_COLOR": "1", "LSTMGEN_HOME": str(home), "COLUMNS": "400"}
        argv = ["sample", run, "--interactive", "-s", "5", "-n", "12", "--ignore-end", *argv]
        self.process = program.start(*argv, stdin=slave, stdout=slave, stderr=slave, environ=environ)
        os.close(slave)
        self.status = Path(f"/proc/{self.process.pid}/stat")
        self.screen = ""
        self.seen = 0

    def wait_for(self, text):
        while text not in self.screen[self.seen :]:
            assert self._read(), f"{text!r} did not come: {self.screen}"
        self.seen = self.screen.index(text, self.seen) + len(text)

    def _read(self):
        select.select([self.master], [], [])
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.screen += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", data.decode())
        return bool(data)

    def type(self, keys):
        self.wait_for(PROMPT)
        os.write(self.master, keys.encode())

    def interrupt(self, number=signal.SIGINT):
        """A signal to a process that waits for a key: one that comes just before is seen with the next key only, by readline's own loop."""
        self.wait_for(PROMPT)
        while self.status.read_text().rpartition(")")[2].split()[0] != "S":
            time.sleep(0.01)
        os.kill(self.process.pid, number)

    def end(self):
        while self._read():
            pass
        os.close(self.master)
        self.process.join()
        return self.process.exitcode


def test_a_line_is_edited_and_brought_back_and_the_history_outlives_the_conversation(run_folder, tmp_path):
    home = tmp_path / "home"
    talk = Conversation(run_folder, home)
    talk.type("he sea\x01T\n")  # Ctrl-A goes to the beginning
    talk.type(" secret\n")
    talk.type("/und\t\n")  # Tab takes the suggestion
    talk.type("/text\n")
    talk.wait_for("The sea\r\n")
    talk.type("/quit\n")
    assert talk.end() == 0
    history = home / "cache" / "history"
    assert history.stat().st_mode & 0o077 == 0
    assert history.read_text().splitlines() == ["The sea", "/undo", "/text", "/quit"]
    again = Conversation(run_folder, home)
    again.type("\x1b[A" * 4 + "\n")  # four lines up
    again.type("/text\n")
    again.wait_for("The sea\r\n")
    again.type("\x04")
    assert again.end() == 0


def test_ctrl_c_says_how_to_leave_and_what_was_not_saved_is_kept_and_comes_back_by_the_printed_command(run_folder, tmp_path):
    talk = Conversation(run_folder, tmp_path / "home", "--oov", "skip")
    talk.type("The sea\n")
    talk.interrupt()
    talk.wait_for("nothing is lost")
    talk.type("is deep\n")
    talk.interrupt()
    talk.interrupt()
    assert talk.end() == 130
    kept = run_folder / run_files.TURNS
    text = kept.read_text()
    assert text.startswith("The sea\n")
    assert "\nis deep\n" in text
    (line,) = [line for line in talk.screen.splitlines() if line.startswith("try: ")]
    words = shlex.split(line.removeprefix("try: lstmgen "))
    assert (words[0], words[-4:]) == ("sample", ["-f", str(kept), "--oov", "skip"])
    back = Conversation(run_folder, tmp_path / "home", *words[3:])
    back.type("/quit\n")
    assert back.end() == 0
    longer = kept.read_text()
    assert longer.startswith(text)
    assert len(longer) > len(text)
    assert sorted(item.name for item in run_folder.glob("turns*")) == [run_files.TURNS]


def test_another_text_does_not_take_the_place_of_one_that_is_kept_and_a_saved_one_is_not_kept(run_folder, tmp_path):
    for line in ("The sea\n", "It rocks\n"):
        talk = Conversation(run_folder, tmp_path / "home")
        talk.type(line)
        talk.type("/quit\n")
        assert talk.end() == 0
    assert [(run_folder / name).read_text()[:6] for name in ("turns.txt", "turns-2.txt")] == ["The se", "It roc"]
    saved = Conversation(run_folder, tmp_path / "home")
    saved.type("is wide\n")
    saved.type(f"/save {tmp_path / 'mine.txt'}\n")
    saved.type("/quit\n")
    assert saved.end() == 0
    assert (tmp_path / "mine.txt").read_text().startswith("is wide\n")
    assert len(list(run_folder.glob("turns*"))) == 2


def test_a_terminal_that_goes_away_leaves_the_text_in_the_run(run_folder, tmp_path):
    talk = Conversation(run_folder, tmp_path / "home")
    talk.type("The sea\n")
    talk.interrupt(signal.SIGHUP)
    assert talk.end() == 143
    assert (run_folder / run_files.TURNS).read_text().startswith("The sea\n")
