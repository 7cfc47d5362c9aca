"""A network that goes on learning: the rule is the documented one, nothing is known before it is read, and nobody else changes."""

import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it

from lstmgen.choices import CELLS
from lstmgen.errors import DivergedError, ModelFileError, UsageError
from lstmgen.model.adaptation import Learner, usual_gradients
from lstmgen.model.language_model import Architecture, LanguageModel
from lstmgen.model.learning_rule import LearningRule
from lstmgen.model.reading import surprisals

V = 11
RULE = LearningRule(rate=0.01, decay=0.3, segment=4)
SPANS = np.array([[0, 10], [11, 17]])


def network_of(cell="lstm", **changes):
    torch.manual_seed(6)
    shape = {"vocab_size": V, "embedding_size": 5, "hidden_size": 8, "num_layers": 2, "dropout": 0.4} | changes
    return LanguageModel(Architecture(cell=cell, **shape)).double().eval()


def ids_of(count, seed=1):
    return np.random.default_rng(seed).integers(1, V, count)


def usual_of(network):
    return torch.rand(sum(parameter.numel() for parameter in network.parameters()), generator=torch.manual_seed(3)).double()


def read_all(found, count):
    nats = np.full(count, np.nan)
    for places, surprisal in found:
        assert np.isnan(nats[places]).all()
        nats[places] = surprisal
    return nats


def flat(network):
    return torch.cat([parameter.detach().flatten() for parameter in network.parameters()])


def segment_loss(network, ids, begin, end, state):
    logits, after = network(torch.from_numpy(ids[begin:end]).unsqueeze(1), state)
    nats = F.cross_entropy(logits[:, 0], torch.from_numpy(ids[begin + 1 : end + 1]), reduction="none")
    return nats, after.detach()


def by_hand(network, forms, spans, usual):
    """The rule parameter by parameter, and form by form, as the docstring has it."""
    copy = LanguageModel(Architecture(**{**network.architecture.to_json(), "dropout": 0.0})).double()
    copy.load_state_dict(network.state_dict())
    trained, mean = flat(network), usual.mean()
    nats = np.full(len(forms[0]), np.nan)
    for begin, end in spans:
        states = [copy.zero_state(1) for _ in forms]
        for at in range(begin, end, RULE.segment):
            until = min(at + RULE.segment, end)
            copy.zero_grad()
            found, states = zip(*(segment_loss(copy, ids, at, until, state) for ids, state in zip(forms, states, strict=True)), strict=True)
            torch.stack(found).mean().backward()
            nats[at + 1 : until + 1] = -torch.stack(found).neg().exp().mean(0).log().detach().numpy()
            gradient = torch.cat([parameter.grad.flatten() for parameter in copy.parameters()])
            weights = flat(copy) - RULE.rate * gradient / (usual + mean)
            weights += torch.minimum(torch.ones_like(usual), RULE.decay * usual / mean) * (trained - weights)
            torch.nn.utils.vector_to_parameters(weights, copy.parameters())
    return nats, flat(copy)


@pytest.mark.parametrize("cell", CELLS)
def test_the_rule_is_that_of_the_equations_for_every_cell(cell):
    network, ids = network_of(cell), ids_of(18)
    learner = Learner(network, RULE, usual_of(network))
    nats, weights = by_hand(network, [ids], SPANS, usual_of(network))
    np.testing.assert_allclose(read_all(learner.surprisals([ids], SPANS), 18), nats, rtol=1e-8)
    torch.testing.assert_close(flat(learner.network), weights, rtol=1e-8, atol=1e-12)


def test_spans_that_begin_anew_find_the_trained_weights():
    network, ids = network_of(), ids_of(18)
    apart = [read_all(Learner(network, RULE, usual_of(network)).surprisals([ids], SPANS[[place]]), 18) for place in (0, 1)]
    together = read_all(Learner(network, RULE, usual_of(network)).surprisals([ids], SPANS, anew={0, 11}), 18)
    assert together[1:11].tolist() == apart[0][1:11].tolist()
    assert together[12:].tolist() == apart[1][12:].tolist()


def test_several_forms_predict_by_their_mean_and_are_learned_by_one_gradient():
    network, forms = network_of(), [ids_of(18, seed) for seed in (1, 2, 3)]
    learner = Learner(network, RULE, usual_of(network))
    nats, weights = by_hand(network, forms, SPANS, usual_of(network))
    np.testing.assert_allclose(read_all(learner.surprisals(forms, SPANS), 18), nats, rtol=1e-8)
    torch.testing.assert_close(flat(learner.network), weights, rtol=1e-8, atol=1e-12)


def test_a_tied_network_with_a_clock_learns_its_shared_weights_once():
    network = network_of(embedding_size=8, tied=True, clock_period=3, clock_low=2, clock_high=7)
    ids = ids_of(18)
    nats, _ = by_hand(network, [ids], SPANS, usual_of(network))
    learner = Learner(network, RULE, usual_of(network))
    np.testing.assert_allclose(read_all(learner.surprisals([ids], SPANS), 18), nats, rtol=1e-8)


