"""The page holds what was computed, loads nothing, and no text that it shows is read as markup."""

import base64
import html.parser
import json
import re
import zlib

import numpy as np
import pytest

from lstmgen.analysis.page import ROOM_BYTES, Follower, page
from lstmgen.analysis.trace import Channel, Trace
from lstmgen.errors import UsageError
from lstmgen.model.cells import cell_of

RANDOM = np.random.default_rng(2)
HOSTILE = ["</script><script>alert(1)</script>", "<!--", "DATA", "\u2028", "\ud800", "\x00", "&lt;", "]]>", '"', "é漢🎵"]


def trace_of(tokens=10, units=6):
    def series(low):
        return RANDOM.uniform(low, 1, (tokens, units)).astype(np.float32)

    names = {"forget": 0, "cell": -9, "hidden": -1}
    values = {(layer, name): series(low) for layer in (0, 1) for name, low in names.items()}
    return Trace(cell_of("lstm"), np.ones(tokens, np.int64), RANDOM.random(tokens), values)


def made(trace, tokens=None, **options):
    tokens = HOSTILE if tokens is None else tokens
    content = page(trace, tokens, [0] * len(tokens), **({"title": "</title>a", "shown": Channel()} | options))
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', content.decode())
    return content.decode(), json.loads(data)


def levels(data, key):
    return np.frombuffer(zlib.decompress(base64.b64decode(data["series"][key])), np.uint8)


def test_every_series_is_what_was_computed_in_sixteen_levels():
    trace = trace_of()
    _, data = made(trace)
    for layer in (0, 1):
        for unit in range(6):
            found = levels(data, f"{layer + 1}:cell:{unit + 1}")
            assert np.abs(found / 15 * 2 - 1 - np.tanh(trace.values[layer, "cell"][:, unit])).max() <= 1 / 15 + 1e-6
        assert np.abs(levels(data, f"{layer + 1}:forget") / 15 - trace.values[layer, "forget"].mean(1)).max() <= 0.5 / 15 + 1e-6
    assert data["nats"] == pytest.approx(trace.nats_T, abs=0.006)
    assert data["bounds"]["2:forget"] == [0.0, 1.0]


def test_texts_come_back_as_they_are_and_none_is_markup():
    class Tags(html.parser.HTMLParser):
        def __init__(self):
            super().__init__()
            self.scripts, self.links = 0, []

        def handle_starttag(self, tag, attrs):
            self.scripts += tag == "script"
            self.links += [value for name, value in attrs if name in {"src", "href"}]

    text, data = made(trace_of())
    tags = Tags()
    tags.feed(text)
    assert data["tokens"] == HOSTILE
    assert data["title"] == "</title>a"
    assert tags.scripts == 2
    assert tags.links == []
    assert "default-src 'none'" in text
    assert not re.search(r"https?://", text)


def test_units_are_listed_with_all_that_they_follow_and_then_the_others():
    _, data = made(
        trace_of(), followers=[Follower(1, "cell", 2, "quotes"), Follower(0, "hidden", 4, "word"), Follower(1, "cell", 2, "column")]
    )
    assert data["units"][:2] == [{"key": "2:cell:3", "follows": "quotes, column"}, {"key": "1:hidden:5", "follows": "word"}]
    assert len(data["units"]) == 2 + 11
    assert "1:forget:5" in data["series"]
    assert "1:forget:6" not in data["series"]


def test_what_is_asked_for_is_there_and_is_shown_first_and_what_is_not_there_is_refused():
    _, data = made(trace_of(), shown=Channel.parse("2:forget:6"))
    assert data["shown"] == {"name": "2:forget", "unit": 6}
    assert "2:forget:6" in data["series"]
    with pytest.raises(UsageError, match="the network has no"):
        made(trace_of(), shown=Channel.parse("3:forget"))


def test_a_long_text_of_a_wide_network_stays_below_a_megabyte():
    tokens, units = 5_000, 300
    content, data = made(trace_of(tokens, units), ["x"] * tokens)
    assert len(content) <= 1_000_000
    assert ROOM_BYTES / 3 < sum(map(len, data["series"].values())) <= ROOM_BYTES
    assert data["units"]
