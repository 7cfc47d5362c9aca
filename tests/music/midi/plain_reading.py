"""A MIDI file read in the plainest way, message by message as mido parses it: slow, and only for sound files."""

import io
from dataclasses import dataclass

import mido


@dataclass
class PlainReading:
    """What a file holds.

    Attributes:
        notes: (start, end, pitch, velocity, track, channel, program, drum), sorted.
        tempos: (tick, microseconds per beat), ascending.
        pedals: (tick, track, channel, down) of every movement that moves it, of every part that has notes; sorted.
    """

    notes: list
    tempos: list
    pedals: list


def read_plainly(content):
    """Reads by mido."""
    messages, length = [], {}
    for track, found in enumerate(mido.MidiFile(file=io.BytesIO(content)).tracks):
        now, port = 0, 0
        for place, message in enumerate(found):
            now += message.time
            port = message.port if message.type == "midi_port" else port
            messages.append((now, track, place, port, message))
        length[track] = now
    messages.sort(key=lambda entry: entry[:3])
    messages = [(tick, track, port, message) for tick, track, _, port, message in messages]
    notes = _notes(messages, length)
    programs = _Programs(messages)
    rows = []
    for begun, tick, end, track, channel, message in notes:
        program = programs.of(begun, track, channel)
        rows.append((tick, end, message.note, message.velocity, track, channel, program, channel[1] == 9))
    parts = {(row[4], row[5]) for row in rows}
    tempos = [(tick, message.tempo) for tick, _, _, message in messages if message.type == "set_tempo"]
    return PlainReading(sorted(rows), tempos, _pedals(messages, parts))


def _notes(messages, length):
    """[number of the message, start, end, track, (port, channel), message]."""
    notes = []
    for number, (tick, track, port, message) in enumerate(messages):
        channel = (port, getattr(message, "channel", None))
        if message.type == "note_on" and message.velocity:
            notes.append([number, tick, None, track, channel, message])
        elif message.type in {"note_on", "note_off"}:
            sounding = (each for each in notes if each[2] is None and each[3:5] == [track, channel] and each[5].note == message.note)
            first = next(sounding, None)
            if first is not None:
                first[2] = tick
        elif message.type == "control_change" and message.control in {120, 123}:
            for each in notes:
                if each[2] is None and each[4] == channel:
                    each[2] = tick
    for each in notes:
        end = length[each[3]] if each[2] is None else each[2]
        each[2] = max(end, each[1] + 1)
    return notes


class _Programs:
    """Every change, in order."""

    def __init__(self, messages):
        self._changes = [
            (number, track, (port, message.channel), message.program)
            for number, (_, track, port, message) in enumerate(messages)
            if message.type == "program_change"
        ]

    def of(self, number, track, channel):
        of_channel = [change for change in self._changes if change[2] == channel]
        own = [change for change in of_channel if change[1] == track]
        for changes in (own, of_channel):
            before = [change for change in changes if change[0] < number]
            if before:
                return before[-1][3]
        return next((changes[0][3] for changes in (own, of_channel) if changes), 0)


def _pedals(messages, parts):
    down, moves = {}, []
    for tick, _, port, message in messages:
        if message.type != "control_change" or message.control not in {64, 121}:
            continue
        channel = (port, message.channel)
        now = message.control == 64 and message.value >= 64
        if now != down.get(channel, False):
            moves += [(tick, track, channel, now) for track, other in parts if other == channel]
        down[channel] = now
    return sorted(moves)
