"""Lines at the widths of terminals."""

import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmgen.cli.table import aligned
from lstmgen.cli.wrapping import PAGE_COLUMNS, examples, listed, wrapped
from lstmgen.wording import cells

WIDTHS = (39, 59, 79)
NOTE = "note: the last tenth of every document is held out, so that the model is measured on what it has never read"
COMMAND = """try: lstmgen sample 'my run' -p "How it begins" -e --stop '\\n\\n' --num-samples 3 -o out/ --temperature 0.7"""


@pytest.mark.parametrize("columns", WIDTHS)
def test_a_line_is_broken_between_words_and_continued_under_its_words(columns):
    lines = wrapped(NOTE, columns)
    assert len(lines) > 1
    assert all(cells(line) <= columns for line in lines)
    assert all(line.startswith(" " * 6) and line[6] != " " for line in lines[1:])
    assert " ".join(line.strip() for line in lines) == NOTE


@pytest.mark.parametrize("columns", WIDTHS)
def test_a_quoted_line_keeps_its_bar(columns):
    lines = wrapped("  | " + "the sea is wide " * 8, columns)
    assert len(lines) > 1
    assert all(line.startswith("  | ") and line[4] != " " for line in lines)


@pytest.mark.parametrize("columns", WIDTHS)
def test_a_command_that_is_broken_is_the_same_command_for_a_shell(columns):
    lines = wrapped(COMMAND, columns)
    assert len(lines) > 1
    assert all(line.endswith(" \\") for line in lines[:-1])
    assert shlex.split("\n".join(lines).removeprefix("try: ").replace("\\\n", "")) == shlex.split(COMMAND.removeprefix("try: "))


def test_advice_that_names_two_commands_is_no_command():
    assert "\\" not in "".join(wrapped("try: lstmgen train FILE, or lstmgen corpora for what is there", 30))


def test_a_line_that_fits_is_left_as_it_is():
    assert wrapped("a   b  c ", 20) == ["a   b  c "]


def test_a_word_that_is_too_long_stays_whole():
    assert wrapped("note: " + "x" * 60, 30) == ["note: " + "x" * 60]


def test_wide_characters_count_twice():
    assert wrapped("\u6587\u6587 \u5b57\u5b57", 6) == ["\u6587\u6587", "\u5b57\u5b57"]


@given(st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=120), st.integers(24, 100))
def test_no_word_is_lost_whatever_the_line(line, columns):
    marks = {"|", "\\"}
    assert [word for word in " ".join(wrapped(line, columns)).split() if word not in marks] == [
        word for word in line.split() if word not in marks
    ]


def test_comments_stand_beside_all_commands_or_above_them():
    lines = ["lstmgen demo    # the whole journey", "lstmgen corpora # what there is"]
    assert examples(lines, 60) == [f"  {line}" for line in lines]
    assert examples(lines, 30) == ["  # the whole journey", "  lstmgen demo", "  # what there is", "  lstmgen corpora"]


@pytest.mark.parametrize("columns", WIDTHS)
def test_a_list_gives_its_explanations_a_column_or_a_margin(columns):
    rows = [("short", NOTE), ("--a-very-long-option, --another-name-of-it N", NOTE)]
    lines = list(listed(rows, columns, column=30, indent=2))
    assert all(cells(line) <= columns or line.strip() == rows[1][0] for line in lines)
    at = 30 if columns >= 59 else 6
    assert {len(re.match(" *", line)[0]) for line in lines if not line.lstrip().startswith(("short", "--"))} == {at}


@pytest.mark.parametrize("columns", ["40", "60", "80"])
@pytest.mark.parametrize("argv", [["--help"], ["train", "--help"], ["sample", "--help"], ["corpora"], ["corpora", "--help"]])
def test_pages_fit_the_terminal(cli, columns, argv):
    done = cli(*argv, terminal=("stdout",), environ={"COLUMNS": columns})
    assert done.code == 0
    text = re.sub(r"\x1b\[[0-9;]*m", "", done.text)
    wide = [line for line in text.splitlines() if cells(line) > int(columns)]
    assert all(len(line.split()) <= 2 for line in wide), wide  # one word that cannot be broken, behind its margin or its flag


