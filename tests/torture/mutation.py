"""How files and values are changed at random, and what is asked of whoever reads them."""

import copy
import random
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from campaign import Result

from lstmgen.errors import LstmgenError

SLOW_S, LARGE_KB = 0.5, 50 * 1024
"""What no mutant may take."""

BYTES = (0, 1, 0x20, 0x22, 0x5B, 0x7B, 0x7F, 0x80, 0xC0, 0xF0, 0xFE, 0xFF)
VALUES: tuple[Callable[[], Any], ...] = (
    lambda: None,
    lambda: True,
    lambda: -1,
    lambda: 0,
    lambda: 2**31,
    lambda: 2**63,
    lambda: 10**400,
    lambda: 1e308,
    lambda: -0.5,
    lambda: "",
    lambda: "\x1b[2J",
    lambda: "../../etc/passwd",
    lambda: "x" * 10_000,
    lambda: "\ud800",
    list,
    dict,
    lambda: [0] * 1000,
    lambda: nested(list, 20),
    lambda: nested(dict, 200),
    lambda: {str(number): number for number in range(300)},
)


def nested(kind: type, depth: int) -> Any:
    """A list in a list in a list, or a table in a table."""
    value: Any = kind()
    for _ in range(depth):
        value = [value] if kind is list else {"a": value}
    return value


def changed_bytes(content: bytes, chance: random.Random) -> bytes:
    """The content with a few changes."""
    data = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        at = chance.randrange(len(data) + 1)
        length = min(len(data) - at, chance.choice((1, 1, 2, 4, 8, 64, 512)))
        match chance.randrange(7):
            case 0 if length:
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                data[at : at + length] = bytes(chance.choice(BYTES) for _ in range(length))
            case 2:
                del data[at : at + length]
            case 3:
                data[at:at] = data[at : at + length] * chance.choice((1, 2, 20))
            case 4:
                del data[at:]
            case 5:
                data[at : at + length] = chance.randbytes(length)
            case _:
                data[at:at] = bytes(chance.choice(BYTES) for _ in range(chance.choice((1, 2, 8, 300))))
    return bytes(data)


def changed_values(values: Any, chance: random.Random) -> Any:
    """A copy of JSON values with a change or two somewhere."""
    values = copy.deepcopy(values)
    for _ in range(chance.choice((1, 1, 1, 2))):
        place = values
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = chance.choice(keys)
            inside = place[key]
            if isinstance(inside, (dict, list)) and inside and chance.random() < 0.8:
                place = inside
                continue
            change_at(place, key, chance)
            break
    return values


def change_at(place: Any, key: Any, chance: random.Random) -> None:
    """One change of what stands in a list or a table."""
    match chance.randrange(5):
        case 0:
            del place[key]
        case 1 if isinstance(place, dict):
            place[chance.choice(("more", "", "\x1b", key + "s", "__class__"))] = place[key]
        case 1:
            place.insert(key, place[key])
        case 2 if type(place[key]) is int:
            place[key] += chance.choice((-1, 1, -100, 2**32))
        case 2 if type(place[key]) is float:
            place[key] *= chance.choice((-1.0, 2.0, 1e30))
        case 3 if isinstance(place[key], str) and place[key]:
            at = chance.randrange(len(place[key]))
            place[key] = place[key][:at] + chance.choice(("", "\0", "\u2581", "é", "\udc80")) + place[key][at + chance.randrange(2) :]
        case _:
            place[key] = chance.choice(VALUES)()


@dataclass
class Subject:
    """What is mutated.

    Attributes:
        mutant: draws one.
        read: reads it. Gives a reason where it was read and should not have been; raises LstmgenError where it is refused.
    """

    mutant: Callable[[random.Random], Any]
    read: Callable[[Any], str | None]


def campaign_of(make: Callable[[Path], Subject]) -> Callable[[Path, int, random.Random], Result]:
    """A campaign of one kind of mutants."""

    def campaign(folder: Path, size: int, chance: random.Random) -> Result:
        subject, result = make(folder), Result()
        for _ in range(20):  # what is loaded when it is first used counts for no mutant
            examine(subject, subject.mutant(chance))
        before, slowest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, 0.0
        while result.cases < size:
            seed = chance.getrandbits(64)
            mutant = subject.mutant(random.Random(seed))
            begin = time.process_time()
            outcome = examine(subject, mutant)
            seconds = time.process_time() - begin
            slowest = max(slowest, seconds)
            result.cases += 1
            result.count("refused" if outcome == "refused" else "read")
            if outcome not in ("refused", None):
                result.wrong.append(f"mutant {seed}: {outcome}")
            if seconds > SLOW_S:
                result.wrong.append(f"mutant {seed}: took {seconds:.2f} s")
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        result.count("ms for the slowest", round(1000 * slowest))
        result.count("kB more in the end", grown)
        if grown > LARGE_KB:
            result.wrong.append(f"memory grew by {grown:,} kB")
        return result

    return campaign


def examine(subject: Subject, mutant: Any) -> str | None:
    """`refused`, None where it was rightly read, or what is wrong."""
    try:
        return subject.read(mutant)
    except LstmgenError as error:
        return "refused" if error.exit_code in (2, 3) and error.message else f"exit code {error.exit_code}: {error.message}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:200]
