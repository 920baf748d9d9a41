"""Matrices in formulas: side by side they are multiplied as matrices are, and have roots."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Matrix:
    tensor: Tensor  # (…, n, m)

    def __mul__(self, other: Any) -> "Matrix":
        if isinstance(other, Matrix):
            return Matrix(self.tensor @ other.tensor)
        return Matrix(self.tensor * other)

    __rmul__ = __mul__  # by a number

    def __truediv__(self, number: Any) -> "Matrix":
        return Matrix(self.tensor / number)

    def __add__(self, other: "Matrix") -> "Matrix":
        return Matrix(self.tensor + other.tensor)

    def __neg__(self) -> "Matrix":
        return Matrix(-self.tensor)

    def __pow__(self, exponent: Any) -> "Matrix":
        """Of a symmetric one that is not negative."""
        values, vectors = torch.linalg.eigh(self.tensor)
        return Matrix(vectors * values.clamp(min=0) ** exponent @ vectors.mT)

    @property
    def mT(self) -> "Matrix":  # noqa: N802, torch's own name
        return Matrix(self.tensor.mT)

    def trace(self) -> Tensor:
        return self.tensor.trace()
