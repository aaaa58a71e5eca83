"""Players play as their policies say, are paid as the game says, and the Coin Game's boards can be read."""

import pytest
import torch

import lola
from lola.learning.coins.game import CoinGame
from lola.python.players import picture


@pytest.fixture(scope="module")
def defectors():
    """Two naive learners with large steps, who are sure to defect."""
    return lola.train("ipd", {"rule": "naive", "lr": 20.0}, seeds=1, steps=50).players()


def test_moves_are_drawn_from_the_policies_and_paid_as_the_payoffs_say(defectors):
    payoffs = defectors.game["payoffs"]
    played = lola.load("ipd/lola-ex").players(2).play(200)
    assert [*played.table] == ["player 1", "player 2", "reward 1", "reward 2"] and len(played.table) == 200
    for row in played.table.itertuples(index=False):
        a, b = ("CD".index(move) for move in row[:2])
        assert row[2:] == (payoffs[0][a][b], payoffs[1][a][b])
    assert played.rewards.to_dict() == {f"reward {i}": played.table[f"reward {i}"].mean() for i in (1, 2)}


def test_long_play_earns_and_moves_as_the_policies_say():
    players = lola.load("imp/lola-ex").players(1)
    played = players.play(5000).table
    before = (played["player 1"] + played["player 2"]).shift()
    for player, own in ((1, before), (2, before.str[::-1])):
        for state in ("HH", "HT", "TH", "TT"):
            taken = played[f"player {player}"][own == state]
            expected = players.policies.loc[(player, state), "H"]
            assert (taken == "H").mean() == pytest.approx(expected, abs=4 * 0.5 / len(taken) ** 0.5), (player, state)


def test_the_same_seed_draws_the_same_moves():
    players = lola.load("imp/lola-ex").players(0)
    one, again, other = (players.play(20, seed=seed) for seed in (0, 0, 1))
    assert one.text == again.text == repr(one) and one.text != other.text
    assert players.play(5).table.equals(one.table.head(5)), "a longer play begins like a shorter one"


def test_matches_and_three_players_play():
    match = lola.train("ipd", "phc-vs-lola-ex@tournament", seeds=1, episodes=20, every=2).players()
    assert match.policies.shape == (10, 2) and len(match.play(4).table) == 4
    three = lola.train("public-goods", "nl-ex", seeds=1, steps=2).players().play(3)
    assert [*three.table][:3] == ["player 1", "player 2", "player 3"] and [*three.rewards.index][2] == "reward 3"


def test_policies_are_by_own_state_in_one_order():
    policies = lola.load("ipd/lola-ex").players(0).policies
    states = ["start", "CC", "CD", "DC", "DD"]
    assert [*policies.index] == [(player, state) for player in (1, 2) for state in states]
    assert policies.sum(axis=1).round(9).eq(1).all()


def test_players_of_the_coin_game_play_on_from_board_to_board():
    players = lola.load("coin-game/coin-nl-pg").players()
    played, grid = players.play(30), players.game["grid"]
    assert played.text.count("step ") == 30 and players.policies.empty
    picks = played.table[["reward 1", "reward 2"]]
    assert {*picks.to_numpy().ravel()} <= {0.0, 1.0, -2.0, -1.0} and (picks > 0).any(axis=None)
    boards = [line for line in played.text.splitlines() if line.startswith((".", "R  ", "B  ", "RB", "r  ", "b  "))]
    assert len(boards) >= grid
    assert max(map(len, played.text.splitlines()[1:])) <= 78


def test_a_board_shows_everybody_and_what_their_moves_bring():
    board = CoinGame(3, 0.96)
    table = {"player 1": "right", "player 2": "up", "reward 1": -2.0, "reward 2": 1.0}
    assert picture(board, 4, [0, 5, 5, 1], table) == [
        "step 4",
        "R  .  .",
        ".  .  Bb",
        ".  .  .",
        "R right -2",
        "B up +1",
    ]
    assert picture(board, 0, [8, 8, 2, 0], table | {"reward 1": 0.0})[1:5] == [
        ".  .  r",
        ".  .  .",
        ".  .  RB",
        "R right",
    ]


def test_the_pictures_are_of_the_rollout_that_the_table_is_of():
    """A coin is picked exactly when somebody is paid for stepping on it."""
    players = lola.load("coin-game/coin-lola-bare").players()
    game = CoinGame(**{key: players.game[key] for key in ("grid", "gamma", "tie", "respawn", "colour")})
    played = players.play(12)
    lines = played.text.splitlines()[2:]
    cells = {}
    for n, board in enumerate(blocks(lines)):
        cells[n] = {thing: at for at, things in enumerate(board) for thing in things if thing != "."}
    for n in range(11):
        for i, name in enumerate("RB", start=1):
            rows, columns = {"right": (0, 1), "left": (0, -1), "down": (1, 0), "up": (-1, 0)}[
                played.table[f"player {i}"][n]
            ]
            here = cells[n][name]
            there = (here // 3 + rows) % 3 * 3 + (here % 3 + columns) % 3
            assert cells[n + 1][name] == there == int(game.shifted(rows, columns)[here])
            coin = next(at for thing, at in cells[n].items() if thing in "rb")
            if there == coin:
                assert played.table[f"reward {i}"][n] in (1.0, -1.0)


def blocks(lines):
    """The cells of each board of strips of a 3 × 3 game."""
    for n in range(0, len(lines), 7):
        width = lines[n].index("step", 1)
        for k in range(lines[n].count("step")):
            yield [cell for row in lines[n + 1 : n + 4] for cell in row[k * width : (k + 1) * width].split()]


@pytest.mark.parametrize(("given", "message"), [({"steps": 0}, "steps: given 0"), ({"seed": -1}, "seed: given -1")])
def test_steps_and_seeds_are_checked(defectors, given, message):
    with pytest.raises(lola.BadConfig, match=f"{message}; allowed: a whole number from"):
        defectors.play(**given)


def test_a_game_without_moves_says_so():
    with pytest.raises(lola.BadConfig, match=r"tandem-nl/oracle/seed0, whose game is of kind \w+; allowed: trained"):
        lola.load("tandem/tandem-nl").players().play()


def test_playing_learns_nothing_and_needs_no_gradient(defectors):
    before = [own.copy() for own in defectors.parameters]
    with torch.inference_mode():
        assert defectors.play(3).table["player 1"].tolist() == ["D", "D", "D"]
    assert all((own == kept).all() for own, kept in zip(defectors.parameters, before, strict=True))
