"""The Coin Game against hand-written boards, and against its rules for one board at a time on every board."""

from itertools import product

import numpy as np
import plain_coin_game as plain
import pytest
import torch
from plain_coin_game import DOWN, LEFT, RIGHT, UP

from lola.learning.coins.game import CoinGame

MOVES = range(4)
OPTIONS = list(product(("both", "red"), ("free", "anywhere"), ("alternating", "random")))


def stepped(game, drawing, red, blue):
    """Rewards, and the boards that may follow, of a drawn board."""
    board = torch.full((game.choices,), plain.number(plain.read(drawing), game.grid))
    both = (torch.full_like(board, move) for move in (red, blue))
    step, after = game.step(board, *both, torch.arange(game.choices))
    return game.rewards[:, step[0]].tolist(), set(after.tolist())


def numbers(grid, *drawings):
    return {plain.number(plain.read(drawing), grid) for drawing in drawings}


# Boards move by move. Every game starts like this, on a board of three by three that wraps round:
BOARD = """
    R  .  .
    .  r  .
    .  .  B
"""


@pytest.mark.parametrize(
    ("red", "blue", "after"),
    [
        (RIGHT, UP, ".  R  . \n .  r  B \n .  .  . "),
        (LEFT, RIGHT, ".  .  R \n .  r  . \n B  .  . "),  # round the sides
        (UP, DOWN, ".  .  B \n .  r  . \n R  .  . "),  # over top and bottom
        (DOWN, LEFT, ".  .  . \n R  r  . \n .  B  . "),
    ],
)
def test_players_move_at_once_and_round_the_edges(red, blue, after):
    game = CoinGame(3, 0.9)
    assert stepped(game, BOARD, red, blue) == ([0, 0], numbers(3, after))


@pytest.mark.parametrize(
    ("drawing", "red", "blue", "tie", "rewards"),
    [
        (". R . \n . r . \n . . B", DOWN, LEFT, "both", [1, 0]),  # red picks red
        (". R . \n . b . \n . . B", DOWN, LEFT, "both", [1, -2]),  # red picks blue
        (". R . \n . b B \n . . .", LEFT, LEFT, "both", [0, 1]),  # blue picks blue
        (". R . \n . r B \n . . .", LEFT, LEFT, "both", [-2, 1]),  # blue picks red
        (". R . \n . r B \n . . .", DOWN, LEFT, "both", [-1, 1]),  # both pick red
        (". R . \n . b B \n . . .", DOWN, LEFT, "both", [1, -1]),  # both pick blue
        (". R . \n . r B \n . . .", DOWN, LEFT, "red", [1, 0]),  # both are on red, and red has it
        (". R . \n . b B \n . . .", DOWN, LEFT, "red", [1, -2]),
        (". R . \n . r B \n . . .", LEFT, LEFT, "red", [-2, 1]),  # alone, blue picks whatever the tie rule
        (". . . \n . RBb . \n . . .", UP, LEFT, "both", [0, 0]),  # leaving a coin picks nothing
    ],
)
def test_rewards_by_who_picks_whose_coin(drawing, red, blue, tie, rewards):
    assert stepped(CoinGame(3, 0.9, tie), drawing, red, blue)[0] == rewards


def test_both_may_stand_on_one_cell_and_the_next_coin_is_free_of_them():
    cells = ["." if cell != 4 else "RB" for cell in range(9)]
    drawn = [[*cells[:coin], "b", *cells[coin + 1 :]] for coin in range(9) if coin != 4]
    after = ["\n".join(" ".join(cells[row : row + 3]) for row in (0, 3, 6)) for cells in drawn]
    assert stepped(CoinGame(3, 0.9), ". R . \n . r B \n . . .", DOWN, LEFT) == ([-1, 1], numbers(3, *after))


def test_on_the_smallest_board_a_move_and_its_opposite_lead_to_the_same_cell():
    game, drawing = CoinGame(2, 0.9), "R . \n B b"
    assert stepped(game, drawing, LEFT, RIGHT) == stepped(game, drawing, RIGHT, LEFT)
    assert stepped(game, drawing, LEFT, RIGHT)[0] == [0, 1]
    assert stepped(game, drawing, LEFT, RIGHT)[1] == numbers(2, "r R \n . B", ". R \n r B")


