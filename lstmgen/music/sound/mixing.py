"""Many tones become one sound: placed in time and between left and right, heard in a room, and brought to a level without clipping.

Letters: N frames, B blocks, 2 channels, 3 parts of a tone.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.music.sound.waves import Parts, Stereo, Tone, band, band_noise, decaying, fast_frames, rise

TAIL_S: Final = 1.3
"""How long the room is heard after the last sound."""
CEILING: Final = 10.0 ** (-1.0 / 20.0)
"""Largest sample of a result: -1 dBFS."""
MAX_LIFT: Final = 3.0
"""A quiet piece is made louder by this factor at most."""
_MAX_LIMITING: Final = 10.0 ** (-5.0 / 20.0)
"""Peaks that stand out are pressed down by 5 dB at most; what is louder throughout is made softer throughout."""
_LOUD_SHARE: Final = 0.985
"""Share of the blocks that stay below the ceiling without limiting."""
_LEVEL_BLOCK_S: Final = 0.005
_HOLD_BLOCKS: Final = 6
_ROOM_BANDS: Final = ((160.0, 900.0, 1.0, 1.0), (900.0, 3000.0, 0.8, 0.85), (3000.0, 9000.0, 0.45, 0.5))
"""Of the room's tail: lower and upper edge in hertz, time in which it loses 60 dB, amplitude."""
_ECHOES_S: Final = ((0.0113, 0.0137), (0.0197, 0.0179), (0.0271, 0.0293), (0.0359, 0.0337), (0.0467, 0.0491))
"""First echoes, left and right."""
_ECHO_LEVELS: Final = (0.45, -0.38, 0.32, 0.27, -0.22)
_ROOM_LEVEL: Final = 10.0 ** (-11.5 / 20.0)
"""Of the room against the sound itself, where the ear is good at it."""
_HEARD_HZ: Final = (200.0, 3000.0)
_RUMBLE_HZ: Final = 12.0
"""What is below is taken away, and with it every offset."""
_ROOM_BLOCK_FRAMES: Final = 2**18
_QUANTISE_FRAMES: Final = 2**18


def add(sound_2N: Stereo, tone: Tone, start: int, *, gain_23: NDArray[np.float32], held: int, release: int, scratch_2N: Stereo) -> None:
    """Add a tone to a sound: as it is for `held` frames, and fading out over `release` frames from there.

    Args:
        sound_2N: what it is added to.
        tone: the tone; one that dies earlier ends earlier.
        start: the frame at which it begins.
        gain_23: factors of its parts left and right.
        held: frames from its beginning to its end.
        release: frames of the fade, which is smooth at both ends.
        scratch_2N: room for what is computed in between, of any length.
    """
    end = min(held + release, sound_2N.shape[1] - start)
    faded = rise(release)[::-1] ** 2 if release else None
    place = 0
    while place < end:
        piece_3N = _from(tone, place)[:, : min(end - place, scratch_2N.shape[1])]
        count = piece_3N.shape[1]
        if not count:
            return
        if place < held:
            count = min(count, held - place)
        product_2N = np.matmul(gain_23, piece_3N[:, :count], out=scratch_2N[:, :count])
        if place >= held and faded is not None:
            product_2N *= faded[place - held : place - held + count]
        sound_2N[:, start + place : start + place + count] += product_2N
        place += count


def _from(tone: Tone, place: int) -> Parts:
    """A tone from one of its frames on, as far as it lies in one piece."""
    length = tone.sound_3N.shape[1]
    if place >= length and tone.loop is not None:
        place = tone.loop + (place - tone.loop) % (length - tone.loop)
    return tone.sound_3N[:, place:]


def room(sample_rate: int) -> Stereo:
    """The response of a small hall to one click, the click itself included, left and right; its sum is 0, so offsets vanish.

    First echoes, then noise that dies away, the high bands faster (after Moorer 1979).
    """
    frames = round(TAIL_S * sample_rate)
    tail_2N = np.zeros((2, frames), np.float32)
    for number, (low_hz, high_hz, ring_s, level) in enumerate(_ROOM_BANDS):
        if high_hz < sample_rate / 2:
            rng = np.random.default_rng((77, number))
            noise_2N = band_noise(frames, rng, sample_rate=sample_rate, shapes=(band(low_hz, high_hz),) * 2)
            tail_2N += noise_2N * (decaying(frames, ring_s, sample_rate=sample_rate) * np.float32(level))
    begin = round(0.012 * sample_rate)
    tail_2N[:, :begin] = 0.0
    tail_2N[:, begin : 3 * begin] *= rise(2 * begin)
    tail_2N *= 1.0 / np.sqrt(np.square(tail_2N).sum(axis=1, keepdims=True))
    tail_2N += _echoes(frames, sample_rate)
    fade = frames // 8
    tail_2N[:, -fade:] *= rise(fade)[::-1]
    size = fast_frames(frames)
    hz = np.fft.rfftfreq(size, 1.0 / sample_rate)
    power_2F = np.abs(np.fft.rfft(tail_2N, size)[:, (hz > _HEARD_HZ[0]) & (hz < _HEARD_HZ[1])]) ** 2
    response_2N = tail_2N * (_ROOM_LEVEL / np.sqrt(power_2F.mean(axis=1, keepdims=True))).astype(np.float32)
    response_2N[:, 0] += 1.0
    rumble_N = np.exp(np.arange(frames) * (-2 * np.pi * _RUMBLE_HZ / sample_rate))
    return response_2N - (response_2N.sum(axis=1, keepdims=True) * (rumble_N / rumble_N.sum())).astype(np.float32)


