"""What each of the 128 programs of General MIDI sounds like in the built-in synthesizer: a table of parameters.

The sounds are in the order of the standard, sixteen families of eight. What the parameters mean is told in `struck.py` and
`sustained.py`; the values were chosen by their spectra and decay times beside those of the real instruments.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from lstmgen.music.sound.struck import Struck
from lstmgen.music.sound.sustained import Sustained

Voice = Struck | Sustained

_TWO_STRINGS: Final = ((-0.3, 0.85, 2.4), (0.4, 0.5, 0.9))
_GRAND: Final = Struck(
    stiffness=5e-4, slope=0.85, place=0.125, bright_hz=1500, follow=0.45, touch_octaves=3.2, ring_s=9.0, ring_octave=0.62, damping=0.2,
    strings=_TWO_STRINGS, attack_s=0.0015, knock=0.06, knock_hz=(150, 1800), knock_s=0.09, release_s=0.16, undamped_from=90, width=0.4,
)  # fmt: skip
_PIANOS: Final[tuple[Voice, ...]] = (
    _GRAND,
    replace(_GRAND, bright_hz=2600, slope=0.75),
    replace(_GRAND, bright_hz=1900, ring_s=5.5, strings=((-0.5, 0.8, 1.8), (0.5, 0.6, 0.9)), knock=0.04),
    replace(_GRAND, bright_hz=2200, strings=((-7.0, 0.8, 1.4), (7.0, 0.8, 1.4)), ring_s=6.0),
    Struck(ratios=(1, 2, 3, 4.02, 7.1, 10.9), levels=(1, 0.2, 0.06, 0.03, 0.12, 0.05), bright_hz=2600, touch_octaves=4.0, ring_s=6.0,
           damping=0.7, release_s=0.14, knock=0.02, width=0.3, gain_db=-1),
    Struck(ratios=(1, 1.003, 2, 3, 5, 13.0, 14.02, 15.1), levels=(1, 0.35, 0.25, 0.12, 0.05, 0.1, 0.16, 0.06), bright_hz=4500,
           touch_octaves=3.5, ring_s=5.5, damping=0.45, release_s=0.18, width=0.3, gain_db=-1),
    Struck(slope=0.45, place=0.16, stiffness=6e-5, bright_hz=6500, touch_octaves=0.4, ring_s=3.6, ring_octave=0.66, damping=0.09,
           attack_s=0.0007, knock=0.05, knock_hz=(1500, 7000), knock_s=0.025, release_s=0.07, width=0.3, gain_db=-4),
    Struck(slope=0.5, place=0.09, stiffness=1e-4, bright_hz=4200, touch_octaves=2.0, ring_s=2.8, damping=0.12, attack_s=0.0008,
           knock=0.05, knock_hz=(800, 5000), knock_s=0.02, release_s=0.04, width=0.15, gain_db=-3),
)  # fmt: skip

_GLOCKENSPIEL: Final = Struck(
    ratios=(1, 2.756, 5.404, 8.933), levels=(1, 0.35, 0.16, 0.06), bright_hz=7000, follow=0.3, touch_octaves=2.0, ring_s=4.5,
    ring_octave=0.75, damping=0.9, attack_s=0.0008, knock=0.04, knock_hz=(2500, 9000), knock_s=0.02, release_s=1.2, gain_db=-4,
)  # fmt: skip
_MARIMBA: Final = Struck(
    ratios=(1, 3.93, 9.24), levels=(1, 0.22, 0.07), bright_hz=2600, touch_octaves=2.5, ring_s=1.3, ring_octave=0.6, damping=1.6,
    attack_s=0.002, knock=0.08, knock_hz=(200, 1400), knock_s=0.04, release_s=0.5, width=0.35,
)  # fmt: skip
_MALLETS: Final[tuple[Voice, ...]] = (
    Struck(ratios=(1, 2.0, 3.01, 4.6, 6.2), levels=(1, 0.3, 0.12, 0.06, 0.03), bright_hz=5000, ring_s=2.4, damping=0.7, knock=0.03,
           knock_hz=(600, 3000), knock_s=0.04, release_s=0.3, gain_db=-2),
    _GLOCKENSPIEL,
    Struck(ratios=(1, 2.0, 5.3, 6.6), levels=(1, 0.12, 0.2, 0.06), bright_hz=5500, ring_s=3.2, damping=0.8, attack_s=0.001, knock=0.05,
           knock_hz=(2500, 8000), knock_s=0.012, release_s=1.0, gain_db=-3),
    Struck(ratios=(1, 3.98, 9.9), levels=(1, 0.2, 0.05), bright_hz=3200, ring_s=6.5, ring_octave=0.75, damping=1.2, attack_s=0.002,
           release_s=0.35, tremolo_hz=5.2, tremolo=0.45, width=0.35, gain_db=-1),
    _MARIMBA,
    replace(_MARIMBA, ratios=(1, 2.99, 6.1, 9.3), levels=(1, 0.4, 0.2, 0.06), bright_hz=5500, ring_s=0.8, knock=0.12,
            knock_hz=(900, 5000), knock_s=0.02, attack_s=0.0008, gain_db=-1),
    Struck(ratios=(1, 0.5, 1.5, 2.01, 2.76, 3.53, 4.4), levels=(1, 0.16, 0.3, 0.6, 0.3, 0.2, 0.12), bright_hz=3800, ring_s=7.0,
           ring_octave=0.8, damping=0.22, knock=0.05, knock_hz=(800, 4000), knock_s=0.03, release_s=0.8, gain_db=-2),
    Struck(slope=0.7, place=0.12, stiffness=1e-4, bright_hz=4200, touch_octaves=2.0, ring_s=4.0, damping=0.16, release_s=1.2,
           strings=((-2.5, 0.8, 1), (2.5, 0.8, 1)), knock=0.04, knock_hz=(900, 4500), knock_s=0.02, gain_db=-3),
)  # fmt: skip

_DRAWBARS: Final = Sustained(
    levels=(1, 0.8, 0.65, 0.3, 0, 0.2, 0, 0.16), bright_hz=6000, touch_octaves=0.2, attack_s=0.008, decay_s=0.01, sustain=0.97,
    release_s=0.05,
    lines=((0, 1, -0.4), (0, 1, 0.4)), vibrato_cents=5, vibrato_hz=6.3, vibrato_delay_s=0.0, tremolo_hz=6.3, tremolo=0.1, gain_db=-1,
)  # fmt: skip
_ACCORDION: Final = Sustained(
    slope=0.75, bright_hz=2600, touch_octaves=0.8, lines=((-7, 0.7, -0.5), (0, 1, 0), (8, 0.7, 0.5)), attack_s=0.045, sustain=0.95,
    release_s=0.08, breath=0.01, gain_db=-1,
)  # fmt: skip
_ORGANS: Final[tuple[Voice, ...]] = (
    _DRAWBARS,
    replace(_DRAWBARS, levels=(1, 0.55, 0.7, 0.25, 0, 0.3), decay_s=0.22, sustain=0.72, chiff=6, breath=0.01),
    replace(_DRAWBARS, slope=0.6, levels=(), bright_hz=2600, vibrato_cents=8, tremolo=0.2, gain_db=-2),
    Sustained(levels=(1, 0.75, 0.35, 0.5, 0.1, 0.22, 0.06, 0.3, 0, 0.08, 0, 0.12), crowd_cents=1.5, bright_hz=5000, touch_octaves=0.1,
              attack_s=0.07, sustain=0.98, release_s=0.25, breath=0.02, chiff=3, width=0.2),
    replace(_ACCORDION, lines=((-3, 1, -0.2), (3, 1, 0.2)), bright_hz=1900, attack_s=0.07),
    _ACCORDION,
    replace(_ACCORDION, lines=((0, 1, 0),), slope=0.6, vibrato_cents=9, vibrato_hz=5.8, tremolo_hz=5.8, tremolo=0.25, breath=0.03,
            formants=((1600, 7, 0.6),), attack_s=0.035),
    replace(_ACCORDION, lines=((-9, 1, -0.3), (9, 1, 0.3)), bright_hz=2200),
)  # fmt: skip

_NYLON: Final = Struck(
    slope=1.1, place=0.2, stiffness=2e-5, bright_hz=1900, touch_octaves=2.2, ring_s=3.4, ring_octave=0.66, damping=0.3, attack_s=0.0015,
    knock=0.05, knock_hz=(150, 1500), knock_s=0.05, release_s=0.14, width=0.15,
)  # fmt: skip
_STEEL: Final = replace(
    _NYLON, slope=0.8, place=0.14, stiffness=5e-5, bright_hz=3300, ring_s=5.0, damping=0.16, knock_hz=(800, 5000), knock_s=0.02
)
_DRIVEN: Final = Sustained(
    slope=0.65, bright_hz=2100, follow=0.25, touch_octaves=0.8, formants=((900, 5, 0.7), (2400, 4, 0.5)),
    lines=((-2, 0.8, -0.3), (2, 0.8, 0.3)),
    attack_s=0.006, decay_s=3.5, sustain=0.35, release_s=0.09, breath=0.015, breath_hz=2500, gain_db=-3,
)  # fmt: skip
_GUITARS: Final[tuple[Voice, ...]] = (
    _NYLON,
    _STEEL,
    replace(_NYLON, place=0.28, bright_hz=1300, ring_s=4.2, damping=0.35, knock=0.02, release_s=0.1),
    replace(_STEEL, place=0.18, bright_hz=2700, ring_s=6.0, damping=0.14, knock=0.02, strings=((-1, 0.7, 1.0), (1, 0.7, 1.1)),
            release_s=0.1),
    replace(_STEEL, ring_s=0.4, ring_octave=0.85, damping=0.5, bright_hz=1700, release_s=0.05),
    replace(_DRIVEN, bright_hz=1500, slope=0.8),
    _DRIVEN,
    Struck(levels=(1, 0.12, 0.3, 0.04, 0.08), slope=2.5, bright_hz=4000, touch_octaves=1.5, ring_s=5.0, damping=0.3, release_s=0.3,
           gain_db=-3),
)  # fmt: skip

_FINGER: Final = Struck(
    slope=1.05, place=0.22, stiffness=3e-5, bright_hz=1500, follow=0.35, touch_octaves=2.0, ring_s=2.2, ring_octave=0.72, damping=0.2,
    attack_s=0.004, knock=0.03, knock_hz=(80, 900), knock_s=0.05, release_s=0.08, width=0.0, gain_db=-1,
)  # fmt: skip
_SYNTH_BASS: Final = Sustained(
    slope=0.95, bright_hz=1300, follow=0.4, touch_octaves=2.0, lines=((-3, 0.7, -0.15), (3, 0.7, 0.15)), attack_s=0.004, decay_s=0.5,
    sustain=0.6, release_s=0.06, width=0.0, gain_db=-2,
)  # fmt: skip
_BASSES: Final[tuple[Voice, ...]] = (
    replace(_FINGER, slope=1.3, place=0.27, bright_hz=900, ring_s=1.6, attack_s=0.007, knock=0.06, knock_hz=(60, 600), release_s=0.12),
    _FINGER,
    replace(_FINGER, place=0.1, slope=0.85, bright_hz=2600, attack_s=0.002, knock=0.05, knock_hz=(600, 3500), knock_s=0.015),
    replace(_FINGER, bright_hz=1000, ring_s=3.0, attack_s=0.012, knock=0.0, damping=0.15),
    replace(_FINGER, place=0.08, slope=0.7, bright_hz=3600, attack_s=0.001, knock=0.12, knock_hz=(900, 6000), knock_s=0.03),
    replace(_FINGER, place=0.06, slope=0.65, bright_hz=4200, attack_s=0.001, knock=0.15, knock_hz=(1200, 7000), knock_s=0.025, ring_s=1.6),
    _SYNTH_BASS,
    replace(_SYNTH_BASS, even=0.25, bright_hz=900, decay_s=0.8, sustain=0.5),
)  # fmt: skip

_VIOLIN: Final = Sustained(
    slope=0.95, bright_hz=3400, touch_octaves=1.2, formants=((480, 4, 0.35), (1100, 3, 0.35), (2700, 6, 0.5)), vibrato_cents=13,
    vibrato_hz=5.7,
    attack_s=0.07, decay_s=0.2, sustain=0.88, release_s=0.16, breath=0.03, breath_hz=3500, breath_octaves=2, chiff=2, gain_db=-1,
)  # fmt: skip
_CELLO: Final = replace(
    _VIOLIN, bright_hz=2400, formants=((240, 4, 0.4), (600, 3, 0.4), (1600, 4, 0.5)), vibrato_cents=11, vibrato_hz=5.2, attack_s=0.09
)
_SECTION: Final = Sustained(
    slope=0.95, bright_hz=2400, touch_octaves=1.2, formants=((500, 3, 0.5), (2600, 4, 0.6)), crowd_cents=9, attack_s=0.12, decay_s=0.2,
    sustain=0.92, release_s=0.3, breath=0.015, breath_hz=3500, breath_octaves=2, width=0.5,
)  # fmt: skip
_STRINGS: Final[tuple[Voice, ...]] = (
    _VIOLIN,
    replace(_VIOLIN, bright_hz=2700, formants=((350, 4, 0.4), (850, 3, 0.4), (2000, 5, 0.5)), vibrato_hz=5.4),
    _CELLO,
    replace(_CELLO, bright_hz=1700, formants=((130, 3, 0.4), (400, 3, 0.5)), vibrato_cents=7, attack_s=0.11),
    replace(_SECTION, tremolo_hz=9.0, tremolo=0.6, attack_s=0.06),
    Struck(slope=1.1, place=0.15, bright_hz=1800, touch_octaves=2.0, ring_s=0.9, ring_octave=0.7, damping=0.5, attack_s=0.003,
           strings=((-4, 0.7, 1), (4, 0.7, 1)), knock=0.06, knock_hz=(150, 1500), knock_s=0.04, release_s=0.2, width=0.45),
    Struck(slope=1.15, place=0.32, bright_hz=2200, touch_octaves=2.2, ring_s=4.2, ring_octave=0.68, damping=0.25, attack_s=0.003,
           release_s=0.6, knock=0.02, width=0.45),
    Struck(ratios=(1, 1.504, 1.742, 2.0, 2.245, 2.494), levels=(1, 0.8, 0.1, 0.5, 0.18, 0.25), bright_hz=900, follow=0.3, touch_octaves=2.0,
           ring_s=1.4, ring_octave=0.75, damping=0.15, attack_s=0.004, knock=0.25, knock_hz=(40, 500), knock_s=0.09, release_s=0.4,
           width=0.1),
)  # fmt: skip

_AAHS: Final = Sustained(
    slope=1.0, bright_hz=2200, touch_octaves=0.8, formants=((730, 11, 0.28), (1120, 9, 0.25), (2500, 6, 0.3)), crowd_cents=10,
    attack_s=0.14,
    decay_s=0.2, sustain=0.93, release_s=0.28, breath=0.02, breath_hz=4000, breath_octaves=1.5, width=0.5,
)  # fmt: skip
_ENSEMBLE: Final[tuple[Voice, ...]] = (
    _SECTION,
    replace(_SECTION, attack_s=0.22, bright_hz=1800, release_s=0.45),
    replace(_SECTION, slope=0.85, crowd_cents=13, attack_s=0.15, formants=(), breath=0.0),
    replace(_SECTION, slope=1.0, crowd_cents=11, attack_s=0.3, bright_hz=1400, formants=(), breath=0.0),
    _AAHS,
    replace(_AAHS, formants=((350, 10, 0.3), (750, 5, 0.3)), bright_hz=1400, slope=1.3),
    replace(_AAHS, formants=((500, 9, 0.3), (1800, 6, 0.3)), crowd_cents=6, attack_s=0.1),
    Sustained(slope=0.6, bright_hz=3200, crowd_cents=8, lines=((0, 1, 0),), attack_s=0.012, decay_s=0.9, sustain=0.0, release_s=0.25,
              breath=0.1, breath_hz=1500, breath_octaves=3, width=0.3, gain_db=3),
)  # fmt: skip

_TRUMPET: Final = Sustained(
    slope=0.55, bright_hz=2600, follow=0.6, touch_octaves=2.4, formants=((1200, 5, 0.5),), vibrato_cents=6, vibrato_hz=5.2,
    vibrato_delay_s=0.45, attack_s=0.035, decay_s=0.12, sustain=0.86, release_s=0.08, brighten_s=0.09, breath=0.008, gain_db=-1,
)  # fmt: skip
_BRASS: Final[tuple[Voice, ...]] = (
    _TRUMPET,
    replace(_TRUMPET, bright_hz=1700, formants=((550, 5, 0.5),), attack_s=0.045, brighten_s=0.11),
    replace(_TRUMPET, bright_hz=1000, formants=((250, 4, 0.5),), attack_s=0.055, brighten_s=0.14, vibrato_cents=0, width=0.0),
    replace(_TRUMPET, slope=0.4, bright_hz=3400, formants=((1700, 9, 0.35), (3200, 6, 0.3)), gain_db=-4),
    replace(_TRUMPET, bright_hz=1150, formants=((380, 5, 0.5),), attack_s=0.06, brighten_s=0.15, vibrato_cents=0, release_s=0.13),
    replace(_TRUMPET, crowd_cents=7, vibrato_cents=0, bright_hz=2300, attack_s=0.045, brighten_s=0.11, width=0.4),
    replace(_TRUMPET, crowd_cents=9, vibrato_cents=0, formants=(), slope=0.85, bright_hz=2500, attack_s=0.03, brighten_s=0.18, breath=0,
            width=0.3),
    replace(_TRUMPET, crowd_cents=10, vibrato_cents=0, formants=(), slope=1.0, bright_hz=1700, attack_s=0.07, brighten_s=0.3, breath=0,
            width=0.3),
)  # fmt: skip

_SAX: Final = Sustained(
    slope=0.6, bright_hz=2300, follow=0.5, touch_octaves=1.8, formants=((700, 5, 0.5), (1500, 4, 0.4), (3000, 4, 0.4)), vibrato_cents=9,
    vibrato_hz=5.3, vibrato_delay_s=0.35, attack_s=0.04, decay_s=0.15, sustain=0.88, release_s=0.09, brighten_s=0.07, breath=0.025,
    breath_hz=3000, breath_octaves=2, chiff=2,
)  # fmt: skip
_OBOE: Final = replace(_SAX, slope=0.5, bright_hz=2800, formants=((1100, 9, 0.4), (2900, 6, 0.3)), breath=0.012, attack_s=0.035, gain_db=-1)
_REEDS: Final[tuple[Voice, ...]] = (
    replace(_SAX, formants=((900, 5, 0.5), (2000, 4, 0.4)), bright_hz=2600),
    _SAX,
    replace(_SAX, formants=((520, 5, 0.5), (1200, 4, 0.4), (2600, 4, 0.4)), bright_hz=1900, breath=0.035),
    replace(_SAX, formants=((320, 5, 0.5), (900, 4, 0.4)), bright_hz=1500, breath=0.035),
    _OBOE,
    replace(_OBOE, formants=((850, 8, 0.4), (2200, 5, 0.3)), bright_hz=2100),
    replace(_OBOE, formants=((470, 8, 0.4), (1150, 5, 0.3)), bright_hz=1400, vibrato_cents=5),
    replace(_SAX, slope=0.75, even=0.12, bright_hz=1900, formants=((1500, 3, 0.5),), vibrato_cents=0, breath=0.015, attack_s=0.04),
)  # fmt: skip

_FLUTE: Final = Sustained(
    levels=(1, 0.45, 0.16, 0.08, 0.03, 0.015), bright_hz=3200, touch_octaves=1.6, vibrato_cents=8, vibrato_hz=5.0, tremolo_hz=5.0,
    tremolo=0.14,
    attack_s=0.06, decay_s=0.15, sustain=0.9, release_s=0.1, breath=0.05, breath_octaves=1.6, chiff=4,
)  # fmt: skip
_PIPES: Final[tuple[Voice, ...]] = (
    replace(_FLUTE, levels=(1, 0.25, 0.08, 0.03), attack_s=0.04, gain_db=-2),
    _FLUTE,
    replace(_FLUTE, levels=(1, 0.12, 0.2, 0.03, 0.04), vibrato_cents=0, tremolo=0.05, attack_s=0.03, breath=0.03, chiff=6),
    replace(_FLUTE, levels=(1, 0.1, 0.12, 0.02), vibrato_cents=4, breath=0.16, chiff=5),
    replace(_FLUTE, levels=(1, 0.05, 0.04), vibrato_cents=0, breath=0.22, breath_octaves=1.2, chiff=4, tremolo=0.0),
    replace(_FLUTE, levels=(1, 0.5, 0.35, 0.15, 0.1), vibrato_cents=16, vibrato_hz=4.8, breath=0.18, chiff=7, attack_s=0.05),
    replace(_FLUTE, levels=(1, 0.02), vibrato_cents=10, vibrato_hz=5.5, breath=0.04, breath_octaves=0.6, chiff=1, gain_db=-3),
    replace(_FLUTE, levels=(1, 0.06, 0.1), vibrato_cents=4, breath=0.05, attack_s=0.04),
)  # fmt: skip

_SAW: Final = Sustained(
    slope=1.0, bright_hz=4500, touch_octaves=1.6, lines=((-6, 0.8, -0.5), (0, 0.8, 0), (6, 0.8, 0.5)), attack_s=0.006, decay_s=0.3,
    sustain=0.75,
    release_s=0.09, vibrato_cents=4, vibrato_delay_s=0.4, gain_db=-2,
)  # fmt: skip
_LEADS: Final[tuple[Voice, ...]] = (
    replace(_SAW, even=0.0, lines=((-3, 0.8, -0.3), (3, 0.8, 0.3)), bright_hz=4000),
    _SAW,
    replace(_FLUTE, levels=(1, 0.2, 0.12, 0.3), breath=0.08, vibrato_cents=5, attack_s=0.03),
    replace(_SAW, even=0.4, breath=0.08, chiff=9, bright_hz=2600),
    replace(_DRIVEN, bright_hz=3000, sustain=0.6, decay_s=1.2),
    replace(_AAHS, crowd_cents=5, attack_s=0.05, release_s=0.15, width=0.2),
    replace(_SAW, lines=((-4, 0.8, -0.4), (4, 0.8, 0.4), (702, 0.6, 0.0)), bright_hz=3400),
    replace(_SAW, lines=((-1200, 0.8, 0.0), (-5, 0.7, -0.4), (5, 0.7, 0.4)), bright_hz=3000),
)  # fmt: skip

_WARM: Final = Sustained(
    slope=1.1, bright_hz=1300, touch_octaves=1.0, crowd_cents=11, attack_s=0.3, decay_s=0.4, sustain=0.9, release_s=0.6, width=0.4,
)  # fmt: skip
_PADS: Final[tuple[Voice, ...]] = (
    replace(_WARM, levels=(1, 0.3, 0.1, 0.25, 0.03, 0.05, 0.02, 0.12), bright_hz=4500, attack_s=0.08, breath=0.03, breath_hz=5000),
    _WARM,
    replace(_WARM, slope=0.85, bright_hz=2600, attack_s=0.06, crowd_cents=12),
    replace(_AAHS, attack_s=0.3, release_s=0.6, bright_hz=1800),
    replace(_WARM, even=0.5, slope=0.9, bright_hz=2800, attack_s=0.4, formants=((1500, 5, 0.4),)),
    replace(_WARM, slope=0.6, bright_hz=3800, crowd_cents=6, attack_s=0.15, formants=((2300, 6, 0.4),), gain_db=-2),
    replace(_AAHS, formants=((500, 6, 0.4), (3000, 8, 0.5)), bright_hz=3200, attack_s=0.35, release_s=0.7, breath=0.04),
    replace(_WARM, slope=0.8, bright_hz=3200, attack_s=0.6, brighten_s=1.6, release_s=0.7),
)  # fmt: skip

_EFFECTS: Final[tuple[Voice, ...]] = (
    replace(_GLOCKENSPIEL, bright_hz=4000, ring_s=2.5, strings=((-5, 0.7, 1), (5, 0.7, 1)), width=0.6),
    replace(_WARM, lines=((0, 1, 0),), levels=(1, 0.35, 0.6, 0.2, 0.1, 0.2), attack_s=0.4, release_s=0.8),
    replace(_GLOCKENSPIEL, ratios=(1, 2.01, 3.98, 6.97), levels=(1, 0.4, 0.35, 0.2), ring_s=3.5, strings=((-4, 0.7, 1), (4, 0.7, 1)),
            width=0.4),
    replace(_NYLON, ring_s=4.5, strings=((-6, 0.7, 1), (6, 0.7, 1)), release_s=0.7, width=0.4),
    replace(_WARM, slope=0.65, bright_hz=5000, attack_s=0.04, release_s=0.6, gain_db=-2),
    replace(_WARM, crowd_cents=20, attack_s=0.5, breath=0.12, breath_octaves=0.6, release_s=0.9),
    replace(_WARM, levels=(1, 0.5, 0.2, 0.1), attack_s=0.05, tremolo_hz=2.5, tremolo=0.7, release_s=1.0),
    replace(_SAW, even=0.5, vibrato_cents=24, vibrato_hz=4.0, attack_s=0.12, release_s=0.6, tremolo_hz=2.7, tremolo=0.3),
)  # fmt: skip

_SITAR: Final = replace(
    _STEEL,
    slope=0.45,
    place=0.06,
    bright_hz=4200,
    ring_s=5.0,
    damping=0.1,
    strings=((-1.5, 0.8, 1), (1.5, 0.5, 0.7)),
    release_s=0.4,
    gain_db=-3,
)
_ETHNIC: Final[tuple[Voice, ...]] = (
    _SITAR,
    replace(_STEEL, slope=0.65, place=0.1, bright_hz=3600, ring_s=1.4, damping=0.2, knock=0.1, knock_hz=(300, 3000), knock_s=0.04,
            gain_db=-1),
    replace(_STEEL, slope=0.6, place=0.07, bright_hz=3200, ring_s=1.1, damping=0.25, knock=0.14, knock_hz=(400, 4000), knock_s=0.03,
            gain_db=-1),
    replace(_STEEL, place=0.1, bright_hz=3000, ring_s=3.4, damping=0.22, release_s=0.5),
    Struck(ratios=(1, 2.0, 5.8, 6.3), levels=(1, 0.08, 0.2, 0.1), bright_hz=3200, ring_s=1.6, damping=1.2, attack_s=0.0015, knock=0.06,
           knock_hz=(300, 2500), knock_s=0.03, release_s=0.4),
    Sustained(slope=0.35, bright_hz=3000, touch_octaves=0.2, formants=((1100, 6, 0.5),), lines=((-2, 0.8, -0.2), (2, 0.8, 0.2)),
              attack_s=0.03,
              sustain=0.97, release_s=0.06, gain_db=-3),
    replace(_VIOLIN, attack_s=0.035, bright_hz=3900, vibrato_cents=7, chiff=4),
    replace(_OBOE, slope=0.35, bright_hz=3600, vibrato_cents=14, gain_db=-3),
)  # fmt: skip

_PERCUSSIVE: Final[tuple[Voice, ...]] = (
    replace(_GLOCKENSPIEL, ring_s=2.2, bright_hz=9000),
    Struck(ratios=(1, 2.57, 4.1), levels=(1, 0.6, 0.3), bright_hz=4500, ring_s=0.7, damping=0.3, attack_s=0.0008, release_s=0.5,
           gain_db=-2),
    Struck(ratios=(1, 2.0, 3.0, 4.05, 5.2), levels=(1, 0.7, 0.35, 0.2, 0.1), bright_hz=2800, ring_s=2.0, damping=0.35, attack_s=0.006,
           strings=((-3, 0.7, 1), (3, 0.7, 1)), knock=0.05, knock_hz=(400, 2500), release_s=0.5),
    Struck(ratios=(1, 2.42, 4.1), levels=(1, 0.35, 0.1), bright_hz=3500, ring_s=0.18, ring_octave=0.8, damping=0.8, attack_s=0.0006,
           knock=0.2,
           knock_hz=(800, 4500), knock_s=0.02, release_s=0.2),
    Struck(ratios=(1, 1.59, 2.14, 2.65), levels=(1, 0.4, 0.2, 0.1), bright_hz=700, ring_s=0.7, ring_octave=0.75, damping=0.6,
           attack_s=0.003,
           knock=0.35, knock_hz=(50, 900), knock_s=0.08, release_s=0.5, width=0.1, gain_db=2),
    Struck(ratios=(1, 1.59, 2.14), levels=(1, 0.35, 0.15), bright_hz=1200, ring_s=0.55, ring_octave=0.75, damping=0.6, attack_s=0.002,
           knock=0.25, knock_hz=(150, 2500), knock_s=0.05, release_s=0.4, width=0.3, gain_db=1),
    Struck(ratios=(1, 1.5), levels=(1, 0.1), bright_hz=1500, ring_s=0.6, ring_octave=0.75, damping=0.6, attack_s=0.002, knock=0.2,
           knock_hz=(500, 5000), knock_s=0.03, release_s=0.4, gain_db=1),
    Sustained(tone_share=0.0, breath=1.0, breath_hz=7000, breath_octaves=2.0, attack_s=1.6, decay_s=0.1, sustain=0.0, release_s=0.05,
              width=0.2),
)  # fmt: skip

_NOISE: Final = Sustained(
    tone_share=0.0, breath=1.0, breath_octaves=1.5, attack_s=0.01, decay_s=0.1, sustain=0.9, release_s=0.12, gain_db=-4
)
_SOUNDS: Final[tuple[Voice, ...]] = (
    replace(_NOISE, breath_hz=2600, attack_s=0.02, decay_s=0.16, sustain=0.0),
    replace(_NOISE, breath_hz=1800, attack_s=0.15, decay_s=0.5, sustain=0.0, release_s=0.2),
    replace(_NOISE, breath_hz=900, breath_octaves=3.5, attack_s=1.2, tremolo_hz=0.6, tremolo=0.75, release_s=1.0),
    replace(_FLUTE, levels=(1, 0.04), vibrato_cents=280, vibrato_hz=9.0, vibrato_delay_s=0.0, tremolo_hz=9.0, tremolo=0.9, breath=0.02,
            gain_db=-4),
    replace(_FLUTE, levels=(1, 0.3, 0.1, 0.1), vibrato_cents=0, tremolo_hz=20.0, tremolo=0.95, breath=0.0, gain_db=-3),
    replace(_NOISE, breath_hz=220, breath_octaves=3.0, tremolo_hz=11.0, tremolo=0.9, attack_s=0.2, release_s=0.4, gain_db=0),
    replace(_NOISE, breath_hz=1800, breath_octaves=2.5, tremolo_hz=17.0, tremolo=0.35, attack_s=0.4, release_s=0.9),
    replace(_NOISE, breath_hz=700, breath_octaves=4.0, attack_s=0.002, decay_s=0.7, sustain=0.0, release_s=0.5, gain_db=4),
)  # fmt: skip

PROGRAMS: Final[tuple[Voice, ...]] = (
    *_PIANOS, *_MALLETS, *_ORGANS, *_GUITARS, *_BASSES, *_STRINGS, *_ENSEMBLE, *_BRASS,
    *_REEDS, *_PIPES, *_LEADS, *_PADS, *_EFFECTS, *_ETHNIC, *_PERCUSSIVE, *_SOUNDS,
)  # fmt: skip
"""Index is the program, counted from 0."""
