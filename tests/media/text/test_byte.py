import numpy as np
import pytest

from lstmgen.errors import ModelFileError
from lstmgen.media.text.byte import ByteTokenizer


def test_the_ids_are_the_bytes_plus_one():
    assert ByteTokenizer().encode("A\0é\n😀").tolist() == [66, 1, 196, 170, 11, 241, 160, 153, 129]
    assert ByteTokenizer().vocab_size == 257


def test_the_json_is_pinned():
    assert ByteTokenizer(raw_bytes=True).to_json() == {"name": "byte", "version": 1, "raw_bytes": True}


def test_a_byte_escape_is_the_byte_that_it_stands_for():
    assert ByteTokenizer().encode("\udc80\udcff").tolist() == [129, 256]
    assert ByteTokenizer(raw_bytes=True).decode([129, 256]) == "\udc80\udcff"
    assert ByteTokenizer(raw_bytes=False).decode([129, 256]) == "\ufffd\ufffd"


def test_a_character_is_held_back_until_its_last_byte():
    decoder = ByteTokenizer().decoder()
    assert [decoder.push(byte + 1) for byte in "é😀".encode()] == ["", "é", "", "", "", "😀"]


def test_an_unfinished_character_ends_as_the_replacement_character_and_leaves_the_decoder_fresh():
    decoder = ByteTokenizer().decoder()
    assert (decoder.push(0xF0 + 1), decoder.push(0x9F + 1), decoder.finish()) == ("", "", "\ufffd")
    assert (decoder.push(ord("a") + 1), decoder.finish()) == ("a", "")


def test_any_bytes_at_all_come_back_from_a_tokenizer_with_raw_bytes():
    data = bytes(np.random.default_rng(5).integers(0, 256, 5000, dtype=np.uint8))
    tokenizer = ByteTokenizer(raw_bytes=True)
    text = data.decode("utf-8", "surrogateescape")
    assert tokenizer.encode(text).tolist() == [byte + 1 for byte in data]
    assert tokenizer.decode([byte + 1 for byte in data]).encode("utf-8", "surrogateescape") == data


@pytest.mark.parametrize("values", [{}, {"raw_bytes": 1}, {"raw_bytes": None}, {"raw_bytes": True, "more": 1}])
def test_other_json_is_refused(values):
    with pytest.raises(ModelFileError):
        ByteTokenizer.from_json({"name": "byte", "version": 1} | values)
