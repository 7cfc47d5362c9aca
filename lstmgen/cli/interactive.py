"""`lstmgen sample --interactive`: the user and the model take turns on one growing text.

What a line means is decided here; the text, its undoing and the model's state are kept by `api.Turns`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from lstmgen import api
from lstmgen.cli.failures import EXIT_INTERRUPT, Terminated, explain, report
from lstmgen.cli.line_editor import ReadLine, typed_lines
from lstmgen.cli.options import cache
from lstmgen.cli.output import Streams, Styled, encode
from lstmgen.cli.progress import short_path
from lstmgen.cli.samples import is_empty
from lstmgen.cli.suggestions import SUGGESTIONS, Search, Suggestion
from lstmgen.cli.wording import command, counted
from lstmgen.cli.wrapping import listed
from lstmgen.errors import LstmgenError, MachineError, UsageError

_SHOWN_END: Final = 60

_HELP: Final = (
    r"Type a line: it is added to the text, and the model continues. An empty line lets the model continue alone. "
    r"A line that ends with \ leaves its end open, so that the model continues in the same line; // begins a line with a slash. "
    r"Ctrl-C ends the model's turn. The arrow keys edit a line and bring back earlier ones, but none that begins with a space. "
    r"A text that you leave without saving is kept in the folder of the run."
)
_COMMANDS: Final = (
    ("/again", "another continuation in place of the last one"),
    ("/undo", "take back the last turn: the model's text, and the line that it answered"),
    ("/t T", "temperature, such as /t 0.7"),
    ("/n N", "most tokens of a turn, such as /n 400"),
    ("/text", "show the whole text"),
    ("/suggest", "words under the line that you type off, or on again; Tab takes the first"),
    ("/save FILE", "write the whole text to a new file"),
    ("/help", "this"),
    ("/quit", "leave; so does Ctrl-D, and Ctrl-C twice"),
)


def converse(streams: Streams, model: api.TrainedModel, request: api.Request) -> int:
    """Take turns until the user leaves; returns the exit code."""
    streams.say(f"seed: {request.seed}")
    streams.say(Styled("dim", "type a line and the model continues; /help explains, /quit leaves"))
    conversation = Conversation(streams, model, request)
    with typed_lines(streams, cache(), conversation.suggest) as read_line:
        try:
            conversation.begin()
            while conversation.listen(read_line):
                pass
        except Terminated:
            raise
        except KeyboardInterrupt:
            streams.say()
            return EXIT_INTERRUPT
        finally:
            conversation.keep()
    return 0


class Conversation:
    """One growing text and what the user may do to it.

    Args:
        streams: lines come in, the model's text goes out, all else to standard error.
        model: what continues the text.
        request: the prompt to begin with, and how to sample.
    """

    def __init__(self, streams: Streams, model: api.TrainedModel, request: api.Request) -> None:
        self._streams, self._model = streams, model
        self._turns = model.session(seed=request.seed)
        self._prompt: str = "" if request.prompt is None else model.medium.parse(request.prompt)
        self._request = request
        self._saved = self._prompt
        """The text when it was last in a file."""
        self._suggests = True
        self._warned = False
        """Whether Ctrl-C was just answered with how to leave."""
        self._steps: list[int] = []
        """For every turn how many changes of the text it made: 2 with a line of the user, 1 without."""
        self._commands = {
            "again": self._again,
            "help": self._explain,
            "n": self._set_length,
            "save": self._save,
            "suggest": self._switch_suggestions,
            "t": self._set_temperature,
            "text": self._show,
            "undo": self._undo,
        }

    def begin(self) -> None:
        """Put the prompt down, which nothing takes back, and let the model continue."""
        if self._prompt:
            self._append(self._prompt)
            self._turns.keep()
            if self._request.echo:
                self._streams.product(self._prompt)
            self._steps.append(1)
            self._generate()

    def suggest(self, line: str) -> Sequence[Suggestion] | Search:
        """For a line that is being typed, commands, or the search for words; that runs while a line is waited for, and at no other time."""
        if _is_command(line):
            typed = line[1:]
            return [
                Suggestion(f"/{name}", name[len(typed) :])
                for name in (*self._commands, "quit")
                if name.startswith(typed) != (name == typed)
            ]
        return partial(self._search, self._start() + line.removeprefix("/")) if self._suggests else ()

    def _search(self, text: str, stop: Callable[[], bool]) -> Sequence[Suggestion]:
        oov = self._request.options.get("oov", "error")
        try:
            found = () if stop() else self._turns.suggest(text, top=SUGGESTIONS, oov=oov, stop=stop)
        except LstmgenError:
            return ()
        return [Suggestion(each.text, f"{each.adds} ") for each in found]

    def listen(self, read_line: ReadLine) -> bool:
        """Take in one line and do what it says; false when the user leaves. Ctrl-C leaves where it comes twice in a row."""
        try:
            line = read_line()
        except Terminated:
            raise
        except KeyboardInterrupt:
            if self._warned or not self._streams.in_is_terminal:
                raise
            self._warned = True
            self._streams.say()
            self._streams.say("nothing is lost: type on, or leave with /quit, Ctrl-D, or Ctrl-C once more")
            return True
        self._warned = False
        if line is None:
            if self._streams.in_is_terminal:
                self._streams.say()
            return False
        if _is_command(line):
            name, _, argument = line[1:].partition(" ")
            if name in ("quit", "q", "exit"):
                return False
            self._obey(name, argument.strip())
        else:
            self._answer(line.removeprefix("/"))
        return True

    def _obey(self, name: str, argument: str) -> None:
        try:
            if name not in self._commands:
                raise UsageError(f"there is no command /{name}", remedy="/help lists them")
            self._commands[name](argument)
        except LstmgenError as error:
            report(explain(error), self._streams)

    def _answer(self, line: str) -> None:
        """Add a line of the user, if it is one, and let the model continue."""
        if line:
            text, open_end = (line[:-1], True) if line.endswith("\\") else (line, False)
            try:
                self._append(self._start() + text + ("" if open_end else "\n"))
            except LstmgenError as error:
                report(explain(error), self._streams)
                return
        self._steps.append(2 if line else 1)
        self._generate()

    def _start(self) -> str:
        """What stands before a line of the user."""
        return "\n" if self._turns.text and not self._turns.text.endswith("\n") else ""

    def _append(self, text: str) -> None:
        for note in self._turns.append(text, oov=self._request.options.get("oov", "error")):
            self._streams.say(f"note: {note}")

    def _generate(self) -> None:
        """The model's turn, shown as it is drawn; Ctrl-C ends it and keeps what was shown."""
        stream = self._turns.generate(self._request)
        try:
            for piece in stream:
                self._streams.product(piece)
        except Terminated:
            raise
        except KeyboardInterrupt:
            stream.close()
        if is_empty(stream.result):
            self._streams.say("note: the model ended its document at once; /again tries once more, --ignore-end continues there")
        if not self._turns.text.endswith("\n"):
            self._streams.product("\n")

    def keep(self) -> None:
        """Where a person leaves a text behind that is in no file: put it into one of the run, and say how to go on from there."""
        text, options = self._turns.text, self._request.options
        if not self._streams.in_is_terminal or text in {"", self._saved} or self._model.path is None:
            return
        try:
            place = short_path(str(api.keep_text(self._model.path, encode(text), elsewhere=Path())))
        except LstmgenError as error:
            report(explain(error), self._streams)
            return
        run = short_path(str(self._model.path))
        policy = ("--oov", options["oov"]) if "oov" in options else ()
        self._streams.insist(f"the text was not saved; it is kept in {place}")
        self._streams.insist(Styled("green", "try:"), command("sample", run, "--interactive", "-f", place, *policy))

    def _again(self, _: str) -> None:
        if not self._steps:
            raise UsageError("there is nothing to draw again", remedy="type a line first")
        self._turns.undo()
        self._generate()

    def _undo(self, _: str) -> None:
        if not self._steps:
            raise UsageError("there is nothing to undo", remedy="/help lists the commands")
        for _change in range(self._steps.pop()):
            self._turns.undo()
        end = self._turns.text[-_SHOWN_END:]
        self._streams.say(f"the text ends with: {end}" if end else "the text is empty")

    def _set_temperature(self, argument: str) -> None:
        sampling = dataclasses.replace(self._request.sampling or api.Sampling(), temperature=api.parse_temperature(argument))
        self._request = dataclasses.replace(self._request, sampling=sampling)
        self._streams.say(f"temperature {argument}")

    def _set_length(self, argument: str) -> None:
        if not argument.isascii() or not argument.isdigit():
            raise UsageError(f"/n {argument}: expected a whole number of tokens", remedy="/n 200")
        self._request = dataclasses.replace(self._request, length=int(argument))
        self._streams.say(f"up to {counted(int(argument), 'token')} a turn")

    def _switch_suggestions(self, _: str) -> None:
        self._suggests = not self._suggests
        self._streams.say(f"suggestions {'on' if self._suggests else 'off'}")

    def _show(self, _: str) -> None:
        self._streams.product_line(self._turns.text)

    def _save(self, argument: str) -> None:
        if not argument:
            raise UsageError("/save needs the name of a file", remedy="/save story.txt")
        try:
            api.atomic_write(Path(argument), encode(self._turns.text), is_new=True)
        except MachineError as error:
            raise UsageError(error.message, remedy="/save under another name") from error
        self._saved = self._turns.text
        self._streams.say(f"wrote {counted(len(self._turns.text), 'character')} to {argument}")

    def _explain(self, _: str) -> None:
        for line in (_HELP, "", *listed(_COMMANDS, self._streams.err_columns - 1, column=15, indent=2)):
            self._streams.say(line)


def _is_command(line: str) -> bool:
    return line.startswith("/") and not line.startswith("//")
