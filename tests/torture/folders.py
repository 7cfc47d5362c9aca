"""Run folders of a stranger: something else in the place of every file of a run, and every command that opens such a folder.

Each command ends quickly, in little memory and in words, and what lies outside of the folder stays as it was. Where it goes on, it does
what it does in a good folder, as far as its files are there.
"""

import os
import random
import shutil
import signal
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import commands
from campaign import TEXT, Result, in_child
from mutation import LARGE_KB, SLOW_S

from lstmgen import run_files

_TREASURE = b"mine"
_HANGS_S = 60
"""After so long a command is ended, and that is wrong."""
NAMES = (
    run_files.MODEL,
    run_files.LAST,
    run_files.PREVIOUS,
    run_files.METRICS,
    run_files.CONFIG,
    run_files.SOURCES,
    run_files.NOVELTY,
    run_files.LOCK,
    run_files.INPUT_PREFIX,
)
"""Files of a run; the last is how the name of one begins."""


def _sized(size: int) -> Callable[[Path, Path], object]:
    def make(path: Path, _: Path) -> None:
        with path.open("wb") as file:
            file.truncate(size)

    return make


def _holding(content: bytes) -> Callable[[Path, Path], object]:
    return lambda path, _: path.write_bytes(content)


KINDS: dict[str, Callable[[Path, Path], object]] = {
    "nothing": lambda *_: None,
    "a link": lambda path, treasure: path.symlink_to(treasure),
    "a link to nothing": lambda path, treasure: path.symlink_to(treasure.with_name("nowhere")),
    "a link to a device": lambda path, _: path.symlink_to("/dev/zero"),
    "a second name": lambda path, treasure: path.hardlink_to(treasure),
    "a pipe": lambda path, _: os.mkfifo(path),
    "a socket": lambda path, _: os.mknod(path, stat.S_IFSOCK | 0o600),
    "a folder": lambda path, _: path.mkdir(),
    "an empty file": _holding(b""),
    "noise": _holding(random.Random(1).randbytes(5000)),
    "sixteen gigabytes": _sized(2**34),
    "an endless line": _holding(b"x" * 2**22),
    "a deep list": _holding(b"[" * 10**6),
    "other values": _holding(b'{"event": 7, "step": "x", "val_nats": [], "opening": {}, "title": 1e999, "chars": null}\n[]\nnull\n' * 3),
}
COMMANDS: dict[str, tuple[str, ...]] = {
    "info": ("info", "run"),
    "runs": ("runs", "--folder", "."),
    "plot": ("runs", "plot", "run", "-o", "out.svg"),
    "sample": ("sample", "run", "-n", "20", "--seed", "1", "--threads", "1"),
    "score, with copies": ("score", "run", "story.txt", "--novelty"),
    "score": ("score", "run", "story.txt"),
    "resume": ("train", "--resume", "run"),
    "overwrite": ("train", "other.txt", "-o", "run", "--overwrite", *commands.OPTIONS),
    "begin from it": ("train", "story.txt", "-o", "new", "--init-from", "run", *commands.OPTIONS),
}


def campaign(folder: Path, size: int, chance: random.Random) -> Result:
    """So many cases of (file, what is in its place, command), or all."""
    base, result = folder / "base", Result()
    base.mkdir()
    (base / "story.txt").write_text(TEXT)
    (base / "other.txt").write_text(TEXT.upper())
    begun = commands.Job(("train", "-", "-o", "run", "--pause-after", "4", *commands.OPTIONS), stdin=TEXT.encode())
    assert commands.done(base, begun)[0] == 0
    cases = [(name, kind, command) for name in NAMES for kind in KINDS for command in COMMANDS]
    drawn = chance.sample(cases, min(size, len(cases)))
    used = [command for command in COMMANDS if any(command == of_case for *_, of_case in drawn)]
    for command in used:  # what they need is loaded in this process, so that no child has to
        _in_a_copy(base, folder / "warm", lambda copy, command=command: commands.silently(lambda: commands.typed(copy, _job(command))))
    calm = {command: _in_a_copy(base, folder / "calm", lambda copy, command=command: _measured(copy, command)) for command in used}
    for name, kind, command in drawn:
        trial, treasure = folder / "trial", folder / "treasure"
        shutil.copytree(base, trial)
        treasure.write_bytes(_TREASURE)
        treasure.chmod(0o640)
        place = next((trial / "run").glob(f"{name}*"), trial / "run" / name)
        place.unlink(missing_ok=True)
        KINDS[kind](place, treasure)
        code, seconds, kilobytes, said = _measured(trial, command)
        calm_code, calm_s, calm_kb, _ = calm[command]
        assert calm_code == 0, command
        words = f"{kind} as {name}, {command}"
        wrong = []
        if code not in {0, 3} or "Traceback" in said:
            wrong.append(f"exit code {code}: {said.strip()[-200:]}")
        if treasure.read_bytes() != _TREASURE or stat.S_IMODE(treasure.stat().st_mode) != 0o640:
            wrong.append("what lies outside was changed")
        if seconds - (calm_s if code == 0 else 0) > SLOW_S:
            wrong.append(f"took {seconds:.2f} s")
        if kilobytes - calm_kb > LARGE_KB:
            wrong.append(f"took {kilobytes - calm_kb:,} kB more than in a good folder")
        result.wrong += [f"{words}: {line}" for line in wrong]
        result.count("refused" if code else "read rightly")
        result.figures["ms for the slowest that was refused"] = max(
            result.figures.get("ms for the slowest that was refused", 0), 0 if code == 0 else round(1000 * seconds)
        )
        result.figures["kB more at most"] = max(result.figures.get("kB more at most", 0), kilobytes - calm_kb)
        shutil.rmtree(trial)
        treasure.unlink()
        result.cases += 1
    return result


def _in_a_copy(base: Path, copy: Path, work: Callable[[Path], Any]) -> Any:
    shutil.copytree(base, copy)
    try:
        return work(copy)
    finally:
        shutil.rmtree(copy)


def _job(command: str) -> commands.Job:
    return commands.Job(COMMANDS[command])


def _measured(trial: Path, command: str) -> tuple[int, float, int, str]:
    """Exit code, seconds of processor time, most kilobytes, and what was said."""
    said = trial.parent / "said.txt"

    def work() -> int:
        signal.alarm(_HANGS_S)
        return commands.saying(said, trial, _job(command))

    _, status, usage = os.wait4(in_child(work), 0)
    return os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss, said.read_text(errors="replace")
