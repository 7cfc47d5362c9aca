"""The documentation says what the program says."""

import importlib.util
import re
import shlex
from pathlib import Path

import pytest
import typer

ROOT = Path(__file__).resolve().parents[1]


def _generator():
    spec = importlib.util.spec_from_file_location("generate_cli", ROOT / "docs" / "generate_cli.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generator = _generator()
COMMANDS = dict(generator.commands())


def test_the_page_of_the_command_line_is_what_help_says():
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == generator.page(), "run `make docs`"


def test_help_on_the_terminal_is_the_same_text(capsysbinary, monkeypatch):
    from lstmgen.cli import run

    monkeypatch.setenv("COLUMNS", "200")
    for path, text in COMMANDS.items():
        assert run([*path.split()[1:], "--help"]) == 0
        assert capsysbinary.readouterr().out.decode() == text + "\n"


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_begins_with_what_it_does_and_an_example_of_itself(path):
    summary, _, rest = COMMANDS[path].partition("\n\n")
    assert summary.endswith(".")
    assert rest.startswith("examples:\n")
    examples = rest.partition("\n\n")[0]
    assert path in examples


def _options(command, context):
    return [item for item in command.get_params(context) if item.param_type_name in {"option", "argument"}]


def _walk(command, context):
    yield context.command_path, command, context
    for name, child in getattr(command, "commands", {}).items():
        yield from _walk(child, typer.Context(child, parent=context, info_name=name))


def test_every_option_and_argument_is_explained():
    from lstmgen.cli import root_command

    root = root_command()
    for path, command, context in _walk(root, typer.Context(root, info_name="lstmgen")):
        for item in _options(command, context):
            assert item.help, f"{path}: {item.name}"


EXAMPLE_LINES = [
    line.strip().partition("  #")[0].strip()
    for text in COMMANDS.values()
    for line in re.search(r"examples:\n(.*?)\n\n", text, re.DOTALL)[1].splitlines()
]


@pytest.mark.parametrize("line", dict.fromkeys(EXAMPLE_LINES))
def test_every_example_uses_commands_and_options_that_exist(line):
    called = re.findall(r"lstmgen ([^|)]*)", line)
    assert called
    for call in called:
        words = shlex.split(call.partition(">")[0])
        path = "lstmgen"
        while words and f"{path} {words[0]}" in COMMANDS:
            path = f"{path} {words.pop(0)}"
        assert path != "lstmgen"
        for word in words:
            if re.fullmatch(r"--[a-z-]+|-[a-z]", word):
                assert re.search(rf"(?m)^  .*{re.escape(word)}[ ,/\n]", COMMANDS[path]), f"{path} has no {word}"


@pytest.mark.parametrize("path", [path for path in COMMANDS if path.count(" ") == 1])
def test_every_command_is_in_the_readme(path):
    assert path in (ROOT / "README.md").read_text(encoding="utf-8")
