"""Ways to combine two estimates."""

import torch


class ClassifierFreeGuidance:
    def __init__(self, scale):
        self.scale = scale

    def combine(self, eps_uncond, eps_cond):
        return (1 - self.scale) * eps_uncond + self.scale * eps_cond

    def __call__(self, model, x_t, t, cond, null_cond):
        # An estimate with weight 0 need not be made.
        if self.scale == 0:
            return model(x_t, t, null_cond)
        if self.scale == 1:
            return model(x_t, t, cond)
        return self.combine(model(x_t, t, null_cond), model(x_t, t, cond))


class View:
    """An orthogonal transform of the image and its inverse."""

    def apply(self, x):
        return x

    def invert(self, x):
        return x


class FlippedView(View):
    def apply(self, x):
        rows = torch.arange(x.shape[-2] - 1, -1, -1, device=x.device)
        return x[..., rows, :]

    invert = apply


class GaussianBlur:
    """Blur by FFT: the reflected image is long enough that the circular wrap stays outside of what is kept."""

    def __init__(self, kernel_size=33, sigma=2.0):
        self.radius = kernel_size // 2
        exponents = [-0.5 * ((i - self.radius) / sigma) ** 2 for i in range(kernel_size)]
        weights = torch.tensor(exponents, dtype=torch.float64).exp()
        self.kernel = weights / weights.sum()

    def __call__(self, x):
        r = self.radius
        padded = torch.nn.functional.pad(x, (r, r, r, r), mode="reflect").double()
        size = padded.shape[-2:]
        kernel = self.kernel.to(padded)
        rows, columns = torch.fft.fft(kernel, n=size[0]), torch.fft.rfft(kernel, n=size[1])
        spectrum = torch.fft.rfft2(padded) * (rows[:, None] * columns[None, :])
        blurred = torch.fft.irfft2(spectrum, s=size)
        # A convolution with a kernel that starts at 0 shifts by the radius: the valid part is at the end.
        return blurred[..., 2 * r :, 2 * r :].to(x.dtype)
