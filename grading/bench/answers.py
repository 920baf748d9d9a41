"""The handouts' questions about time, answered from what was measured.

No figure stands here: a sentence is made of a run's own numbers, or says what the run did not measure.
"""

from collections.abc import Callable
from dataclasses import dataclass

from .measured import Measured, NotMeasured, duration

__all__ = [
    "CHAIN",
    "DISTILLATION",
    "DPS",
    "FEW_STEPS",
    "GAN",
    "INVERSION",
    "QUALITY",
    "QUESTIONS",
    "Answer",
    "answers",
]

CHAIN = "DDPM's 1000 steps against DDIM's few"
QUALITY = "quality over network evaluations"
FEW_STEPS = "Euler steps against DDIM steps"
DPS = "DPS against DDIM"
DISTILLATION = "SDS against VSD"
INVERSION = "GAN inversion by latent space and optimiser"
GAN = "training the GAN with R1 and DiffAug"


@dataclass(frozen=True)
class Answer:
    question: str
    source: str  # handout and section
    sentence: str
    measured: bool


def ddpm_against_ddim(m: Measured) -> str:
    chain = m[CHAIN]
    whole, few = "DDPM, 1000 steps", "DDIM, 50 steps"
    evaluations = chain.figure(whole, "evaluations"), chain.figure(few, "evaluations")
    return (
        f"DDPM takes {duration(chain.seconds(whole))} for its {evaluations[0]:,} network evaluations and DDIM "
        f"{duration(chain.seconds(few))} for its {evaluations[1]:,}: {chain.ratio(whole, few):.1f} times as long for "
        f"{evaluations[0] / evaluations[1]:.1f} times the evaluations."
    )


def fewer_steps(m: Measured) -> str:
    chain = m[CHAIN]
    whole = "DDPM, 1000 steps"
    parts = [
        f"{name.split(', ')[1]} 1/{chain.ratio(whole, name):.0f}"
        for name in chain.contenders
        if name.startswith("DDIM")
    ]
    return f"Of the whole chain's {duration(chain.seconds(whole))}, strided chains take: {', '.join(parts)}."


def few_step_quality(m: Measured) -> str:
    group = m[QUALITY]

    def told(name: str) -> str:
        return f"{group.figure(name, 'frechet'):.2f} by {name}"

    whole = max(group.contenders, key=lambda name: group.figure(name, "evaluations"))
    names = [name for name in ("DDIM, 50 steps", "DDPM, 50 steps", "DDIM, 5 steps") if name in group.contenders]
    times = f"{group.ratio(whole, 'DDIM, 50 steps'):.1f}"
    return (
        f"Fréchet distance {told(whole)}, {', '.join(map(told, names))} (real digits {group.fact('frechet_real'):.2f}, "
        f"noise {group.fact('frechet_noise'):.0f}; {group.fact('samples')} samples); {whole} takes {times} times as "
        f"long as DDIM, 50 steps."
    )


def steps_needed(m: Measured) -> str:
    group = m[FEW_STEPS]
    by_sampler = {
        sampler: sorted(
            (name for name in group.contenders if name.startswith(sampler)),
            key=lambda name: group.figure(name, "evaluations"),
        )
        for sampler in ("Euler", "DDIM")
    }

    def told(sampler: str, figure: str, form: str) -> str:
        return ", ".join(form.format(group.figure(name, figure)) for name in by_sampler[sampler])

    steps = ", ".join(str(group.figure(name, "evaluations")) for name in by_sampler["Euler"])
    best = min(by_sampler["DDIM"], key=lambda name: group.figure(name, "frechet"))
    enough = [name for name in by_sampler["Euler"] if group.figure(name, "frechet") <= group.figure(best, "frechet")]
    verdict = (
        f"{enough[0]}, come as near to real digits as {best}, in {group.ratio(enough[0], best):.2f} of its time"
        if enough
        else f"none of them comes as near to real digits as {best}"
    )
    return (
        f"After {steps} steps the Fréchet distance is {told('Euler', 'frechet', '{:.2f}')} by Euler along the flow and "
        f"{told('DDIM', 'frechet', '{:.2f}')} by DDIM with the same network (real digits "
        f"{group.fact('frechet_real'):.2f}; {group.fact('samples')} samples), and "
        f"{told('Euler', 'recognised', '{:.0%}')} and {told('DDIM', 'recognised', '{:.0%}')} are recognised: {verdict}."
    )