@pytest.mark.parametrize("columns", ["40", "60", "80"])
def test_messages_fit_the_terminal_and_are_one_line_elsewhere(cli, columns):
    argv = ("train", "no/such/folder/a.txt")
    told = cli(*argv, terminal=("stderr",), environ={"COLUMNS": columns, "NO_COLOR": "1"}).err
    assert all(cells(line) < int(columns) for line in told.splitlines())
    plain = cli(*argv, environ={"COLUMNS": columns}).err
    assert plain.count("\n") == 2
    assert told.split() == plain.split()


def test_the_examples_of_every_command_fit_a_page(cli):
    for name in ("", "train", "sample", "score", "render", "info", "corpora", "demo"):
        text = cli(*([name] if name else []), "--help").text
        assert "\n  # " not in text, name
        assert max(map(cells, text.splitlines())) <= PAGE_COLUMNS


TABLE = [["through", "notes lost", "onset error, ms"], ["performance", "1,454", "2.6"], ["grid", "3", "0.0"]]


def test_a_table_that_is_too_wide_breaks_its_headings():
    assert list(aligned(TABLE, columns=40)) == [
        "through      notes lost  onset error, ms",
        "performance       1,454              2.6",
        "grid                  3              0.0",
    ]
    assert list(aligned(TABLE, columns=30)) == [
        "             notes      onset",
        "through       lost  error, ms",
        "performance  1,454        2.6",
        "grid             3        0.0",
    ]


def test_a_table_whose_words_are_too_wide_is_turned():
    rows = [["text", "tokens", "nats/token", "chars"], ["story.txt", "3,000", "1.1327", "3,000"]]
    assert list(aligned(rows, columns=24)) == [
        "text        story.txt",
        "tokens          3,000",
        "nats/token     1.1327",
        "chars           3,000",
    ]


def test_the_last_column_of_a_list_is_broken_between_words():
    rows = [["track", "instrument"], ["1", "Acoustic Grand Piano, left hand"]]
    assert list(aligned(rows, left_last=True, columns=24)) == ["track  instrument", "    1  Acoustic Grand", "       Piano, left hand"]


@pytest.mark.parametrize(("width", "headings"), [(80, 4), (28, 4), (27, 3), (20, 2)])
def test_only_as_many_columns_are_shown_as_have_room_with_their_headings_broken(width, headings):
    rows = [["label", "how many", "one way", "both ways"], ["plain", "1,000", "97.3 %", "98.1 %"]]
    lines = list(aligned(rows, dropped=(1, 2), columns=width))
    assert len(lines[-1].replace(" %", "%").split()) == headings
    assert lines[-1].startswith("plain")
    assert lines[-1].endswith("98.1 %")
    assert max(map(len, lines)) <= width


def test_labels_go_above_rows_that_are_too_wide_and_the_same_label_once():
    rows = [
        ["text", "", "static", "adapted"],
        *([name, unit, "1.0899", "1.0798"] for name in ("story.txt", "all") for unit in ("nats", "bits")),
    ]
    assert list(aligned(rows, columns=26)) == [
        "text",
        "        static  adapted",
        "story.txt",
        "  nats  1.0899   1.0798",
        "  bits  1.0899   1.0798",
        "all",
        "  nats  1.0899   1.0798",
        "  bits  1.0899   1.0798",
    ]


def test_text_goes_beneath_its_row_where_it_has_too_little_room_and_is_taken_for_no_label():
    rows = [["line", "nats", "text"], ["1", "34.4", "is risen: why stay we here?"]]
    assert list(aligned(rows, left_last=True, columns=22)) == ["line  nats", "  text", "   1  34.4", "  is risen: why stay", "  we here?"]


WORDS = st.text("abc12.", min_size=1, max_size=9)


@given(st.data(), st.integers(24, 70), st.booleans())
def test_no_table_is_wider_than_its_terminal_and_nothing_in_it_is_lost(data, columns, left_last):
    count, labels = data.draw(st.integers(2, 7)), data.draw(st.integers(1, 2))
    names = data.draw(st.lists(st.lists(WORDS, min_size=1, max_size=2).map(" ".join), min_size=count, max_size=count))
    rows = data.draw(st.lists(st.lists(WORDS, min_size=count, max_size=count), min_size=1, max_size=5))
    lines = list(aligned([names, *rows], left_last=left_last, labels=labels, columns=columns))
    assert max(map(cells, lines)) <= max(columns, 4 + 11 * (count - 1) if left_last else 0)
    said = " ".join(lines)
    assert all(word in said for row in rows for word in row)
