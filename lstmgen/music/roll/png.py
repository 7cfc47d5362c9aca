"""A picture as PNG: our own rasteriser with smooth edges, in numpy, and PNG (ISO/IEC 15948) written by hand with zlib."""

from __future__ import annotations

import functools
import math
import struct
import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.music.roll import stroke_font
from lstmgen.music.roll.shapes import Box, Label, Picture
from lstmgen.music.roll.theme import rgb

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_RGB_8_BIT: Final = b"\x08\x02\x00\x00\x00"
_FILTER_UP: Final = 2
_PEN: Final = 0.082
_BOLD_PEN: Final = 0.118
"""Width of the pen as a share of the size of the type."""
_SUBPIXELS: Final = 4
"""Places within a pixel at which a text may begin."""


def to_png(picture: Picture) -> bytes:
    """The bytes of a PNG file, 8 bits for each of red, green and blue."""
    return encode_png(paint(picture))


def paint(picture: Picture) -> NDArray[np.uint8]:
    """The pixels of a picture, of shape (height, width, 3)."""
    canvas = np.empty((picture.height, picture.width, 3), np.uint8)
    canvas[:] = rgb(picture.background)
    for shape in picture.shapes:
        if isinstance(shape, Box):
            _paint_box(canvas, shape)
        else:
            _paint_label(canvas, shape)
    return canvas


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """Pixels of shape (height, width, 3) as a PNG file; every row is written as its difference from the one above."""
    height, width, _ = pixels.shape
    rows = pixels.reshape(height, width * 3)
    lines = np.empty((height, width * 3 + 1), np.uint8)
    lines[:, 0] = _FILTER_UP
    lines[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=lines[1:, 1:])
    header = struct.pack(">II", width, height) + _RGB_8_BIT
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(lines.data, 6)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _paint_box(canvas: NDArray[np.uint8], box: Box) -> None:
    height, width, _ = canvas.shape
    left, right = max(0, math.floor(box.x)), min(width, math.ceil(box.x + box.width))
    top, bottom = max(0, math.floor(box.y)), min(height, math.ceil(box.y + box.height))
    if left >= right or top >= bottom:
        return
    across, down = np.arange(left, right), np.arange(top, bottom)
    # The exact share of every pixel that the rectangle covers ...
    cover_x = np.minimum(across + 1, box.x + box.width) - np.maximum(across, box.x)
    cover_y = np.minimum(down + 1, box.y + box.height) - np.maximum(down, box.y)
    cover = cover_y[:, None] * cover_x[None, :]
    radius = min(box.radius, box.width / 2, box.height / 2)
    if radius > 0:
        # ... less what lies outside of the round corners, by the distance from them.
        beyond_x = np.maximum(np.maximum(box.x + radius - (across + 0.5), (across + 0.5) - (box.x + box.width - radius)), 0)
        beyond_y = np.maximum(np.maximum(box.y + radius - (down + 0.5), (down + 0.5) - (box.y + box.height - radius)), 0)
        distance = np.hypot(beyond_y[:, None], beyond_x[None, :]) - radius
        corner = (beyond_y[:, None] > 0) & (beyond_x[None, :] > 0)
        cover = np.where(corner, np.minimum(cover, np.clip(0.5 - distance, 0, 1)), cover)
    _blend(canvas[top:bottom, left:right], cover, box.fill)


def _paint_label(canvas: NDArray[np.uint8], label: Label) -> None:
    width = stroke_font.text_width(label.text, label.size)
    left = label.x - {"start": 0.0, "middle": width / 2, "end": width}[label.anchor]
    at_x = math.floor(left * _SUBPIXELS) / _SUBPIXELS
    cover, offset_x, offset_y = _text_cover(label.text, round(label.size, 2), label.bold, at_x % 1.0)
    x, y = math.floor(at_x) + offset_x, round(label.y) + offset_y
    rows, columns = canvas.shape[:2]
    from_y, from_x = max(0, -y), max(0, -x)
    to_y, to_x = min(cover.shape[0], rows - y), min(cover.shape[1], columns - x)
    if from_y < to_y and from_x < to_x:
        _blend(canvas[y + from_y : y + to_y, x + from_x : x + to_x], cover[from_y:to_y, from_x:to_x], label.fill)


@functools.lru_cache(maxsize=512)
def _text_cover(text: str, size: float, bold: bool, shift: float) -> tuple[NDArray[np.float64], int, int]:  # noqa: FBT001 - part of the key
    """How much of every pixel the pen covers, and where the patch begins from the start of the text on the base line."""
    segments = stroke_font.segments_of(text, size) + np.array([shift, 0, shift, 0])
    pen = size * (_BOLD_PEN if bold else _PEN)
    margin = math.ceil(pen) + 1
    if not len(segments):
        return np.zeros((1, 1)), 0, 0
    left = math.floor(segments[:, [0, 2]].min()) - margin
    top = math.floor(segments[:, [1, 3]].min()) - margin
    right = math.ceil(segments[:, [0, 2]].max()) + margin
    bottom = math.ceil(segments[:, [1, 3]].max()) + margin
    cover = np.zeros((bottom - top, right - left))
    for x0, y0, x1, y1 in segments:
        # Only the pixels around this piece of a stroke; where pieces meet, the darker one holds.
        a, b = math.floor(min(x0, x1)) - margin - left, math.ceil(max(x0, x1)) + margin - left
        c, d = math.floor(min(y0, y1)) - margin - top, math.ceil(max(y0, y1)) + margin - top
        x, y = np.arange(a, b) + left + 0.5, (np.arange(c, d) + top + 0.5)[:, None]
        length_squared = (x1 - x0) ** 2 + (y1 - y0) ** 2
        along = np.clip(((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / max(length_squared, 1e-12), 0, 1)
        distance = np.hypot(x - x0 - along * (x1 - x0), y - y0 - along * (y1 - y0))
        patch = cover[c:d, a:b]
        np.maximum(patch, np.clip(pen / 2 + 0.5 - distance, 0, 1), out=patch)
    return cover, left, top


def _blend(patch: NDArray[np.uint8], cover: NDArray[np.float64], fill: str) -> None:
    if cover.min() >= 1:
        patch[:] = rgb(fill)
        return
    paint_RGB = np.array(rgb(fill), np.float64)
    patch[:] = np.rint(patch + (paint_RGB - patch) * cover[:, :, None]).astype(np.uint8)
