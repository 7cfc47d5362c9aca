"""Rectangles, words and colours, whatever they are drawn for."""

import itertools

import numpy as np
import pytest

from lstmgen.drawing.png import paint
from lstmgen.drawing.shapes import Box, Label, Picture
from lstmgen.drawing.theme import DARK, LIGHT, rgb
from lstmgen.drawing.typeface import font, shown, text_width


def grey(*shapes, width=20, height=12):
    """The pixels of white shapes on black, 0 to 255."""
    picture = Picture(width=width, height=height, background="#000000", shapes=shapes, title="", description="")
    return np.asarray(paint(picture))[:, :, 0].astype(int)


def test_a_rectangle_covers_exactly_its_area():
    painted = grey(Box(2.25, 3.5, 10.5, 4.25, "#ffffff")) / 255
    assert painted.sum() == pytest.approx(10.5 * 4.25, rel=0.01)
    assert painted[5, 2] == pytest.approx(0.75, abs=0.01)
    assert painted[3, 5] == pytest.approx(0.5, abs=0.01)
    assert painted[4:7, 3:12].min() == 1
    assert painted[:3].max() == painted[8:].max() == 0


def test_round_corners_take_away_what_a_circle_leaves_free():
    painted = grey(Box(2, 2, 8, 8, "#ffffff", radius=4)) / 255
    assert painted.sum() == pytest.approx(np.pi * 16, rel=0.03)
    assert np.array_equal(painted[2:10, 2:10], painted[2:10, 2:10].T)


def test_what_lies_beyond_the_page_is_cut_off():
    painted = grey(Box(-5, -5, 8, 8, "#ffffff"), Box(18, 10, 50, 50, "#ffffff"), Label(15, 4, "WWW", 12, "#ffffff"))
    assert painted[:3, :3].min() == painted[10:, 18:].min() == 255


def test_text_is_drawn_where_its_anchor_says_and_as_wide_as_it_was_measured():
    width = text_width("Melody", 30)
    for anchor, left in (("start", 100), ("end", 100 - width), ("middle", 100 - width / 2)):
        painted = grey(Label(100, 40, "Melody", 30, "#ffffff", anchor), width=220, height=60)
        columns, rows = np.flatnonzero(painted.max(axis=0)), np.flatnonzero(painted.max(axis=1))
        assert columns[0] == pytest.approx(left, abs=3)
        assert columns[-1] == pytest.approx(left + width, abs=3)
        assert rows[0] == pytest.approx(40 - 0.735 * 30, abs=3)


def test_bold_text_covers_more_than_plain_text():
    plain, bold = (grey(Label(5, 30, "Bass 16", 24, "#ffffff", bold=bold), width=150, height=40).sum() for bold in (False, True))
    assert bold > 1.2 * plain


def test_every_printable_character_of_ascii_has_a_glyph_of_its_own():
    glyphs = [bytes(font(20).getmask(character)) for character in (*map(chr, range(33, 127)), "\u65e5")]
    assert len(set(glyphs)) == len(glyphs)


def test_what_the_typeface_lacks_is_drawn_without_accents_or_as_a_box():
    assert shown("\u00dcber \u0141\u00f3d\u017a e\u0301 \u2013 B\u266d stra\u00dfe") == "Uber Lodz e - Bb strasse"
    kept = "plain \u201cASCII\u201d \u00b7 \u65e5"
    assert shown(kept) == kept
    assert grey(Label(2, 30, "\u65e5", 24, "#ffffff"), width=30, height=40).any()


EYES = {
    "usual": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
"""What eyes make of linear RGB: Machado, Oliveira and Fernandes 2009, severity 1."""


def seen(colour, eyes):
    """A colour in CIELAB, as these eyes see it."""
    share = np.array(rgb(colour)) / 255
    linear = np.clip(np.array(eyes) @ np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4), 0, 1)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ linear / [0.9505, 1, 1.089]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_colours_of_tracks_stay_apart_for_all_eyes(theme, eyes):
    colours = [seen(colour, EYES[eyes]) for colour in theme.tracks]
    assert min(np.linalg.norm(one - other) for one, other in itertools.combinations(colours, 2)) > 15
    assert min(np.linalg.norm(one - other) for one, other in itertools.combinations(colours[:4], 2)) > 19
    assert min(np.linalg.norm(colour - seen(theme.panel, EYES[eyes])) for colour in colours) > 25
