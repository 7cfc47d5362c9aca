import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmgen.media.text import piece_proto

FEW = "bpe", ["th", " a", "é"], [0.0, -1.0, -2.5]


def test_the_bytes_are_pinned():
    model = piece_proto.write(*FEW)
    assert hashlib.sha256(model).hexdigest() == "64ee1adc04f6fe2d26f849454341480f7d5dddf8ecfa0590b5b357c2558c9284"


@settings(max_examples=60)
@given(
    kind=st.sampled_from(["bpe", "unigram"]),
    learnt=st.lists(
        st.tuples(st.text(min_size=1, max_size=200).filter(lambda text: "\u2581" not in text), st.floats(-1e6, 1e6, width=32)), max_size=8
    ),
)
def test_what_is_written_is_read_as_it_was(kind, learnt):
    pieces, scores = [text for text, _ in learnt], [score for _, score in learnt]
    assert piece_proto.read(kind, piece_proto.write(kind, pieces, scores)) == (pieces, scores)


@settings(max_examples=100)
@given(data=st.data())
def test_a_changed_model_is_refused_or_says_exactly_its_pieces(data):
    model = bytearray(piece_proto.write(*FEW))
    place = data.draw(st.integers(len(model) - 90, len(model) - 1) | st.integers(0, len(model) - 1))
    model[place] = data.draw(st.integers(0, 255))
    changed = bytes(model[: data.draw(st.sampled_from([len(model), place]))])
    try:
        found = piece_proto.read("bpe", changed)
    except ValueError:
        return
    assert piece_proto.write("bpe", *found) == changed


@pytest.mark.parametrize(
    "change",
    [
        lambda model: model[:0],
        lambda model: model[:-1],
        lambda model: model + b"\0",
        lambda model: model + b"\x2a\x00",  # a denormaliser
        lambda model: model.replace(b"identity", b"nmt_nfkc"),
        lambda model: model.replace(b"<unk>", b"<ukn>"),
        lambda model: model.replace(b"<0x41>", b"<0x42>"),
        lambda model: model.replace(b"th", b"\xc3\x28"),
        lambda model: model.replace("▁a".encode(), b" a__"),
        lambda model: model[:-80],
        lambda model: b"\x08\x01" * 258 + model,
        lambda model: b"\xff" * len(model),
    ],
)
def test_anything_else_than_what_we_write_is_refused(change):
    model = piece_proto.write(*FEW)
    assert change(model) != model
    with pytest.raises(ValueError, match=r".+"):
        piece_proto.read("bpe", change(model))


def test_a_model_of_the_other_kind_is_refused():
    with pytest.raises(ValueError, match="other things"):
        piece_proto.read("unigram", piece_proto.write(*FEW))
