"""Games, rules and players, and the one loop that trains them; it knows no files."""
