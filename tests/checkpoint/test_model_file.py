"""Model files: what is saved comes back, and nothing else is believed."""

import json
import os
import pickle  # noqa: TID251 - to show that none is ever loaded
import subprocess
import sys
import zipfile

import pytest
import safetensors.torch
import torch

from lstmgen import limits, run_files
from lstmgen.checkpoint import model_file, tensor_file
from lstmgen.checkpoint.model_file import find_model, load_model, read_description, save_model
from lstmgen.checkpoint.tensor_writer import Packed, checksum
from lstmgen.errors import DivergedError, MachineError, ModelFileError
from lstmgen.media.text import tokenizers as text_tokenizers
from lstmgen.model.language_model import Architecture, LanguageModel

TEXT = "the quick brown fox\njumps"
SUMMARY = {"steps": 7, "val": {"nats_per_char": 1.25}, "sources": ["fox.txt"]}


def char_tokenizer():
    return text_tokenizers.build("char", lambda: iter([TEXT]))


def network_for(tokenizer, **changes):
    values = {"vocab_size": tokenizer.vocab_size, "embedding_size": 5, "hidden_size": 6, "num_layers": 2, **changes}
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return LanguageModel(Architecture(**values)).eval()


def saved(path, **changes):
    tokenizer = char_tokenizer()
    network = network_for(tokenizer, **changes)
    save_model(path, network.tensors(), network.architecture, tokenizer, SUMMARY)
    return network


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


def parts(path):
    """The header's table, its document, and the data."""
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    table = json.loads(content[8 : 8 + length])
    return table, json.loads(table["__metadata__"]["lstmgen"]), content[8 + length :]


def write_parts(path, table, document, data, *, reseal=True):
    """The file again with changed parts; its checksum is made right so that only the other checks are left."""
    if reseal and "sha256" in document:
        blank = {**table, "__metadata__": {"lstmgen": "{}"}}
        header = json.dumps(blank).encode()
        try:
            tensors = safetensors.torch.load(len(header).to_bytes(8, "little") + header + data)
            document["sha256"] = checksum(tensors, {key: value for key, value in document.items() if key != "sha256"})
        except safetensors.SafetensorError:
            pass
    header = json.dumps({**table, "__metadata__": {"lstmgen": json.dumps(document)}}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + data)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"cell": "gru", "layer_norm": False},
        {"cell": "rnn", "residual": False, "num_layers": 1},
        {"tied": True, "embedding_size": 6, "dropout": 0.25},
    ],
    ids=str,
)
def test_a_saved_model_comes_back_bit_for_bit(path, changes):
    network = saved(path, **changes)
    model = load_model(path)
    assert model.network.architecture == network.architecture
    assert model.summary == SUMMARY
    assert model.tokenizer.to_json() == char_tokenizer().to_json()
    assert not model.network.training
    for name, tensor in network.tensors().items():
        assert torch.equal(model.network.tensors()[name], tensor)
    trainable = {name: parameter.requires_grad for name, parameter in network.named_parameters()}
    assert {name: parameter.requires_grad for name, parameter in model.network.named_parameters()} == trainable
    ids_TB = torch.tensor([[0, 3], [4, 1], [2, 2]])
    with torch.inference_mode():
        expected_TBV, _ = network(ids_TB, network.zero_state(2))
        found_TBV, _ = model.network(ids_TB, model.network.zero_state(2))
    assert torch.equal(expected_TBV, found_TBV)


def former(name, tensor):
    """The tensors of version 1 for one of today's."""
    torchs = {"input_weight": "weight_ih", "recurrent_weight": "weight_hh", "input_bias": "bias_ih", "recurrent_bias": "bias_hh"}
    *layer, parameter = name.split(".")
    if layer[0] != "layers":
        return {name: tensor}
    if parameter != "bias":
        return {".".join([*layer, "fused", f"{torchs[parameter]}_l0"]): tensor}
    return {
        ".".join([*layer, "fused", "bias_ih_l0"]): tensor - 0.25,
        ".".join([*layer, "fused", "bias_hh_l0"]): torch.full_like(tensor, 0.25),
    }


