"""Seeded MIDI files: sound ones, and every kind of fault at a random place of one, beside the sound file that it should be read as."""

from midi_bytes import END, chunk, control, header, meta, name, number, program, riff, tempo

WORDS = ("lead", "bass", "Größe", "MTrk", "pad")


def random_tracks(random, *, count=None):
    """Tracks as lists of events, (delta, bytes) each; several share a channel, some are on another port."""
    tracks = []
    for _ in range(int(random.integers(1, 5)) if count is None else count):
        channel = int(random.choice([0, 0, 1, 9]))
        events = [(0, meta(3, str(random.choice(WORDS)).encode())[1:])]
        if random.random() < 0.3:
            events.append((0, meta(0x21, bytes([int(random.integers(0, 3))]))[1:]))
        tracks.append(events + [random_event(random, channel) for _ in range(int(random.integers(1, 40)))])
    if not any(event[1][0] >> 4 == 9 and event[1][2] for events in tracks for event in events):
        tracks[0].append((0, b"\x90\x3c\x40"))
    return tracks


def random_event(random, channel):
    delta = int(random.choice([0, 0, 1, 24, 96, 130, 20_000], p=[0.3, 0.1, 0.1, 0.2, 0.2, 0.09, 0.01]))
    pitch, velocity = int(random.integers(60, 64)), int(random.integers(1, 128))
    what = int(random.choice(8, p=[0.4, 0.3, 0.07, 0.07, 0.05, 0.05, 0.03, 0.03]))
    event = (
        lambda: bytes([0x90 | channel, pitch, velocity]),
        lambda: bytes([0x80 | channel, pitch, 64]),
        lambda: program(int(random.integers(128)), channel=channel)[1:],
        lambda: control(int(random.choice([64, 7, 123, 120, 121])), int(random.choice([0, 127])), channel=channel)[1:],
        lambda: tempo(int(random.integers(100_000, 900_000)))[1:],
        lambda: bytes([0xE0 | channel, 0, 64]),
        lambda: meta(1, b"words")[1:],
        lambda: b"\xf0\x05\x7d\x01\x02\x03\xf7",
    )[what]()
    return delta, event


def track_bytes(events, *, running=None):
    """The bytes of a track; with a generator given, some events of keys leave out the status that has been said."""
    out, status = b"", None
    for delta, event in events:
        said = event[0]
        runs = running is not None and said == status and said >> 4 in {8, 9} and running.random() < 0.7
        out += number(delta) + (event[1:] if runs else event)
        status = status if said == 0xFF else said
    return out


def sound_file(random):
    """A file without faults."""
    tracks = [track_bytes(events, running=random) + END for events in random_tracks(random)]
    return joined(tracks, division=int(random.choice([24, 96, 480])))


def joined(tracks, *, division=96, more=None):
    """A file of tracks that have their ends already; `more` says by how much the length of each is wrong."""
    more = more or [0] * len(tracks)
    return header(len(tracks), division=division) + b"".join(
        chunk(b"MTrk", track, more=extra) for track, extra in zip(tracks, more, strict=True)
    )


def _high_data(random, tracks):
    events = tracks[0]
    places = [place for place, (_, event) in enumerate(events) if event[0] >> 4 in {9, 0xB, 0xC, 0xE}] or [0]
    place = int(random.choice(places))
    delta, event = events[place]
    if event[0] >= 0xF0:
        events.insert(place, (0, b"\xb0\x07\x40"))
        delta, event = events[place]
    at = len(event) - 1
    high = int(random.integers(128, 256))
    events[place] = (delta, event[:at] + bytes([127]))
    right = joined([track_bytes(each) + END for each in tracks])
    events[place] = (delta, event[:at] + bytes([high]))
    return joined([track_bytes(each) + END for each in tracks]), right, "a data byte above 127, read as 127"


def _wrong_length(random, tracks):
    whole = [track_bytes(each) + END for each in tracks]
    more = [int(random.integers(-len(each) + 20, 60)) for each in whole]
    more[int(random.integers(len(more)))] = int(random.integers(1, 2**20))
    return joined(whole, more=more), joined(whole), "wrong length of a track"


