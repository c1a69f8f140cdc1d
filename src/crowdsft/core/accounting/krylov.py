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
        most_steps: Most products that will be asked for.
    """

    def __init__(self, product: Callable[[Floats], Floats], starts: Floats, *, most_steps: int) -> None:
        count, columns = starts.shape
        self._product = product
        self.steps = 0
        self.lengths: Floats = np.linalg.norm(starts, axis=0)
        self._basis = np.empty((columns, most_steps + 1, count))  # costs memory only where it is written to
        self._basis[:, 0] = (starts / self.lengths).T
        self._middle = np.zeros((columns, most_steps))
        self._side = np.zeros((columns, most_steps))
        self._scale = np.zeros(columns)

    def extend(self, steps: int) -> None:
        """Take `steps` more products."""
        for _ in range(steps):
            self._extend_once()

    def _extend_once(self) -> None:
        step = self.steps
        new = np.ascontiguousarray(self._product(np.ascontiguousarray(self._basis[:, step].T)).T)
        for column, vector in enumerate(new):
            earlier = self._basis[column, : step + 1]
            along = earlier @ vector
            vector -= along @ earlier
            vector -= (earlier @ vector) @ earlier
            self._middle[column, step] = along[step]
        side = np.linalg.norm(new, axis=1)
        self._scale = np.maximum(self._scale, np.maximum(np.abs(self._middle[:, step]), side))
        side[side <= EXHAUSTED * self._scale] = 0.0
        self._side[:, step] = side
        self._basis[:, step + 1] = np.divide(
            new, side[:, None], out=np.zeros_like(new), where=side[:, None] > 0
        )
        self.steps += 1

    def quadrature(self, column: int) -> tuple[Floats, Floats]:
        """Nodes, all above 0, and weights, both float64[k], of z' f(C) z / |z|^2."""
        nodes, vectors = self._spectrum(column)
        return np.maximum(nodes, np.finfo(np.float64).tiny), vectors[0] ** 2

    def solve(self, column: int, penalty: float) -> tuple[Floats, float]:
        """(C + penalty)^-1 z as float64[N], and |remainder of the equation| / |z|."""
        small = self._small_solution(column, penalty)
        found = self.lengths[column] * (small @ self._basis[column, : self.steps])
        return found, self._remainder_of(small, column)

    def remainder(self, column: int, penalty: float) -> float:
        """What `solve` gives second."""
        return self._remainder_of(self._small_solution(column, penalty), column)

    def _small_solution(self, column: int, penalty: float) -> Floats:
        nodes, vectors = self._spectrum(column)
        return np.asarray(vectors @ (vectors[0] / (np.maximum(nodes, 0.0) + penalty)))

    def _remainder_of(self, small: Floats, column: int) -> float:
        return float(abs(small[-1]) * self._side[column, self.steps - 1])

    def _spectrum(self, column: int) -> tuple[Floats, Floats]:
        nodes, vectors = eigh_tridiagonal(
            self._middle[column, : self.steps], self._side[column, : self.steps - 1]
        )
        return nodes, vectors
