"""Every `try:` line of the package names commands that exist, with options that exist."""

import ast
import re
import shlex

import pytest
import typer
from package_files import FILES, every_file, nodes, parsed

from lstmgen import errors
from lstmgen.cli import root_command
from lstmgen.cli.settings import settings_options

KINDS = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, errors.LstmgenError)}
HOLE = "1"
"""What stands for a value that is known only when it happens: it reads as a name and as a number."""


def walk(command, context):
    yield context.command_path.split()[1:], command, context
    for name, child in getattr(command, "commands", {}).items():
        yield from walk(child, typer.Context(child, parent=context, info_name=name))


def commands():
    root = root_command()
    return {tuple(path): (command, context) for path, command, context in walk(root, typer.Context(root, info_name="lstmgen"))}


COMMANDS = commands()
OPTIONS = {}
"""For every flag the words that it may have, in any command; empty where anything may be given."""
for _command, _context in COMMANDS.values():
    for _parameter in _command.get_params(_context):
        for _flag in (*_parameter.opts, *_parameter.secondary_opts):
            words = [word for word in (_parameter.metavar or "").split("|") if "|" in (_parameter.metavar or "") and word.islower()]
            OPTIONS[_flag] = OPTIONS.get(_flag, set()) | set(words)
CONNECTORS = {"out", "or", "to", "and", "with", "is", "where", "lists"}


def texts_of(node, names):
    """Every text that an expression may give, with a hole for what is known only when it happens."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.JoinedStr):
        found = [""]
        for part in node.values:
            value = part if isinstance(part, ast.Constant) else part.value
            lower = isinstance(value, ast.Name) and value.id.islower()  # a variable, whatever it is called elsewhere
            options = [HOLE] if lower else texts_of(value, names) or [HOLE]
            found = [text + option for text in found for option in options]
        return found
    if isinstance(node, ast.IfExp):
        return [*texts_of(node.body, names), *texts_of(node.orelse, names)]
    if isinstance(node, ast.BoolOp):
        return [text for value in node.values for text in texts_of(value, names)]
    if isinstance(node, ast.BinOp):
        return [a + b for a in texts_of(node.left, names) or [HOLE] for b in texts_of(node.right, names) or [HOLE]]
    if isinstance(node, ast.Name) and node.id in names:
        return names[node.id]
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "command":
        words = [part.value if isinstance(part, ast.Constant) else HOLE for part in node.args if not isinstance(part, ast.Starred)]
        return [shlex.join(["lstmgen", *words])]
    return []


def constants(tree):
    """The texts that names stand for, those of a module and of functions alike."""
    names = {}
    for node in nodes(tree):
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name) and (texts := texts_of(node.value, names)):
                    names.setdefault(target.id, []).extend(texts)
    return names


def remedies(tree):
    """Line and text of everything that is given as a remedy."""
    names = constants(tree)
    for node in nodes(tree):
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                if keyword.arg == "remedy":
                    yield from ((node.lineno, text) for text in texts_of(keyword.value, names))


def without_remedy(tree):
    """Errors without advice; mistakes in options are answered with the help of their command where nothing better is known."""
    for node in nodes(tree):
        if (
            isinstance(node, ast.Call)
            and ast.unparse(node.func).rpartition(".")[2] in KINDS
            and not any(keyword.arg in {"remedy", "mistakes", None} for keyword in node.keywords)
        ):
            yield f"line {node.lineno}: {ast.unparse(node)[:100]}"


def faults_of(text):
    """What is wrong with a piece of advice, as far as the tables of commands and options tell."""
    if not text.strip():
        yield "it is empty"
    if re.search(r"\bls -l\b(?! ?d)|this version", text):
        yield "it helps nobody"
    for called in re.findall(r"lstmgen (?!wrote\b)((?:(?![;|<>#`)]|, |: | or | and | for | lists\b| the\b).)+)", text):
        yield from faults_of_command(called)
    plain = re.sub(r"torchrun --nproc-per-node [0-9]+|pip install [^;]*|sqlite3 [^;]*|iconv [^;]*|7z [^;]*|pandoc [^;]*", "", text)
    for flag, value in re.findall(r"(?<![\w-])(--[a-z][a-z-]*)(?:[ =]([\w.-]+))?", plain):
        if flag not in OPTIONS:
            yield f"there is no option {flag}"
        elif OPTIONS[flag] and value and value not in {*OPTIONS[flag], *CONNECTORS, HOLE}:
            yield f"{flag} has no value {value}"


def faults_of_command(line):
    """What is wrong with what stands behind `lstmgen`."""
    words = shlex.split(line.replace("{}", HOLE).replace("'", "") if line.count("'") % 2 else line.replace("{}", HOLE))
    path = ()
    while words and (*path, words[0]) in COMMANDS:
        path = (*path, words.pop(0))
    if not path and words and not words[0].startswith(("-", HOLE)):
        yield f"there is no command {words[0]}"
        return
    if words[:1] == [HOLE] and not path:
        return  # which command it is, is known only when it happens
    command, context = COMMANDS[path]
    try:
        values, left, _ = command.make_parser(context).parse_args(list(words))
    except typer.TyperException as error:
        yield f"lstmgen {line}: {error.format_message()}"
        return
    needed = [item.name for item in command.get_params(context) if item.param_type_name == "argument" and item.required]
    missing = [name for name in needed if values.get(name) in (None, (), [])]
    if missing and not values.get("help"):
        yield f"lstmgen {line} lacks {', '.join(missing)}"
    if left:
        yield f"lstmgen {line}: {left} too many"


@every_file
def test_what_is_advised_can_be_done(path):
    tree = parsed(path)
    assert [f"line {line}: {text!r}: {fault}" for line, text in remedies(tree) for fault in faults_of(text)] == []


@every_file
def test_no_error_is_without_advice(path):
    if path.name != "errors.py":
        assert list(without_remedy(parsed(path))) == []


def test_the_walk_sees_most_of_the_package():
    found = [text for path in FILES for _, text in remedies(parsed(path))]
    assert len(found) > 200
    assert sum("lstmgen " in text for text in found) > 30


@pytest.mark.parametrize(
    "text",
    [
        "",
        "lstmgen trian FILE",
        "lstmgen train FILE --max-tiem 3m",
        "lstmgen sample",
        "lstmgen render a.mid --width",
        "use --tokenizr word",
        "leave it out, or --tokenizer worm",
        "lstmgen corpora fetch it, or lstmgen corpora",
        "check the name: ls -l",
    ],
)
def test_the_walk_notices_bad_advice(text):
    assert list(faults_of(text))


@pytest.mark.parametrize(
    "text",
    [
        "lstmgen train FILE, or lstmgen corpora for what is there",
        "give it more: lstmgen train --resume 1 --max-steps 1",
        "leave --device out to run on the CPU",
        "lstmgen corpora lists them",
        "lstmgen sample --help",
        "--tokenizer word or --tokenizer char",
    ],
)
def test_the_walk_accepts_good_advice(text):
    assert list(faults_of(text)) == []


def test_settings_that_are_named_exist():
    flags = {flag for option in settings_options() for flag in option.flags.replace("/", " ").split()}
    assert flags <= set(OPTIONS)
