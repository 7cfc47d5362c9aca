"""Every command that writes, done in a folder that was furnished for it, and what has to hold there whatever came between."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from campaign import SETTINGS, TEXT, ended, in_child, left_by, silently

from lstmgen import cli, run_files
from lstmgen.runs import keeping

MODELS = Path(__file__).parents[1] / "rails" / "data" / "models"
SHORT = SETTINGS | {"training.max_steps": 5, "training.eval_every": 2}
OPTIONS = tuple(word for key, value in SHORT.items() for word in ("--set", f"{key}={value}"))
OLD = "precious"


@dataclass(frozen=True)
class Job:
    """A command that writes.

    Attributes:
        argv: what is typed in the folder.
        run: the run that it trains, if it does.
        steps: of training that it takes.
        files: the outputs that it replaces.
        stdin: what standard input holds.
    """

    argv: tuple[str, ...]
    run: str = ""
    steps: int = 5
    files: tuple[str, ...] = ()
    stdin: bytes = b""


cli.root_command = cache(cli.root_command)  # it is made in the process that children are forked from

_SAMPLE = ("--seed", "1", "-n", "40", "--ignore-end", "--threads", "1")
JOBS = {
    "train": Job(("train", "story.txt", "-o", "new", *OPTIONS), run="new"),
    "train from a pipe": Job(("train", "-", "-o", "piped", *OPTIONS), run="piped", stdin=TEXT.encode()),
    "train --overwrite": Job(("train", "other.txt", "-o", "old", "--overwrite", *OPTIONS), run="old"),
    "train --resume": Job(("train", "--resume", "paused"), run="paused", steps=3),
    "sample, streamed": Job(("sample", "char.safetensors", *_SAMPLE, "-o", "out.txt"), files=("out.txt",)),
    "sample, several": Job(
        ("sample", "char.safetensors", *_SAMPLE, "--num-samples", "2", "-o", "out.txt"), files=("out-1.txt", "out-2.txt")
    ),
    "sample a tune": Job(
        ("sample", "notes.safetensors", "--seed", "1", "--bars", "1", "--threads", "1", "-o", "out.mid"), files=("out.mid",)
    ),
    "render": Job(("render", "tune.mid", "-o", "out.png", "-o", "out.svg"), files=("out.png", "out.svg")),
}


def furnish(folder: Path, names: list[str]) -> None:
    """What commands start from: sources, a finished run, a paused one, models, and outputs of earlier days.

    Each of these commands is done once in this process, in a copy, so that what it loads is there in every child.
    """
    (folder / "story.txt").write_text(TEXT)
    (folder / "other.txt").write_text(TEXT.upper())
    for name in ("char", "notes"):
        shutil.copy(MODELS / f"{name}.safetensors", folder)
    assert done(folder, Job(("train", "story.txt", "-o", "old", *OPTIONS)))[0] == 0
    assert done(folder, Job(("train", "story.txt", "-o", "paused", "--pause-after", "2", *OPTIONS)))[0] == 0
    assert done(folder, Job((*JOBS["sample a tune"].argv[:-1], "tune.mid")))[0] == 0
    for job in JOBS.values():
        for name in job.files:
            (folder / name).write_text(OLD)
    warm = folder.parent / "warm"
    shutil.copytree(folder, warm)
    for name in names:
        assert silently(lambda job=JOBS[name]: typed(warm, job)) == 0, name
    shutil.rmtree(warm)


def calm(base: Path, job: Job, folder: Path) -> dict[str, str | bytes]:
    """What the job leaves when nothing comes between."""
    shutil.copytree(base, folder)
    code, said = done(folder, job)
    assert code == 0, said
    return contents(folder, job)


def contents(folder: Path, job: Job) -> dict[str, str | bytes]:
    """What the job has written, or meant to."""
    found: dict[str, str | bytes] = {name: (folder / name).read_bytes() for name in job.files}
    if job.run:
        found[job.run] = left_by(folder / job.run)
    return found


def done(folder: Path, job: Job, prepare: Callable[[], None] = lambda: None) -> tuple[int, str]:
    """Does a job in a child process; gives its exit code, or minus the signal that killed it, and what it said."""
    said = folder.parent / "said.txt"
    return ended(in_child(lambda: saying(said, folder, job, prepare))), said.read_text(errors="replace")


def saying(said: Path, folder: Path, job: Job, prepare: Callable[[], None] = lambda: None) -> int:
    """Does a job in this process, for good with its words in a file; gives its exit code."""
    descriptor = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    for name, value in (("_LAST_DELAYS_S", (0.0,) * 5), ("_FIRST_DELAY_S", 0.0)):
        setattr(keeping, name, value)  # no pauses
    return typed(folder, job, prepare)


def typed(folder: Path, job: Job, prepare: Callable[[], None] = lambda: None) -> int:
    """Does a job in this process; gives its exit code."""
    os.chdir(folder)
    os.environ["LSTMGEN_HOME"] = "home"
    reading, writing = os.pipe()
    os.write(writing, job.stdin)
    os.close(writing)
    os.dup2(reading, 0)
    os.close(reading)
    prepare()
    return cli.run(list(job.argv))


def complaints(folder: Path, job: Job, base: Path, new: dict[str, str | bytes]) -> list[str]:
    """What is lost in a folder in which the job was disturbed, and what the same job cannot mend when it is done again."""
    mixed = [name for name in job.files if (folder / name).read_bytes() not in {OLD.encode(), new[name]}]
    wrong = [f"{name} is neither the old nor the new file" for name in mixed]
    again = job
    if job.run and run_files.holds_state(folder / job.run):
        expected = {new[job.run]} | ({left_by(base / job.run)} if job.run == "old" else set())
        code, said = done(folder, Job(("train", "--resume", job.run)))
        if code and "used up its budget" not in said:
            wrong.append(f"{job.run} cannot be resumed: {said.strip()[:200]}")
        elif left_by(folder / job.run) not in expected:
            wrong.append(f"{job.run} ended in other weights or metrics")
        again = None
    elif job.run in {"old", "paused"}:
        wrong.append(f"{job.run} is lost")
    if again is not None:
        code, said = done(folder, again)
        if code:
            wrong.append(f"it cannot be done again: {said.strip()[:200]}")
        elif contents(folder, job) != new:
            wrong.append("done again, it gives something else")
    stay = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.name.endswith((".tmp", ".new")))
    return [*wrong, *(f"{name} stays" for name in stay)]
