"""SIGKILL in front of every single call that changes the disk, of every command that writes."""

import random
import shutil
from pathlib import Path

import commands
from campaign import Result
from faults import die_at, watch


def campaign(folder: Path, size: int, chance: random.Random) -> Result:
    """All calls of all commands, or so many of them."""
    base, result = folder / "base", Result()
    base.mkdir()
    commands.furnish(base, names := chosen(size, chance))
    cases, calm = all_calls(folder, base, names)
    for name, number in chance.sample(cases, min(size, len(cases))):
        trial, job = folder / "trial", commands.JOBS[name]
        shutil.copytree(base, trial)
        code, _ = commands.done(trial, job, lambda number=number: die_at(number))
        result.count("kills", int(code < 0))
        result.wrong += [f"{name}, call {number}: {words}" for words in commands.complaints(trial, job, base, calm[name])]
        shutil.rmtree(trial)
        result.cases += 1
    result.figures["calls of the commands tried"] = len(cases)
    return result


def chosen(size: int, chance: random.Random) -> list[str]:
    """The commands of a campaign: all, or as many as there are cases."""
    return chance.sample(list(commands.JOBS), min(size, len(commands.JOBS)))


def all_calls(folder: Path, base: Path, names: list[str]) -> tuple[list[tuple[str, int]], dict[str, dict[str, str | bytes]]]:
    """Every call of these commands, by number; and what each command leaves when it is left alone."""
    cases, calm = [], {}
    for name in names:
        job = commands.JOBS[name]
        calm[name] = commands.calm(base, job, folder / "calm")
        shutil.rmtree(folder / "calm")
        counted = folder / "counted"
        counted.write_text("")

        def note(number: int, call: str, _: tuple[object, ...], counted: Path = counted) -> None:
            with counted.open("a") as file:
                file.write(f"{number} {call}\n")

        shutil.copytree(base, folder / "calm")
        commands.done(folder / "calm", job, lambda note=note: watch(note))
        shutil.rmtree(folder / "calm")
        cases += [(name, number) for number in range(len(counted.read_text().splitlines()))]
    return cases, calm
