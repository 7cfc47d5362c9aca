"""Piano rolls as PNG and SVG."""

import io
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image, ImageFont

from lstmgen import limits
from lstmgen.drawing.png import to_png
from lstmgen.drawing.shapes import Box, Label
from lstmgen.drawing.svg import to_svg
from lstmgen.drawing.theme import DARK, LIGHT, SHADES, rgb, shades
from lstmgen.drawing.typeface import font
from lstmgen.errors import MachineError, UsageError
from lstmgen.music.roll import lay_out
from lstmgen.music.score import Key, Meter, Notes, Pedal, Score, Track

SVG = "{http://www.w3.org/2000/svg}"
EVIL = "A<&>\"']]>\x00\x1b[2J\u202e\ud800\ufffe\u65e5"


def draw_png(score, **look):
    return to_png(lay_out(score, **look))


def draw_svg(score, **look):
    return to_svg(lay_out(score, **look))


def chorale(bars=4, tracks=3):
    count = 4 * bars
    beats = np.arange(count) * 480
    parts = [Notes.of(beats, beats + 480, 72 - 9 * track + np.arange(count) % 5, track=track) for track in range(tracks)]
    return Score.of(Notes.joined(parts))


def pixels_of(png):
    with Image.open(io.BytesIO(png)) as image:
        assert (image.format, image.mode) == ("PNG", "RGB")
        return np.asarray(image)


def boxes(picture, fill):
    return [shape for shape in picture.shapes if isinstance(shape, Box) and shape.fill == fill]


def texts(picture):
    return [shape.text for shape in picture.shapes if isinstance(shape, Label)]


def loudest(theme, place=0):
    return shades(theme.tracks[place], theme.panel)[-1]


def test_without_freetype_a_png_is_refused_with_a_way_out_and_an_svg_is_drawn(monkeypatch):
    def missing(_):
        raise ImportError("The _imagingft C module is not installed")

    font.cache_clear()
    monkeypatch.setattr(ImageFont, "load_default", missing)
    with pytest.raises(MachineError, match="FreeType") as caught:
        draw_png(chorale())
    assert "svg" in caught.value.remedy
    assert "</svg>" in draw_svg(chorale(), title="x" * 300)


def test_the_same_score_gives_the_same_picture():
    assert draw_png(chorale(), title="x") == draw_png(chorale(), title="x")
    assert draw_svg(chorale(), title="x") == draw_svg(chorale(), title="x")


@pytest.mark.parametrize("dark", [False, True])
def test_png_and_svg_have_the_same_size_and_ground(dark):
    png, svg = pixels_of(draw_png(chorale(), dark=dark, width=700)), ET.fromstring(draw_svg(chorale(), dark=dark, width=700))
    assert (int(svg.get("width")), int(svg.get("height"))) == (png.shape[1], png.shape[0])
    theme = DARK if dark else LIGHT
    assert tuple(png[0, 0]) == rgb(theme.page)
    assert svg.find(f"{SVG}rect").get("fill") == theme.page


def test_every_note_is_one_rectangle_at_its_time_and_pitch():
    score = chorale(bars=2, tracks=1)
    found = boxes(lay_out(score), loudest(LIGHT))[1:]  # the first is the dot of the legend
    assert len(found) == len(score.notes)
    x = np.array([box.x for box in found])
    y = np.array([box.y for box in found])
    assert np.allclose(np.diff(x), np.diff(x)[0])
    steps = np.diff(score.notes.pitch.astype(int))
    assert np.allclose(np.diff(y) / steps, (np.diff(y) / steps)[0])
    assert (np.diff(y) / steps)[0] < 0, "higher notes stand higher"


def test_a_note_that_reaches_into_the_next_row_of_bars_is_drawn_in_both():
    picks = np.arange(400) * 240
    score = Score.of(Notes.joined([Notes.of(picks, picks + 100, 60), Notes.of([0], [400 * 240], [72], track=1)]))
    picture = lay_out(score, dark=True)
    rows = len(boxes(picture, DARK.white_key))
    assert rows > 1
    assert len(boxes(picture, loudest(DARK, 1))) == rows + 1


