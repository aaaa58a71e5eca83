"""Opponent shaping after LOLA, in closed form where policies have a memory of one step."""
