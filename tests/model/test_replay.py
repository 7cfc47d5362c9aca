"""What is learned again: drawn from what was read, the same each time, never ahead, never across spans, and within a bound."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it

from lstmgen.errors import UsageError
from lstmgen.model.adaptation import Learner
from lstmgen.model.language_model import Architecture, LanguageModel
from lstmgen.model.learning_rule import LearningRule
from lstmgen.model.replay import STRETCH, Read, Replay

V = 11
PLAIN = LearningRule(rate=0.01, decay=0.3, segment=3)
RULE = LearningRule(rate=0.01, decay=0.3, segment=3, replay=2, own=0.2)
REPLAY_ALONE = LearningRule(rate=0.01, decay=0.3, segment=3, replay=2)
COUNT = 41
WHOLE = np.array([[0, COUNT - 1]])


def network_of(**changes):
    torch.manual_seed(6)
    shape = {"vocab_size": V, "embedding_size": 5, "hidden_size": 8, "num_layers": 2, "dropout": 0.4} | changes
    return LanguageModel(Architecture(cell="lstm", **shape)).double().eval()


def ids_of(count, seed=1):
    return np.random.default_rng(seed).integers(1, V, count)


def learner_of(rule, network=None, **given):
    network = network or network_of()
    usual_W = torch.rand(sum(parameter.numel() for parameter in network.parameters()), generator=torch.manual_seed(3)).double()
    return Learner(network, rule, usual_W, **given)


def read_all(learner, forms, spans=WHOLE, **given):
    nats = np.full(len(forms[0]), np.nan)
    for places, surprisal in learner.surprisals(forms, spans, **given):
        nats[places] = surprisal
    return nats


def test_no_token_is_predicted_by_weights_that_have_seen_it():
    for changed in range(1, COUNT):
        ids = ids_of(COUNT)
        other = ids.copy()
        other[changed:] = (ids[changed:] + 1) % V
        one, two = (read_all(learner_of(RULE), [each]) for each in (ids, other))
        assert one[1:changed].tolist() == two[1:changed].tolist()
        assert one[changed] != two[changed]


def test_what_is_learned_again_changes_what_comes_behind_the_first_stretch_alone():
    ids, first = ids_of(COUNT), 1 + PLAIN.segment * STRETCH
    plain = read_all(learner_of(PLAIN), [ids])
    again = read_all(learner_of(REPLAY_ALONE), [ids])
    assert plain[1:first].tolist() == again[1:first].tolist()
    assert not np.isclose(plain[first:], again[first:], rtol=1e-9).any()


def test_the_first_step_with_a_stretch_is_that_of_the_equations():
    """One stretch can be drawn once four segments are read: its mean is added to that of the segment, with the state before it, none."""
    ids, count = ids_of(COUNT), PLAIN.segment * STRETCH
    before, learner = learner_of(PLAIN), learner_of(REPLAY_ALONE)
    list(before.surprisals([ids], np.array([[0, count - PLAIN.segment]])))
    read_all(learner, [ids], np.array([[0, count]]))
    network = LanguageModel(Architecture(**{**network_of().architecture.to_json(), "dropout": 0.0})).double()
    network.load_state_dict(before.network.state_dict())
    state = states_before(ids, count - PLAIN.segment)
    loss_of(network, ids, count - PLAIN.segment, count, state).backward()
    loss_of(network, ids, 0, count, network.zero_state(1)).backward()
    gradient, now = (torch.cat([getattr(p, what).flatten() for p in network.parameters()]) for what in ("grad", "data"))
    usual = learner_of(PLAIN)._usual_W
    now = now - PLAIN.rate * gradient / (usual + usual.mean())
    trained = torch.cat([parameter.detach().flatten() for parameter in network_of().parameters()])
    now += torch.minimum(torch.ones_like(usual), PLAIN.decay * usual / usual.mean()) * (trained - now)
    learned = torch.cat([parameter.detach().flatten() for parameter in learner.network.parameters()])
    torch.testing.assert_close(learned, now, rtol=1e-8, atol=1e-12)


def loss_of(network, ids, begin, end, state):
    logits, _ = network(torch.from_numpy(ids[begin:end]).unsqueeze(1), state)
    return F.cross_entropy(logits[:, 0], torch.from_numpy(ids[begin + 1 : end + 1]))


def states_before(ids, place):
    """The state that a plain learner has after so many inputs: each segment was read under the weights of its time."""
    learner, state = learner_of(PLAIN), network_of().zero_state(1)
    for begin in range(0, place, PLAIN.segment):
        with torch.no_grad():
            _, state = learner.network(torch.from_numpy(ids[begin : begin + PLAIN.segment]).unsqueeze(1), state)
        fresh = learner_of(PLAIN)
        list(fresh.surprisals([ids], np.array([[0, begin + PLAIN.segment]])))
        learner = fresh
    return state


def test_own_gradients_change_how_far_weights_move_from_the_first_segment_on():
    ids, own = ids_of(COUNT), LearningRule(rate=0.01, decay=0.3, segment=3, own=0.2)
    one, two = (read_all(learner_of(rule), [ids]) for rule in (PLAIN, own))
    assert one[1:4].tolist() == two[1:4].tolist()
    assert not np.isclose(one[4:], two[4:], rtol=1e-9).any()


def test_the_same_reading_gives_the_same_bits_and_spans_that_begin_anew_forget_all():
    ids, spans = ids_of(COUNT), np.array([[0, 19], [20, 40]])
    alone = [read_all(learner_of(RULE), [ids], spans[[place]]) for place in (0, 1)]
    anew = read_all(learner_of(RULE), [ids], spans, anew={0, 20})
    assert anew[1:20].tolist() == alone[0][1:20].tolist()
    assert anew[21:].tolist() == alone[1][21:].tolist()
    learner = learner_of(RULE)
    twice = [read_all(learner, [ids], WHOLE, anew={0}) for _ in range(2)]
    assert twice[0][1:].tolist() == twice[1][1:].tolist()


def test_forms_told_ids_and_what_may_come_are_learned_again_with_the_rest():
    forms, bits_K = [ids_of(COUNT, seed) for seed in (1, 2, 3)], np.packbits(np.ones(16, np.bool_))
    told_V = np.zeros(V, np.bool_)
    told_V[forms[0][5]] = True
    free = read_all(learner_of(RULE, told_V=told_V), forms)
    among_all = read_all(learner_of(RULE, told_V=told_V), forms, legal=[lambda places: np.tile(bits_K, (len(places), 1))] * 3)
    np.testing.assert_allclose(free[1:], among_all[1:], rtol=1e-9)
    told_V[:] = True
    still = learner_of(LearningRule(rate=0.01, segment=3, replay=2), told_V=told_V)
    read_all(still, forms)
    assert all(torch.equal(*pair) for pair in zip(still.network.parameters(), network_of().parameters(), strict=True))


def segments(count, *, forms=2, length=3):
    network = network_of()
    ids_TF = torch.from_numpy(np.stack([ids_of(count * length + 1, seed) for seed in range(forms)], axis=1))
    return [Read(ids_TF[at * length : (at + 1) * length + 1], network.zero_state(forms)) for at in range(count)], ids_TF


def test_a_stretch_is_segments_that_follow_one_another_and_never_lies_across_a_cut():
    parts, ids_TF = segments(2 * STRETCH - 1)
    replay = Replay()
    for number, part in enumerate(parts):
        if number == STRETCH:
            replay.cut()
        replay.append(part)
    assert len(replay) == 1
    drawn = replay.drawn(5)
    torch.testing.assert_close(drawn.ids_TF, ids_TF[: 3 * STRETCH + 1])
    assert drawn.state.batch_size == 2
    assert Replay().drawn(1) is None


def test_what_is_held_is_bounded_and_the_oldest_goes_first():
    parts, ids_TF = segments(20)
    one = Read.behind(parts[:STRETCH]).num_bytes
    replay = Replay(most_bytes=3 * one)
    for part in parts:
        replay.append(part)
        assert len(replay) <= 3
    drawn = {tuple(replay.drawn(1).ids_TF[:, 0].tolist()) for _ in range(50)}
    assert drawn == {tuple(ids_TF[at : at + 3 * STRETCH + 1, 0].tolist()) for at in (42, 45, 48)}


@pytest.mark.parametrize(
    "values", [{"replay": -1}, {"replay": 65}, {"replay": True}, {"replay": 2.0}, {"own": -0.1}, {"own": 2}, {"own": False}]
)
def test_a_replay_out_of_bounds_is_refused(values):
    with pytest.raises(UsageError):
        LearningRule(**values)
