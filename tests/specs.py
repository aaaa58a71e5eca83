"""What the specs of groups that tests train have in common."""

IPD = {"payoffs": [[[-1, -3], [0, -2]], [[-1, 0], [-3, -2]]], "gamma": 0.96, "actions": ["C", "D"]}
EXACT = {  # self-play or a matchup on exact values; a test says the game, the seats, the steps, and what differs
    "opponent_model": {"model": "oracle"},
    "play": None,
    "init_std": 1.0,
    "grid": None,
    "match": None,
    "every": None,
}
