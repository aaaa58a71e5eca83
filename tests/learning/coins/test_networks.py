"""Recurrent networks against PyTorch's own layers and autograd; rows, games and time steps that never mix."""

import numpy as np
import plain_coin_game as plain
import plain_networks
import pytest
import torch

from lola.learning.coins import runs, tensors
from lola.learning.coins.game import CoinGame
from lola.learning.coins.networks import Network
from lola.learning.coins.runs import Run

each_encoder = pytest.mark.parametrize("encoder", ["linear", "convolutional"])


def network(encoder="linear", grid=3, hidden=5, outputs=4):
    return Network(CoinGame(grid, 0.9), hidden, encoder, filters=3, outputs=outputs)


def run(net, thetas, boards):
    """Networks of one shape as they ran, side by side."""
    return runs.run([net] * len(thetas), thetas, boards).whole


def random_thetas(net, groups, seeds, dtype=torch.float64, scale=0.6):
    rng = np.random.default_rng(0)
    return [torch.from_numpy(scale * rng.normal(size=(seeds, net.size))).to(dtype) for _ in range(groups)]


def random_boards(net, rows, length, batch):
    return torch.from_numpy(np.random.default_rng(1).integers(net.game.boards, size=(rows, length, batch)))


def random_like(x, seed=2):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=tuple(x.shape))).to(x.dtype)


# Against PyTorch's own layers.


def pictures(grid):
    """Every board as its player sees it, (boards, 4, grid, grid): itself, the other, its own coin, the other's."""
    planes = np.zeros((len(plain.boards(grid)), 4, grid, grid))
    for picture, board in zip(planes, plain.boards(grid), strict=True):
        for plane, at in enumerate((board.red, board.blue)):
            picture[plane, *at] = 1
        picture[2 if board.colour == "red" else 3, *board.coin] = 1
    return torch.from_numpy(planes)


def encoded(net, theta, seen):
    """What goes into the gates, (boards, inputs): the pictures, or what two 3 × 3 convolutions round the edges make."""
    if net.encoder == "linear":
        return seen.flatten(1)
    for layer, channels in (("conv1", 4), ("conv2", net.filters)):
        kernel = net.part(theta, layer)[0].view(3, 3, channels, net.filters).permute(3, 2, 0, 1)
        round_edges = torch.nn.functional.pad(seen, (1, 1, 1, 1), mode="circular")
        seen = torch.relu(torch.nn.functional.conv2d(round_edges, kernel, net.part(theta, f"{layer} bias")[0]))
    return seen.permute(0, 2, 3, 1).flatten(1)  # cells, then channels


def gru(net, theta):
    """PyTorch's unit with the same parameters: its gates are (r, z, n) by both input and state."""
    part = {name: net.part(theta, name)[0] for name in ("in", "in bias", "W", "b")}
    H = net.hidden
    unit = torch.nn.GRU(len(part["in"]), H, dtype=torch.float64)

    def in_order(columns):
        n, r, z = columns.split(H, dim=-1)
        return torch.cat([r, z, n], dim=-1)

    weights = {
        "weight_ih_l0": part["in"].T,
        "bias_ih_l0": part["in bias"],
        "weight_hh_l0": in_order(part["W"]).T,
        "bias_hh_l0": in_order(part["b"]),
    }
    unit.load_state_dict(weights)
    return unit


