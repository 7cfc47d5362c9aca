"""Small files that programs have written the like of, and what is right: see `Case`."""

from dataclasses import dataclass, field

from midi_bytes import END, chunk, control, header, meta, midi, name, note, number, program, riff, sysex, tempo

TWO = note(60) + note(62)
FIRST, SECOND = (0.0, 0.5, 60, 0), (0.5, 1.0, 62, 0)
PLAIN = midi(TWO, kind=0)
DRUMS_ON_11 = sysex("41 10 42 12 40 1a 15 02 0f f7")
GS_ON, XG_ON = sysex("41 10 42 12 40 00 7f 00 41 f7"), sysex("43 10 4c 00 00 7e 00 f7")
MACBINARY = b"\0\x04tune" + bytes(59) + b"Midi????" + bytes(55)


@dataclass(frozen=True)
class Case:
    """What a file holds.

    Attributes:
        content: its bytes.
        rows: (start, end) in seconds, pitch and program of each note; "drums" for drums.
        reasons: of the findings.
        more: other values, by name: seconds, pedal_events, names, tempos_bpm, meters.
    """

    content: bytes
    rows: tuple = (FIRST,)
    reasons: tuple = ()
    more: dict = field(default_factory=dict)


HIGH = ("a data byte above 127, read as 127",)
WRONG = ("wrong length of a track",)
BEFORE = ("bytes before the header",)
RIFF = ("inside a RIFF wrapper",)
SMPTE = ("time in SMPTE frames, turned into beats",)
BOTH_TRACKS = (FIRST, (0.0, 0.5, 62, 0))
ONE, OTHER = note(60), note(62)

