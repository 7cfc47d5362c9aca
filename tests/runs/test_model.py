"""A trained model as a Python caller has it, whatever its medium."""

from pathlib import Path

import pytest
import torch

import lstmgen
from lstmgen.checkpoint.model_file import save_model
from lstmgen.corpus.token_file import TokenFile
from lstmgen.corpus.token_writer import write_token_file
from lstmgen.errors import CorpusError, InputError, LstmgenError, MachineError, ModelFileError, UnseenSymbolError, UsageError
from lstmgen.generation.request import Request
from lstmgen.generation.sampling import Ramp, Sampling
from lstmgen.media import registry
from lstmgen.media.text import tokenizers as text_tokenizers
from lstmgen.media.text.byte import ByteTokenizer
from lstmgen.media.text.encoding import stretches
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.model.language_model import Architecture, LanguageModel
from lstmgen.music.midi.reader import read_midi
from lstmgen.music.midi.writer import to_midi_bytes
from lstmgen.music.score import Notes, Score
from lstmgen.runs.loading import load
from lstmgen.runs.model import TrainedModel

TEXT = "the quick brown fox jumps over the lazy dog.\n" * 3
PLAIN = Sampling(temperature=1)


def network_for(tokenizer, **changes):
    values = {"vocab_size": tokenizer.vocab_size, "embedding_size": 5, "hidden_size": 8, "num_layers": 2, **changes}
    with torch.random.fork_rng():
        torch.manual_seed(4)
        return LanguageModel(Architecture(**values))


def model_of(name="char", **changes):
    tokenizer = text_tokenizers.build(name, lambda: iter([TEXT]))
    return TrainedModel(network_for(tokenizer, **changes), tokenizer)


@pytest.fixture(scope="module")
def model():
    return model_of()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("run")
    tokenizer = text_tokenizers.build("char", lambda: iter([TEXT]))
    network = network_for(tokenizer)
    save_model(path / "model.safetensors", network.tensors(), network.architecture, tokenizer, {"steps": 3})
    return path


def test_a_model_loads_from_its_folder_and_its_file_and_describes_itself(folder):
    for path in (folder, str(folder), folder / "model.safetensors"):
        loaded = lstmgen.load(path, device="cpu")
        assert loaded.path == folder / "model.safetensors"
        assert loaded.description["tokenizer"] == "char"
        assert loaded.description["summary"] == {"steps": 3}
        assert loaded.description["architecture"]["hidden_size"] == 8
        assert loaded.description["parameters"] == loaded.network.architecture.num_parameters


def test_a_loaded_model_writes_what_the_saved_one_would(folder, model):
    expected = model.generate("the ", length=30, seed=5, sampling=PLAIN)
    assert load(folder, device="cpu").generate("the ", length=30, seed=5, sampling=PLAIN) == expected


def test_a_missing_model_an_absent_device_and_nonsense_are_told_apart(folder, monkeypatch):
    with pytest.raises(ModelFileError):
        load(folder / "nothing")
    with pytest.raises(UsageError, match="device"):
        load(folder, device="abacus")
    with pytest.raises(UsageError, match="precision"):
        load(folder, precision="fp7")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(MachineError, match="CUDA"):
        load(folder, device="cuda")
    with pytest.raises(MachineError, match="fp16 is for CUDA only"):
        load(folder, device="cpu", precision="fp16")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    with pytest.raises(MachineError, match="int8 is for the CPU only"):
        load(folder, device="cuda", precision="int8")


@pytest.mark.parametrize("precision", ["bf16", "int8"])
def test_fewer_bits_give_nearly_the_same_score_and_samples_that_do_not_depend_on_their_number(folder, precision):
    exact, fewer = load(folder, device="cpu"), load(folder, device="cpu", precision=precision)
    assert (exact.numbers, fewer.numbers) == ("fp32", precision)
    assert precision in fewer.decoder.path
    expected = exact.score(TEXT).nats_per_token
    assert fewer.score(TEXT).nats_per_token == pytest.approx(expected, rel=0.01)
    assert fewer.score(TEXT).nats_per_token != expected
    samples = fewer.generate(length=20, seed=1, num_samples=5, ignore_end=True)
    assert {len(sample.text) for sample in samples} == {20}
    alone = fewer.generate(length=20, seed=1, first=3, ignore_end=True)[0]
    assert (alone.text, alone.nats_per_token) == (samples[3].text, samples[3].nats_per_token)


