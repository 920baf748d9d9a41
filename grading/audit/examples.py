"""Real mistakes and what the grader answers: ``python -m grading.audit.examples`` writes them into examples.md here."""

import tempfile
import textwrap
from dataclasses import dataclass
from pathlib import Path

from ..grader import Run, grade
from ..report import explain
from ..sandbox.fork_server import ForkServer
from ..submissions import opened

__all__ = ["EXAMPLES", "PAGE", "Example", "answer", "page"]

PAGE = Path(__file__).with_name("examples.md")
SEED = 20260101
LINES = 9  # of an answer: the diagnosis and the first property that fails


@dataclass(frozen=True)
class Example:
    title: str
    met: str  # where, in people's code
    task: str
    source: str

    @property
    def module(self) -> str:
        return self.task.split(".")[0]


EXAMPLES = (
    Example(
        "The variance is added as if it were a standard deviation",
        "Ho et al. write σ_t² and code calls it `variance`; met in upstream samplers and in homework.",
        "ddpm.posterior_step",
        """
        def posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod):
            abar, abar_prev = alphas_cumprod[t], alphas_cumprod[t_prev] if t_prev >= 0 else torch.ones(())
            alpha = abar / abar_prev
            beta = 1 - alpha
            mean = (abar_prev.sqrt() * beta * x0 + alpha.sqrt() * (1 - abar_prev) * x_t) / (1 - abar)
            variance = (1 - abar_prev) / (1 - abar) * beta
            return mean + variance * noise
        """,
    ),
    Example(
        "The step before t is taken to be t − 1, although the chain is strided",
        "Right for 1,000 steps, wrong for 50; an early version of diffusers did the same.",
        "ddim.ddim_step",
        """
        def ddim_step(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
            abar = alphas_cumprod[t]
            abar_prev = alphas_cumprod[t - 1] if t_prev >= 0 else torch.ones(())
            sigma = eta * ((1 - abar_prev) / (1 - abar) * (1 - abar / abar_prev)).sqrt()
            x0 = (x_t - (1 - abar).sqrt() * eps) / abar.sqrt()
            return abar_prev.sqrt() * x0 + (1 - abar_prev - sigma**2).sqrt() * eps + sigma * noise
        """,
    ),
    Example(
        "Guidance of the paper's w where the handout has the scale γ = w + 1",
        "The most asked question about guidance: c + s(c − u) and u + s(c − u) are both in print.",
        "guidance.classifier_free_guidance",
        """
        def classifier_free_guidance(eps_uncond, eps_cond, scale):
            return eps_cond + scale * (eps_cond - eps_uncond)
        """,
    ),
    Example(
        "Inpainting noises the known pixels to the level of the step before",
        "The known region belongs to x_{t_prev}; the official SDEdit, labml and early diffusers had the level of t.",
        "editing.repaint_blend",
        """
        def repaint_blend(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
            abar = alphas_cumprod[t_prev + 1]
            known = abar.sqrt() * x_orig + (1 - abar).sqrt() * noise
            return edit_mask * x_prev + (1 - edit_mask) * known
        """,
    ),
    Example(
        "Two mistakes at once: a root is missing, and ᾱ is read at t where it should be read at t_prev",
        "No list of known mistakes holds every pair: the coefficients are read back from the answers.",
        "ddpm.posterior_step",
        """
        def posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod):
            abar, abar_prev = alphas_cumprod[t], alphas_cumprod[t_prev] if t_prev >= 0 else torch.ones(())
            alpha = abar / abar_prev
            mean = (abar * (1 - alpha) * x0 + alpha.sqrt() * (1 - abar_prev) * x_t) / (1 - abar)
            return mean + ((1 - abar_prev) / (1 - abar) * (1 - alpha)).sqrt() * noise
        """,
    ),
)


def answer(fork_server: ForkServer, example: Example) -> list[str]:
    """The beginning of what a student who hands this in is told."""
    with tempfile.TemporaryDirectory() as folder:
        source = "import torch\n\n" + textwrap.dedent(example.source)
        Path(folder, f"{example.module}.py").write_text(source, encoding="utf-8")
        with opened(Path(folder)) as submission:
            (verdict,) = grade(fork_server, Run(submission, (example.task,), SEED))
    return [f"{verdict.task}  {verdict.outcome}", *(f"  {line}" for line in explain(verdict, "mistake"))][:LINES]


def page(fork_server: ForkServer) -> str:
    """The Markdown page."""
    parts = [
        "# What the grader answers",
        "Mistakes that people have made, and the beginning of the report on each. Written by"
        " `python -m grading.audit.examples`.",
    ]
    for example in EXAMPLES:
        parts += [
            f"## {example.title}",
            example.met,
            f"```python\n{textwrap.dedent(example.source).strip()}\n```",
            "```\n" + "\n".join(answer(fork_server, example)) + "\n```",
        ]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    with ForkServer() as fork_server:
        PAGE.write_text(page(fork_server), encoding="utf-8")
