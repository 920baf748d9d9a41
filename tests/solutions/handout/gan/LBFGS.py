"""Full-batch L-BFGS with an Armijo backtracking search, after the optimizer that comes with the kit."""

import torch


class FullBatchLBFGS:
    def __init__(self, params, lr=1.0, history_size=10, c1=1e-4, max_ls=25):
        (self.param,) = params
        self.lr, self.history_size, self.c1, self.max_ls = lr, history_size, c1, max_ls
        self.old_s, self.old_y = [], []
        self.grad = None

    def start(self, closure):
        obj = closure()
        self.grad = self._gather_flat_grad(obj)
        return obj.item()

    def _gather_flat_grad(self, obj):
        return torch.autograd.grad(obj, self.param)[0].reshape(-1)

    def two_loop_recursion(self, vec):
        q, alphas = vec.clone(), []
        for s, y in zip(reversed(self.old_s), reversed(self.old_y)):
            alpha = s.dot(q) / y.dot(s)
            alphas.append(alpha)
            q = q - alpha * y
        if self.old_s:
            s, y = self.old_s[-1], self.old_y[-1]
            q = q * (y.dot(s) / y.dot(y))
        else:
            q = q / q.norm().clamp(min=1)
        for s, y, alpha in zip(self.old_s, self.old_y, reversed(alphas)):
            beta = y.dot(q) / y.dot(s)
            q = q + (alpha - beta) * s
        return q

    def step(self, closure, obj):
        """The new objective, and whether the search has come to its end."""
        if not bool(self.grad.any()):
            return obj, True
        d = -self.two_loop_recursion(self.grad)
        gtd = self.grad.dot(d).item()
        if gtd >= 0:  # no direction of descent: start anew
            self.old_s, self.old_y = [], []
            d = -self.grad
            gtd = -self.grad.dot(self.grad).item()
        start, t = self.param.detach().clone(), self.lr
        for _ in range(self.max_ls):
            with torch.no_grad():
                self.param.copy_(start + t * d.view_as(start))
            new_obj = closure()
            if new_obj.item() <= obj + self.c1 * t * gtd:
                break
            t = t / 2
        else:
            with torch.no_grad():
                self.param.copy_(start)
            if self.old_s:
                self.old_s, self.old_y = [], []
                return obj, False
            return obj, True
        new_grad = self._gather_flat_grad(new_obj)
        s, y = t * d, new_grad - self.grad
        if s.dot(y) > 1e-10 * y.dot(y):
            self.old_s, self.old_y = [*self.old_s, s][-self.history_size :], [*self.old_y, y][-self.history_size :]
        self.grad = new_grad
        return new_obj.item(), False