def dps_cost(m: Measured) -> str:
    group = m[DPS]
    ratio = group.ratio("DPS, 50 steps", "DDIM, 50 steps")
    return (
        f"With 50 steps DPS takes {ratio:.2f} times as long as DDIM, {ratio - 1:.0%} more: each of its "
        f"{group.figure('DPS, 50 steps', 'evaluations')} network evaluations is also differentiated."
    )


def dps_fewer_steps(m: Measured) -> str:
    group = m[DPS]
    names = [name for name in group.contenders if name.startswith("DPS")]
    parts = [
        f"{group.figure(name, 'error'):.3f} with {name.split(', ')[1]} ({duration(group.seconds(name))})"
        for name in names
    ]
    misfits = [group.figure(name, "misfit") for name in (names[0], names[-1])]
    return (
        f"The mean squared error to the true picture is {', '.join(parts)}; the enlarged measurement's is "
        f"{group.fact('error_of_measurement'):.3f}. The misfit of the measurement goes from {misfits[0]:.2g} to "
        f"{misfits[1]:.2g}: fewer steps are fewer corrections, and time goes with their number."
    )


def jacobian(m: Measured) -> str:
    ratio = m[DISTILLATION].ratio("SDS through the network's Jacobian")
    return (
        f"With the U-Net's Jacobian a step takes {ratio:.2f} times as long as without: SDS saves {1 - 1 / ratio:.0%}."
    )


def sds_against_vsd(m: Measured) -> str:
    group = m[DISTILLATION]
    vsd, passes = "VSD with its LoRA", []
    for name in ("SDS", vsd):
        both = [group.figure(name, f"{way} passes a step") for way in ("forward", "backward")]
        passes.append(f"{both[0]:.0f} passes forward and {both[1]:.0f} backward")
    return (
        f"A step of VSD takes {group.ratio(vsd):.2f} times as long as one of SDS: for each picture {passes[1]} in place "
        f"of {passes[0]}; predicting with the LoRA and training it are the difference."
    )


def inversion_speed(m: Measured) -> str:
    group = m[INVERSION]
    names = [f"{space}, L-BFGS" for space in ("DCGAN, z", "StyleGAN, z", "StyleGAN, w", "StyleGAN, w+")]
    parts = [
        f"{name.removesuffix(', L-BFGS')} {_an_evaluation(m, name)} ({group.ratio(name):.2f}), "
        f"loss {group.figure(name, 'loss'):.2f}"
        for name in names
    ]
    return (
        f"An evaluation with its gradient takes (ratio to the first): {'; '.join(parts)}; these are the losses after "
        f"{group.figure(names[0], 'generator evaluations')} evaluations of L-BFGS from the mean (z of the StyleGAN: from a draw)."
    )


def best_inversion(m: Measured) -> str:
    group = m[INVERSION]
    searches = [name for name in group.contenders if "encoder" not in name]
    best = min(searches, key=lambda name: group.figure(name, "loss"))
    evaluations = group.figure(best, "generator evaluations")
    return (
        f"The lowest loss after {evaluations} evaluations has {best}: {group.figure(best, 'loss'):.2f}, in "
        f"{duration(group.seconds(best))}; at that speed 1,000 evaluations take "
        f"{duration(group.seconds(best) / evaluations * 1000)}."
    )


def optimisers(m: Measured) -> str:
    group = m[INVERSION]
    parts = []
    for space in ("StyleGAN, w+", "StyleGAN, w", "DCGAN, z"):
        lbfgs, adam = f"{space}, L-BFGS", f"{space}, Adam"
        parts.append(
            f"in {space} L-BFGS reaches {group.figure(lbfgs, 'loss'):.2f} and Adam {group.figure(adam, 'loss'):.2f} in "
            f"{group.ratio(adam, lbfgs):.2f} times its time"
        )
    return f"After {group.figure(lbfgs, 'generator evaluations')} evaluations each, {'; '.join(parts)}."


