"""From a request to samples: one way for every medium, whole or in pieces, alone or side by side."""

import copy

import pytest

from lstmgen.config import DataConfig
from lstmgen.errors import LstmgenError, UsageError
from lstmgen.generation import generate as generate_module
from lstmgen.generation.generate import MAX_LANES, NOVEL_TRIES, Job, Stream, generate
from lstmgen.generation.request import Request
from lstmgen.generation.sampling import Sampling
from lstmgen.media.declared import media_options
from lstmgen.music.score import Notes

HOT = Sampling(temperature=1.5)


def jobs_of(case, **fields):
    prompt = {} if "prompts" in fields else {"prompt": case.prompt}
    request = Request(**{**prompt, "seed": 3, "length": 12, "sampling": HOT, **fields})
    return Job.of(case.model.decoder, case.medium, case.tokenizer, request, data=DataConfig())


def job_of(case, **fields):
    (job,) = jobs_of(case, **fields)
    return job


def samples_of(case, **fields):
    return list(generate(jobs_of(case, **fields)))


def told(sample):
    """All that a sample says of itself, comparable."""
    return (sample.index, sample.seed, sample.medium.to_bytes(sample.item), sample.tokens, sample.nats_per_token, sample.ended)


def test_a_sample_is_the_same_whatever_is_drawn_beside_it(case):
    number = MAX_LANES + 6
    many = [told(sample) for sample in samples_of(case, num_samples=number)]
    assert [index for index, *_ in many] == list(range(number))
    assert len({item for _, _, item, *_ in many}) > number // 2
    for first, count in ((0, 1), (0, 3), (2, 3), (MAX_LANES - 1, 2), (number - 1, 1)):
        assert [told(sample) for sample in samples_of(case, first=first, num_samples=count)] == many[first : first + count]


def test_a_sample_is_drawn_as_is_usual_for_the_model_where_nothing_is_said(case):
    usual = Sampling(**case.medium.usual(case.tokenizer))
    assert [told(sample) for sample in samples_of(case, sampling=None)] == [told(sample) for sample in samples_of(case, sampling=usual)]
    assert bool(usual.min_p) == (case.tokenizer.to_json().get("time_base") == "beats")


PROMPTS = {"text": ("abc", "", "b a", "abc", "cc"), "tunes": ("C4 E4", "G4:2", "C4 E4", "C3 C4 C5", "E4")}


def test_a_sample_of_a_prompt_is_the_same_whatever_the_other_prompts_are(medium_case, monkeypatch):
    prompts = PROMPTS[medium_case.medium.name]
    bound = {} if medium_case.medium.name == "text" else {"options": {"bars": 1}, "length": 60}
    many = samples_of(medium_case, prompts=prompts, num_samples=3, **bound)
    assert [(sample.prompt_index, sample.index) for sample in many] == [(at, index) for at in range(5) for index in range(3)]
    assert [sample.prompt for sample in many[::3]] == list(prompts)
    expected = [told(sample) for sample in many]
    assert [told(sample) for sample in samples_of(medium_case, prompts=prompts[:2], num_samples=2, **bound)] == [
        *expected[:2],
        *expected[3:5],
    ]
    assert [told(sample) for sample in samples_of(medium_case, prompt=prompts[0], num_samples=3, **bound)] == expected[:3]
    assert expected[0] != expected[9], "the same prompt again is another sample"
    monkeypatch.setattr(generate_module, "MAX_LANES", 2)
    assert [told(sample) for sample in samples_of(medium_case, prompts=prompts, num_samples=3, **bound)] == expected


def test_a_prompt_that_is_refused_is_named_before_anything_is_drawn(medium_case):
    wrong = {"text": "\u00f8", "tunes": "C4 H9"}[medium_case.medium.name]
    with pytest.raises(LstmgenError, match=r"^prompt 3: "):
        jobs_of(medium_case, prompts=(*PROMPTS[medium_case.medium.name][:2], wrong))


@pytest.mark.parametrize("lanes", [1, 2, 5])
def test_samples_come_in_order_however_many_are_drawn_side_by_side(medium_case, monkeypatch, lanes):
    fields = {"num_samples": 7, "length": 60, "options": {} if medium_case.medium.name == "text" else {"bars": 1}}
    expected = [told(sample) for sample in samples_of(medium_case, **fields)]
    assert len({tokens for *_, tokens, _, _ in expected}) > 1, "they end at different times"
    monkeypatch.setattr(generate_module, "MAX_LANES", lanes)
    assert [told(sample) for sample in samples_of(medium_case, **fields)] == expected