def test_a_score_in_fewer_bits_is_of_what_samples_are_drawn_from(folder):
    fewer = load(folder, device="cpu", precision="int8")
    ids = fewer.tokenizer.encode(TEXT).tolist()
    state, nats = fewer.decoder.start(), 0.0
    for token, following in zip([0, *ids], ids, strict=False):
        logits_1V, state = fewer.decoder.step([token], state)
        nats -= float(logits_1V.log_softmax(1)[0, following])
    assert fewer.score(TEXT).nats_per_token == pytest.approx(nats / len(ids), rel=1e-6)


def test_a_sample_reports_all_that_it_takes_to_draw_it_again(model):
    sample = model.generate("the ", length=25)[0]
    assert (sample.index, sample.prompt) == (0, "the ")
    again = model.generate("the ", length=25, seed=sample.seed)[0]
    assert again == sample


def test_a_stream_is_the_sample_that_generate_gives_as_its_number(model):
    four = model.generate("the ", length=40, num_samples=4, seed=9, sampling=PLAIN)
    assert len({sample.text for sample in four}) == 4
    for index in (3, 0, 2):
        stream = model.stream("the ", length=40, seed=9, index=index, sampling=PLAIN)
        assert "".join(stream) == four[index].text
        assert stream.result == four[index]


def test_a_request_is_answered_as_the_same_arguments_are(model):
    request = Request(prompt="the ", length=40, num_samples=3, seed=9, first=1, options={"stop": ["e"]})
    samples = model.generate("the ", length=40, num_samples=3, seed=9, first=1, stop=["e"])
    assert list(model.answer(request)) == samples
    stream = model.stream_of(request)
    assert ("".join(stream), stream.result) == (samples[0].text, samples[0])


def test_a_fresh_model_object_draws_the_same_as_one_that_was_used(model):
    model.generate("fox", length=10, seed=1)
    assert model_of().generate("dog", length=30, seed=2) == model.generate("dog", length=30, seed=2)


def test_generating_and_scoring_touch_no_generator_and_no_weight(model):
    state = torch.get_rng_state()
    weights = {name: tensor.clone() for name, tensor in model.network.tensors().items()}
    model.generate("the ", length=10)
    model.score(TEXT)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(tensor, weights[name]) for name, tensor in model.network.tensors().items())


def test_the_text_does_not_hold_the_prompt(model):
    sample = model.generate("the quick", length=12, seed=3, ignore_end=True)[0]
    assert (len(sample.text), sample.tokens, sample.prompt) == (12, 12, "the quick")


def test_the_prompt_matters(model):
    one, other = (model.generate(prompt, length=30, seed=3, sampling=PLAIN)[0].text for prompt in ("the ", "dog."))
    assert one != other


@pytest.mark.parametrize("prompt", ["", "the "])
def test_length_zero_is_only_the_prompt(model, prompt):
    sample = model.generate(prompt, length=0, seed=1)[0]
    assert (sample.prompt, sample.text, sample.tokens, sample.nats_per_token, sample.ended) == (prompt, "", 0, None, "length")


@pytest.mark.parametrize("length", [None, -1])
def test_without_a_length_a_stream_goes_on(model, length):
    stream = model.stream(length=length, seed=1, ignore_end=True)
    assert len("".join(next(stream) for _ in range(200))) == 200


def test_without_a_length_and_a_stop_text_generating_is_refused(model):
    with pytest.raises(UsageError, match="never end"):
        model.generate(length=None)
    with pytest.raises(UsageError, match="never end"):
        model.generate(length=-1)
    assert model.generate(length=None, stop="e", seed=1, ignore_end=True)[0].ended == "stop"


