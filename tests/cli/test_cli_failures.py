import errno
import io

import pytest

from lstmgen import errors
from lstmgen.cli.failures import Failure, Terminated, advice_on, explain, nearest, report
from lstmgen.cli.output import Streams


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.UsageError, 2),
        (errors.MissingExtraError, 2),
        (errors.CorpusError, 3),
        (errors.ModelFileError, 3),
        (errors.MachineError, 4),
        (errors.DivergedError, 5),
        (errors.InUseError, 6),
    ],
)
def test_every_error_of_ours_has_its_exit_code_and_its_two_lines(kind, code):
    assert explain(kind("this was found", remedy="do that")) == Failure(exit_code=code, message="this was found", remedy="do that")


def test_an_error_without_a_remedy_points_to_the_help_of_its_command():
    assert explain(errors.InputError("x"), path="lstmgen train").remedy == "lstmgen train --help"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, 4),
        (errno.EDQUOT, 4),
        (errno.EIO, 4),
        (errno.EROFS, 4),
        (errno.ENOENT, 3),
        (errno.EACCES, 3),
        (errno.EISDIR, 3),
        (errno.EXDEV, 4),
    ],
)
def test_what_the_system_refuses_is_the_machine_or_the_input(number, code):
    failure = explain(OSError(number, "words of the system", "some/file"))
    assert (failure.exit_code, failure.message) == (code, "some/file: words of the system")
    assert failure.remedy


def test_memory_is_the_machine():
    assert explain(MemoryError()).exit_code == 4
    assert explain(type("OutOfMemoryError", (RuntimeError,), {})("CUDA out of memory")).exit_code == 4


def test_ctrl_c_and_a_termination_are_no_errors_and_have_codes_of_their_own():
    assert explain(KeyboardInterrupt()) == Failure(exit_code=130)
    assert explain(Terminated()) == Failure(exit_code=143)


def test_what_nobody_expected_is_named_with_a_way_to_find_out_more():
    failure = explain(ZeroDivisionError("division by zero"))
    assert failure.exit_code == 1
    assert failure.message == "unexpected ZeroDivisionError: division by zero"
    assert "--debug" in failure.remedy


def test_a_failure_is_told_in_two_clean_lines_even_when_quiet():
    said = io.BytesIO()
    streams = Streams(stdin=io.BytesIO(), stdout=io.BytesIO(), stderr=said, quiet=True)
    code = report(Failure(exit_code=3, message="a file\ncalled \x1b[2J", remedy="rm it"), streams)
    assert code == 3
    assert said.getvalue() == b"error: a file called \\x1b[2J\ntry: rm it\n"


def test_the_nearest_word_is_found_and_a_far_one_is_not():
    assert nearest("tran", ["train", "sample"]) == "train"
    assert nearest("xyzzy", ["train", "sample"]) is None


def test_advice_on_a_file_names_what_is_there_and_what_can_be_typed(tmp_path):
    missing = tmp_path / "no" / "such folder" / "x.txt"
    error = FileNotFoundError(errno.ENOENT, "No such file or directory", str(missing))
    assert advice_on(error) == f"make the folder first: mkdir -p '{missing.parent}'"
    assert advice_on(error, reading=True) == f"look for the name: ls {tmp_path}"
    assert advice_on(FileNotFoundError(errno.ENOENT, "-", str(tmp_path / "x"))) == f"look for the name: ls {tmp_path}"
    assert advice_on(PermissionError(errno.EACCES, "-", str(tmp_path))) == f"look at the permissions: ls -ld {tmp_path}"
    assert advice_on(IsADirectoryError(errno.EISDIR, "-", str(tmp_path))) == "name a file, not a folder"
    assert advice_on(FileNotFoundError(errno.ENOENT, "-")) == "look for the name: ls ."


def test_what_a_model_of_text_is_given_of_music_is_named_for_what_it_is(cli, run_folder, tmp_path):
    tune = tmp_path / "tune.mid"
    tune.write_bytes(b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x00\xe0MTrk\x00\x00\x00\x04\x00\xff\x2f\x00")
    for argv in (("score", run_folder, tune), ("sample", run_folder, "-f", tune)):
        done = cli(*argv)
        assert done.code == 3
        assert "a MIDI file, expected UTF-8 text" in done.err
        assert "try: a model of music takes it: lstmgen train" in done.err
    empty = cli("score", run_folder, "-")
    assert (empty.code, empty.err) == (3, "error: standard input is empty, expected text\ntry: redirect a file into it: < FILE\n")


def test_info_says_how_many_sources_it_does_not_name(cli, run_folder, tmp_path):
    import shutil

    from lstmgen.checkpoint.model_file import load_model, save_model

    folder = tmp_path / "many"
    shutil.copytree(run_folder, folder)
    model = load_model(folder / "model.safetensors")
    facts = model.summary | {"sources": [f"{number}.txt" for number in range(20)], "documents": 1234}
    save_model(folder / "model.safetensors", model.network.tensors(), model.network.architecture, model.tokenizer, facts)
    assert "19.txt and 1,214 more; sources.jsonl in the run's folder lists all\n" in cli("info", folder).text


@pytest.mark.parametrize(
    "said",
    [
        "[enforce fail at alloc_cpu.cpp:118] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 400 bytes.",
        "std::bad_alloc",
    ],
)
def test_what_torchs_allocators_say_is_the_machine(said):
    assert explain(RuntimeError(said)).exit_code == 4
    assert explain(RuntimeError("shapes do not match")).exit_code == 1
