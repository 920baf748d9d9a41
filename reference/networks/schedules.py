"""The noise schedules that the shipped diffusion models were trained with, both linear from 1e-4 to 0.02.

The digits' is CS180's with T = 300, the emoji's DDPM's with T = 1000.
"""

from ..noising import cumulative_alphas, linear_betas

__all__ = ["DIGIT_SCHEDULE", "DIGIT_STEPS", "EMOJI_SCHEDULE", "EMOJI_STEPS"]

DIGIT_STEPS = 300
DIGIT_SCHEDULE = cumulative_alphas(linear_betas(DIGIT_STEPS))
EMOJI_STEPS = 1000
EMOJI_SCHEDULE = cumulative_alphas(linear_betas(EMOJI_STEPS))
