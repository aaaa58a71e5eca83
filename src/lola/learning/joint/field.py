"""The field of any values at a point, by autograd where the game does not know it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from lola.learning.fields import Field
from lola.learning.rules import Values, gradient, mixed, others, pull_back


@dataclass(frozen=True)
class ByAutograd(Field):
    """The field of values, differentiable in every θ."""

    values: Values
    thetas: list[Tensor]

    @cached_property
    def V(self) -> list[Tensor]:
        return self.values(self.thetas)

    @cached_property
    def xi(self) -> Tensor:
        return torch.cat([gradient(value, theta) for value, theta in zip(self.V, self.thetas, strict=True)], dim=1)

    @cached_property
    def forward(self) -> Tensor:
        return self.sums(lambda i, j: (i, j), own=True)

    @cached_property
    def backward(self) -> Tensor:
        return self.sums(lambda i, j: (j, j), own=True)

    @cached_property
    def ahead(self) -> Tensor:
        return self.sums(lambda i, j: (i, j))

    @cached_property
    def shape(self) -> Tensor:
        return self.sums(lambda i, j: (j, i))

    def sums(self, whose: Callable[[int, int], tuple[int, int]], own: bool = False) -> Tensor:
        """Σ_j ∇_ij V_k ∇_j V_l for every player i, where (k, l) = whose(i, j), over the others and maybe i itself."""
        players = range(len(self.thetas))
        return torch.cat(
            [sum(mixed(self.V, self.thetas, i, j, *whose(i, j)) for j in players if own or j != i) for i in players],
            dim=1,
        )

    @cached_property
    def gradients(self) -> list[list[Tensor]]:
        """∇_j V_i of every two players."""
        return [[gradient(value, theta) for theta in self.thetas] for value in self.V]

    def between_times(self, x: Tensor) -> Tensor:
        """J_o x, of which block i is Σ_j≠i ∇_ij V_i x_j, without J."""
        return self.pulled(lambda i, j: self.gradients[i][j], x)

    def between_transposed_times(self, x: Tensor) -> Tensor:
        """J_oᵀ x, of which block i is Σ_j≠i ∇_ij V_j x_j, without J."""
        return self.pulled(lambda i, j: self.gradients[j][j], x)

    def pulled(self, of: Callable[[int, int], Tensor], x: Tensor) -> Tensor:
        """Σ_j≠i x_jᵀ ∇_i of(i, j) for every player i."""
        x, thetas = self.parts(x), self.thetas
        players = range(len(thetas))
        blocks = [sum(pull_back(of(i, j), thetas[i], x[j]) for j in others(thetas, i)) for i in players]
        return torch.cat(blocks, dim=1)

    @cached_property
    def jacobian(self) -> Tensor:
        """Row by row: the gradient of each entry of ξ."""
        rows = [gradient_of_entry(entry, self.thetas) for entry in self.xi.unbind(1)]
        return torch.stack(rows, dim=1)


def gradient_of_entry(entry: Tensor, thetas: list[Tensor]) -> Tensor:
    """The gradient of a number per seed in all parameters, (S, D)."""
    return torch.cat([gradient(entry, theta) for theta in thetas], dim=1)


def field(values: Values, thetas: list[Tensor]) -> Field:
    """The field of values at a point, in closed form where the game offers it."""
    return values.closed_form.field(thetas) if values.closed_form else ByAutograd(values, thetas)
