"""Games, rules and players, and the loops that train them; it knows no files."""