def test_louder_notes_are_nearer_to_the_full_colour_of_their_track():
    score = Score.of(Notes.of(np.arange(4) * 480, np.arange(4) * 480 + 400, 60, velocity=[20, 60, 90, 120]))
    fills = [shape.fill for shape in lay_out(score).shapes if isinstance(shape, Box)]
    steps = shades(LIGHT.tracks[0], LIGHT.panel)
    order = [steps.index(fill) for fill in fills if fill in steps][1:]
    assert order == sorted(order)
    assert len(set(order)) == 4
    assert order[-1] == SHADES - 1


def test_notes_that_begin_together_on_one_pitch_share_its_row():
    score = Score.of(Notes.of([0, 0], [480, 480], [60, 60], track=[0, 1]))
    picture = lay_out(score)
    first, second = (boxes(picture, loudest(LIGHT, place))[-1] for place in (0, 1))
    assert first.height == second.height
    assert first.y + first.height == pytest.approx(second.y)
    assert first.x == second.x


def test_what_the_pedal_holds_is_drawn_faintly_behind():
    notes = Notes.of([0], [240], [60])
    dry = Score.of(notes, length_ticks=1920)
    wet = Score.of(notes, pedals=[Pedal(0, 0, True), Pedal(960, 0, False)], length_ticks=1920)
    extra = [shape for shape in lay_out(wet).shapes if shape not in lay_out(dry).shapes]
    assert len(extra) == 1
    key = boxes(lay_out(wet), loudest(LIGHT))[-1]
    assert extra[0].x == key.x
    assert extra[0].width == pytest.approx(4 * key.width, rel=0.02)


def test_the_head_says_what_one_would_ask():
    score = Score.of(chorale().notes, tempos=[(0, 600_000), (480, 750_000)], meters=[Meter(0, 3, 4)], keys=[Key(0, -3, True)])
    facts = texts(lay_out(score, title="Evening song"))
    assert facts[0] == "Evening song"
    for fact in ("3/4", "80\u2013100 bpm", "C minor", "6 bars", "48 notes", "0:12"):
        assert fact in facts[1]


def test_the_legend_names_tracks_and_tells_those_of_one_instrument_apart():
    notes = chorale(tracks=2).notes
    assert {"Acoustic Grand Piano 1", "Acoustic Grand Piano 2"} <= set(texts(lay_out(Score.of(notes))))
    named = texts(lay_out(Score.of(notes.changed(program=notes.track * 40), tracks=[Track("Right"), Track("Left")])))
    assert {"Right", "Acoustic Grand Piano", "Left", "Violin"} <= set(named)


def test_tracks_of_one_program_have_a_colour_each_in_notes_and_legend():
    picture = lay_out(chorale(tracks=4))
    for place in range(4):
        assert len(boxes(picture, loudest(LIGHT, place))) == 16 + 1, "its notes, and its dot in the legend"


def test_drums_have_a_lane_with_names_and_no_keyboard_where_there_is_nothing_else():
    drums = Notes.of([0, 480, 960], [10, 490, 970], [36, 38, 42], drum=True)
    alone = lay_out(Score.of(drums), dark=True)
    assert {"Kick", "Snare", "Closed hat", "Drums"} <= set(texts(alone))
    assert not boxes(alone, DARK.white_key)
    both = lay_out(Score.of(Notes.joined([drums, Notes.of([0], [100], [60])])), dark=True)
    assert len(boxes(both, DARK.white_key)) == 1
    lane = max(shape.y for shape in both.shapes if isinstance(shape, Label) and shape.text == "Closed hat")
    assert lane > max(box.y for box in boxes(both, DARK.white_key))


def test_changes_of_meter_are_named_at_their_bars():
    score = Score.of(chorale(bars=8).notes, meters=[Meter(0, 4, 4), Meter(4 * 1920, 3, 4)])
    picture = lay_out(score)
    change = next(shape for shape in picture.shapes if isinstance(shape, Label) and shape.text == "3/4")
    number = next(shape for shape in picture.shapes if isinstance(shape, Label) and shape.text == "5")
    assert change.y == number.y
    assert change.x > number.x


@pytest.mark.parametrize("bars", [1, 3, 16, 40, 150, 700])
def test_no_picture_is_out_of_proportion(bars):
    picture = lay_out(chorale(bars=bars), title="x")
    assert picture.height <= 2.2 * picture.width
    assert picture.height >= 0.2 * picture.width
    page = [shape for shape in picture.shapes if isinstance(shape, Box)]
    assert max(box.x + box.width for box in page) <= picture.width
    assert max(box.y + box.height for box in page) <= picture.height


