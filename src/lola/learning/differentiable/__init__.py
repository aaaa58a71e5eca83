"""Games without moves: players choose real parameters, and their values are functions of those."""