@pytest.mark.parametrize("prompted", [True, False])
def test_streamed_pieces_joined_are_the_whole_decoded_at_once(case, prompted):
    job = job_of(case, length=60, **({} if prompted else {"prompt": None}))
    (whole,) = generate([job])
    stream = Stream(job)
    pieces = list(stream)
    assert all(len(piece) for piece in pieces)
    assert told(stream.result) == told(whole)
    joined, ids = case.joined(pieces), stream.lane.ids
    if case.medium.name == "text":
        assert joined == whole.text == case.tokenizer.decode(ids)
    else:
        prompt = job.prompt
        assert joined.same_as(case.tokenizer.decode([*prompt.ids, *ids], like=prompt.item, since=len(prompt.ids)).notes)
        before = Notes.empty() if prompt.item is None else prompt.item.notes
        assert Notes.joined([before, joined]).same_as(whole.score.notes)


@pytest.mark.parametrize("end", [{"bars": 2}, {"seconds": 2.3}], ids=str)
@pytest.mark.parametrize("prompted", [True, False])
def test_of_the_notes_that_were_streamed_a_tune_only_cuts_what_would_sound_beyond_its_end(tune_case, prompted, end):
    job = job_of(tune_case, length=None, options=end, **({} if prompted else {"prompt": None}))
    stream = Stream(job)
    before = [] if job.prompt.item is None else [job.prompt.item.notes]
    joined = Notes.joined([*before, *stream])
    score = stream.result.score
    assert stream.result.ended in end
    assert len(joined) > 3
    end_ticks = joined.end_ticks.clip(max=score.length_ticks)
    assert joined.changed(end_ticks=end_ticks).same_as(score.notes)
    assert (joined.end_ticks - end_ticks).max() <= score.ticks_per_beat / 12, "less than a step"


def test_a_stream_is_the_sample_of_its_number(medium_case):
    job = job_of(medium_case, num_samples=4)
    for number, sample in enumerate(generate([job])):
        stream = Stream(job, number)
        list(stream)
        assert told(stream.result) == told(sample)


def test_nothing_drawn_is_an_empty_sample(medium_case):
    job = job_of(medium_case, length=0)
    stream = Stream(job)
    assert list(stream) == []
    (sample,) = generate([job])
    assert told(sample) == told(stream.result)
    assert (sample.tokens, sample.nats_per_token, sample.ended, sample.prompt) == (0, None, "length", medium_case.prompt)


def test_a_reader_who_leaves_keeps_what_was_given(medium_case):
    stream = Stream(job_of(medium_case, length=200))
    given = [next(stream) for _ in range(3)]
    stream.close()
    assert list(stream) == []
    assert stream.result.ended == "interrupted"
    assert stream.result.tokens == stream.lane.tokens < 200
    if medium_case.medium.name == "text":
        assert stream.result.text == medium_case.joined(given)
    else:
        assert stream.result.drawn_notes >= len(medium_case.joined(given)) >= 3