def test_a_length_that_is_left_out_is_the_usual_one(model):
    sample = model.generate(seed=1, ignore_end=True)[0]
    assert (sample.tokens, sample.ended) == (500, "length")


def test_a_stop_text_ends_before_itself(model):
    whole = model.generate(length=200, seed=6, sampling=PLAIN, ignore_end=True)[0].text
    stop = whole[60:62]
    stopped = model.generate(length=200, seed=6, sampling=PLAIN, ignore_end=True, stop=[stop])[0]
    assert stopped.text == whole[: whole.index(stop)]
    assert stopped.ended == "stop"


def test_the_end_of_a_document_ends_a_sample_unless_it_is_ignored(model):
    samples = model.generate(length=300, num_samples=5, seed=1, sampling=PLAIN)
    assert "end-of-document" in {sample.ended for sample in samples}
    samples = model.generate(length=300, num_samples=5, seed=1, sampling=PLAIN, ignore_end=True)
    assert {(sample.ended, len(sample.text)) for sample in samples} == {("length", 300)}


def test_unseen_symbols_of_the_prompt_follow_the_policy_and_the_prompt_stays_as_it_was(model):
    with pytest.raises(UnseenSymbolError) as caught:
        model.generate("the é", length=5)
    assert "--oov" in caught.value.remedy
    for oov in ("skip", "replace"):
        sample = model.generate("the é", length=5, seed=1, oov=oov)[0]
        assert sample.prompt == "the é"
        assert "'é'" in sample.warnings[0]
    assert model.generate("the é", length=9, seed=1, oov="skip")[0].text == model.generate("the ", length=9, seed=1)[0].text


@pytest.mark.parametrize(
    "arguments",
    [
        {"length": -2},
        {"length": 1.5},
        {"num_samples": 0},
        {"num_samples": True},
        {"seed": -1},
        {"stop": [""]},
        {"oov": "guess"},
        {"novel": 1.5},
        {"tempature": 0.5},
        {"stop": "x", "length": None, "sampling": Sampling(temperature=Ramp(1.0, 0.5))},
    ],
    ids=str,
)
def test_arguments_out_of_bounds_are_usage_errors(model, arguments):
    with pytest.raises(UsageError):
        model.generate(**arguments)


@pytest.mark.parametrize("name", ["byte", "word", "bpe", "unigram"])
def test_every_tokenizer_generates_and_scores(name):
    model = model_of(name)
    for sample in model.generate("the fox 🎵 ", length=60, seed=2, num_samples=2, sampling=PLAIN, ignore_end=True):
        assert sample.tokens == 60
        stream = model.stream("the fox 🎵 ", length=60, seed=2, index=sample.index, sampling=PLAIN, ignore_end=True)
        pieces = list(stream)
        assert "".join(pieces) == sample.text == model.tokenizer.decode(stream.lane.ids)
    score = model.score(TEXT)
    assert (score.chars, score.bytes) == (len(TEXT), len(TEXT))
    assert score.tokens == len(model.tokenizer.encode(TEXT))
    assert sum(row.nats for row in score.rows()) == pytest.approx(score.nats_per_char * score.chars)


def test_the_surprisals_of_what_was_drawn_are_those_of_its_score(model):
    sample = model.generate(length=50, seed=3, ignore_end=True)[0]
    assert model.score(sample.text).nats_per_token == pytest.approx(sample.nats_per_token, rel=1e-5)


def test_a_window_as_long_as_the_text_changes_nothing(model):
    assert model.score(TEXT, window=len(TEXT)).nats_per_token == pytest.approx(model.score(TEXT).nats_per_token, rel=1e-6)
    assert model.score(TEXT, window=7).nats_per_token != pytest.approx(model.score(TEXT).nats_per_token, rel=1e-6)


