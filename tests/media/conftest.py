"""One small tokenizer of every kind, trained once on a corpus that holds something of everything."""

import pytest

from lstmgen.media.text import tokenizers as text_tokenizers

PROSE = (
    "The tide came in over the flats, and the heron didn't move.\n"
    "“Are you there?” she asked; nobody answered. “Are you there, Ada?”\n\n"
    "    def wait(self, tide):\n        return self.heron + tide * 1234  # the heron waits\n\n"
    "Größe, naïve café, père Noël. Ελληνικά και русский язык, 日本語の文章。 مرحبا بالعالم שלום\n"
    "👩‍👩‍👧‍👦 waves 🏴‍☠️ at 🇮🇸; e\u0301 is not é\r\n\tone\ttab\0 and a \u2581 mark\u2028or two\u2029"
)
CORPUS = PROSE * 6


@pytest.fixture(scope="session")
def corpus():
    return CORPUS


@pytest.fixture(scope="session")
def build_tokenizer():
    """Builds by name from the text given, cut into chunks of a prime length."""

    def build(name, text=CORPUS, **options):
        return text_tokenizers.build(name, lambda: (text[start : start + 97] for start in range(0, len(text), 97)), **options)

    return build


@pytest.fixture(scope="session")
def built(build_tokenizer):
    """All, and byte, word and bpe again for a corpus that held bytes that are not UTF-8."""
    plain = {name: build_tokenizer(name) for name in text_tokenizers.NAMES}
    raw = {f"raw {name}": build_tokenizer(name, CORPUS + "\udcff\udcc3 raw") for name in ("byte", "word", "bpe")}
    return plain | raw


@pytest.fixture(scope="session", params=[*text_tokenizers.NAMES, "raw byte", "raw word", "raw bpe"])
def tokenizer(request, built):
    return built[request.param]
