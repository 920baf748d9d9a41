"""The types that signatures share. Letters: B batch, C channels, H height, W width, T training steps, D condition."""

from collections.abc import Callable

from jaxtyping import Float, Int64
from torch import Tensor

Image = Float[Tensor, "B C H W"]  # images, latents and noise
Mask = Float[Tensor, "#B #C H W"]  # 0 and 1, broadcast over batch and channels
Schedule = Float[Tensor, "T"]  # abar_t for t = 0 … T-1
Scalar = Float[Tensor, ""]
Condition = Float[Tensor, "B D"]  # an embedded prompt, the null prompt too
Timesteps = int | Int64[Tensor, "B"]  # one for all, or one per sample

EpsModel = Callable[[Tensor, int], Tensor]  # (x_t, t) -> eps
ConditionalEpsModel = Callable[[Tensor, int, Tensor], Tensor]  # (x_t, t, cond) -> eps
NoiseFn = Callable[[Tensor], Tensor]  # x -> noise shaped like x, called once per draw
Operator = Callable[[Tensor], Tensor]  # a differentiable measurement operator