@each_encoder
def test_networks_are_pytorchs(encoder):
    net = network(encoder)
    (theta,), boards = random_thetas(net, 1, 2), random_boards(net, 2, 6, 7)
    answers = plain_networks.answers(net, theta, boards)
    ran = run(net, [theta], boards)
    for row in range(2):
        own = theta[row : row + 1]
        x = encoded(net, own, pictures(3))
        states, _ = gru(net, own)(x[boards[row]])
        expected = states @ net.part(own, "V")[0] + net.part(own, "c")[0]
        torch.testing.assert_close(answers[row], expected, rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(ran.y[row], expected, rtol=1e-12, atol=1e-12)


def test_parameters_fill_a_flat_tensor():
    """Two encoders of three by three: 36 inputs or 3 filters on each of 9 cells, 5 hidden units, 4 answers."""
    rest = 15 + 5 * 15 + 15 + 5 * 4 + 4
    assert network("linear").size == 36 * 15 + rest
    assert network("convolutional").size == 9 * 4 * 3 + 3 + 9 * 3 * 3 + 3 + 27 * 15 + rest
    for net in (network("linear"), network("convolutional")):
        theta = torch.arange(net.size)[None]
        assert torch.cat([net.part(theta, name).flatten() for name in net.shapes]).tolist() == list(range(net.size))


@each_encoder
def test_first_parameters(encoder):
    """Weights are orthogonal, of the gain given; those that see the board make sums of variance gain²; no biases."""
    net = network(encoder, hidden=8)
    theta = torch.from_numpy(net.initial(np.random.default_rng(0), 0.7))[None]
    first = next(iter(net.shapes))
    for name, shape in net.shapes.items():
        weights = net.part(theta, name)[0]
        if len(shape) == 1:
            assert not weights.any()
            continue
        square = weights.T @ weights if shape[0] >= shape[1] else weights @ weights.T
        scale = 0.7**2 * weights.numel() / 3 / len(square) if name == first else 0.7**2
        torch.testing.assert_close(square, scale * torch.eye(len(square)), rtol=1e-5, atol=1e-5)
    seen = net.part(theta, first)[0]
    assert (3 * seen.square().mean()).item() == pytest.approx(0.7**2, rel=1e-5)


# Derivatives.


@each_encoder
@pytest.mark.parametrize("passes", ["kernels", "tensors"])
def test_both_products_with_the_jacobian_are_autograds(encoder, passes, monkeypatch):
    """Two players of three seeds; four weightings at once; all players, and each by itself; as on a GPU too."""
    if passes == "tensors":
        monkeypatch.setattr(runs, "compute", lambda name, *given: getattr(tensors, name)(*given))
    net, P, S, C = network(encoder), 2, 3, 4
    thetas, boards = random_thetas(net, P, S), random_boards(net, P * S, 5, 6)
    ran, leaves = run(net, thetas, boards), [theta.clone().requires_grad_() for theta in thetas]
    y = plain_networks.answers(net, torch.cat(leaves), boards)
    torch.testing.assert_close(ran.y, y.detach(), rtol=1e-12, atol=1e-12)
    dy = random_like(y.detach()[:, None].expand(-1, C, -1, -1, -1))
    rows = [torch.autograd.grad(y, leaves, dy[:, c], retain_graph=True) for c in range(C)]
    expected = torch.stack([torch.cat(of_c) for of_c in rows], dim=1)
    torch.testing.assert_close(ran.vjp(dy), expected, rtol=1e-10, atol=1e-11)

    direction = random_like(torch.cat(thetas), seed=3)
    _, along = torch.func.jvp(
        lambda theta: plain_networks.answers(net, theta, boards), (torch.cat(thetas),), (direction,)
    )
    torch.testing.assert_close(ran.jvp(direction), along, rtol=1e-10, atol=1e-11)
    h = 1e-6 * direction
    slope = (
        plain_networks.answers(net, torch.cat(thetas) + h, boards)
        - plain_networks.answers(net, torch.cat(thetas) - h, boards)
    ) / 2e-6
    torch.testing.assert_close(along, slope, rtol=1e-6, atol=1e-7)

    for group in range(P):
        own = slice(group * S, (group + 1) * S)
        torch.testing.assert_close(ran.vjp(dy[own], group=group), expected[own], rtol=1e-10, atol=1e-11)
        torch.testing.assert_close(ran.jvp(direction[own], group=group), along[own], rtol=1e-10, atol=1e-11)


def test_a_single_step_has_derivatives_too():
    net = network()
    (theta,), boards = random_thetas(net, 1, 2), random_boards(net, 2, 1, 3)
    ran, leaf = run(net, [theta], boards), theta.clone().requires_grad_()
    y = plain_networks.answers(net, leaf, boards)
    dy = random_like(y.detach())
    torch.testing.assert_close(ran.vjp(dy[:, None])[:, 0], torch.autograd.grad(y, leaf, dy)[0])


def test_a_network_whose_numbers_are_no_longer_finite_spoils_itself_alone():
    net = network()
    thetas, boards = random_thetas(net, 2, 2, torch.float32), random_boards(net, 4, 5, 3)
    direction = random_like(torch.cat(thetas))
    before = everything(net, thetas, boards, torch.ones(4, 1, 5, 3, net.outputs), direction)
    thetas[1][0, net.places["W"].start] = torch.nan  # row 2 of 4
    after = everything(net, thetas, boards, torch.ones(4, 1, 5, 3, net.outputs), direction)
    for name in ("y", "vjp", "jvp"):
        assert not after[name][2].isfinite().all(), name
        assert torch.equal(before[name][[0, 1, 3]], after[name][[0, 1, 3]]), name


# Rows, games and steps apart: equal to the bit, in the precision that training has.


def everything(net, thetas, boards, dy, direction):
    ran = run(net, thetas, boards)
    return {"y": ran.y, "vjp": ran.vjp(dy), "jvp": ran.jvp(direction), "initial": ran.h[:, 1]}


@each_encoder
@pytest.mark.parametrize("hidden", [16, 5])
@pytest.mark.parametrize(("S", "batch", "length"), [(2, 1, 1), (3, 3, 1), (3, 7, 5), (5, 64, 4), (8, 33, 3)])
def test_a_seed_is_the_same_bit_for_bit_in_any_company(encoder, S, batch, length, hidden):
    """Every seed of two players, alone and among others, in order and in reverse."""
    net = network(encoder, grid=2, hidden=hidden)
    thetas, boards = random_thetas(net, 2, S, torch.float32), random_boards(net, 2 * S, length, batch)
    dy = random_like(torch.empty(2 * S, 2, length, batch, net.outputs))
    direction = random_like(torch.cat(thetas))

    def of(seeds):
        rows = seeds + [S + s for s in seeds]
        chosen = [theta[seeds] for theta in thetas]
        return everything(net, chosen, boards[rows], dy[rows], direction[rows])

    together, reverse = of([*range(S)]), of([*reversed(range(S))])
    for s in range(S):
        for name, alone in of([s]).items():
            assert torch.equal(together[name][[s, S + s]], alone), name
            assert torch.equal(reverse[name][[S - 1 - s, 2 * S - 1 - s]], alone), name


@each_encoder
@pytest.mark.parametrize("batch", [4, 37, 128])
def test_no_game_feels_another(encoder, batch):
    """Other boards in one game of one row: nothing else changes, in no other game and in no other row."""
    net = network(encoder, hidden=16)
    thetas, boards = random_thetas(net, 2, 1, torch.float32), random_boards(net, 2, 6, batch)
    other = boards.clone()
    other[1, :, 2] = (boards[1, :, 2] + 1 + torch.arange(6)) % net.game.boards
    direction, answers = random_like(torch.cat(thetas)), {}
    for name, seen in (("before", boards), ("after", other)):
        ran = run(net, thetas, seen)
        answers[name] = torch.stack([ran.y, ran.jvp(direction), plain_networks.answers(net, torch.cat(thetas), seen)])
    same = (answers["before"] == answers["after"]).all(-1).all(0)  # (rows, T, B)
    assert not same[1, :, 2].any()
    same[1, :, 2] = True
    assert same.all()


@each_encoder
@pytest.mark.parametrize("changed", [0, 3, 5])
def test_no_step_feels_a_later_one_and_every_later_step_feels_it(encoder, changed):
    net = network(encoder, hidden=16)
    thetas, boards = random_thetas(net, 2, 1, torch.float32), random_boards(net, 2, 6, 9)
    other = boards.clone()
    other[:, changed] = (boards[:, changed] + 7) % net.game.boards
    before, after = run(net, thetas, boards).y, run(net, thetas, other).y
    assert torch.equal(before[:, :changed], after[:, :changed])
    assert (before[:, changed:] != after[:, changed:]).any(-1).all()


def test_a_game_adds_its_own_gradient_and_no_more():
    """The gradient over a batch is the sum of those of its games, each run by itself."""
    net = network("convolutional", grid=2)
    thetas, boards = random_thetas(net, 2, 2), random_boards(net, 4, 5, 3)
    dy = random_like(torch.empty(4, 1, 5, 3, net.outputs, dtype=torch.float64))
    games = [run(net, thetas, boards[..., b : b + 1]).vjp(dy[..., b : b + 1, :]) for b in range(3)]
    torch.testing.assert_close(run(net, thetas, boards).vjp(dy), sum(games), rtol=1e-10, atol=1e-11)


def test_a_run_starts_from_a_state_of_zeros_and_keeps_what_it_saw():
    net = network()
    thetas, boards = random_thetas(net, 2, 1), random_boards(net, 2, 3, 4)
    ran = Run(net, thetas, length=3, batch=4)
    assert not ran.h[:, 0].any()
    for t in range(3):
        answered = ran.step(t, boards[:, t])
        assert torch.equal(answered, ran.y[:, t])
    assert torch.equal(ran.seen, boards)
    assert torch.equal(ran.y, run(net, thetas, boards).y)


def test_a_network_has_one_of_two_encoders():
    with pytest.raises(ValueError, match=r"encoder: given 'lstm'; allowed: linear, convolutional"):
        network("lstm")