def test_an_interruption_while_drawing_keeps_what_was_given(medium_case, monkeypatch):
    job = job_of(medium_case, length=200)
    stream = Stream(job)
    next(stream)
    tokens = stream.lane.tokens
    with monkeypatch.context() as patch:
        patch.setattr(job.decoder, "step", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            list(stream)
    assert (stream.result.ended, stream.result.tokens) == ("interrupted", tokens)


def test_an_interruption_while_several_are_drawn_gives_all_of_them_as_they_stand(medium_case, monkeypatch):
    job = job_of(medium_case, length=200, num_samples=3)
    step, steps = job.decoder.step, iter(range(20))
    interrupted = lambda ids, state: step(ids, state) if next(steps, None) is not None else (_ for _ in ()).throw(KeyboardInterrupt)  # noqa: E731
    given = []
    with monkeypatch.context() as patch:
        patch.setattr(job.decoder, "step", interrupted)
        with pytest.raises(KeyboardInterrupt):
            given.extend(generate([job]))
    assert [sample.index for sample in given] == [0, 1, 2]
    assert {sample.ended for sample in given} <= {"interrupted", "end-of-document"}
    assert max(sample.tokens for sample in given) == 21


@pytest.mark.parametrize("leave", [False, True])
def test_the_end_is_told_once(medium_case, leave):
    ends = []
    stream = Stream(job_of(medium_case, length=30), on_end=ends.append)
    next(stream)
    if leave:
        stream.close()
    list(stream)
    stream.close()
    assert ends == [stream]


def test_without_a_seed_one_is_drawn_and_told_and_draws_the_same_again(medium_case):
    found = [samples_of(medium_case, seed=None)[0] for _ in range(5)]
    assert len({sample.seed for sample in found}) > 1
    assert told(samples_of(medium_case, seed=found[0].seed)[0]) == told(found[0])


def test_what_a_medium_tells_of_a_sample_are_its_attributes(medium_case):
    sample = samples_of(medium_case)[0]
    assert sample.facts
    assert all(getattr(sample, name) is value for name, value in sample.facts.items())
    with pytest.raises(AttributeError, match="sample has no attribute 'colour'; of its medium it has "):
        _ = sample.colour
    shown = repr(sample)
    assert f"prompt={medium_case.prompt!r}" in shown
    assert f"tokens={sample.tokens}" in shown
    assert len(shown) < 300


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_sample_can_be_copied(medium_case, copied):
    sample = medium_case.model.generate(length=3, seed=1)[0]
    again = copied(sample)
    assert again.facts.keys() == sample.facts.keys()
    assert (again.index, again.tokens, again.ended, repr(again)) == (sample.index, sample.tokens, sample.ended, repr(sample))


def test_only_what_comes_to_an_end_is_drawn(medium_case):
    job = job_of(medium_case, length=-1)
    assert job.plan.length is None
    if medium_case.medium.name == "tunes":
        assert job.plan.ends
        return
    with pytest.raises(UsageError, match="never end"):
        next(generate([job]))
    assert samples_of(medium_case, length=-1, options={"stop": ["e"]})[0].ended in {"stop", "end-of-document"}


def test_an_option_that_a_medium_does_not_have_is_a_usage_error(medium_case):
    with pytest.raises(UsageError, match="no option colour, tempature") as caught:
        samples_of(medium_case, options={"tempature": 0.5, "colour": "red"})
    assert media_options("sample")[medium_case.medium.label][0].name in caught.value.remedy


class Copied:
    """Says of each item what share was copied: what was given for its index and its attempt."""

    def __init__(self, case, shares):
        self.asked = []
        self._names = {}
        for index, of_index in enumerate(shares):
            for attempt, share in enumerate(of_index):
                self._names[self.item(case, index, attempt)] = (index, attempt), share
        assert len(self._names) == sum(map(len, shares)), "no two items are the same"
        self._to_bytes = case.medium.to_bytes

    @staticmethod
    def item(case, index, attempt):
        """What is drawn in place of a sample at an attempt."""
        return case.medium.to_bytes(samples_of(case, first=index + attempt * 1_000_000)[0].item)

    def __call__(self, item):
        name, share = self._names[self._to_bytes(item)]
        self.asked.append(name)
        return share


def test_what_copies_too_much_is_drawn_again_and_the_first_that_does_not_is_kept(medium_case):
    copied = Copied(medium_case, [[0.9, 0.51, 0.4, 0.1], [0.5], [1.0, 0.0]])
    kept = list(generate(jobs_of(medium_case, num_samples=3, novel=0.5), copied=copied))
    expected = [copied.item(medium_case, index, attempt) for index, attempt in ((0, 2), (1, 0), (2, 1))]
    assert [medium_case.medium.to_bytes(sample.item) for sample in kept] == expected
    assert sorted(copied.asked) == [(0, 0), (0, 1), (0, 2), (1, 0), (2, 0), (2, 1)]
    assert not any("copied" in warning for sample in kept for warning in sample.warnings)
    for sample in kept:
        assert told(samples_of(medium_case, first=sample.index)[0]) == told(sample), "its number and seed draw it again"


def test_where_every_one_copies_too_much_the_least_is_kept_and_said(medium_case):
    shares = [0.9, 0.8, 0.7, 0.6, 0.62, 0.61, 0.6, 0.99, 0.9, 0.8]
    assert len(shares) == NOVEL_TRIES
    copied = Copied(medium_case, [shares, [0.2]])
    first, second = generate(jobs_of(medium_case, num_samples=2, novel=0.5), copied=copied)
    assert medium_case.medium.to_bytes(first.item) == copied.item(medium_case, 0, 3)
    assert first.warnings[-1] == "each of 10 samples copied more than 50%; this is the one with 60%"
    assert not any("copied" in warning for warning in second.warnings)
    assert len(copied.asked) == NOVEL_TRIES + 1


def test_where_nothing_is_asked_about_copies_nothing_is_drawn_again(medium_case):
    def never(_item):
        raise AssertionError("asked")

    assert told(next(generate(jobs_of(medium_case), copied=never))) == told(samples_of(medium_case)[0])
