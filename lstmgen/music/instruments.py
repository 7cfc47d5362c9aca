"""The instruments of General MIDI by name, and instruments as a person types them.

The names are those of General MIDI System Level 1 (MIDI Manufacturers Association, 1991).
"""

from __future__ import annotations

import difflib
import re
from typing import Final

from lstmgen.errors import UsageError

_FAMILIES: Final = {
    "Piano": "Acoustic Grand Piano, Bright Acoustic Piano, Electric Grand Piano, Honky-tonk Piano, Electric Piano 1, Electric Piano 2, "
    "Harpsichord, Clavinet",
    "Chromatic Percussion": "Celesta, Glockenspiel, Music Box, Vibraphone, Marimba, Xylophone, Tubular Bells, Dulcimer",
    "Organ": "Drawbar Organ, Percussive Organ, Rock Organ, Church Organ, Reed Organ, Accordion, Harmonica, Tango Accordion",
    "Guitar": "Acoustic Guitar (nylon), Acoustic Guitar (steel), Electric Guitar (jazz), Electric Guitar (clean), Electric Guitar (muted), "
    "Overdriven Guitar, Distortion Guitar, Guitar Harmonics",
    "Bass": "Acoustic Bass, Electric Bass (finger), Electric Bass (pick), Fretless Bass, Slap Bass 1, Slap Bass 2, Synth Bass 1, "
    "Synth Bass 2",
    "Strings": "Violin, Viola, Cello, Contrabass, Tremolo Strings, Pizzicato Strings, Orchestral Harp, Timpani",
    "Ensemble": "String Ensemble 1, String Ensemble 2, Synth Strings 1, Synth Strings 2, Choir Aahs, Voice Oohs, Synth Voice, "
    "Orchestra Hit",
    "Brass": "Trumpet, Trombone, Tuba, Muted Trumpet, French Horn, Brass Section, Synth Brass 1, Synth Brass 2",
    "Reed": "Soprano Sax, Alto Sax, Tenor Sax, Baritone Sax, Oboe, English Horn, Bassoon, Clarinet",
    "Pipe": "Piccolo, Flute, Recorder, Pan Flute, Blown Bottle, Shakuhachi, Whistle, Ocarina",
    "Synth Lead": "Lead 1 (square), Lead 2 (sawtooth), Lead 3 (calliope), Lead 4 (chiff), Lead 5 (charang), Lead 6 (voice), "
    "Lead 7 (fifths), Lead 8 (bass and lead)",
    "Synth Pad": "Pad 1 (new age), Pad 2 (warm), Pad 3 (polysynth), Pad 4 (choir), Pad 5 (bowed), Pad 6 (metallic), Pad 7 (halo), "
    "Pad 8 (sweep)",
    "Synth Effects": "FX 1 (rain), FX 2 (soundtrack), FX 3 (crystal), FX 4 (atmosphere), FX 5 (brightness), FX 6 (goblins), "
    "FX 7 (echoes), FX 8 (sci-fi)",
    "Ethnic": "Sitar, Banjo, Shamisen, Koto, Kalimba, Bagpipe, Fiddle, Shanai",
    "Percussive": "Tinkle Bell, Agogo, Steel Drums, Woodblock, Taiko Drum, Melodic Tom, Synth Drum, Reverse Cymbal",
    "Sound Effects": "Guitar Fret Noise, Breath Noise, Seashore, Bird Tweet, Telephone Ring, Helicopter, Applause, Gunshot",
}
"""The sixteen families of eight programs, in the order of their numbers."""

PROGRAM_NAMES: Final = tuple(name for names in _FAMILIES.values() for name in names.split(", "))
"""The 128 programs; number n of General MIDI is at n - 1."""

_KITS: Final = {0: "Standard", 8: "Room", 16: "Power", 24: "Electronic", 25: "TR-808", 32: "Jazz", 40: "Brush", 48: "Orchestral", 56: "SFX"}
"""Drum kits as Roland's GS numbers them, which most synthesizers follow."""

DRUM_GROUPS: Final = (
    ("Kick", (35, 36)),
    ("Snare", (38, 40)),
    ("Stick, clap", (37, 39)),
    ("Low tom", (41, 43)),
    ("Mid tom", (45, 47)),
    ("High tom", (48, 50)),
    ("Closed hat", (42,)),
    ("Pedal hat", (44,)),
    ("Open hat", (46,)),
    ("Ride", (51, 53, 59)),
    ("Crash", (49, 52, 55, 57)),
    ("Percussion", (54, 56, 58, *range(60, 82))),
)
"""Drums as a drummer would group them, from the bottom of a page to its top: a short name, and the pitches that belong to it."""

