"""Tensors become the content of a file, piece by piece."""

import json
import math
import subprocess
import sys

import pytest
import safetensors.torch
import torch

from lstmgen import strict_json
from lstmgen.checkpoint import tensor_writer
from lstmgen.checkpoint.tensor_writer import Packed
from lstmgen.errors import DivergedError

TYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)
DOCUMENT = {"format": "any", "version": 1, "words": 'é\x1b\x7f\n\t"\\ \u2028', "list": (1, 2.5)}


def tensors():
    found = {f"{letter}.{place}": torch.arange(6 + place).to(dtype) for place, dtype in enumerate(TYPES) for letter in "ba"}
    return found | {"scalar": torch.tensor(3.0), "empty": torch.empty(0, 4), "turned": torch.arange(12.0).reshape(3, 4).T}


def test_the_bytes_are_those_that_safetensors_gives(monkeypatch):
    monkeypatch.setattr(tensor_writer, "CHUNK_BYTES", 8)
    pieces = list(Packed(tensors(), DOCUMENT))
    assert max(map(len, pieces[1:])) == 8
    content = b"".join(pieces)
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    whole = {name: tensor.contiguous() for name, tensor in tensors().items()}
    assert content == safetensors.torch.save(whole, header["__metadata__"])
    document = json.loads(header["__metadata__"]["lstmgen"])
    assert document.pop("sha256") == tensor_writer.checksum(tensors(), json.loads(strict_json.dumps(DOCUMENT)))
    assert document == {**DOCUMENT, "list": [1, 2.5]}


def test_the_pieces_can_be_asked_for_again():
    packed = Packed(tensors(), DOCUMENT)
    assert b"".join(packed) == b"".join(packed)


@pytest.mark.parametrize("dtype", TYPES[:4])
def test_a_number_that_is_not_finite_is_refused_wherever_it_stands(monkeypatch, dtype):
    monkeypatch.setattr(tensor_writer, "CHUNK_BYTES", 16)
    for place in (0, 7, 20):
        spoiled = torch.zeros(21, dtype=dtype)
        spoiled[place] = (math.inf, -math.inf, math.nan)[place % 3]
        with pytest.raises(DivergedError, match="'x'"):
            Packed({"w": torch.zeros(3), "x": spoiled}, DOCUMENT)


def test_saving_and_reading_back_take_little_memory_beside_the_tensors(tmp_path):
    code = """
import resource, sys, torch
from pathlib import Path
from lstmgen import storage
from lstmgen.checkpoint.tensor_writer import Packed

def save(tensors):
    storage.atomic_write(Path(sys.argv[1]), Packed(tensors, {"format": "x", "version": 1}))

save({"one": torch.ones(1)})
tensors = {str(number): torch.full((2_000_000,), 1.0) for number in range(4)}
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
save(tensors)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "state"], capture_output=True, text=True, check=True)
    unit = 1024 if sys.platform == "darwin" else 1
    assert int(done.stdout) / unit < 8_000  # of 31,250 kB of tensors
    assert (tmp_path / "state").stat().st_size > 32_000_000
