"""Roll-outs of matrix games as tables of steps, and estimates from them for autograd: slow, and easy to read."""

import numpy as np
import torch


def joint_states(rollouts):
    """The joint state before every step, (S, batch, length): 0 is the start, 1 + a the joint action a."""
    return steps_of(rollouts) // rollouts.game.joint.shape[1]


def joint_actions(rollouts):
    """The joint action of every step in joint order, (S, batch, length)."""
    return steps_of(rollouts) % rollouts.game.joint.shape[1]


def steps_of(rollouts):
    return torch.from_numpy(rollouts.codes.astype(np.int64)).transpose(1, 2)


def by_autograd(estimator, rollouts, thetas, critics):
    """The values as the head of `matrix.estimators` writes them: what `Estimator.values` must agree with."""
    game, states, actions = rollouts.game, joint_states(rollouts), joint_actions(rollouts)
    logs, boxes = 0.0, 0.0
    for i in range(len(thetas)):
        log_p = game.probabilities(thetas, i).log()
        taken = states * log_p.shape[2] + torch.from_numpy(game.joint[i])[actions]
        own = log_p.flatten(1).gather(1, taken.flatten(1)).view(states.shape)
        logs, boxes = logs + own, boxes + torch.exp(own - own.detach()) - 1
    first = logs.cumsum(2) - logs.cumsum(2).detach()
    beyond = torch.exp(first) - 1 - first
    discounts = torch.from_numpy(rollouts.discounts)
    values = []
    for k in range(len(thetas)):
        undiscounted = torch.from_numpy(game.rewards[k])[actions]
        rewards = discounts * undiscounted
        centre = {
            None: torch.zeros(()),
            "step": rewards.mean(1, keepdim=True),
            "all": discounts * undiscounted.mean((1, 2), keepdim=True),
        }
        value = rewards.detach() + (rewards - centre["step" if estimator.centred else None]) * first
        value = value + estimator.beyond * (rewards - centre[estimator.centre]) * beyond
        if estimator.critic_lr is not None:
            baseline = torch.from_numpy(critics[k]).gather(1, states.flatten(1)).view(states.shape)
            value = value - discounts * baseline * boxes
        values.append(value.sum(2).mean(1))
    return values
