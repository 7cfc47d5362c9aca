"""What text adds to the options of commands. No numpy: the command line declares itself with these."""

from __future__ import annotations

from typing import Final, get_args

from lstmgen.choices import ErrorsPolicy, OovPolicy
from lstmgen.options import Option

_OOV: Final = Option(
    name="oov", flags="--oov", choices=get_args(OovPolicy), default="error", help="What to do with symbols that the model has never seen."
)
_ERRORS: Final = "What to do with bytes that are not of the text's encoding."
_ENCODING: Final = "What text files are encoded in, such as cp1252, latin-1 or utf-16."

TRAIN_OPTIONS: Final = (
    Option(
        name="tokenizer.vocab_size",
        flags="--vocab-size",
        help="Tokens that word, bpe and unigram may use; fitted to the corpus where not given.",
    ),
    Option(name="data.errors", flags="--errors", help=_ERRORS),
    Option(
        name="data.keep_newlines",
        flags="--keep-newlines/--no-keep-newlines",
        help="Keep CRLF line ends instead of turning them into LF.",
    ),
    Option(name="data.encoding", flags="--encoding", help=_ENCODING),
    Option(
        name="data.documents",
        flags="--documents",
        help="What one document is, which begins anew and ends by itself: a file, a line (names, jokes), or what blank lines set apart.",
    ),
    Option(
        name="data.separator",
        flags="--separator",
        help=r"A text that stands between documents, such as '\n%\n'; \n and \t are read as what they stand for.",
    ),
)
"""By `section.key`; type, bounds and default are those of the setting."""
SAMPLE_OPTIONS: Final = (
    Option(name="stop", flags="--stop", unit="TEXT", repeated=True, help="End before this text; may be repeated."),
    Option(name="ignore_end", flags="--ignore-end", type=bool, help="Continue where the model would end its document."),
    _OOV,
)
SCORE_OPTIONS: Final = (
    Option(name="encoding", flags="--encoding", unit="NAME", default="utf-8", help=_ENCODING),
    Option(name="errors", flags="--errors", choices=get_args(ErrorsPolicy), default="strict", help=_ERRORS),
    _OOV,
)
INFILL_OPTIONS: Final = (
    Option(name="gap", flags="--gap", unit="MARK", help="What stands in the text where something is missing. [___]"),
    Option(
        name="at",
        flags="--at",
        unit="BEGIN:END",
        repeated=True,
        help="In place of a mark: write anew from this character to before that one, counted from 0; may be repeated.",
    ),
    Option(
        name="length",
        flags="--length",
        unit="MIN:MAX",
        help="Characters to write, or a single number; 1:20 for a mark, as many as there were for --at.",
    ),
    _OOV,
)
HARMONIZE_OPTIONS: Final = ()
