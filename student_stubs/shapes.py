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

Number = int | float

# The GAN half. Letters: N latents, R real and F fake logits, Z and D_w the widths of z and w, L layers.
Logits = Float[Tensor, "B"] | Float[Tensor, "B 1"]
RealLogits = Float[Tensor, "R"] | Float[Tensor, "R 1"]
FakeLogits = Float[Tensor, "F"] | Float[Tensor, "F 1"]  # as many as there are fakes: F and R may differ
Flow = Float[Tensor, "B 2 H W"]  # a displacement in pixels for each pixel: (down, right)
Latent = Float[Tensor, "N *latent"]  # z (N, Z), w (N, 1, D_w), w+ (N, L, D_w) or a vanilla GAN's (N, Z, 1, 1)
Frames = Float[Tensor, "frames N *latent"]
LatentZ = Float[Tensor, "N Z"]
LatentW = Float[Tensor, "N 1 D_w"]
LatentWPlus = Float[Tensor, "N L D_w"]
MeanW = Float[Tensor, "D_w"]
Edges = Float[Tensor, "B 1 H W"]
Gram = Float[Tensor, "B C C"]
PerSample = Float[Tensor, "B"]  # one number per image
SampleTimesteps = Int64[Tensor, "B"]
Labels = Int64[Tensor, "B"]

Mapping = Callable[[Tensor], Tensor]  # z (N, Z) -> w (N, D_w)
GeneratorFn = Callable[[Tensor], Tensor]  # latent -> image
Encoder = Callable[[Tensor], Tensor]  # image -> latent
FeaturesFn = Callable[[Tensor], list[Tensor]]  # image -> feature maps
Denoiser = Callable[[Tensor], Tensor]  # noisy image -> clean image
TimeModel = Callable[[Tensor, Tensor], Tensor]  # (x_t, t / T) -> eps
ClassModel = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]  # (x_t, labels, t / T, keep) -> eps
LatentLossFn = Callable[[Tensor, Tensor, Tensor], Tensor]  # (pred, target, delta) -> 0-dim loss