CASES = {
    "a controller of 255": Case(midi(control(7, 255) + TWO), (FIRST, SECOND), HIGH, {"seconds": 1.0}),
    "program 200": Case(midi(program(200) + TWO), ((0.0, 0.5, 60, 127), (0.5, 1.0, 62, 127)), HIGH),
    "a bend that is too high": Case(midi(b"\x00\xe0\x00\xc0" + TWO), (FIRST, SECOND), HIGH),
    "a velocity of 200": Case(midi(b"\x00\x90\x3c\xc8\x60\x80\x3c\x00"), (FIRST,), HIGH),
    "two programs at one tick": Case(midi(program(43) + program(35) + ONE), ((0.0, 0.5, 60, 35),)),
    "a program behind the note of its tick": Case(
        midi(program(10) + b"\x00\x90\x3c\x50" + program(20) + b"\x60\x80\x3c\x40" + OTHER), ((0.0, 0.5, 60, 10), (0.5, 1.0, 62, 20))
    ),
    "a program that comes late": Case(midi(ONE + program(40) + OTHER), ((0.0, 0.5, 60, 40), (0.5, 1.0, 62, 40))),
    "two ports": Case(
        midi(meta(0x21, b"\0") + program(40) + ONE, meta(0x21, b"\1") + program(47) + OTHER), ((0.0, 0.5, 60, 40), (0.0, 0.5, 62, 47))
    ),
    "a program on another port": Case(midi(meta(0x21, b"\1") + program(47), ONE)),
    "a port said behind the program": Case(midi(program(47) + meta(0x21, b"\1") + ONE, OTHER), ((0.0, 0.5, 60, 47), (0.0, 0.5, 62, 0))),
    "drums on two ports": Case(midi(meta(0x21, b"\1") + note(36, channel=9)), ((0.0, 0.5, 36, "drums"),)),
    "a pedal on another port": Case(midi(meta(0x21, b"\1") + control(64, 127), ONE), more={"pedal_events": 0}),
    "two tracks on one channel": Case(midi(program(85) + ONE, program(31) + OTHER), ((0.0, 0.5, 60, 85), (0.0, 0.5, 62, 31))),
    "a program in another track": Case(midi(program(40), ONE), ((0.0, 0.5, 60, 40),)),
    "a program in another track and a late one": Case(midi(program(40), ONE + program(50)), ((0.0, 0.5, 60, 40),)),
    "the pedal in another track": Case(
        midi(ONE, OTHER, control(64, 127) + control(64, 0, after=384)), BOTH_TRACKS, more={"pedal_events": 2, "seconds": 2.0}
    ),
    "the pedal in its own track": Case(midi(control(64, 127) + ONE + control(64, 0, after=96)), more={"pedal_events": 2}),
    "all controllers off": Case(midi(control(64, 127) + ONE + control(121, 0)), more={"pedal_events": 2}),
    "SMPTE, 25 frames of 40": Case(
        midi(note(60, ticks=1000) + note(62, ticks=1000), division=0xE728), ((0.0, 1.0, 60, 0), (1.0, 2.0, 62, 0)), SMPTE, {"seconds": 2.0}
    ),
    "SMPTE, and a tempo": Case(midi(tempo(1_000_000) + note(ticks=1000), division=0xE728), ((0.0, 1.0, 60, 0),), SMPTE),
    "SMPTE, 24 frames of 4": Case(midi(note(), division=0xE804), ((0.0, 1.0, 60, 0),), SMPTE),
    "SMPTE, 25 frames of 1": Case(midi(note(ticks=7), division=0xE701), ((0.0, 0.28, 60, 0),), SMPTE),
    "SMPTE, 29 means 29.97": Case(midi(note(ticks=3_000), division=0xE364), ((0.0, 1.001, 60, 0),), SMPTE),
    "SMPTE, 30 frames of 80": Case(midi(note(ticks=2_400), division=0xE250), ((0.0, 1.0, 60, 0),), SMPTE),
    "SMPTE, frames of no ticks": Case(midi(note(ticks=480), division=0xE700), reasons=("no ticks in a beat, read as 480",)),
    "no division": Case(midi(note(ticks=480), division=0), reasons=("no ticks in a beat, read as 480",)),
    "a length that is too large": Case(
        header(2) + chunk(b"MTrk", ONE + END, more=8) + chunk(b"MTrk", OTHER + END), BOTH_TRACKS, WRONG
    ),
    "a length that is too small": Case(
        header(2) + chunk(b"MTrk", ONE + END, more=-5) + chunk(b"MTrk", OTHER + END), BOTH_TRACKS, WRONG
    ),
    "all lengths too small, as a converter of XMI writes them": Case(
        header(2) + chunk(b"MTrk", ONE + END, more=-4) + chunk(b"MTrk", OTHER + END, more=-4), BOTH_TRACKS, WRONG
    ),
    "a length that holds all other tracks": Case(
        header(2) + chunk(b"MTrk", ONE + END, more=20) + chunk(b"MTrk", OTHER + END), BOTH_TRACKS, WRONG
    ),
    "lengths of nothing": Case(
        header(2) + chunk(b"MTrk", ONE + END, more=-12) + chunk(b"MTrk", OTHER + END, more=-12), BOTH_TRACKS, WRONG
    ),
    "a stray byte between tracks": Case(
        header(2) + chunk(b"MTrk", ONE + END) + b"\0" + chunk(b"MTrk", OTHER + END), BOTH_TRACKS, ("bytes between the tracks",)
    ),
    "a length inside a track that leads beyond it": Case(
        header(2) + chunk(b"MTrk", ONE + b"\x00\xff\x01\x7fab") + chunk(b"MTrk", OTHER + END), BOTH_TRACKS, ("cut off before its end",)
    ),
    "an event that lacks its last byte": Case(
        header(2) + chunk(b"MTrk", ONE + b"\x00\x90\x40") + chunk(b"MTrk", OTHER + END), BOTH_TRACKS, ("cut off before its end",)
    ),
    "a text that holds MTrk": Case(midi(meta(1, b"MTrk and more") + ONE)),
    "the end in the middle": Case(midi(ONE + END + OTHER), (FIRST, SECOND), ("events after the end of a track",)),
    "the end first": Case(midi(program(10) + END + OTHER), ((0.0, 0.5, 62, 10),), ("events after the end of a track",)),
    "bytes behind the end": Case(midi(ONE + END + b"\0\0\0\0"), reasons=("bytes after the end of a track",)),
    "MacBinary": Case(MACBINARY + PLAIN, (FIRST, SECOND), BEFORE),
    "a byte order mark": Case(b"\xef\xbb\xbf" + PLAIN, (FIRST, SECOND), BEFORE),
    "NUL before the header": Case(b"\0" + PLAIN, (FIRST, SECOND), BEFORE),
    "many NULs before the header": Case(bytes(512) + PLAIN, (FIRST, SECOND), BEFORE),
    "a negative time of five bytes": Case(midi(b"\x8f\xff\xff\xff" + TWO), (FIRST, SECOND), ("a time longer than four bytes",)),
    "a small time of five bytes": Case(
        midi(b"\x80\x80\x80\x80\x60" + ONE[1:]), ((0.5, 1.0, 60, 0),), ("a time longer than four bytes",)
    ),
    "CC 123 instead of an end": Case(midi(b"\x00\x90\x3c\x50" + control(123, 0, after=96)), ((0.0, 0.5, 60, 0),)),
    "CC 120 instead of an end": Case(midi(b"\x00\x90\x3c\x50" + control(120, 0, after=96) + OTHER), (FIRST, SECOND)),
    "CC 123 in another track": Case(midi(b"\x00\x90\x3c\x50" + number(384) + b"\xff\x01\x00", control(123, 0, after=96)), (FIRST,)),
    "CC 123 of another channel": Case(midi(ONE[:4] + control(123, 0, channel=3, after=48) + b"\x30\x80\x3c\x40"), (FIRST,)),
    "CC 123, and the end later": Case(
        midi(b"\x00\x90\x3c\x50" + control(123, 0, after=96) + b"\x30\x80\x3c\x40" + note(62, after=48)), (FIRST, (1.0, 1.5, 62, 0))
    ),
    "CC 123, and the pitch again": Case(
        midi(b"\x00\x90\x3c\x50" + control(123, 0, after=96) + ONE), (FIRST, (0.5, 1.0, 60, 0))
    ),
    "a tempo of five bytes": Case(midi(meta(0x51, b"\x0f\x42\x40\0\0") + ONE), ((0.0, 1.0, 60, 0),), more={"tempos_bpm": [60.0]}),
    "a tempo of no bytes": Case(midi(meta(0x51, b"") + ONE), reasons=("a tempo that is none",)),
    "a tempo of 0": Case(midi(tempo(0) + ONE), reasons=("a tempo that is none",)),
    "a tempo of a microsecond": Case(midi(tempo(1) + ONE), ((0.0, 1e-6, 60, 0),), ("a tempo beyond reason",)),
    "the slowest tempo": Case(midi(tempo(2**24 - 1) + ONE), ((0.0, 16.777215, 60, 0),)),
    "two tempos at one tick": Case(midi(tempo(1) + tempo(1_000_000) + ONE), ((0.0, 1.0, 60, 0),), ("a tempo beyond reason",)),
    "a meter of five bytes": Case(midi(meta(0x58, b"\x03\x02\x18\x08\0") + ONE), more={"meters": ["3/4"]}),
    "a key that is none": Case(midi(meta(0x59, b"\x09\x05") + ONE), reasons=("a key signature that is none",)),
    "a meter of nothing": Case(midi(meta(0x58, b"\0\x02\x18\x08") + ONE), reasons=("a time signature that is none",)),
    "RIFF": Case(riff((b"data", PLAIN)), (FIRST, SECOND), RIFF),
    "RIFF with a list first": Case(riff((b"LIST", b"INFOINAM\x04\0\0\0tune"), (b"data", PLAIN)), (FIRST, SECOND), RIFF),
    "RIFF with much before the data": Case(riff((b"DISP", bytes(6001)), (b"data", PLAIN)), (FIRST, SECOND), RIFF),
    "RIFF with an instrument behind the data": Case(riff((b"data", PLAIN), (b"LIST", b"more")), (FIRST, SECOND), RIFF),
    "RIFF of chunks that lead nowhere": Case(b"RIFF\0\0\0\0RMIDLIST\xff\xff\xff\xff" + PLAIN, (FIRST, SECOND), RIFF),
    "RIFF whose data say too little": Case(b"RIFF\0\0\0\0RMIDdata\x14\0\0\0" + PLAIN, (FIRST, SECOND), RIFF),
    "a Latin name": Case(midi(name("Flûte à bec".encode("latin-1")) + ONE), more={"names": ["Flûte à bec"]}),
    "a Latin name that ends high": Case(midi(name(b"Caf\xe9") + ONE), more={"names": ["Café"]}),
    "a name that ends in NUL": Case(midi(name(b"Piccolo\0") + ONE), more={"names": ["Piccolo"]}),
    "a name that is cut inside a character": Case(midi(name("Größe ü".encode()[:-1]) + ONE), more={"names": ["Größe "]}),
    "a long name": Case(midi(name(("a" + "é" * 300).encode()) + ONE), more={"names": ["a" + "é" * 199]}),
    "a name that was damaged before": Case(midi(name("Fl\ufffdte".encode()) + ONE), more={"names": ["Flte"]}),
    "two names": Case(midi(name(b"one") + name(b"two") + ONE), more={"names": ["one"]}),
    "drums on channel 11 by GS": Case(midi(DRUMS_ON_11 + note(36, channel=10)), ((0.0, 0.5, 36, "drums"),)),
    "drums by GS that another track says": Case(midi(note(36, channel=10), DRUMS_ON_11), ((0.0, 0.5, 36, "drums"),)),
    "GS takes the drums away": Case(midi(sysex("41 10 42 12 40 10 15 00 1b f7") + note(60, channel=9)), (FIRST,)),
    "GS is switched on": Case(midi(GS_ON + note(36, channel=9) + note(62)), ((0.0, 0.5, 36, "drums"), SECOND)),
    "drums on channel 3 by XG": Case(midi(XG_ON + sysex("43 10 4c 08 02 07 01 f7") + note(36, channel=2)), ((0.0, 0.5, 36, "drums"),)),
    "drums by a bank of XG": Case(
        midi(XG_ON + control(0, 127, channel=2) + program(0, channel=2) + note(36, channel=2)), ((0.0, 0.5, 36, "drums"),)
    ),
    "a bank of XG that is left again": Case(
        midi(control(0, 127) + program(0) + note(36) + control(0, 0) + program(5) + OTHER), ((0.0, 0.5, 36, "drums"), (0.5, 1.0, 62, 5))
    ),
    "bank 127 of GS": Case(midi(GS_ON + control(0, 127) + program(7) + ONE), ((0.0, 0.5, 60, 7),)),
    "a file twice": Case(PLAIN + PLAIN, (FIRST, SECOND), ("another file behind the first",)),
    "a wrong count of tracks": Case(midi(ONE, count=0), reasons=("wrong number of tracks in the header",)),
    "a long header": Case(b"MThd\0\0\0\x08\0\0\0\x01\0\x60\0\0" + chunk(b"MTrk", ONE + END), reasons=("wrong length of the header",)),
    "independent patterns": Case(midi(ONE, OTHER, kind=2), BOTH_TRACKS, ("independent patterns (type 2) played together",)),
    "bytes behind the last track": Case(midi(ONE) + bytes(50), reasons=("bytes after the last track",)),
    "a chunk of another kind": Case(header(1) + chunk(b"XFIH", b"abc") + midi(ONE)[14:], reasons=("a chunk that is not of MIDI",)),
    "an empty track": Case(header(2) + chunk(b"MTrk", b"") + chunk(b"MTrk", ONE + END), reasons=("a track without its end",)),
    "a silence of a day": Case(
        midi(ONE + note(62, after=192 * 86_400)), (FIRST, (300.5, 301.0, 62, 0)), ("silences that last absurdly long, shortened",)
    ),
}  # fmt: skip
