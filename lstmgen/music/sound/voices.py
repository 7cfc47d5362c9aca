"""What each of the 128 programs of General MIDI sounds like in the built-in synthesizer: families, and in what their members differ.

The sounds are in the order of the standard. What the parameters mean is told in `struck.py` and `sustained.py`; the values were chosen by
their spectra and decay times beside those of the real instruments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from lstmgen.music.sound.struck import Struck
from lstmgen.music.sound.sustained import Sustained

Voice = Struck | Sustained


def _like(voice: Voice, **columns: Sequence[Any]) -> tuple[Voice, ...]:
    """Instruments like another one; each column has one parameter of all of them."""
    return tuple(replace(voice, **dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True))


_GRAND: Final = Struck(
    gain_db=-2.5,
    slope=0.5,
    place=0.125,
    bright_hz=2900,
    ring_s=9.0,
    damping=0.16,
    apart_cents=0.4,
    click=0.08,
    release_s=0.16,
    undamped_from=90,
    width=0.4,
)
_TINE: Final = Struck(
    ratios=(1, 1.003, 2, 3, 5, 13, 14, 15), levels=(1, 0.35, 0.3, 0.2, 0.08, 0.16, 0.25, 0.1), damping=0.35, knock=0.02, gain_db=-3
)
_HARPSICHORD: Final = Struck(slope=0.3, click=0.12, damping=0.09, attack_s=0.0007, release_s=0.06, gain_db=-4)
_CELESTA: Final = Struck(
    ratios=(1, 2.0, 3.01, 4.6, 6.2),
    levels=(1, 0.6, 0.5, 0.45, 0.3),
    bright_hz=7000,
    ring_s=2.4,
    damping=0.5,
    click=0.5,
    release_s=0.3,
    gain_db=-2,
)
_CHIME: Final = Struck(
    ratios=(1, 2.756, 5.404, 8.933),
    levels=(1, 1.1, 0.9, 0.5),
    bright_hz=9000,
    damping=0.7,
    click=0.4,
    attack_s=0.0008,
    release_s=1.2,
    gain_db=-4,
)
_GLOCKENSPIEL: Final = replace(  # thick bars: their partials lie closer than those of thin ones, and what twists them sounds too
    _CHIME,
    ratios=(1, 2.75, 5.3, 6.93, 8.57, 11.2, 12.6, 15.3),
    levels=(0.7, 0.6, 1, 0.22, 0.9, 0.45, 0.35, 0.25),
    bright_hz=8000,
    damping=0.35,
)
_MARIMBA: Final = Struck(ratios=(1, 3.93, 9.24), levels=(1, 0.5, 0.3), damping=1.0, knock=0.35, click=0.5, release_s=0.5, width=0.35)
_BELL: Final = Struck(
    ratios=(1, 0.5, 1.5, 2.01, 2.76, 3.53, 4.4),
    levels=(1, 0.16, 0.35, 0.7, 0.45, 0.35, 0.25),
    bright_hz=5500,
    click=0.08,
    release_s=0.8,
    gain_db=-2,
)
_ORGAN: Final = Sustained(
    levels=(1, 0.85, 0.75, 0.5, 0.08, 0.45, 0.04, 0.35, 0.02, 0.1, 0, 0.15),
    sway_hz=6.3,
    vibrato_cents=5,
    attack_s=0.008,
    release_s=0.05,
    click=0.5,
    gain_db=-1,
)
_PIPE_ORGAN: Final = Sustained(
    levels=(1, 0.8, 0.5, 0.65, 0.2, 0.4, 0.12, 0.5, 0.06, 0.15, 0.05, 0.3, 0.04, 0.04, 0.04, 0.22),
    crowd_cents=1.5,
    bright_hz=7500,
    attack_s=0.06,
    release_s=0.25,
    breath=0.03,
    chiff=4,
)
_ACCORDION: Final = Sustained(slope=0.55, bright_hz=3000, attack_s=0.045, sustain=0.95, release_s=0.08, breath=0.015, gain_db=-1)
_NYLON: Final = Struck(gain_db=-3, slope=0.95, place=0.2, bright_hz=2300, click=0.05, damping=0.3, width=0.15)
_STEEL: Final = Struck(gain_db=-4, slope=0.6, place=0.14, bright_hz=4000, click=0.08, damping=0.16, width=0.15)
_DRIVEN: Final = Sustained(
    slope=0.65, formants=((0.43, 5), (1.14, 4)), lines=(-2, 2), attack_s=0.006, breath=0.015, breath_hz=2500, gain_db=-3
)
_BASS: Final = Struck(slope=0.9, place=0.2, damping=0.2, release_s=0.08, width=0.0, gain_db=0.5)
_SYNTH_BASS: Final = Sustained(
    slope=0.95, bright_hz=1400, lines=(-3, 3), attack_s=0.004, decay_s=0.5, sustain=0.6, release_s=0.06, width=0.0, gain_db=-2
)
_VIOLIN: Final = Sustained(
    slope=0.85, formants=((0.13, 4), (0.31, 3), (0.78, 6)), vibrato_cents=12, release_s=0.16, breath=0.03, breath_hz=3500, gain_db=-1
)
_SECTION: Final = Sustained(
    gain_db=-1, slope=0.85, formants=((0.2, 3), (1.1, 4)), crowd_cents=9, sway_hz=9, release_s=0.3, breath=0.015, breath_hz=3500, width=0.5
)
_CHOIR: Final = Sustained(gain_db=-2,
    bright_hz=2900, formants=((0.25, 11), (0.39, 9), (0.86, 9), (1.15, 9)), crowd_cents=10, attack_s=0.14, release_s=0.28, breath=0.035,
    breath_hz=5000, width=0.5,
)  # fmt: skip
_DRUM: Final = Struck(ratios=(1, 1.59, 2.14), levels=(1, 0.35, 0.15), damping=0.6, attack_s=0.003, knock=0.25, release_s=0.4, gain_db=1)
_BRASS: Final = Sustained(
    slope=0.45, formants=((0.4, 5),), sway_hz=5.2, vibrato_cents=6, attack_s=0.045, release_s=0.08, brighten_s=0.11, breath=0.008
)
_SAX: Final = Sustained(
    slope=0.5, formants=((0.3, 5), (0.67, 4), (1.3, 4)), vibrato_cents=9, brighten_s=0.07, breath=0.025, breath_hz=3000, chiff=2
)
_OBOE: Final = replace(_SAX, slope=0.5, formants=((0.39, 9), (1.04, 6)), breath=0.012, gain_db=-1)
_FLUTE: Final = Sustained(
    gain_db=1,
    levels=(1, 0.85, 0.6, 0.32, 0.2, 0.13, 0.09, 0.06, 0.04),
    bright_hz=4000,
    sway_hz=5.0,
    vibrato_cents=8,
    tremolo=0.14,
    breath=0.07,
    chiff=4,
)
_SAW: Final = Sustained(lines=(-6, 0, 6), attack_s=0.006, decay_s=0.3, sustain=0.75, vibrato_cents=4, gain_db=-2)
_PAD: Final = Sustained(crowd_cents=11, sway_hz=2.5, attack_s=0.3, decay_s=0.4, release_s=0.6, width=0.4)
_NOISE: Final = Sustained(levels=(0,), breath=1.0, gain_db=-4)

PROGRAMS: Final[tuple[Voice, ...]] = (
    # Pianos
    *_like(_GRAND, bright_hz=(2900, 4200, 3200, 3600), ring_s=(9.0, 8.0, 5.5, 6.0), apart_cents=(0.4, 0.4, 0.5, 7)),
    *_like(_TINE, bright_hz=(2400, 5000)),
    *_like(_HARPSICHORD, bright_hz=(6500, 4200), place=(0.16, 0.09), ring_s=(3.6, 2.8)),
    # Mallets
    _CELESTA,
    *_like(_GLOCKENSPIEL, ring_s=(4.5,)),
    *_like(_CHIME, ring_s=(3.2,)),
    *_like(_MARIMBA, bright_hz=(5000, 3800, 7500), ring_s=(6.5, 1.3, 0.8), apart_cents=(8, 0, 0), gain_db=(-2, 0, 0)),
    *_like(_BELL, ring_s=(7.0,)),
    *_like(_STEEL, ring_s=(4.0,), apart_cents=(2.5,), release_s=(1.2,), gain_db=(-3,)),
    # Organs
    *_like(_ORGAN, bright_hz=(8000, 5500, 11000), sustain=(0.97, 0.72, 0.95), tremolo=(0.1, 0.1, 0.2)),
    _PIPE_ORGAN,
    *_like(_ACCORDION, lines=((-3, 3), (-7, 0, 8), (0,), (-9, 9)), formants=((), (), ((0.7, 7),), ()), tremolo=(0, 0, 0.25, 0)),
    # Guitars
    *_like(_NYLON, ring_s=(3.4,)),
    _STEEL,
    *_like(_NYLON, bright_hz=(1300,), ring_s=(4.2,)),
    *_like(_STEEL, bright_hz=(3800, 2300), ring_s=(6.0, 0.4), gain_db=(-5, 3)),
    *_like(_DRIVEN, bright_hz=(1500, 2100), decay_s=(3.5, 3.5), sustain=(0.35, 0.35)),
    *_like(_CELESTA, ring_s=(5.0,)),
    # Basses
    *_like(
        _BASS,
        bright_hz=(1200, 2300, 3400, 1500, 4500, 5000),
        place=(0.27, 0.22, 0.1, 0.22, 0.08, 0.06),
        ring_s=(1.6, 2.2, 2.2, 3.0, 2.2, 1.6),
        attack_s=(0.007, 0.004, 0.002, 0.012, 0.001, 0.001),
        knock=(0.05, 0.03, 0.05, 0.0, 0.12, 0.15),
    ),
    *_like(_SYNTH_BASS, even=(1, 0.25)),
    # Strings
    *_like(_VIOLIN, bright_hz=(3400, 2700, 2200, 1600), attack_s=(0.07, 0.07, 0.09, 0.11)),
    *_like(_SECTION, tremolo=(0.6,), attack_s=(0.06,)),
    *_like(_NYLON, ring_s=(0.85, 4.2), apart_cents=(4, 0), release_s=(0.2, 0.6), gain_db=(1, -4)),
    *_like(_DRUM, ratios=((1, 1.504, 1.742),), bright_hz=(900,), ring_s=(1.4,), gain_db=(3,)),
    # Ensembles
    *_like(_SECTION, attack_s=(0.12, 0.22, 0.15, 0.3), bright_hz=(2400, 1800, 2600, 1400)),
    *_like(_CHOIR, bright_hz=(2900, 1500, 2300), crowd_cents=(10, 10, 6)),
    *_like(_SECTION, slope=(0.6,), bright_hz=(3200,), attack_s=(0.012,), decay_s=(0.9,), sustain=(0,), crowd_cents=(5,), gain_db=(3,)),
    # Brass
    *_like(
        _BRASS,
        bright_hz=(3400, 2000, 1200, 4500, 1400, 2900, 2200, 1400),
        crowd_cents=(0, 0, 0, 0, 0, 7, 9, 10),
        gain_db=(-1, -1, -1, -4, -1, -1, -1, -1),
    ),
    # Reeds
    *_like(_SAX, bright_hz=(2700, 2300, 1800, 1300)),
    *_like(_OBOE, bright_hz=(2800, 2100, 1300, 1600), vibrato_cents=(9, 9, 5, 0), even=(1, 1, 1, 0.12)),
    # Pipes
    *_like(
        _FLUTE,
        levels=(
            (1, 0.4, 0.2, 0.08),
            _FLUTE.levels,
            (1, 0.2, 0.3, 0.08, 0.1),
            (1, 0.15, 0.2, 0.05),
            (1, 0.05),
            (1, 0.5, 0.35, 0.15),
            (1, 0.02),
            (1, 0.06),
        ),
        vibrato_cents=(8, 8, 0, 4, 0, 16, 10, 4),
        breath=(0.07, 0.07, 0.04, 0.16, 0.22, 0.18, 0.04, 0.05),
        gain_db=(0, 1, 1.5, 1, 1, 1, 1, 2),
    ),
    # Leads
    *_like(_SAW, bright_hz=(4000, 4500), even=(0, 1), lines=((-3, 3), (-6, 0, 6))),
    *_like(_FLUTE, levels=((1, 0.2, 0.12, 0.3),)),
    *_like(_SAW, even=(0.4,), breath=(0.08,)),
    *_like(_DRIVEN, bright_hz=(3000,), decay_s=(1.2,), sustain=(0.6,)),
    *_like(_CHOIR, attack_s=(0.05,)),
    *_like(_SAW, bright_hz=(3400, 3000), lines=((-4, 4, 702), (-1200, -5, 5))),
    # Pads
    *_like(_PAD, slope=(1.3, 1.1, 0.85), bright_hz=(4500, 1300, 2600), attack_s=(0.08, 0.3, 0.06)),
    *_like(_CHOIR, attack_s=(0.3,), release_s=(0.6,)),
    *_like(_PAD, slope=(0.9, 0.6), bright_hz=(2800, 4500), attack_s=(0.4, 0.15), even=(0.5, 1), gain_db=(0, -2)),
    *_like(_CHOIR, bright_hz=(3600,), attack_s=(0.35,), release_s=(0.7,)),
    *_like(_PAD, slope=(0.8,), bright_hz=(3200,), attack_s=(0.6,), brighten_s=(1.6,)),
    # Effects
    *_like(_CHIME, ring_s=(2.5,), apart_cents=(5,)),
    *_like(_PAD, levels=((1, 0.35, 0.6, 0.2, 0.1, 0.2),), attack_s=(0.4,)),
    *_like(_CHIME, ring_s=(3.5,), apart_cents=(4,)),
    *_like(_NYLON, ring_s=(4.5,), apart_cents=(6,), release_s=(0.7,)),
    *_like(_PAD, slope=(0.65,), bright_hz=(5000,), attack_s=(0.04,), gain_db=(-2,)),
    *_like(_PAD, bright_hz=(1300, 2000), attack_s=(0.5, 0.05), breath=(0.12, 0), tremolo=(0, 0.7), release_s=(0.9, 1.0)),
    *_like(_SAW, even=(0.5,), vibrato_cents=(24,), attack_s=(0.12,), release_s=(0.6,)),
    # From all over the world
    *_like(_STEEL, slope=(0.3, 0.6, 0.5, 0.8), ring_s=(5.0, 1.4, 1.1, 3.4), release_s=(0.4, 0.1, 0.1, 0.5), gain_db=(-5, -2, -1, -4)),
    *_like(_MARIMBA, ratios=((1, 5.8, 6.3),), ring_s=(1.6,)),
    *_like(_ACCORDION, slope=(0.35,), formants=(((0.5, 6),),), lines=((-2, 2),), gain_db=(-3,)),
    *_like(_VIOLIN, bright_hz=(3900,)),
    *_like(_OBOE, bright_hz=(3600,), gain_db=(-3,)),
    # Percussion
    *_like(_CHIME, ring_s=(2.2,)),
    *_like(_BELL, ring_s=(0.7,)),
    *_like(_CELESTA, ring_s=(2.8,), apart_cents=(3,)),
    *_like(_DRUM, ratios=((1, 2.42, 4.1),), bright_hz=(3500,), ring_s=(0.18,), gain_db=(4,)),
    *_like(_DRUM, bright_hz=(700, 1200, 1500), ring_s=(0.7, 0.55, 0.6)),
    *_like(_NOISE, breath_hz=(7000,), attack_s=(1.6,), sustain=(0,), gain_db=(0,)),
    # Noises
    *_like(_NOISE, breath_hz=(2600, 1800), attack_s=(0.02, 0.15), decay_s=(0.16, 0.5), sustain=(0, 0)),
    *_like(_NOISE, breath_hz=(1300,), sway_hz=(0.6,), tremolo=(0.75,), attack_s=(1.2,), release_s=(1.0,)),
    *_like(_FLUTE, sway_hz=(9, 20), vibrato_cents=(280, 0), tremolo=(0.9, 0.95), gain_db=(-4, -3)),
    *_like(_NOISE, breath_hz=(250,), sway_hz=(11,), tremolo=(0.9,), attack_s=(0.2,), release_s=(0.4,), gain_db=(0,)),
    *_like(_NOISE, breath_hz=(1800,), sway_hz=(17,), tremolo=(0.35,), attack_s=(0.4,), release_s=(0.9,)),
    *_like(_NOISE, breath_hz=(1000,), attack_s=(0.002,), decay_s=(0.7,), sustain=(0,), release_s=(0.5,), gain_db=(4,)),
)
"""Index is the program, counted from 0."""