def test_a_silent_bar_at_the_end_of_a_file_is_not_drawn():
    score = chorale(bars=4).changed(length_ticks=4 * 1920 + 1)
    assert "4 bars" in texts(lay_out(score))[0]


@pytest.mark.parametrize(
    "score",
    [
        Score.of(Notes.empty()),
        Score.of(Notes.empty(), length_ticks=1920),
        Score.of(Notes.of([0], [1], [0])),
        Score.of(Notes.of([0], [480], [127])),
        Score.of(Notes.of([0, 0], [480, 480], [0, 127])),
        Score.of(Notes.of([0, 2**31 - 9], [10, 2**31 - 2], [60, 61])),
        Score.of(Notes.of([0, 2**31 - 9], [10, 2**31 - 2], [60, 61]), ticks_per_beat=1, meters=[Meter(0, 1, 64)]),
        Score.of(Notes.of([0], [10**6], [60]), meters=[Meter(0, 255, 1)]),
        Score.of(Notes.of(np.arange(128) * 9, np.arange(128) * 9 + 2, np.arange(128), drum=True)),
        Score.of(Notes.of(np.arange(300), np.arange(300) + 9, 60, track=np.arange(300))),
        Score.of(Notes.of([0], [480], [60]), tracks=[Track(EVIL)], tempos=[(0, 1)]),
    ],
    ids=["nothing", "a silent bar", "a tick", "highest", "extremes", "long", "billions of bars", "wide bars", "kit", "tracks", "names"],
)
@pytest.mark.parametrize("width", [320, 1000])
def test_any_score_is_drawn_within_bounds_and_as_valid_xml(score, width):
    svg = ET.fromstring(draw_svg(score, title=EVIL, width=width))
    assert int(svg.get("height")) <= limits.MAX_PICTURE_ASPECT * width + 1
    assert pixels_of(draw_png(score, title=EVIL, width=width)).shape == (int(svg.get("height")), width, 3)
    assert svg.find(f"{SVG}title").text.startswith("A<&>\"']]>\\x00\\x1b[2J\\u202e\\ud800\\ufffe")


def test_what_is_too_much_for_one_picture_is_drawn_in_part_and_said(monkeypatch):
    monkeypatch.setattr(limits, "MAX_PICTURE_NOTES", 40)
    picture = lay_out(chorale(bars=8))
    assert "bars 1\u20133 of 8" in texts(picture)[0]
    assert len(boxes(picture, loudest(LIGHT))) == 13


def test_a_part_is_drawn_with_its_own_bar_numbers():
    picture = lay_out(chorale(bars=8), ticks=(2 * 1920, 5 * 1920))
    assert "bars 3\u20135 of 8" in texts(picture)[0]
    assert {"bar 3", "4", "5"} <= set(texts(picture))
    assert not {"bar 1", "2", "6"} & set(texts(picture))
    assert len(boxes(picture, loudest(LIGHT))) == 13


def test_what_has_no_pitches_has_no_key():
    for drum, shown in ((False, True), (True, False)):
        picture = lay_out(Score.of(Notes.of([0], [480], [36], drum=drum), keys=[Key(0, 4)]))
        assert ("E major" in texts(picture)[0]) == shown


def test_bars_are_counted_from_the_first_full_one():
    score = chorale(bars=9)
    late = score.changed(notes=score.notes.take(score.notes.start_ticks >= 1440))
    picture = lay_out(late)
    assert "8 bars" in texts(picture)[0]
    assert {"bar 1", "2", "0:00"} <= set(texts(picture))
    assert not {"bar 0", "0", "0:02"} & set(texts(picture))
    assert "bars 1\u20133 of 8" in texts(lay_out(late, ticks=(1920, 4 * 1920)))[0]


@pytest.mark.parametrize("width", [0, 319, limits.MAX_PICTURE_WIDTH + 1])
def test_a_width_out_of_bounds_is_refused(width):
    with pytest.raises(UsageError, match="pixels wide"):
        draw_svg(chorale(), width=width)
