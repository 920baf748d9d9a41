"""When a statistic says something: only where chance would do it in fewer than one of a million gradings.

Each function gives a p-value: the probability that a right sampler comes out at least this odd.
"""

import math

import torch
from scipy.stats import chi2_contingency, chisquare, kstest
from torch import Tensor

LEVEL = 1e-6
_EXPECTED = 5.0  # counts in a cell, below which the chi-squared distribution does not hold


def beyond(p: float) -> bool:
    return p < LEVEL


def evenly(values: Tensor, low: int, high: int, ends: float = 1.0) -> float:
    """p that these whole numbers are drawn evenly from low … high; 0 where one lies outside.

    ``ends`` is how likely the first and the last are beside the others: ½ where real numbers were drawn and rounded.
    """
    if int(values.min()) < low or int(values.max()) > high:
        return 0.0
    counts = torch.bincount(values.long() - low, minlength=high - low + 1)
    if len(counts) < 2 or len(values) < _EXPECTED * len(counts):
        return 1.0
    shares = torch.ones(len(counts), dtype=torch.float64)
    shares[[0, -1]] = ends
    return float(chisquare(counts.numpy(), (shares / shares.sum() * len(values)).numpy()).pvalue)


def uniform(values: Tensor, low: float, high: float) -> float:
    """p that these numbers are drawn evenly between two limits."""
    return float(kstest(values.numpy(), "uniform", (low, high - low)).pvalue)


def standard_normal(values: Tensor) -> float:
    return float(kstest(values.flatten().numpy(), "norm").pvalue)


def no_larger(values: Tensor) -> float:
    """p that none of as many standard normal numbers is larger than the largest of these, in either direction."""
    return math.erf(float(values.abs().max()) / math.sqrt(2)) ** values.numel()


def independent(first: Tensor, second: Tensor) -> float:
    """p that two columns of whole numbers have nothing to do with each other."""
    _, rows = first.unique(return_inverse=True)
    _, columns = second.unique(return_inverse=True)
    shape = int(rows.max()) + 1, int(columns.max()) + 1
    table = torch.zeros(shape).index_put_((rows, columns), torch.tensor(1.0), accumulate=True)
    if min(shape) < 2:
        return 1.0
    expected = table.sum(1, keepdim=True) * table.sum(0, keepdim=True) / table.sum()
    kept_rows, kept_columns = expected.amin(1) >= _EXPECTED, expected.amin(0) >= _EXPECTED
    table = table[kept_rows][:, kept_columns]
    return float(chi2_contingency(table.numpy()).pvalue) if min(table.shape) >= 2 else 1.0