def test_a_file_of_version_1_with_a_cell_that_did_not_exist_then_is_refused(path):
    network = saved(path, cell="mingru")
    document = parts(path)[1]
    document.pop("sha256")
    path.write_bytes(b"".join(Packed(network.tensors(), document | {"version": 1})))
    with pytest.raises(ModelFileError, match="version 1 cannot hold the cell mingru"):
        load_model(path)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_a_model_of_version_1_with_torchs_names_and_two_biases_is_the_same_network(path, cell):
    network = saved(path, cell=cell)
    _, document, _ = parts(path)
    tensors = {old: part for name, tensor in network.tensors().items() for old, part in former(name, tensor).items()}
    document.pop("sha256")
    document["version"] = 1
    path.write_bytes(b"".join(Packed(tensors, document)))
    loaded = load_model(path).network
    assert loaded.tensors().keys() == network.tensors().keys()
    for name, tensor in network.tensors().items():
        torch.testing.assert_close(loaded.tensors()[name], tensor)


@pytest.mark.parametrize("version", [1, 2])
def test_names_of_the_other_version_are_refused(path, version):
    network = saved(path)
    _, document, _ = parts(path)
    document.pop("sha256")
    document["version"] = version
    old = {old: part for name, tensor in network.tensors().items() for old, part in former(name, tensor).items()}
    path.write_bytes(b"".join(Packed(network.tensors() if version == 1 else old, document)))
    with pytest.raises(ModelFileError, match="lacks the tensor"):
        load_model(path)


def test_a_tied_model_is_still_tied_after_loading(path):
    saved(path, tied=True, embedding_size=6)
    network = load_model(path).network
    assert network.embedding.weight is network.head.weight


def test_a_loaded_network_trains(path):
    saved(path)
    network = load_model(path).network.train()
    before = network.layers[0].recurrent_weight.detach().clone()
    optimizer = torch.optim.SGD([parameter for parameter in network.parameters() if parameter.requires_grad], lr=0.1)
    logits_TBV, _ = network(torch.tensor([[1], [2]]), network.zero_state(1))
    logits_TBV.square().sum().backward()
    optimizer.step()
    assert not torch.equal(network.layers[0].recurrent_weight, before)


def test_loading_draws_from_no_generator(path):
    saved(path)
    state = torch.get_rng_state()
    load_model(path)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_weights_are_read_into_fp32(path, dtype):
    network = saved(path)
    _, document, _ = parts(path)
    document.pop("sha256")
    path.write_bytes(b"".join(Packed({name: tensor.to(dtype) for name, tensor in network.tensors().items()}, document)))
    loaded = load_model(path).network
    for name, tensor in network.tensors().items():
        assert torch.equal(loaded.tensors()[name], tensor.to(dtype).float())
    assert read_description(path).precision == {torch.bfloat16: "bf16", torch.float16: "fp16"}[dtype]
    assert read_description(path).parameters == network.architecture.num_parameters


@pytest.mark.parametrize("name", ["byte", "word", "bpe", "unigram"])
def test_every_tokenizer_travels_with_the_model(path, name):
    text = "how much wood would a woodchuck chuck if a woodchuck could chuck wood? " * 40
    tokenizer = text_tokenizers.build(name, lambda: iter([text]), vocab_size=None if name == "byte" else 300)
    network = network_for(tokenizer)
    save_model(path, network.tensors(), network.architecture, tokenizer, {})
    loaded = load_model(path).tokenizer
    assert loaded.name == name
    assert loaded.encode(text).tolist() == tokenizer.encode(text).tolist()