def _stray_bytes(random, tracks):
    whole = [chunk(b"MTrk", track_bytes(each) + END) for each in tracks]
    place = int(random.integers(1, len(whole)))
    stray = bytes(random.integers(128, 256, int(random.integers(1, 9))).tolist())
    sound = header(len(whole))
    return sound + b"".join(whole[:place]) + stray + b"".join(whole[place:]), sound + b"".join(whole), "bytes between the tracks"


def _cut_event(random, tracks):
    whole = [track_bytes(each) + END for each in tracks]
    place = int(random.integers(len(whole)))
    right = [*whole]
    right[place] = track_bytes(tracks[place])
    whole[place] = track_bytes(tracks[place]) + bytes(random.choice([b"\x00\x90\x3c", b"\x00\xff\x01\x7fab", b"\x00\xf0\x50", b"\x81"]))
    return joined(whole), joined(right), "cut off before its end"


def _early_end(random, tracks):
    place = int(random.integers(len(tracks)))
    at = int(random.integers(1, len(tracks[place])))
    right = joined([track_bytes(each) + END for each in tracks])
    tracks[place].insert(at, (0, END[1:]))
    return joined([track_bytes(each) + END for each in tracks]), right, "events after the end of a track"


def _prefix(random, tracks):
    right = joined([track_bytes(each) + END for each in tracks])
    before = random.choice([0, 1, 2, 3])
    stray = (bytes(int(random.integers(1, 3000))), b"\xef\xbb\xbf", bytes(random.integers(1, 60, 9).tolist()), b"\0\x04name" + bytes(122))
    return stray[before] + right, right, "bytes before the header"


def _long_time(random, tracks):
    right = joined([track_bytes(each) + END for each in tracks])
    place = int(random.integers(len(tracks)))
    whole = [track_bytes(each) + END for each in tracks]
    at = int(random.integers(len(tracks[place])))
    delta, event = tracks[place][at]
    time = number(delta)
    padded = bytes([0x80]) * (5 - len(time)) + time
    whole[place] = track_bytes(tracks[place][:at]) + padded + event + track_bytes(tracks[place][at + 1 :]) + END
    return joined(whole), right, "a time longer than four bytes"


def _wrapped(random, tracks):
    right = joined([track_bytes(each) + END for each in tracks])
    parts = [(b"DISP", bytes(int(random.integers(0, 9000)))), (b"LIST", b"INFO" + bytes(int(random.integers(0, 30))))]
    return riff(*parts[: int(random.integers(3))], (b"data", right), *parts[2 - int(random.integers(3)) :]), right, "inside a RIFF wrapper"


def _glued(random, tracks):
    right = joined([track_bytes(each) + END for each in tracks])
    return right + sound_file(random), right, "another file behind the first"


def _odd_name(random, tracks):
    whole = [track_bytes(each[1:]) + END for each in tracks]
    place = int(random.integers(len(whole)))
    named = ("Größe", "Größe\0".encode(), "Größe".encode("latin-1"), "Größe ü".encode()[:-1])
    right = [name(b"Gr\xc3\xb6\xc3\x9fe") + each for each in whole]
    whole = [
        name(named[int(random.integers(1, 3))] if number == place else b"Gr\xc3\xb6\xc3\x9fe") + each for number, each in enumerate(whole)
    ]
    return joined(whole), joined(right), None


def _long_meta(random, tracks):
    place = int(random.integers(len(tracks[0]) + 1))
    us = int(random.integers(100_000, 900_000)).to_bytes(3, "big")
    sound, long = ([*tracks[0][:place], (0, meta(0x51, us + more)[1:]), *tracks[0][place:]] for more in (b"", b"\0\0"))
    return (*(joined([track_bytes(each) + END for each in (first, *tracks[1:])]) for first in (long, sound)), None)


FAULTS = {
    "a data byte above 127": _high_data,
    "wrong lengths of tracks": _wrong_length,
    "stray bytes between tracks": _stray_bytes,
    "an event that is cut": _cut_event,
    "an end that comes early": _early_end,
    "bytes before the header": _prefix,
    "a time of five bytes": _long_time,
    "RIFF": _wrapped,
    "two files as one": _glued,
    "a name in another form": _odd_name,
    "a tempo of five bytes": _long_meta,
}
"""Each makes of tracks, which it may change, a file with the fault, the file that it should be read as, and the reason of the finding."""