def _echoes(frames: int, sample_rate: int) -> Stereo:
    """The first echoes; the lowest frequencies have none, so that a bass stays in the middle."""
    size = fast_frames(frames)
    clicks_2N = np.zeros((2, size), np.float32)
    for channel, moments in enumerate(zip(*_ECHOES_S, strict=True)):
        for moment_s, height in zip(moments, _ECHO_LEVELS, strict=True):
            clicks_2N[channel, round(moment_s * sample_rate)] = height
    passed_F = band(220.0, 9000.0)(np.maximum(np.fft.rfftfreq(size, 1.0 / sample_rate), 1e-3))
    return np.fft.irfft(np.fft.rfft(clicks_2N) * passed_F, size)[:, :frames].astype(np.float32)


def put_into(response_2N: Stereo, sound_2N: Stereo) -> None:
    """Convolve a sound with a room's response, in place; what would come after its end is cut off.

    Blocks are transformed, multiplied, and added where they overlap, so that little memory is needed beside the sound.
    """
    length, frames = response_2N.shape[1], sound_2N.shape[1]
    size = fast_frames(min(_ROOM_BLOCK_FRAMES * max(1, length // 2**16), frames + length))
    hop = size - length + 1
    # With a factor numpy takes a third of the time for a transform of these sizes that it takes without one.
    response_2F = np.fft.rfft(response_2N, size, norm="forward")
    response_2F *= np.float32(size) ** 2
    carried_2N = np.zeros((2, length - 1), np.float32)
    for begin in range(0, frames, hop):
        count = min(hop, frames - begin)
        spectrum_2F = np.fft.rfft(sound_2N[:, begin : begin + count], size, norm="forward")
        spectrum_2F *= response_2F
        block_2N = np.fft.irfft(spectrum_2F, size)
        block_2N[:, : length - 1] += carried_2N
        sound_2N[:, begin : begin + count] = block_2N[:, :count]
        carried_2N = block_2N[:, count : count + length - 1].astype(np.float32)


def level(sound_2N: Stereo, *, sample_rate: int) -> tuple[float, NDArray[np.float32]]:
    """How loud to make a sound: one factor for all of it, and at the edges of its blocks the share that a limiter lets through.

    The factor brings the loud places to the ceiling, and lifts a quiet sound by `MAX_LIFT` at most. Where single peaks stand out, the
    limiter turns the sound down before they come and up again after, along straight lines between the blocks' edges.
    """
    block = _level_block(sample_rate)
    peak_B = _block_peaks(sound_2N, block)
    loudest = float(peak_B.max(initial=0.0))
    if loudest <= 0.0:
        return 1.0, np.ones(len(peak_B) + 1, np.float32)
    heard_B = peak_B[peak_B > 1e-3 * loudest]
    usual = max(float(np.quantile(heard_B, _LOUD_SHARE)), loudest * _MAX_LIMITING)
    factor = min(MAX_LIFT, CEILING / usual)
    wanted_B = np.minimum(1.0, CEILING / np.maximum(peak_B * factor, 1e-9))
    padded_B = np.pad(wanted_B, _HOLD_BLOCKS, mode="edge")
    windows_B = np.lib.stride_tricks.sliding_window_view(padded_B, 2 * _HOLD_BLOCKS + 1)
    held_B = np.pad(windows_B.min(axis=1), _HOLD_BLOCKS - 1, mode="edge")
    smooth_B = np.lib.stride_tricks.sliding_window_view(held_B, 2 * _HOLD_BLOCKS - 1).mean(axis=1)
    edge_B = np.minimum(np.append(smooth_B, smooth_B[-1]), np.append(smooth_B[0], smooth_B))
    return factor, edge_B.astype(np.float32)


def to_samples(sound_2N: Stereo, *, sample_rate: int) -> NDArray[np.int16]:
    """The sound at its level as int16 of shape (N, 2); its last moments fade out. Changes `sound_2N`."""
    block = _level_block(sample_rate)
    factor, edge_B = level(sound_2N, sample_rate=sample_rate)
    frames = sound_2N.shape[1]
    fade = min(frames, round(0.05 * sample_rate))
    sound_2N[:, frames - fade :] *= rise(fade)[::-1]
    samples_N2 = np.empty((frames, 2), np.int16)
    blocks = max(1, _QUANTISE_FRAMES // block)
    way = (np.arange(block, dtype=np.float32) / np.float32(block))[None, :]
    for first in range(0, len(edge_B) - 1, blocks):
        edges_B = edge_B[first : first + blocks + 1]
        share_N = (edges_B[:-1, None] + (edges_B[1:] - edges_B[:-1])[:, None] * way).reshape(-1)
        begin = first * block
        count = min(len(share_N), frames - begin)
        piece_2N = sound_2N[:, begin : begin + count] * (share_N[:count] * np.float32(factor * 32767.0))
        samples_N2[begin : begin + count] = np.rint(piece_2N).astype(np.int16).T
    return samples_N2


def _level_block(sample_rate: int) -> int:
    return max(1, round(_LEVEL_BLOCK_S * sample_rate))


def _block_peaks(sound_2N: Stereo, block: int) -> NDArray[np.float64]:
    """The largest sample of either channel in each block."""
    starts = np.arange(0, sound_2N.shape[1], block)
    if not len(starts):
        return np.zeros(0)
    high_2B = np.maximum.reduceat(sound_2N, starts, axis=1)
    low_2B = np.minimum.reduceat(sound_2N, starts, axis=1)
    return np.maximum(high_2B, -low_2B).max(axis=0).astype(np.float64)
