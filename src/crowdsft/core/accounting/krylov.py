"""What a large symmetric matrix does to a few vectors, from products with it alone.

The Lanczos process started from a vector z writes a matrix C as V T V' on the space of z, C z, C C z, ..., with
T tridiagonal and small. One run answers f(C) z for every f that is smooth on the spectrum: V f(T) e |z|, and
z' f(C) z = |z|^2 sum w_j f(theta_j) with theta and w the eigenvalues of T and the squares of the first
components of its eigenvectors (Gauss quadrature).

Source: Golub and Meurant, Matrices, Moments and Quadrature (2010), chapters 4 and 6.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh_tridiagonal

Floats = NDArray[np.float64]

EXHAUSTED = 1e-13  # a new direction shorter than this share of the largest is rounding


class Krylov:
    """Lanczos processes from several vectors at once, with full orthogonalisation.

    Args:
        product: C @ V for float64[N, s]; C is symmetric and positive semidefinite.
        starts: float64[N, s]; no column is zero.
    """

    def __init__(self, product: Callable[[Floats], Floats], starts: Floats) -> None:
        self._product = product
        self.lengths: Floats = np.linalg.norm(starts, axis=0)
        self._next = np.ascontiguousarray((starts / self.lengths).T)  # [s, N]
        self._basis: list[Floats] = []
        self._middle: list[Floats] = []
        self._side: list[Floats] = []
        self._scale = np.zeros(starts.shape[1])

    @property
    def steps(self) -> int:
        """Products so far."""
        return len(self._basis)

    def extend(self, steps: int) -> None:
        """Take `steps` more products."""
        for _ in range(steps):
            self._extend_once()

    def _extend_once(self) -> None:
        current = self._next
        self._basis.append(current)
        new = np.ascontiguousarray(self._product(np.ascontiguousarray(current.T)).T)
        middle = np.einsum("sn,sn->s", current, new)
        for earlier in reversed(self._basis):
            new -= np.einsum("sn,sn->s", earlier, new)[:, None] * earlier
        side = np.linalg.norm(new, axis=1)
        self._scale = np.maximum(self._scale, np.maximum(np.abs(middle), side))
        side[side <= EXHAUSTED * self._scale] = 0.0
        self._next = np.divide(new, side[:, None], out=np.zeros_like(new), where=side[:, None] > 0)
        self._middle.append(middle)
        self._side.append(side)

    def quadrature(self, column: int) -> tuple[Floats, Floats]:
        """Nodes, all above 0, and weights, both float64[k], of z' f(C) z / |z|^2."""
        nodes, vectors = self._spectrum(column)
        return np.maximum(nodes, np.finfo(np.float64).tiny), vectors[0] ** 2

    def solve(self, column: int, penalty: float) -> tuple[Floats, float]:
        """(C + penalty)^-1 z as float64[N], and |remainder of the equation| / |z|."""
        nodes, vectors = self._spectrum(column)
        small = vectors @ (vectors[0] / (np.maximum(nodes, 0.0) + penalty))
        found = np.zeros(self._next.shape[1])
        for weight, direction in zip(small, self._basis, strict=True):
            found += weight * direction[column]
        return self.lengths[column] * found, float(abs(small[-1]) * self._side[-1][column])

    def remainder(self, column: int, penalty: float) -> float:
        """What `solve` gives second."""
        nodes, vectors = self._spectrum(column)
        last = vectors[-1] @ (vectors[0] / (np.maximum(nodes, 0.0) + penalty))
        return float(abs(last) * self._side[-1][column])

    def _spectrum(self, column: int) -> tuple[Floats, Floats]:
        middle = np.array([step[column] for step in self._middle])
        side = np.array([step[column] for step in self._side])
        nodes, vectors = eigh_tridiagonal(middle, side[:-1])
        return nodes, vectors