_GROUPS: Final = {
    **{name.lower(): range(8 * place, 8 * place + 8) for place, name in enumerate(_FAMILIES)},
    "strings": range(40, 52),
    "mallets": range(8, 16),
    "bells": (8, 9, 10, 14, 112),
    "sax": range(64, 68),
    "woodwind": range(64, 80),
    "wind": range(56, 80),
    "choir": range(52, 55),
    "synth": range(80, 104),
    "world": range(104, 112),
}
"""What one word stands for. `strings` takes the string ensembles with it, for that is what is meant by it."""

_DRUM_WORDS: Final = frozenset({"drum", "percussion"})
_NUMBERS: Final = re.compile(r"(\d{1,9})(?:\s*-\s*(\d{1,9}))?")


def program_name(program: int, *, drum: bool = False) -> str:
    """The name of a program, counted from 0; of drums that of the kit."""
    if drum:
        return f"Drums ({_KITS[program]})" if _KITS.get(program, "Standard") != "Standard" else "Drums"
    return PROGRAM_NAMES[program]


def parse_instruments(text: str) -> tuple[frozenset[int], bool]:
    """The programs that a list such as `piano, strings, drums, 33` means, counted from 0, and whether drums are among them.

    An entry is a family or another group of instruments, a name or an unmistakable part of one, `drums`, or a number of General MIDI
    (1 to 128) or a range of such.

    Raises:
        UsageError: an entry means nothing, or several things.
    """
    entries = [" ".join(entry.lower().split()) for entry in re.split(r"[,;]", text)]
    entries = [entry for entry in entries if entry]
    if not entries:
        raise UsageError("no instruments are named", remedy='write them like "piano, strings, drums"')
    programs: set[int] = set()
    for entry in entries:
        if _singular(entry) not in _DRUM_WORDS:
            programs.update(_programs_of(entry))
    return frozenset(programs), any(_singular(entry) in _DRUM_WORDS for entry in entries)


def _programs_of(entry: str) -> tuple[int, ...]:
    if number := _NUMBERS.fullmatch(entry):
        first, last = int(number[1]), int(number[2] or number[1])
        if not 1 <= first <= last <= 128:
            raise UsageError(f"{entry} is no instrument of General MIDI", remedy="their numbers are 1 to 128, or a range such as 25-32")
        return tuple(range(first - 1, last))
    for group, programs in _GROUPS.items():
        if _singular(entry) == _singular(group):
            return tuple(programs)
    found = _named(entry)
    if not found:
        raise UsageError(f"there is no instrument called {entry!r}", remedy=_suggestion(entry))
    if len(found) > 1:
        names = ", ".join(PROGRAM_NAMES[program] for program in found[:6])
        more = f" and {len(found) - 6} more" if len(found) > 6 else ""
        raise UsageError(f"{entry!r} may mean {names}{more}", remedy=f"write one of them in full, or its number: {found[0] + 1}")
    return found


def _named(entry: str) -> tuple[int, ...]:
    """The programs with this name; where there is none, those with it as whole words, and else those with it anywhere."""
    names = [name.lower() for name in PROGRAM_NAMES]
    words = rf"(?<!\w){re.escape(entry)}(?!\w)"
    tests = (entry.__eq__, _singular(entry).__eq__, lambda name: re.search(words, name), lambda name: entry in name)
    for test in tests:
        if found := tuple(program for program, name in enumerate(names) if test(name)):
            return found
    return ()


def _suggestion(entry: str) -> str:
    known = {name.lower(): name for name in (*PROGRAM_NAMES, *_GROUPS, "drums")}
    close = difflib.get_close_matches(entry[:40], known, n=3, cutoff=0.5)
    if not close:  # a word of a name may be near where the whole is not
        words = {word: name for name in known for word in name.split()}
        close = list(dict.fromkeys(words[word] for word in difflib.get_close_matches(entry[:40], words, n=3, cutoff=0.6)))
    families = ", ".join(name.lower() for name in ("Piano", "Organ", "Guitar", "Bass", "Strings", "Brass", "Reed", "Pipe"))
    return " or ".join(known[name] for name in close) or f"a family ({families}), a name of General MIDI, or drums"


def _singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "bass")) else word
