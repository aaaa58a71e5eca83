"""What two players' last policies in an iterated matrix game are worth, by the chain of joint actions.

A policy is (n, states, own actions) for n runs; the states are the start and then every joint action, player 1's first,
as `Group.play` has them. Worked out from policies alone, apart from the closed forms that players learn by
(`lola.learning`), so each may be held against the other. Returns are per step, times 1 − γ.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lola.analysis.groups import Group

GAIN = 1e-12  # a better action is worth so much more, so that rounding is no gain


@dataclass(frozen=True)
class Chain:
    """A game of two players: their payoffs of every joint action, (2, actions, actions), and the discount."""

    payoffs: np.ndarray
    gamma: float

    def visits(self, policies: list[np.ndarray]) -> np.ndarray:
        """The share of steps, discounted, in which each joint action is played: (n, actions, actions)."""
        play = self.play(policies)
        onward = np.eye(play.shape[2]) - self.gamma * play[:, 1:]
        shares = (1 - self.gamma) * np.linalg.solve(onward.swapaxes(1, 2), play[:, 0, :, None])[..., 0]
        return shares.reshape(len(play), *self.payoffs.shape[1:])

    def play(self, policies: list[np.ndarray]) -> np.ndarray:
        """The probability of every joint action in every state, (n, states, joint actions)."""
        first, second = policies
        return (first[..., :, None] * second[..., None, :]).reshape(*first.shape[:2], -1)

    def returns(self, policies: list[np.ndarray]) -> np.ndarray:
        """What both earn, (n, 2)."""
        return np.einsum("nab,kab->nk", self.visits(policies), self.payoffs)

    def meet_best_reply(self, policy: np.ndarray, k: int) -> np.ndarray:
        """What both earn where player k, 0 or 1, keeps to a policy and the other plays a best reply to it, (n, 2).

        By policy iteration over replies that take one action in each state, among which there is a best one (Press &
        Dyson 2012: against a memory of one step no longer memory earns more).
        """
        actions, runs = self.payoffs.shape[2 - k], np.arange(len(policy))[:, None]
        replies, states = np.zeros(policy.shape[:2], np.int64), np.arange(policy.shape[1])
        while True:
            pair = [policy, np.eye(actions)[replies]]
            worth = self.worth(pair if k == 0 else pair[::-1], 1 - k)
            own = worth[runs, states, replies]
            better = worth.max(axis=-1) > own + GAIN * (1 + abs(own))
            if not better.any():
                return self.returns(pair if k == 0 else pair[::-1])
            replies = np.where(better, worth.argmax(axis=-1), replies)

    def worth(self, policies: list[np.ndarray], k: int) -> np.ndarray:
        """What each of player k's actions is worth in every state, if all go on by their policies: (n, states, a)."""
        play, own = self.play(policies), self.payoffs[k].reshape(-1)
        after = np.linalg.solve(np.eye(len(own)) - self.gamma * play[:, 1:], (play[:, 1:] @ own)[..., None])[..., 0]
        gained = (own + self.gamma * after).reshape(len(play), *self.payoffs.shape[1:])
        other = policies[1 - k]
        return np.einsum("nab,nsb->nsa" if k == 0 else "nab,nsa->nsb", gained, other)


@dataclass(frozen=True)
class Ends:
    """Where a match of two players without episodes ended: the game, both last policies, and the seeds of these."""

    chain: Chain
    policies: list[np.ndarray]
    seeds: pd.Index

    @classmethod
    def of(cls, match: Group) -> "Ends":
        game, policies = match.about["spec"]["game"], [match.policies(player) for player in (1, 2)]
        return cls(Chain(np.array(game["payoffs"], float), game["gamma"]), policies, match.play.index)

    def first_actions(self) -> np.ndarray:
        """The share of each player's steps, discounted, that take its first action: (n, 2)."""
        visits = self.chain.visits(self.policies)
        return np.stack([visits[:, 0].sum(axis=-1), visits[..., 0].sum(axis=-1)], axis=-1)

    def best_replies(self, k: int) -> np.ndarray:
        """What both earn where player k keeps to its last policy and the other plays a best reply: (n, 2)."""
        return self.chain.meet_best_reply(self.policies[k], k)

    def across(self) -> np.ndarray:
        """What both earn, on average, where player 1's last policy meets player 2's of every other seed: (n,)."""
        first, second = self.policies
        n = len(first)
        met = [self.chain.returns([first, np.roll(second, shift, axis=0)]).mean(axis=-1) for shift in range(1, n)]
        return np.mean(met, axis=0) if met else np.full(n, np.nan)