# Every board.


def assert_agrees(grid, picked_boards, **options):
    """Assert that rewards, picks, colours and the exact distribution of the next board are those of the rules."""
    game = CoinGame(grid, 0.9, **options)
    order = torch.arange(game.choices)
    for board, red, blue in product(picked_boards, MOVES, MOVES):
        rewards, picked, after = plain.step(board, red, blue, grid, **options)
        here = torch.full((game.choices,), plain.number(board, grid))
        step, reached = game.step(here, torch.full_like(here, red), torch.full_like(here, blue), order)
        assert (step == step[0]).all()
        assert tuple(game.rewards[:, step[0]].tolist()) == rewards
        assert tuple(game.picked[:, step[0]].tolist()) == picked
        assert game.own[:, step[0]].tolist() == [board.colour == "red", board.colour == "blue"]
        times, rest = divmod(game.choices, len(after))
        assert rest == 0
        assert sorted(reached.tolist()) == sorted([plain.number(new, grid) for new in after] * times)


@pytest.mark.parametrize(("tie", "respawn", "colour"), OPTIONS)
def test_every_step_on_the_smallest_board(tie, respawn, colour):
    assert_agrees(2, plain.boards(2), tie=tie, respawn=respawn, colour=colour)


@pytest.mark.parametrize(("tie", "respawn", "colour"), [OPTIONS[0], OPTIONS[-1]])
def test_every_step_on_three_by_three(tie, respawn, colour):
    """All at once: sorted reached boards against sorted expected ones, each as often as it is likely."""
    game = CoinGame(3, 0.9, tie=tie, respawn=respawn, colour=colour)
    all_steps = list(product(plain.boards(3), MOVES, MOVES))
    step, red, blue = (torch.arange(16 * game.boards)[:, None].expand(-1, game.choices) // k for k in (16, 4, 1))
    steps, reached = game.step(step, red % 4, blue % 4, torch.arange(game.choices).expand_as(step))
    assert torch.equal(steps[:, 0], torch.arange(16 * game.boards))
    expected = [plain.step(*each, 3, tie=tie, respawn=respawn, colour=colour) for each in all_steps]
    assert game.rewards.T.tolist() == [list(rewards) for rewards, _, _ in expected]
    assert game.picked.T.tolist() == [list(picked) for _, picked, _ in expected]
    likely = [[plain.number(new, 3) for new in after] * (game.choices // len(after)) for *_, after in expected]
    assert torch.equal(reached.sort(1).values, torch.tensor(likely).sort(1).values)


@pytest.mark.parametrize("grid", [4, 5])
def test_steps_on_larger_boards(grid):
    every = plain.boards(grid)
    chosen = np.random.default_rng(0).choice(len(every), 12, replace=False)
    assert_agrees(grid, [every[n] for n in chosen])


@pytest.mark.parametrize("grid", [2, 3])
def test_numbers_and_views(grid):
    """Blue sees the board as red would, were they and the colours exchanged; four planes have three ones."""
    game, cells = CoinGame(grid, 0.9), grid**2
    every = plain.boards(grid)
    assert game.views[0].tolist() == list(range(2 * cells**3)) == [plain.number(board, grid) for board in every]
    assert game.views[1].tolist() == [plain.number(board.swapped(), grid) for board in every]
    for board, hot in zip(every, game.inputs.tolist(), strict=True):
        planes = [board.red, board.blue] + [board.coin if board.colour == c else None for c in ("red", "blue")]
        ones = [plane * cells + at[0] * grid + at[1] for plane, at in enumerate(planes) if at is not None]
        assert hot == ones


@pytest.mark.parametrize(("tie", "fair"), [("both", True), ("red", False)])
@pytest.mark.parametrize("grid", [2, 3])
def test_red_and_blue_are_symmetric_under_exchange(grid, tie, fair):
    """Swapping players, colours and moves swaps rewards and next boards, on every board; not if red wins ties."""
    game = CoinGame(grid, 0.9, tie)
    step = torch.arange(16 * game.boards)
    mirrored = game.views[1][step // 16] * 16 + step % 4 * 4 + step // 4 % 4
    assert torch.equal(game.rewards[:, mirrored], game.rewards.flip(0)) == fair
    laid = game.coins[game.pairs]
    reached, swapped = game.after[:, None] + laid, game.after[mirrored][:, None] + laid[mirrored]
    assert torch.equal(reached.sort(1).values, game.views[1][swapped].sort(1).values)


# Chance.


@pytest.mark.parametrize("colour", ["alternating", "random"])
@pytest.mark.parametrize("grid", [2, 3])
def test_first_boards_are_exactly_as_likely_as_they_should_be(grid, colour):
    """Uniform numbers in the middle of every interval: pairs of cells, coins, colours."""
    game = CoinGame(grid, 0.9, colour=colour)
    middles = [(torch.arange(n) + 0.5) / n for n in (grid**4, game.choices, 2)]
    first = game.start(torch.stack(torch.meshgrid(*middles, indexing="ij"))).flatten()
    share = torch.bincount(first, minlength=game.boards) / len(first)
    expected = torch.zeros(game.boards)
    for board, probability in plain.starts(grid).items():
        expected[plain.number(board, grid)] = probability
    torch.testing.assert_close(share, expected, rtol=1e-6, atol=0.0)


@pytest.mark.parametrize("grid", [2, 3, 5])
@pytest.mark.parametrize("colour", ["alternating", "random"])
def test_no_uniform_number_leads_off_the_board(grid, colour):
    game = CoinGame(grid, 0.9, colour=colour)
    ends = torch.tensor([0.0, 1 - 2.0**-24])  # of float32 numbers from 0 to less than 1
    first = game.start(torch.cartesian_prod(ends, ends, ends).T)
    red, blue, coin, mine = game.parts(first)
    assert red.tolist() == blue.tolist() == [0] * 4 + [grid**2 - 1] * 4
    assert coin.tolist() == [1] * 2 + [grid**2 - 1] * 2 + [0] * 2 + [grid**2 - 2] * 2
    assert mine.tolist() == [0, 1] * 4


def greedy(game):
    """The move that makes the way to the coin shortest, from every board in a player's own view."""
    moves = []
    for board in plain.boards(game.grid):
        apart = [(c - r) % game.grid for r, c in zip(board.red, board.coin, strict=True)]
        rows, columns = (gap if gap <= game.grid / 2 else gap - game.grid for gap in apart)
        moves.append((DOWN if rows > 0 else UP) if rows else LEFT if columns < 0 else RIGHT)
    return torch.tensor(moves)


@pytest.mark.parametrize(("tie", "fair"), [("both", True), ("red", False)])
def test_greedy_play_earns_nothing(tie, fair):
    """Each goes for any coin by the shortest way: +1 for a coin and −2 for every second one of the other's cancel."""
    game, rng, batch, length = CoinGame(3, 0.96, tie), np.random.default_rng(1), 4000, 40
    board = game.start(torch.from_numpy(rng.random((3, batch), dtype=np.float32)))
    moves, earned, coins = greedy(game), torch.zeros(2, batch), 0
    for _ in range(length):
        red, blue = moves[game.views[:, board]]
        step, board = game.step(board, red, blue, torch.from_numpy(rng.integers(game.choices, size=batch)))
        earned += game.rewards[:, step]
        coins += game.picked[:, step].any(0).sum().item()
    errors = earned.mean(1) / (earned.std(1) / batch**0.5)
    assert 0.3 < coins / (batch * length) < 1  # they do pick coins
    assert (errors.abs() < 4).all() == fair
    if not fair:
        assert errors[0] > 20 and errors[1] < -20


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"grid": 1}, "grid: given 1; allowed: whole numbers from 2"),
        ({"tie": "blue"}, "tie: given 'blue'; allowed: both, red"),
        ({"respawn": "corner"}, "respawn: given 'corner'; allowed: free, anywhere"),
        ({"colour": "green"}, "colour: given 'green'; allowed: alternating, random"),
    ],
)
def test_bad_settings_are_named_with_what_is_allowed(settings, said):
    with pytest.raises(ValueError) as problem:
        CoinGame(**({"grid": 3, "gamma": 0.9} | settings))
    assert said in str(problem.value)
