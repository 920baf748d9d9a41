"""The measurement's pull on the sample."""

import torch


class MeasurementGuide:
    def __init__(self, measurement, operator):
        self.measurement, self.operator = measurement, operator

    def misfits(self, x0_hat):
        """One norm per sample."""
        difference = self.operator(x0_hat) - self.measurement
        return torch.stack([torch.linalg.vector_norm(one) for one in difference])

    def gradient(self, x_t, x0_hat):
        with torch.enable_grad():
            misfits = self.misfits(x0_hat)
        return torch.autograd.grad(misfits, x_t, grad_outputs=torch.ones_like(misfits))[0]