def test_scoring_a_text_with_unseen_symbols_follows_the_policy(model):
    with pytest.raises(UnseenSymbolError):
        model.score("the é")
    skipped = model.score("the é", oov="skip")
    assert (skipped.tokens, skipped.chars, skipped.bytes) == (4, 4, 4)
    assert "left out" in skipped.warnings[0]
    replaced = model.score("the é", oov="replace")
    assert (replaced.tokens, replaced.chars, replaced.bytes) == (5, 5, 6)
    for text in ("", "é"):
        with pytest.raises(InputError, match="empty"):
            model.score(text, oov="skip")


def token_file_of(tokenizer, path):
    write_token_file(path, [stretches([TEXT], tokenizer)], registry.encoding_of(tokenizer), corpus_sha256="0" * 64, part="val")


def test_a_token_file_scores_as_its_text_and_another_tokenizers_is_refused(model, tmp_path):
    token_file_of(model.tokenizer, tmp_path / "tokens")
    result = model.score_token_file(TokenFile.open(tmp_path / "tokens"))
    assert result.to_json(rows=True, per_token=True) == model.score(TEXT).to_json(rows=True, per_token=True)
    token_file_of(ByteTokenizer(), tmp_path / "other")
    with pytest.raises(CorpusError, match="tokenizer"):
        model.score_token_file(TokenFile.open(tmp_path / "other"))


def test_a_session_begins_with_the_prompt_which_is_not_undone(model):
    turns = model.session("the ", seed=4)
    first = "".join(turns.generate(Request(length=10, sampling=PLAIN)))
    assert turns.text == "the " + first
    assert turns.undo()
    assert not turns.undo()
    assert turns.text == "the "


# Music


@pytest.fixture(scope="module")
def tunes():
    tokenizer = NotesTokenizer("beats", 12)
    return TrainedModel(network_for(tokenizer), tokenizer)


ARPEGGIO = Score.of(Notes.of([0, 480, 960], [480, 960, 1440], [60, 64, 67]))


def test_music_is_continued_from_typed_notes_a_path_bytes_or_a_score_alike(tunes, tmp_path):
    path = tmp_path / "a.mid"
    path.write_bytes(to_midi_bytes(ARPEGGIO))
    prompts = ("C4 E4 G4", path, str(path), to_midi_bytes(ARPEGGIO), ARPEGGIO)
    samples = [tunes.generate(prompt, bars=2, seed=1, sampling=PLAIN)[0] for prompt in prompts]
    assert {sample.score.length_ticks for sample in samples} == {3 * 4 * 480}
    for sample in samples:
        assert sample.score.notes.pitch.tolist()[:3] == [60, 64, 67]
        assert sample.drawn_notes == sample.notes - 3 > 0
    assert all(sample.score.notes.same_as(samples[-1].score.notes) for sample in samples[1:])
    assert [sample.prompt for sample in samples] == ["C4 E4 G4", str(path), str(path), "", ""]


def test_compose_is_generate_and_leaves_the_usual_length_where_none_is_given(tunes):
    (composed,) = tunes.compose("C4 E4 G4", bars=2, seed=1, sampling=PLAIN)
    (generated,) = tunes.generate("C4 E4 G4", bars=2, seed=1, sampling=PLAIN)
    assert composed.score.notes.same_as(generated.score.notes)
    assert tunes.compose(seed=1, length=20)[0].tokens == tunes.generate(seed=1, length=20)[0].tokens <= 20


@pytest.mark.parametrize("prompt", ["C4 E4 H9", "missing.mid", "no such tune", "", b"MThd", 5, ["C4"]], ids=repr)
def test_a_prompt_that_is_no_tune_is_refused_with_a_remedy(tunes, tmp_path, monkeypatch, prompt):
    monkeypatch.chdir(tmp_path)
    if prompt == "":
        assert tunes.compose(prompt, length=3)[0].prompt == ""
        return
    for call in (tunes.compose, tunes.generate):
        with pytest.raises(LstmgenError) as caught:
            call(prompt, bars=1)
        assert isinstance(caught.value, (UsageError, InputError))
        assert caught.value.remedy


@pytest.mark.parametrize("prompt", [5, ["the"]], ids=repr)
def test_a_prompt_that_is_no_text_is_refused_with_a_remedy(model, prompt):
    with pytest.raises(UsageError, match="a text is expected, found") as caught:
        model.generate(prompt)
    assert caught.value.remedy