def test_the_description_needs_no_torch(path):
    network = saved(path)
    code = (
        "import sys, pathlib; from lstmgen.checkpoint.model_file import read_description; "
        f"d = read_description(pathlib.Path({str(path)!r})); print(d.parameters, d.tokenizer.name, d.bytes, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(network.architecture.num_parameters), "char", str(path.stat().st_size), "False"]


def test_the_description_tells_what_the_file_holds(path):
    network = saved(path)
    description = read_description(path)
    assert description.architecture == network.architecture.to_json()
    assert description.summary == SUMMARY
    assert description.precision == "fp32"
    assert description.tokenizer.vocab_size == network.architecture.vocab_size


def test_weights_that_are_not_finite_are_not_saved_and_the_old_file_stays(path):
    network = saved(path)
    before = path.read_bytes()
    tensors = {name: tensor.clone() for name, tensor in network.tensors().items()}
    tensors["norm.bias"][2] = float("nan")
    with pytest.raises(DivergedError, match=r"norm\.bias"):
        save_model(path, tensors, network.architecture, char_tokenizer(), SUMMARY)
    assert path.read_bytes() == before


def test_a_summary_that_is_not_finite_is_not_saved(path):
    network = saved(path)
    with pytest.raises(ValueError, match="JSON compliant"):
        save_model(path, network.tensors(), network.architecture, char_tokenizer(), {"val": float("inf")})


def test_tensors_or_a_tokenizer_of_another_network_are_not_saved(path):
    network = saved(path)
    with pytest.raises(ValueError, match="tensors"):
        save_model(path, network_for(char_tokenizer(), hidden_size=7).tensors(), network.architecture, char_tokenizer(), {})
    with pytest.raises(ValueError, match="tokenizer"):
        save_model(path, network.tensors(), network.architecture, text_tokenizers.build("byte", lambda: iter([TEXT])), {})


@pytest.mark.parametrize("read", [load_model, read_description])
def test_a_flipped_bit_anywhere_is_noticed(path, read):
    saved(path, embedding_size=1, hidden_size=1, num_layers=1)
    content = path.read_bytes()
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 1 << (place % 8)
        path.write_bytes(damaged)
        with pytest.raises(ModelFileError):
            read(path)


def test_a_file_cut_off_anywhere_is_refused(path):
    saved(path, embedding_size=1, hidden_size=1, num_layers=1)
    content = path.read_bytes()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        with pytest.raises(ModelFileError):
            load_model(path)
    path.write_bytes(content + b"\0")
    with pytest.raises(ModelFileError, match="its data has"):
        load_model(path)


ARCHITECTURE_CHANGES = {
    "vocab_size": [1, -1],
    "embedding_size": [1, -1],
    "hidden_size": [1, -1],
    "num_layers": [1, -1],
}


@pytest.mark.parametrize(("field", "step"), [(field, step) for field, steps in ARCHITECTURE_CHANGES.items() for step in steps])
def test_an_architecture_off_by_one_is_refused_before_anything_is_allocated(path, field, step, monkeypatch):
    saved(path)
    table, document, data = parts(path)
    document["architecture"][field] += step
    write_parts(path, table, document, data)

    def no_reading(*_):
        raise AssertionError("tensors were read")

    monkeypatch.setattr(tensor_file, "read_tensors", no_reading)
    monkeypatch.setattr(tensor_file, "verify", no_reading)
    for read in (load_model, read_description):
        with pytest.raises(ModelFileError):
            read(path)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cell", "gru"),
        ("cell", "transformer"),
        ("layer_norm", False),
        ("tied", True),
        ("hidden_size", 10**9),
        ("hidden_size", -6),
        ("hidden_size", None),
        ("num_layers", True),
        ("num_layers", 1e308),
        ("vocab_size", 2**31),
        ("dropout", 5),
        ("dropout", "0.1"),
    ],
)
def test_an_architecture_that_is_wrong_or_absurd_is_refused(path, field, value):
    saved(path)
    table, document, data = parts(path)
    document["architecture"][field] = value
    write_parts(path, table, document, data)
    with pytest.raises(ModelFileError):
        load_model(path)
    if (field, value) != ("cell", "gru"):  # another cell of the same widths is told by its own table alone, which loads torch
        with pytest.raises(ModelFileError):
            read_description(path)


def test_a_tokenizer_with_another_vocabulary_is_refused(path):
    saved(path)
    table, document, data = parts(path)
    document["tokenizer"]["symbols"].append("€")
    write_parts(path, table, document, data)
    with pytest.raises(ModelFileError, match="ids"):
        load_model(path)
    with pytest.raises(ModelFileError, match="ids"):
        read_description(path)


