"""What the rows of a curve measure: their names, and how such a name is read. Standard library only."""

import re

RETURN, POINTS, OWN_COINS, COINS = "return", "points", "own coins", "coins"
OF_COIN_GAME = (RETURN, POINTS, OWN_COINS, COINS)  # in the order of its checkpoints' rows
OWN_COLOUR = "own-colour share"  # shown for own coins: of those picked; without a player, of both players' coins

GRADIENT = "gradient norm"  # of a player's value by its own parameters
RESIDUAL = "residual"  # how far all players together are from a solution
LAST_MOVE = "last move"  # the last update that moved any player's parameters visibly
SHARE, PARAMETER = "share of ", "parameter "


def mean_return(first: int) -> str:
    """The mean return over the first updates, the start not among them."""
    return f"mean return of {first} updates"


def probability(action: str, state: str) -> str:
    """Of an action in a state as its player sees it: C after CD, C at start."""
    return f"{action} {'at' if state == 'start' else 'after'} {state}"


def probable(measure: str) -> tuple[str, str] | None:
    """The action and the state that a probability is of."""
    found = re.fullmatch(r"(\S+) (?:after (.+)|at (start))", measure)
    return (found[1], found[2] or found[3]) if found else None


def share(action: str) -> str:
    """The share of a player's steps in a match that took an action."""
    return f"{SHARE}{action}"


def shared(measure: str) -> str | None:
    """The action that a share is of."""
    return measure.removeprefix(SHARE) if measure.startswith(SHARE) else None


def clones(i: int, players: int) -> list[str]:
    """Of player i's clones of the others, who count from 1."""
    others = [1 + j for j in range(players) if j != i]
    return [f"clone of player {j} {measure}" for j in others for measure in ("log-likelihood", "distance")]


def clone(measure: str) -> tuple[str, int] | None:
    """What is measured of a clone, log-likelihood or distance, and whom it is of."""
    found = re.fullmatch(r"clone of player (\d+) (log-likelihood|distance)", measure)
    return (found[2], int(found[1])) if found else None


def parameter(k: int) -> str:
    """A player's k-th parameter, from 1, in a game without moves."""
    return f"{PARAMETER}{k}"


def numbered(measure: str) -> tuple[int] | None:
    """Which parameter of its player a measure is."""
    return (int(measure.removeprefix(PARAMETER)),) if measure.startswith(PARAMETER) else None


# Of how consistent a rule is, over points: Σ_i ‖f_i − ∇_iV_i(θ_i, θ_−i + ηf_−i)‖², mean and median, and the mean cosine
# of the angle between f and another rule's direction. Of an affine direction: how many there are, and of which sort.
CONSISTENCY, MEDIAN_CONSISTENCY, COSINE = "consistency loss", "median consistency loss", "cosine"
SOLUTIONS, SYMMETRIC, FREE = "affine solutions", "symmetric", "free constant"