def test_an_option_of_another_medium_is_refused(model, tunes):
    with pytest.raises(UsageError, match="no option bars"):
        model.generate(bars=3)
    with pytest.raises(UsageError, match="no option stop"):
        tunes.generate(stop="a")
    with pytest.raises(UsageError, match="no option oov"):
        tunes.score(ARPEGGIO, oov="skip")


def test_a_tune_is_scored_from_whatever_it_is_given_as(tunes, tmp_path):
    (tmp_path / "a.mid").write_bytes(to_midi_bytes(ARPEGGIO))
    figures = [tunes.score(item).figures for item in ("C4 E4 G4", tmp_path / "a.mid", ARPEGGIO)]
    assert figures[0]["notes"] == 3
    assert figures[1] == figures[2]


@pytest.mark.parametrize("ending", [".mid", ".png", ".svg", ".wav"])
def test_a_drawn_tune_is_saved_as_the_ending_says(tunes, tmp_path, ending):
    sample = tunes.compose("C4 E4 G4", bars=1, seed=1, sampling=PLAIN)[0]
    path = tmp_path / f"x{ending}"
    sample.save(path if ending == ".mid" else str(path))
    head = {".mid": b"MThd", ".png": b"\x89PNG", ".svg": b"<", ".wav": b"RIFF"}[ending]
    assert path.read_bytes().startswith(head)
    if ending == ".mid":
        assert read_midi(path.read_bytes()).score.notes.same_as(sample.score.notes)


def test_another_ending_is_refused_and_a_text_takes_any(model, tunes, tmp_path):
    with pytest.raises(UsageError) as caught:
        tunes.compose(length=3)[0].save(tmp_path / "x.doc")
    assert ".mid" in f"{caught.value.message} {caught.value.remedy}"
    sample = model.generate(length=30, seed=1)[0]
    sample.save(tmp_path / "x.doc")
    assert (tmp_path / "x.doc").read_text() == sample.text


@pytest.mark.parametrize(
    "ask", [lambda model: model.generate(length=3, novel=0.5), lambda model: model.novelty("the")], ids=["novel", "novelty"]
)
def test_copies_are_looked_up_only_where_there_is_an_index(folder, ask):
    with pytest.raises(InputError, match="keeps no index") as caught:
        ask(load(folder, device="cpu"))
    assert caught.value.remedy


def test_a_text_has_no_statistics(model):
    with pytest.raises(UsageError, match="no statistics of text"):
        model.likeness(["the"], cache=Path())


# What is shown


def test_a_model_a_sample_and_an_evaluation_show_what_they_are(model, tunes, folder):
    assert repr(tunes) == f"<TrainedModel of music, {tunes.network.architecture.num_parameters:,} parameters>"
    assert repr(load(folder, device="cpu")).endswith(f" parameters from '{folder / 'model.safetensors'}'>")
    assert repr(load(folder, device="cpu")).startswith("<TrainedModel of text, ")
    sample = model.generate("the ", length=5, seed=3)[0]
    assert repr(sample) == (
        f"Sample(index=0, seed=3, prompt='the ', tokens={sample.tokens}, nats_per_token={sample.nats_per_token!r},"
        f" ended={sample.ended!r}, warnings=())"
    )
    assert "nats_per_note=" in repr(tunes.score("C4 E4"))
    assert "nats_per_char=" in repr(model.score("the"))


def test_the_errors_that_a_caller_may_meet_and_what_he_needs_are_exported():
    from lstmgen import errors

    for name in ("LstmgenError", "UsageError", "InputError", "CorpusError", "ModelFileError", "UnseenSymbolError", "MachineError",
                 "DivergedError", "InUseError", "MissingExtraError"):  # fmt: skip
        assert getattr(lstmgen, name) is getattr(errors, name)
    assert {"load", "train", "Sampling", "Request", "Constraints"} <= set(lstmgen.__all__)
    assert all(getattr(lstmgen, name) is not None for name in lstmgen.__all__)
