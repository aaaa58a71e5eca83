"""What players can earn, by the payoffs of a game. Standard library only."""

from collections.abc import Iterator


def return_bounds(game: dict) -> dict[str, list[float]] | None:
    """The least and the most that each player, and all on average, can earn a step; None if the game has no payoffs."""
    if "payoffs" not in game:
        return None
    tables = [list(flat(table)) for table in game["payoffs"]]
    means = [sum(payoffs) / len(payoffs) for payoffs in zip(*tables, strict=True)]
    players = {str(player): [min(table), max(table)] for player, table in enumerate(tables, start=1)}
    return players | {"mean": [min(means), max(means)]}


def flat(table: list | float) -> Iterator[float]:
    """The numbers in nested lists."""
    if isinstance(table, list):
        for row in table:
            yield from flat(row)
    else:
        yield table