def encoder_start(m: Measured) -> str:
    group = m[INVERSION]
    guess, mean = "StyleGAN, w+ from the encoder's guess, L-BFGS", "StyleGAN, w+, L-BFGS"
    curve, wanted = group.figure(mean, "curve"), group.figure(guess, "first_loss")
    needed = next((n for n, loss in enumerate(curve["lowest"], 1) if loss <= wanted), None)
    reached = (
        f"the search from the mean has that after {needed} evaluations"
        if needed
        else "the search from the mean does not come so far"
    )
    return (
        f"The encoder's guess alone has loss {wanted:.2f}; {reached}. Started from the guess, L-BFGS ends at "
        f"{group.figure(guess, 'loss'):.2f}, from the mean at {group.figure(mean, 'loss'):.2f}, in "
        f"{group.ratio(guess, mean):.2f} times its time."
    )


def gan_training(m: Measured) -> str:
    group = m[GAN]
    return (
        f"A training step with R1 takes {group.ratio('R1'):.2f} times a plain one (its penalty comes in one step of "
        f"sixteen), with R1 and DiffAug {group.ratio('R1 and DiffAug'):.2f} times: in equal time "
        f"{1 / group.ratio('R1'):.0%} and {1 / group.ratio('R1 and DiffAug'):.0%} of the iterations."
    )


#: (question, handout and section, sentence)
QUESTIONS: list[tuple[str, str, Callable[[Measured], str]]] = [
    (
        "Please report the time you need for DDPM and DDIM respectively.",
        "EECS 498 HW5 part B, section 5, task 3",
        ddpm_against_ddim,
    ),
    (
        "… and briefly talk about the pros and cons of using DDIM over DDPM: what does the speed cost in quality?",
        "EECS 498 HW5 part B, section 5, task 3; CMU 16-726 HW5, bells (few-step samplers: compare results)",
        few_step_quality,
    ),
    (
        "“This would require running the diffusion model 1000 times, which is quite slow”: what do strided timesteps save?",
        "CS180 project 5, part A, 1.4",
        fewer_steps,
    ),
    (
        "Sampling along a flow takes steps of 1 / S: how many does it need?",
        "CS180 project 5 since 2025, part B, 2.3 and 2.6",
        steps_needed,
    ),
    (
        "What is the extra time cost for applying the DPS compared to DDIM?",
        "EECS 498 HW5 part B, section 6, task 5",
        dps_cost,
    ),
    (
        "What will happen if we set fewer timesteps than usual?",
        "EECS 498 HW5 part B, section 6, task 5",
        dps_fewer_steps,
    ),
    (
        "“Omitting the U-Net Jacobian … saves a lot of computation”: how much?",
        "EECS 498 HW5 part B, section 7, Eq. 12 and 13",
        jacobian,
    ),
    (
        "VSD trains a LoRA besides: what does a step cost, compared with SDS?",
        "EECS 498 HW5 part B, section 8",
        sds_against_vsd,
    ),
    (
        "… (3) different latent spaces (z, w and w+) and (2) generative models: how fast is each?",
        "CMU 16-726 HW5, part 1, deliverables",
        inversion_speed,
    ),
    (
        "Which combination gives you the best result and how fast your method performs.",
        "CMU 16-726 HW5, part 1, deliverables",
        best_inversion,
    ),
    (
        "“We can attempt to solve it with any first-order or quasi-Newton optimization method”: Adam or L-BFGS?",
        "CMU 16-726 HW5, part 1",
        optimisers,
    ),
    (
        "“Train a neural network to approximate the inverse generator for faster inversion”: how much faster?",
        "CMU 16-726 HW5, bells",
        encoder_start,
    ),
    (
        "Two hours are “about 4.5K iters” plain and with R1, and “about 3K” with DiffAug: what does a step cost?",
        "EECS 498 HW5 part A, sections 4.2, 5 and 6",
        gan_training,
    ),
]


def answers(m: Measured) -> list[Answer]:
    """One answer to each question, in the handouts' words where they have some."""
    return [_answered(*one, m) for one in QUESTIONS]


def _answered(question: str, source: str, sentence: Callable[[Measured], str], m: Measured) -> Answer:
    try:
        return Answer(question, source, sentence(m), True)
    except NotMeasured as missing:
        return Answer(question, source, f"Not measured: {missing}.", False)


def _an_evaluation(m: Measured, name: str) -> str:
    group = m[INVERSION]
    return duration(group.seconds(name) / group.figure(name, "generator evaluations"))