def test_a_number_that_is_not_finite_is_refused_and_its_tensor_named(path):
    saved(path)
    table, document, data = parts(path)
    begin = table["head.bias"]["data_offsets"][0]
    infinite = torch.tensor([float("inf")]).numpy().tobytes()
    write_parts(path, table, document, data[: begin + 4] + infinite + data[begin + 8 :])
    for read in (load_model, read_description):
        with pytest.raises(ModelFileError, match=r"head\.bias.*not finite"):
            read(path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda table: table.pop("head.bias"), "begins at byte|its data has"),
        (lambda table: table.update({"head\x1b[2J": table.pop("head.bias")}), r"a tensor is called 'head\\x1b"),
        (lambda table: table.update({"../head.bias": table.pop("head.bias")}), "a tensor is called"),
        (lambda table: table.update({"head.bias" * 50: table.pop("head.bias")}), "a tensor is called"),
        (lambda table: table["head.bias"].update(dtype="I32"), "stored as"),
        (lambda table: table["head.bias"].update(dtype="F4"), "type 'F4', which lstmgen never writes"),
        (lambda table: table["head.bias"].update(dtype="Q4"), "Q4.* never writes"),
        (lambda table: table["head.bias"].update(dtype="F8_E4M3", shape=[4 * table["head.bias"]["shape"][0]]), "F8_E4M3.* never writes"),
        (lambda table: table["head.bias"].update(shape=[2**62, 2**62]), "does not fit its bytes"),
        (lambda table: table["head.bias"].update(shape=[-1]), r"shape\[0\] is -1, expected a whole number"),
        (lambda table: table["head.bias"].update(shape=[True]), r"shape\[0\] is True"),
        (lambda table: table["head.bias"].update(shape=[float(table["head.bias"]["shape"][0])]), r"shape\[0\] is \d+\.0"),
        (lambda table: table["head.bias"].update(shape=[table["head.bias"]["shape"][0] + 1]), "does not fit its bytes"),
        (lambda table: table["head.bias"].update(shape=[*table["head.bias"]["shape"], *[1] * 9]), "a list of at most 8 entries"),
        (lambda table: table["head.bias"].update(data_offsets=[9, 3]), "does not fit its bytes"),
        (lambda table: table["head.bias"].update(data_offsets=[0]), "a list of 2 entries"),
        (lambda table: table["head.bias"].update(data_offsets=table["norm.bias"]["data_offsets"]), "does not fit its bytes"),
        (lambda table: table["norm.weight"].update(data_offsets=table["norm.bias"]["data_offsets"]), "begins at byte"),
        (lambda table: table["head.bias"].update(extra=1), "holds 'extra', which is not known"),
        (lambda table: table.update({"head.bias": list(table["head.bias"].values())}), "expected a table"),
        (lambda table: table.update({"head.bias": "F32"}), "expected a table"),
        (
            lambda table: table.update({f"empty{n}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for n in range(4100)}),
            "more than 12,290 objects",
        ),
    ],
)
def test_a_hostile_header_is_refused(path, change, reason):
    saved(path)
    table, document, data = parts(path)
    change(table)
    write_parts(path, table, document, data, reseal=False)
    with pytest.raises(ModelFileError, match=reason) as caught:
        load_model(path)
    assert "\x1b" not in caught.value.message


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda document: document.update(version=3), "version 3.*up to version 2"),
        (lambda document: document.update(version="1"), "version"),
        (lambda document: document.update(format="lstmgen-state"), "lstmgen-state"),
        (lambda document: document.update(summary=[]), r"summary is \[\], expected a table"),
        (lambda document: document["summary"].update(steps="many"), "steps is 'many', expected a whole number"),
        (lambda document: document["summary"].update(seconds=-1), "seconds is -1"),
        (lambda document: document["summary"].update(val={"nats_per_char": []}), "nats_per_char"),
        (lambda document: document["summary"].update(settings=[]), "settings"),
        (lambda document: document["summary"].update(sources=[1]), r"sources\[0\]"),
        (lambda document: document.update(code="import os"), "holds 'code', which is not known"),
        (lambda document: document.pop("tokenizer"), "lacks tokenizer"),
        (lambda document: document.pop("sha256"), "no checksum"),
        (lambda document: document.update(sha256="0" * 64), "checksum"),
        (lambda document: document.update(architecture=[1]), "architecture"),
        (lambda document: document.update(tokenizer="char"), "tokenizer"),
    ],
)
def test_a_hostile_description_is_refused(path, change, reason):
    saved(path)
    table, document, data = parts(path)
    change(document)
    write_parts(path, table, document, data, reseal=False)
    with pytest.raises(ModelFileError, match=reason):
        load_model(path)


