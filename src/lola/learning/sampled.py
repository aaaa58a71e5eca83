"""Values from roll-outs as functions that learning rules can differentiate twice, whatever computes the derivatives.

What does, `scores`, are roll-outs as seen from some parameters, with methods for the players' estimated values V_k:

    values()                              V_k, (S, players)
    gradient(i, weights)                  ∇_i Σ_k weights_k V_k, (S, d_i); `weights` is (S, players)
    directional(directions)               Σ_j directions_j · ∇_j V_k, (S, players), with directions by player
    hessian_product(weights, directions)  Σ_j ∇_ij (Σ_k weights_k V_k) directions_j for every player i, (S, d_i)
"""

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def values(scores, thetas: list[Tensor]) -> list[Tensor]:
    """One (S,) tensor per player, twice differentiable in every θ."""
    return list(Value.apply(scores, *thetas).unbind(1))


class Value(torch.autograd.Function):
    """The estimated values, (S, players), as a function of every player's parameters."""

    @staticmethod
    def forward(ctx, scores, *thetas: Tensor) -> Tensor:
        ctx.scores = scores
        ctx.save_for_backward(*thetas)
        return scores.values()

    @staticmethod
    def backward(ctx, weights: Tensor):
        return None, *Slope.apply(ctx.scores, weights, *ctx.saved_tensors)


class Slope(torch.autograd.Function):
    """∇_i Σ_k weights_k V_k for every player i, (S, d_i): the derivative of `Value`, and differentiable once more."""

    @staticmethod
    def forward(ctx, scores, weights: Tensor, *thetas: Tensor) -> tuple[Tensor, ...]:
        ctx.scores = scores
        ctx.save_for_backward(weights)
        ctx.set_materialize_grads(False)
        return tuple(scores.gradient(i, weights) for i in range(len(thetas)))

    @staticmethod
    @once_differentiable
    def backward(ctx, *directions: Tensor | None):
        (weights,) = ctx.saved_tensors
        given = {i: direction.contiguous() for i, direction in enumerate(directions) if direction is not None}
        products = ctx.scores.directional(given) if ctx.needs_input_grad[1] else None
        return None, products, *ctx.scores.hessian_product(weights, given)
