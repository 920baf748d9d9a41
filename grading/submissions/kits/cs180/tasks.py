"""What the handout asks for: graded functions, where they are written, and how the notebook calls things."""

from ..kit import Todo

TASKS = {
    "noising.add_noise": "forward",
    "ddpm.predict_x0": "one_step",
    "ddpm.posterior_step": "denoise",
    "guidance.guided_eps": "denoise_cfg",
    "editing.sdedit": "sdedit",
    "editing.repaint_blend": "inpaint",
    "illusions.anagram_eps": "flip",
    "illusions.hybrid_eps": "hybrid",
    "unet.UnconditionalUNet": "unconditional_unet",
    "unet.denoiser_loss": "denoiser_loss",
    "unet.TimeConditionalUNet": "time_unet",
    "unet.ClassConditionalUNet": "class_unet",
    "noising.linear_betas": "schedule",
    "noising.cumulative_alphas": "schedule",
    "unet.ddpm_loss": "time_loss",
    "unet.class_ddpm_loss": "class_loss",
    "flow.flow_loss": "time_flow_loss",
    "flow.sample_flow": "time_flow_sample",
    "flow.class_flow_loss": "class_flow_loss",
    "flow.guided_velocity": "class_flow_sample",
}


CELLS = {  # straight-line code: what is looked for, and a role without which this part of the notebook is not there
    "ddpm.predict_x0": ("one_step", "the estimate of the clean image in one step (1.3)", "denoise"),
    "editing.sdedit": ("", "the image that forward() noises and iterative_denoise_cfg() denoises (1.7)", "denoise_cfg"),
    "unet.denoiser_loss": ("denoiser_loss", "the loss of the one-step denoiser (1.2)", "unconditional_unet"),
}
TRAINED = {  # in a loop, where no function of the handout's name does it: the network that is trained there
    "unet.ddpm_loss": ("the loss that it is trained with (2.2)", "time_unet"),
    "unet.class_ddpm_loss": ("the loss that it is trained with (2.5)", "class_unet"),
    "flow.flow_loss": ("the loss that it is trained with (2.2)", "time_unet"),
    "flow.sample_flow": ("what it is sampled with (2.3)", "time_unet"),
    "flow.class_flow_loss": ("the loss that it is trained with (2.5)", "class_unet"),
    "flow.guided_velocity": ("what it is sampled with (2.6)", "class_unet"),
}
EDITED = r"^(\w+\.)?iterative(ly)?_denois\w*cfg$"  # what 1.7 calls

_STEP = {
    "x_t": "image",
    "eps": "noise_est",
    "t_prev": "prev_t",
    "abar_t": "alpha_cumprod",
    "abar_prev": "alpha_cumprod_prev",
}
_FLOW = {"x0": "x_0", "x1": "x_1", "labels": "c", "keep": "mask"}

TODOS = {
    "noising.add_noise": Todo("part A", "1.1, forward(im, t)", {"x0": "im"}, "eq. 2"),
    "ddpm.predict_x0": Todo("part A", "1.3, one-step denoising", {"x_t": "im_noisy", "eps": "noise_est"}, "eq. 2"),
    "ddpm.posterior_step": Todo("part A", "1.4, pred_prev_image in iterative_denoise()", _STEP, "eq. 3"),
    "guidance.guided_eps": Todo(
        "part A",
        "1.6, noise_est in iterative_denoise_cfg()",
        {"x_t": "image", "cond": "prompt_embeds", "null_cond": "uncond_prompt_embeds"},
        "eq. 4",
    ),
    "editing.sdedit": Todo("part A", "1.7, forward() and iterative_denoise_cfg()", {"start": "i_start"}),
    "editing.repaint_blend": Todo(
        "part A",
        "1.7.2, inpaint()",
        {
            "x_prev": "pred_prev_image",
            "x_orig": "original_image",
            "edit_mask": "mask",
            "prev+1": "t",
            "t_prev": "prev_t",
        },
        "eq. 5",
    ),
    "illusions.anagram_eps": Todo(
        "part A",
        "1.8, the noise estimate in make_flip_illusion(), asked at scale 7 of a network whose unconditional estimate of "
        "a view is that view's prompt's",
        {"x_t": "image"},
    ),
    "illusions.hybrid_eps": Todo("part A", "1.9, the noise estimate in make_hybrids()", {"x_t": "image"}),
    "unet.UnconditionalUNet": Todo("part B", "1.1, UnconditionalUNet"),
    "unet.denoiser_loss": Todo("part B", "1.2, training the one-step denoiser"),
    "unet.TimeConditionalUNet": Todo("part B", "2.1, TimeConditionalUNet"),
    "unet.ClassConditionalUNet": Todo("part B", "2.4, ClassConditionalUNet", {"keep": "mask"}),
    "noising.linear_betas": Todo(
        "part B", "2.2, betas in ddpm_schedule()", {"beta_start": "beta1", "beta_end": "beta2"}
    ),
    "noising.cumulative_alphas": Todo("part B", "2.2, alpha_bars in ddpm_schedule()"),
    "unet.ddpm_loss": Todo(
        "part B", "2.2, ddpm_forward()", {"x0": "x_0", "alphas_cumprod": "alpha_bars"}, "algorithm 1"
    ),
    "unet.class_ddpm_loss": Todo(
        "part B",
        "2.5, ddpm_forward() with classes",
        {"x0": "x_0", "labels": "c", "keep": "mask", "alphas_cumprod": "alpha_bars"},
        "algorithm 3",
    ),
    "flow.flow_loss": Todo("part B", "2.2, time_fm_forward()", _FLOW, "algorithm B.1"),
    "flow.sample_flow": Todo("part B", "2.3, time_fm_sample()", {"num_steps": "num_ts"}, "algorithm B.2"),
    "flow.class_flow_loss": Todo("part B", "2.5, class_fm_forward()", _FLOW, "algorithm B.3"),
    "flow.guided_velocity": Todo(
        "part B", "2.6, the velocity in class_fm_sample()", {"labels": "c", "scale": "guidance_scale"}, "algorithm B.4"
    ),
}