def test_a_newer_version_says_what_to_do(path):
    saved(path)
    table, document, data = parts(path)
    document["version"] = 12
    write_parts(path, table, document, data)
    with pytest.raises(ModelFileError, match="version 12") as caught:
        read_description(path)
    assert "upgrade" in caught.value.remedy


@pytest.mark.parametrize("length", [2**64 - 1, 2**40, 10**6, 0, 1])
def test_an_absurd_header_length_is_refused(path, length):
    saved(path)
    path.write_bytes(length.to_bytes(8, "little") + path.read_bytes()[8:])
    with pytest.raises(ModelFileError):
        load_model(path)


def test_a_header_with_the_same_tensor_twice_is_refused(path):
    saved(path)
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = content[8 : 8 + length].rstrip()
    double = header[:-1] + b',"head.bias":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}'
    path.write_bytes(len(double).to_bytes(8, "little") + double + content[8 + length :])
    with pytest.raises(ModelFileError, match="twice"):
        load_model(path)


@pytest.mark.parametrize("kept", [0, 1, 40])
def test_a_file_that_becomes_shorter_while_it_is_read_is_refused(path, kept):
    saved(path)
    with tensor_file.open_file(path) as stream:
        header = tensor_file.read_header(stream, path, form=model_file.FORMAT, version=model_file.VERSION)
        os.truncate(path, header.data_begin + kept)
        with pytest.raises(ModelFileError, match=r"became shorter|checksum"):
            tensor_file.read_tensors(stream, header, path)


class Payload:
    def __init__(self, canary):
        self.canary = canary

    def __reduce__(self):
        return os.mkdir, (str(self.canary),)


def make_kind(kind, path, tmp_path):
    contents = {
        "empty": b"",
        "one byte": b"\0",
        "text": "Once upon a time, there was été.\n".encode() * 50,
        "PNG": b"\x89PNG\r\n\x1a\n" + bytes(40),
        "pickle": pickle.dumps(Payload(tmp_path / "canary")),
        "noise": bytes(range(255, 0, -1)),
    }
    if kind in contents:
        path.write_bytes(contents[kind])
    elif kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "ZIP":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("data.pkl", pickle.dumps(Payload(tmp_path / "canary")))
    elif kind == "foreign safetensors":
        path.write_bytes(safetensors.torch.save({"weight": torch.zeros(3)}, {"format": "pt"}))


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("empty", "empty file"),
        ("one byte", "not a model file"),
        ("text", "found text"),
        ("PNG", "PNG"),
        ("pickle", "pickle"),
        ("ZIP", "ZIP"),
        ("noise", "something else"),
        ("folder", "folder"),
        ("pipe", "pipe"),
        ("missing", "no file"),
        ("foreign safetensors", "did not write"),
    ],
)
def test_what_is_not_a_model_is_named_and_refused_without_running_or_hanging(kind, reason, path, tmp_path):
    make_kind(kind, path, tmp_path)
    for read in (load_model, read_description):
        with pytest.raises(ModelFileError, match=reason) as caught:
            read(path)
        assert caught.value.remedy
    assert not (tmp_path / "canary").exists()


def test_a_model_is_found_by_folder_by_file_and_by_name(tmp_path):
    runs = tmp_path / "checkpoints"
    folder = runs / "fox"
    folder.mkdir(parents=True)
    file = folder / run_files.MODEL
    saved(file)
    assert find_model(str(folder), runs=runs) == file
    assert find_model(str(file), runs=runs) == file
    assert find_model("fox", runs=runs) == file


