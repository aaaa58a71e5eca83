"""What the specs of groups that tests train have in common."""

IPD = {"payoffs": [[[-1, -3], [0, -2]], [[-1, 0], [-3, -2]]], "gamma": 0.96, "actions": ["C", "D"]}
TANDEM = {  # −(x + y)² + 2x and −(x + y)² + 2y
    "kind": "polynomial",
    "terms": [[[-1, 2, 0], [-2, 1, 1], [-1, 0, 2], [2, *own]] for own in ([1, 0], [0, 1])],
}
EXACT = {  # self-play or a matchup on exact values; a test says the game, the seats, the steps, and what differs
    "opponent_model": {"model": "oracle"},
    "play": None,
    "init_std": 1.0,
    "grid": None,
    "match": None,
    "every": None,
}
