"""The page about Python: every example runs, in the order of the page."""

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "python.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def test_every_example_of_the_page_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert len(EXAMPLES) >= 10
    page = "\n".join(EXAMPLES)
    assert page.count("STEPS = 300") == 1
    quick = page.replace("STEPS = 300", "STEPS = 2").replace('"model.preset": "small"', '"model.preset": "tiny"')
    exec(compile(quick, str(PAGE), "exec"), {})  # nothing else is changed
    for name in ("tune.mid", "tune.png", "tune.wav", "minor-1.mid", "minor-2.mid", "longer.mid", "roll.svg"):
        assert (tmp_path / name).stat().st_size > 0, name
    told = capsys.readouterr().out
    assert "nats a note" in told
    assert "'H' is not the name of a note" in told


def test_the_page_is_named_in_the_readme():
    assert "docs/python.md" in (PAGE.parents[1] / "README.md").read_text(encoding="utf-8")
