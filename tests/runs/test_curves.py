"""The losses of runs as a picture."""

import io
import json
import math
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from lstmgen.drawing.plot import below, thinned, ticks
from lstmgen.drawing.theme import LIGHT
from lstmgen.errors import InputError, UsageError
from lstmgen.runs.curves import draw_runs, read_curves

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def run(tmp_path):
    """A folder with the metrics of 400 steps; its model is of no importance."""
    folder = tmp_path / "sea"
    folder.mkdir()
    lines = [{"step": 8 * n, "elapsed_s": n / 2, "loss_nats": 1.4 + 3 * math.exp(-n / 8)} for n in range(1, 51)]
    lines += [{"step": 100 * n, "elapsed_s": 6.0 * n, "val_nats": 2 - n / 10} for n in range(1, 5)]
    (folder / "metrics.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return folder


def svg_of(*paths, **look):
    return ET.fromstring(draw_runs(paths, "svg", **look))


def test_an_svg_has_both_curves_axes_and_their_units(run):
    svg = svg_of(run, title="A <title>")
    texts = [text.text for text in svg.iter(f"{SVG}text")]
    for words in ("A <title>", "nats/token", "steps", "0", "400", "thin: training, thick with points: validation"):
        assert words in texts
    assert any(text.startswith("sea  1.6") for text in texts)
    training, validation = svg.iter(f"{SVG}polyline")
    assert len(validation.get("points").split()) == 4
    assert len(training.get("points").split()) == 49
    assert "1.6" in svg.find(f"{SVG}desc").text


def test_curves_stay_within_their_frame(run):
    with (run / "metrics.jsonl").open("a") as file:
        file.write('\n{"step": 1, "loss_nats": 900.0}')
    svg = svg_of(run)
    panel = next(rect for rect in svg.iter(f"{SVG}rect") if rect.get("fill") == LIGHT.panel)
    x, y, width, height = (float(panel.get(name)) for name in ("x", "y", "width", "height"))
    for line in svg.iter(f"{SVG}polyline"):
        for point in line.get("points").split():
            across, down = map(float, point.split(","))
            assert x - 0.01 <= across <= x + width + 0.01
            assert y - 0.01 <= down <= y + height + 0.01


def test_a_png_has_the_curve_where_the_svg_has_it(run):
    with Image.open(io.BytesIO(draw_runs([run], "png", width=600))) as image:
        pixels = np.asarray(image).astype(int)
    validation = list(svg_of(run, width=600).iter(f"{SVG}polyline"))[1]
    x, y = map(float, validation.get("points").split()[2].split(","))
    assert pixels.shape[1] == 600
    assert abs(pixels[round(y), round(x)] - (0x24, 0x60, 0xB4)).max() < 12


def test_the_horizontal_axis_may_count_time(run):
    texts = [text.text for text in svg_of(run, x="time").iter(f"{SVG}text")]
    assert "seconds" in texts
    assert "25" in texts


def test_losses_are_in_the_unit_of_the_medium_where_all_runs_have_it(run, medium_case):
    from lstmgen.checkpoint.model_file import save_model

    network = medium_case.model.network
    name = next(figure.name for figure in medium_case.medium.figures if figure.per is not None)
    summary = {"val": {"nats_per_token": 2.0, name: 5.0}}
    save_model(run / "model.safetensors", network.tensors(), network.architecture, medium_case.tokenizer, summary)
    (curve,), unit = read_curves([run])
    assert unit == name.replace("_per_", "/")
    assert curve.validation[0][1] == pytest.approx(1.9 * 2.5)
    other = run.parent / "other"
    other.mkdir()
    (other / "metrics.jsonl").write_text('{"step": 1, "loss_nats": 1.0}')
    curves, unit = read_curves([run, other])
    assert unit == "nats/token"
    assert curves[0].validation[0][1] == 1.9


def test_a_run_without_losses_and_a_width_out_of_bounds_are_refused(run, tmp_path):
    with pytest.raises(InputError, match="holds no losses"):
        draw_runs([tmp_path], "svg")
    with pytest.raises(UsageError, match="pixels wide"):
        draw_runs([run], "svg", width=10)


def test_many_runs_have_a_legend_that_stays_on_the_page(run):
    svg = svg_of(*[run] * 12, width=400)
    for text in svg.iter(f"{SVG}text"):
        assert 0 <= float(text.get("x")) <= 400
        assert 0 <= float(text.get("y")) <= float(svg.get("height"))


@given(st.floats(-1e9, 1e9), st.floats(0, 1e9), st.booleans())
@example(0.0, 5e-324, False)
@example(1e9, 1e-7, False)
def test_ticks_are_round_and_enclose_what_is_drawn(low, span, whole):
    found = ticks(low, low + span, whole=whole)
    assert 2 <= len(found) <= 10
    slack = 1e-6 * max(1.0, abs(low), span)
    assert found[0] <= low + slack
    assert found[-1] >= low + span - slack
    assert not whole or all(tick == round(tick) for tick in found)


@given(st.lists(st.floats(0, 10), max_size=30), st.floats(0, 10))
def test_what_lies_above_is_cut_where_the_curve_crosses(losses, high):
    points = [(float(place), loss) for place, loss in enumerate(losses)]
    parts = list(below(points, high))
    for part in parts:
        assert len(part) > 1
        assert all(loss <= high + 1e-9 for _, loss in part)
        assert part == sorted(part, key=lambda place: place[0])
    drawn = {place for part in parts for place in part}
    assert {place for place in points[1:-1] if place[1] <= high} <= drawn or len(points) < 3


def test_a_long_curve_is_thinned_to_means():
    points = [(float(n), float(n)) for n in range(10_000)]
    found = thinned(points, most=800)
    assert len(found) <= 800
    assert all(x == pytest.approx(y) for x, y in found)
    assert thinned(points[:5], most=800) == points[:5]
    assert thinned([]) == []
