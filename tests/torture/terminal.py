"""What steers a terminal, in samples, names and messages: none of it reaches a terminal raw.

Every command runs in this process, with two terminals that keep what they are sent.
"""

import io
import random
import unicodedata
from pathlib import Path

import torch
from campaign import SETTINGS, TEXT, Result

import lstmgen
from lstmgen import cli
from lstmgen.checkpoint.model_file import save_model
from lstmgen.cli.output import Streams
from lstmgen.media.text import tokenizers as of_text
from lstmgen.model.language_model import Architecture, LanguageModel

SAMPLES = 25
"""Of one command."""
PAYLOADS = (
    "\x1b[2J",
    "\x1b]0;title\x07",
    "\x1b]8;;http://x\x1b\\",
    "\x1b]52;c;eA==\x07",
    "\x1bP+q\x1b\\",
    "\x9b31m",
    "\x9d0;x\x9c",
    "\x90q\x9c",
    "\r",
    "\b\b",
    "\x07",
    "\x0e",
    "\x7f",
    "\u202e",
    "\u2066",
    "\u061c",
    "[bold]",
    "[/x]",
    "\udc9b",
)
ALPHABET = "".join(map(chr, (*range(1, 0xA0), 0x61C, *range(0x200E, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x2028)))
STEERING = {chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == "Cc"} - {"\n", "\t"} | set(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


def adversarial(chance: random.Random) -> str:
    """A text that would like to steer."""
    return "".join(chance.choice((*PAYLOADS, "a", " ", "é", chance.choice(ALPHABET))) for _ in range(chance.randrange(1, 6)))


def a_model(path: Path, kind: str, facts: dict[str, object]) -> None:
    """An untrained model that writes control characters."""
    tokenizer = of_text.build(kind, lambda: iter([ALPHABET]))
    torch.manual_seed(3)
    network = LanguageModel(Architecture(vocab_size=tokenizer.vocab_size, embedding_size=4, hidden_size=4, num_layers=1))
    save_model(path, network.tensors(), network.architecture, tokenizer, facts)


def a_tune(name: bytes) -> bytes:
    """Two notes in a track of this name."""
    events = bytes([0, 0xFF, 3, len(name)]) + name + bytes.fromhex("00903c4060803c40009040406080404000ff2f00")
    return b"MThd" + bytes([0, 0, 0, 6, 0, 1, 0, 1, 0, 96]) + b"MTrk" + len(events).to_bytes(4, "big") + events


def campaign(folder: Path, size: int, chance: random.Random) -> Result:
    """Runs commands until so many samples have been written, and as many names shown as there are commands."""
    result = Result()
    runs = folder / "runs"
    run = runs / "r\x1b[2J\u202e"
    (folder / "story.txt").write_text(TEXT)
    for _ in lstmgen.train(folder / "story.txt", out=run, settings=SETTINGS, cache=folder / "cache", pause_after=2):
        pass
    of_process = Streams.of_process
    number = 0
    try:
        while result.cases < size:
            words, kind = adversarial(chance), ("char", "byte")[number % 2]
            model = folder / f"m{number}\x1b]0;x\x07.safetensors"
            a_model(model, kind, {"steps": 1, "sources": [words, adversarial(chance)], "val": {"nats_per_token": 1.0}})
            tune = folder / f"t{number}\x9b31m.mid"
            tune.write_bytes(a_tune(words.encode("utf-8", "surrogateescape")))
            unit = ["sample", str(model), "-n", "30", "-s", str(number), "--num-samples", str(SAMPLES), "--ignore-end"]
            commands = [
                unit,
                [*unit[:-3], "-p", "\x1b[2J\x07", "--echo"],
                ["info", str(model)],
                ["info", str(tune)],
                ["runs", "--folder", str(runs)],
                ["info", f"nowhere{words}".replace("\0", "")],
                ["train", f"nowhere{words}".replace("\0", "")],
                ["score", str(model), str(folder / "story.txt")],
                [f"comm{words}"],
            ]
            for argv in commands:
                out, err = io.BytesIO(), io.BytesIO()
                streams = Streams(stdin=io.BytesIO(), stdout=out, stderr=err, out_is_terminal=True, err_is_terminal=True, verbose=True)
                Streams.of_process = staticmethod(lambda _, streams=streams: streams)
                code = cli.run([word.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape") for word in argv])
                written = (out.getvalue() + err.getvalue()).decode("utf-8", "surrogateescape")
                steering = sorted({character for character in written if character in STEERING or "\udc80" <= character <= "\udcff"})
                result.count("bytes", len(written))
                result.count("commands")
                if steering:
                    result.wrong.append(f"{argv[0]}: {steering!a}")
                if code == 1:
                    result.wrong.append(f"{ascii(argv)[:120]}: exit 1: {err.getvalue()[:200]!a}")
            result.cases += SAMPLES
            number += 1
    finally:
        Streams.of_process = of_process
    return result