def test_a_missing_model_suggests_the_nearest_name(tmp_path):
    runs = tmp_path / "checkpoints"
    (runs / "shakespeare").mkdir(parents=True)
    saved(runs / "shakespeare" / run_files.MODEL)
    with pytest.raises(ModelFileError, match="shakespere") as caught:
        find_model("shakespere", runs=runs)
    assert "shakespeare" in caught.value.remedy
    with pytest.raises(ModelFileError) as caught:
        find_model("zzz", runs=runs)
    assert "shakespeare" in caught.value.remedy
    with pytest.raises(ModelFileError) as caught:
        find_model("zzz", runs=tmp_path / "nothing")
    assert "train" in caught.value.remedy


def test_a_link_that_is_named_is_followed_and_one_within_a_run_is_not(path, tmp_path):
    saved(path)
    (tmp_path / "shortcut").symlink_to(path)
    assert find_model(str(tmp_path / "shortcut")) == path.resolve()
    run = tmp_path / "run"
    run.mkdir()
    (run / run_files.MODEL).symlink_to(path)
    for read in (load_model, read_description):
        with pytest.raises(ModelFileError, match="is a symbolic link, expected a model file"):
            read(find_model(str(run)))
    (tmp_path / "other-name").symlink_to(run.parent)
    assert load_model(find_model(str(tmp_path / "other-name"))).summary == SUMMARY


@pytest.mark.parametrize("spec", ["", "  ", "a\0b", "x" * 5000, "no/such/path.safetensors"])
def test_no_name_breaks_the_search(spec, tmp_path):
    with pytest.raises(ModelFileError):
        find_model(spec, runs=tmp_path)


def test_a_folder_without_a_model_says_so(tmp_path):
    with pytest.raises(ModelFileError, match="holds no"):
        find_model(str(tmp_path), runs=tmp_path / "checkpoints")


def test_a_large_alphabet_on_a_tiny_network_is_no_hostile_file(path):
    tokenizer = text_tokenizers.build("char", lambda: iter(["".join(map(chr, range(0x10000, 0x10000 + 40_000)))]))
    network = network_for(tokenizer, embedding_size=1, hidden_size=1, num_layers=1)
    save_model(path, network.tensors(), network.architecture, tokenizer, {})
    assert load_model(path).tokenizer.vocab_size == 40_001


@pytest.mark.parametrize("part", ["summary", "tokenizer", "architecture"])
def test_a_description_that_is_far_larger_than_the_weights_is_refused(path, part):
    saved(path)
    table, document, data = parts(path)
    document[part] |= {str(number): 0 for number in range(200_000)}
    write_parts(path, table, document, data)
    with pytest.raises(ModelFileError, match=r"more than .* (values|texts)"):
        load_model(path)


def test_a_layer_without_its_tensors_is_noticed_without_loading_torch(path):
    network = saved(path)
    document = parts(path)[1]
    document.pop("sha256")
    tensors = {name: tensor for name, tensor in network.tensors().items() if not name.startswith("layers.0.")}
    path.write_bytes(b"".join(Packed(tensors, document)))
    with pytest.raises(ModelFileError, match="lacks tensors of a layer"):
        read_description(path)


def test_a_document_that_is_no_object_or_too_long_is_refused(path, monkeypatch):
    saved(path)
    table, _, data = parts(path)
    header = json.dumps({**table, "__metadata__": {"lstmgen": "[]"}}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + data)
    with pytest.raises(ModelFileError, match="it is no JSON object"):
        load_model(path)
    saved(path)
    monkeypatch.setattr(limits, "MAX_DOCUMENT_BYTES", 10)
    with pytest.raises(ModelFileError, match="at most 10 are read"):
        load_model(path)


def test_a_file_beyond_the_limit_is_not_opened(path):
    saved(path)
    with pytest.raises(ModelFileError, match="at most 5 are read"):
        tensor_file.open_file(path, at_most=5)


def test_memory_that_is_refused_for_tensors_is_the_machines_fault(path, monkeypatch):
    saved(path)

    def refuse(*_, **__):
        raise RuntimeError("not enough memory: you tried to allocate")

    with tensor_file.open_file(path) as stream:
        header = tensor_file.read_header(stream, path, form=model_file.FORMAT, version=model_file.VERSION)
        monkeypatch.setattr(torch, "empty", refuse)
        with pytest.raises(MachineError, match="there is not enough memory to read"):
            tensor_file.read_tensors(stream, header, path)
