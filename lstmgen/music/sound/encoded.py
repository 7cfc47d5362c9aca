"""Sound as the content of a file: WAV by the standard library, FLAC and Ogg Vorbis by the package `soundfile` of the extra `audio`."""

from __future__ import annotations

import importlib
import io
import zlib
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.errors import MissingExtraError
from lstmgen.music.sound.wav import to_wav

_ENCODINGS: Final[dict[str, tuple[str, str]]] = {"flac": ("FLAC", "PCM_16"), "ogg": ("OGG", "VORBIS")}
"""Format and kind of samples as soundfile calls them; of a kind that does not stand here we write the files ourselves."""
_BLOCK_FRAMES: Final = 2**16
_OGG_SERIAL: Final = 1
_REVERSED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def check(kind: str) -> None:
    """Refuse a kind of file that the packages which are installed cannot write.

    Raises:
        MissingExtraError: soundfile is needed, and not there.
    """
    if kind in _ENCODINGS:
        _soundfile(kind)


def encode(sound: NDArray[np.int16], kind: str, *, sample_rate: int) -> bytes:
    """A sound of shape (frames, 2); FLAC keeps every sample, Ogg Vorbis what is heard. The same sound gives the same bytes.

    Raises:
        MissingExtraError: soundfile is needed, and not there.
        ValueError: the sound has another shape or type.
    """
    if kind not in _ENCODINGS:
        return to_wav(sound, sample_rate=sample_rate)
    file_format, samples = _ENCODINGS[kind]
    if not len(sound):  # the library writes nothing of a FLAC file then
        sound = np.zeros((1, 2), np.int16)
    stream = io.BytesIO()
    with _soundfile(kind).SoundFile(stream, "w", sample_rate, 2, samples, format=file_format) as file:
        for begin in range(0, len(sound), _BLOCK_FRAMES):
            file.write(sound[begin : begin + _BLOCK_FRAMES])
    return _same_serial(stream.getvalue()) if file_format == "OGG" else stream.getvalue()


def _soundfile(kind: str) -> Any:
    try:
        return importlib.import_module("soundfile")
    except (ImportError, OSError) as error:  # the package is missing, or the library that it is made for
        raise MissingExtraError(
            f"a .{kind} file needs the package soundfile, which is not installed",
            remedy="pip install 'lstmgen[audio]', or name it tune.wav",
        ) from error


def _same_serial(ogg: bytes) -> bytes:
    """The same stream under a number of our own; the library draws one by the clock (RFC 3533: pages, their numbers and checksums)."""
    content, at = bytearray(ogg), 0
    while content[at : at + 4] == b"OggS":
        segments = content[at + 26]
        end = at + 27 + segments + sum(content[at + 27 : at + 27 + segments])
        content[at + 14 : at + 18] = _OGG_SERIAL.to_bytes(4, "little")
        content[at + 22 : at + 26] = bytes(4)
        # The polynomial of zlib, from the other end and without its inversions.
        checksum = zlib.crc32(content[at:end].translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
        content[at + 22 : at + 26] = int(f"{checksum:032b}"[::-1], 2).to_bytes(4, "little")
        at = end
    return bytes(content)