def test_without_a_rate_it_reads_as_the_network_does_and_the_first_segment_always():
    network, ids = network_of(), ids_of(18)
    static = read_all(surprisals(network, ids, SPANS), 18)
    still = Learner(network, LearningRule(rate=0.0, segment=4), usual_of(network))
    np.testing.assert_allclose(read_all(still.surprisals([ids], SPANS), 18), static, rtol=1e-9)
    adapted = read_all(Learner(network, RULE, usual_of(network)).surprisals([ids], SPANS), 18)
    np.testing.assert_allclose(adapted[1:5], static[1:5], rtol=1e-9)
    assert not np.isclose(adapted[5:11], static[5:11], rtol=1e-6).any()


def test_no_token_is_predicted_by_weights_that_have_seen_it():
    network, ids = network_of(), ids_of(18)
    other = ids.copy()
    other[7:] = ids_of(11, seed=9)
    spans = np.array([[0, 17]])
    one, two = (read_all(Learner(network, RULE, usual_of(network)).surprisals([each], spans), 18) for each in (ids, other))
    assert one[1:7].tolist() == two[1:7].tolist()
    assert not np.isclose(one[8:], two[8:]).any()


def test_the_network_stays_as_it_is_and_the_same_reading_gives_the_same_bits():
    network, ids = network_of().float(), ids_of(18)
    before = flat(network).clone()
    usual = usual_of(network).float()
    one, two = (Learner(network, RULE, usual) for _ in range(2))
    assert read_all(one.surprisals([ids], SPANS), 18)[1:11].tolist() == read_all(two.surprisals([ids], SPANS), 18)[1:11].tolist()
    assert torch.equal(flat(one.network), flat(two.network))
    assert torch.equal(flat(network), before)
    assert not network.training
    assert all(parameter.grad is None for parameter in network.parameters())


def test_what_is_told_is_read_and_never_learned():
    network, ids = network_of(), ids_of(18)
    told_V = np.zeros(V, np.bool_)
    told_V[ids[2]] = True
    learner = Learner(network, RULE, usual_of(network), told_V=told_V)
    read_all(learner.surprisals([ids], np.array([[0, 3]])), 18)
    copy = network_of()
    copy.architecture = network.architecture
    found, _ = segment_loss(copy, ids, 0, 3, copy.zero_state(1))
    found[~torch.from_numpy(told_V[ids[1:4]])].mean().backward()
    gradient = torch.cat([parameter.grad.flatten() for parameter in copy.parameters()])
    usual = usual_of(network)
    weights = flat(network) - RULE.rate * gradient / (usual + usual.mean())
    weights += (RULE.decay * usual / usual.mean()).clamp(max=1) * (flat(network) - weights)
    torch.testing.assert_close(flat(learner.network), weights, rtol=1e-8, atol=1e-12)
    told_V[:] = True
    still = Learner(network, RULE, usual, told_V=told_V)
    read_all(still.surprisals([ids], SPANS), 18)
    assert torch.equal(flat(still.network), flat(network))


def test_usual_gradients_are_the_roots_of_mean_squares_over_segments():
    network, streams = network_of(dropout=0.0), [ids_of(10), ids_of(4, seed=5)]
    squares = []
    for ids, cuts in zip(streams, ([0, 4, 8, 9], [0, 3]), strict=True):
        state = network.zero_state(1)
        for begin, end in itertools.pairwise(cuts):
            network.train().zero_grad()
            found, state = segment_loss(network, ids, begin, end, state)
            found.mean().backward()
            squares.append(torch.cat([parameter.grad.flatten() ** 2 for parameter in network.parameters()]))
    network.zero_grad()
    torch.testing.assert_close(usual_gradients(network, streams, segment=4), torch.stack(squares).mean(0).sqrt())


def test_a_passage_that_comes_again_and_again_is_learned():
    network, phrase = network_of(), ids_of(12)
    ids = np.tile(phrase, 30)
    usual = usual_gradients(network, [ids_of(200, seed=2)], segment=4)
    learner = Learner(network, LearningRule(rate=0.01, segment=4), usual)
    nats = read_all(learner.surprisals([ids], np.array([[0, len(ids) - 1]])), len(ids))
    assert nats[-24:].mean() < 0.5 * nats[1:25].mean()


def test_a_rate_that_ruins_the_copy_is_an_error_and_so_are_gradients_that_say_nothing():
    network, ids = network_of(), np.tile(ids_of(12), 20)
    with pytest.raises(DivergedError, match="ruined"):
        read_all(
            Learner(network, LearningRule(rate=1.0, decay=0.0, segment=1), usual_of(network) * 1e-300).surprisals(
                [ids], np.array([[0, 239]])
            ),
            240,
        )
    with pytest.raises(ModelFileError, match="no gradients"):
        Learner(network, RULE, torch.zeros_like(usual_of(network)))


@pytest.mark.parametrize(
    "values", [{"rate": -1}, {"rate": float("nan")}, {"decay": 2}, {"rate": True}, {"segment": 0}, {"segment": 2.0}, {"segment": 5000}]
)
def test_a_rule_out_of_bounds_is_refused(values):
    with pytest.raises(UsageError):
        LearningRule(**values)
