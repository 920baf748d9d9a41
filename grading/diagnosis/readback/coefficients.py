"""What a result weighs its terms with: linear least squares in float64, exact where the result is linear in them."""

import torch
from torch import Tensor

LINEAR = 1e-10  # relative residual of a result that is a sum of the terms


def regress(result: Tensor, terms: dict[str, Tensor]) -> dict[str, float] | None:
    """The weight of every term in the result; None where the result is no sum of them, with one weight each.

    The terms are to be independent of each other and of the same shape as the result.
    """
    if not all(term.shape == result.shape for term in terms.values()) or not bool(torch.isfinite(result).all()):
        return None
    columns = torch.stack([term.flatten().double() for term in terms.values()], 1)
    sizes = columns.norm(dim=0).clamp(min=1e-300)
    target = result.flatten().double()
    solution = torch.linalg.lstsq(columns / sizes, target[:, None], driver="gelsd").solution
    residual = columns / sizes @ solution - target[:, None]
    if float(residual.abs().max()) > LINEAR * max(float(target.abs().max()), 1e-300):
        return None
    weights = solution[:, 0] / sizes
    # What is left of a term that is not there is rounding: it is measured against the whole result.
    share = (weights * sizes).abs()
    weights = weights.where(share > 1e-11 * max(float(share.max()), 1e-300), 0)
    return dict(zip(terms, weights.tolist()))
