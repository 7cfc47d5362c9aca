import errno
import json
import re

import pytest

from lstmgen.storage import disk


def converse(cli, run_folder, *lines, argv=(), **options):
    typed = "".join(f"{line}\n" for line in lines).encode()
    return cli("sample", run_folder, "--interactive", "-s", "5", "-n", "20", "--ignore-end", *argv, stdin=typed, **options)


def story(cli, run_folder, *lines, argv=()):
    """The whole text after these lines."""
    marked = converse(cli, run_folder, *lines, "/text", argv=argv).text
    before = converse(cli, run_folder, *lines, argv=argv).text
    assert marked.startswith(before)
    return marked[len(before) : -1]


def test_the_end_of_the_input_leaves_without_an_error(cli, run_folder):
    done = converse(cli, run_folder)
    assert (done.code, done.out) == (0, b"")
    assert "seed: 5" in done.err


@pytest.mark.parametrize("word", ["/quit", "/q", "/exit"])
def test_quit_leaves_before_anything_that_follows(cli, run_folder, word):
    assert converse(cli, run_folder, word, "The sea").out == b""


def test_a_line_joins_the_text_and_the_model_goes_on(cli, run_folder):
    done = converse(cli, run_folder, "The sea")
    text = story(cli, run_folder, "The sea")
    assert text.startswith("The sea\n")
    assert len(text) == len("The sea\n") + 20
    assert done.text.rstrip("\n") == text.removeprefix("The sea\n").rstrip("\n")


def test_an_empty_line_lets_the_model_go_on_by_itself(cli, run_folder):
    once, twice = story(cli, run_folder, "The sea"), story(cli, run_folder, "The sea", "")
    assert twice.startswith(once)
    assert len(twice) == len(once) + 20


def test_a_new_line_begins_on_a_line_of_its_own(cli, run_folder):
    once, twice = story(cli, run_folder, "The sea"), story(cli, run_folder, "The sea", "is deep")
    assert twice.startswith(once if once.endswith("\n") else f"{once}\n")
    assert "\nis deep\n" in twice


def test_a_backslash_leaves_the_end_of_a_line_open(cli, run_folder):
    text = story(cli, run_folder, "The sea\\")
    assert text.startswith("The sea")
    assert len(text) == len("The sea") + 20


def test_undo_takes_back_the_model_and_the_line_that_it_answered(cli, run_folder):
    once = story(cli, run_folder, "The sea")
    assert story(cli, run_folder, "The sea", "is deep", "/undo") == once
    assert story(cli, run_folder, "The sea", "", "/undo") == once
    assert story(cli, run_folder, "The sea", "is deep", "/undo", "/undo") == ""


def test_undo_stops_at_the_prompt_that_it_began_with(cli, run_folder):
    assert story(cli, run_folder, "/undo", argv=["-p", "The sea"]) == "The sea"
    done = converse(cli, run_folder, "/undo", "/undo", argv=["-p", "The sea"])
    assert "error: there is nothing to undo\n" in done.err


def test_again_gives_another_continuation_of_the_same_line(cli, run_folder):
    once, again = story(cli, run_folder, "The sea"), story(cli, run_folder, "The sea", "/again")
    assert again.startswith("The sea\n")
    assert len(again) == len(once)
    assert again != once


def test_temperature_and_length_can_be_changed_on_the_way(cli, run_folder):
    text = story(cli, run_folder, "/t 0", "/n 7", "The sea", "/again")
    assert len(text) == len("The sea\n") + 7
    assert text == story(cli, run_folder, "/t 0", "/n 7", "The sea")


def test_the_whole_text_can_be_saved_and_never_over_another_file(cli, run_folder, tmp_path):
    target = tmp_path / "story.txt"
    done = converse(cli, run_folder, "The sea", f"/save {target}", f"/save {target}")
    assert target.read_text() == story(cli, run_folder, "The sea")
    assert done.err.count("wrote 28 characters") == 1
    assert "a file of that name is in the way" in done.err


def test_a_text_that_the_disk_refuses_leaves_no_file_and_the_conversation_goes_on(cli, run_folder, tmp_path, monkeypatch):
    target, real = tmp_path / "story.txt", disk.sync

    def refuse(_):
        monkeypatch.setattr(disk, "sync", real)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(disk, "sync", refuse)
    done = converse(cli, run_folder, "The sea", f"/save {target}", "/save " + str(tmp_path / "again.txt"))
    assert "the disk is full" in done.err
    assert [path.name for path in tmp_path.glob("*.t*")] == ["again.txt"]


def test_two_slashes_begin_a_line_with_one(cli, run_folder):
    assert story(cli, run_folder, "//The sea", argv=["--oov", "skip"]).startswith("/The sea\n")


@pytest.mark.parametrize("line", ["/dance", "/t hot", "/t -1", "/n many", "/save", "/save no/such/folder/x", "/undo", "/again", "Zoë"])
def test_a_mistake_is_told_and_the_conversation_goes_on(cli, run_folder, line):
    done = converse(cli, run_folder, line, "The sea", "/text")
    assert done.code == 0
    assert re.search(r"^error: [^\n]+\ntry: [^\n]+$", done.err, re.MULTILINE)
    assert "The sea\n" in done.text


def test_help_lists_every_command(cli, run_folder):
    done = converse(cli, run_folder, "/help")
    for name in ("/again", "/undo", "/t T", "/n N", "/text", "/save FILE", "/quit"):
        assert name in done.err
    assert done.out == b""


def test_the_prompt_is_shown_and_continued(cli, run_folder):
    done = converse(cli, run_folder, argv=["-p", "The sea"])
    assert done.text.startswith("The sea")
    same = json.loads(cli("sample", run_folder, "-p", "The sea", "-s", "5", "-n", "20", "--ignore-end", "--json").out)
    assert done.text.rstrip("\n") == ("The sea" + same["text"]).rstrip("\n")


def test_only_a_terminal_is_asked_for_a_line(cli, run_folder):
    assert "> " not in converse(cli, run_folder, "The sea").err
    assert "> " in converse(cli, run_folder, "The sea", terminal=("stdin",)).err


def test_without_a_length_a_turn_is_shorter_than_a_sample(cli, run_folder):
    done = cli("sample", run_folder, "--interactive", "-s", "5", "--ignore-end", stdin=b"The sea\n/text\n")
    whole = done.text[done.text.rindex("The sea\n") :]
    assert len(whole) == len("The sea\n") + 200 + 1
