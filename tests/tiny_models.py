"""Random models of a few thousand weights, of the courses' pretrained models' classes, written as the hub has them.

diffusers and transformers are imported when a model is made: it takes seconds, in every process that collects tests.
"""

import string

import torch

from reference.networks._torchvision import declare_missing_operators

WORDS, WIDTH = 12, 16  # tokens of a prompt for Stable Diffusion, and the length of a token's vector
LEVELS = {"layers_per_block": 1, "block_out_channels": (8, 16), "norm_num_groups": 4, "attention_head_dim": 2}


def faces(folder, **config):
    """An unconditional UNet, with the schedule of google/ddpm-celebahq-256."""
    declare_missing_operators()
    from diffusers import DDPMPipeline, DDPMScheduler, UNet2DModel

    torch.manual_seed(0)
    unet = UNet2DModel(
        sample_size=16,
        down_block_types=("DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D"),
        **LEVELS,
    )
    DDPMPipeline(unet, DDPMScheduler(**config)).save_pretrained(folder)
    return folder


def stable_diffusion(folder, prediction_type="epsilon", scaling_factor=0.18215):
    """A text encoder, an autoencoder and a UNet of latents, with Stable Diffusion's scheduler."""
    declare_missing_operators()
    from diffusers import AutoencoderKL, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    torch.manual_seed(0)
    letters = [letter + end for letter in string.ascii_lowercase for end in ("", "</w>")]
    vocabulary = {token: row for row, token in enumerate(["<|startoftext|>", "<|endoftext|>", *letters])}
    text_encoder = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(vocabulary),
            hidden_size=WIDTH,
            intermediate_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            max_position_embeddings=WORDS,
            bos_token_id=0,
            eos_token_id=1,
        )
    )
    unet = UNet2DConditionModel(
        sample_size=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=WIDTH,
        **LEVELS,
    )
    vae = AutoencoderKL(
        block_out_channels=(4, 8),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        norm_num_groups=2,
        scaling_factor=scaling_factor,
    )
    scheduler = PNDMScheduler(
        beta_schedule="scaled_linear",
        beta_start=0.00085,
        beta_end=0.012,
        steps_offset=1,
        skip_prk_steps=True,
        prediction_type=prediction_type,
    )
    StableDiffusionPipeline(
        vae,
        text_encoder,
        CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=WORDS),
        unet,
        scheduler,
        None,
        None,
        requires_safety_checker=False,
    ).save_pretrained(folder)
    return folder


def _pixel_unet(size, **config):
    """DeepFloyd's kind of UNet: twice the channels of a picture come out."""
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=size,
        out_channels=6,
        down_block_types=("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"),
        mid_block_type="UNetMidBlock2DSimpleCrossAttn",
        up_block_types=("SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"),
        only_cross_attention=True,
        cross_attention_dim=WIDTH,
        encoder_hid_dim=WIDTH,
        addition_embed_type="text",
        addition_embed_type_num_heads=2,
        resnet_time_scale_shift="scale_shift",
        act_fn="gelu",
        **LEVELS,
        **config,
    )


def _learned_variance():
    from diffusers import DDPMScheduler

    return DDPMScheduler(
        beta_schedule="squaredcos_cap_v2", variance_type="learned_range", thresholding=True, sample_max_value=1.5
    )


def _t5():
    from transformers import T5Config, T5EncoderModel, T5Tokenizer

    letters = [(token, -2.0) for token in ("▁", *string.ascii_lowercase)]
    tokenizer = T5Tokenizer(vocab=[("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), *letters], extra_ids=0)
    sizes = {"d_model": WIDTH, "d_kv": 8, "d_ff": 16, "num_layers": 1, "num_heads": 2}
    return tokenizer, T5EncoderModel(T5Config(vocab_size=64, **sizes))


def deepfloyd(folder):
    """Stage 1, 16 × 16."""
    declare_missing_operators()
    from diffusers import IFPipeline

    torch.manual_seed(0)
    unet = _pixel_unet(16, in_channels=3)
    parts = (*_t5(), unet, _learned_variance(), None, None, None)
    IFPipeline(*parts, requires_safety_checker=False).save_pretrained(folder)
    return folder


def deepfloyd_2(folder):
    """Stage 2, to 32 × 32."""
    declare_missing_operators()
    from diffusers import DDPMScheduler, IFSuperResolutionPipeline

    torch.manual_seed(1)
    unet = _pixel_unet(32, in_channels=6, class_embed_type="timestep")
    parts = (*_t5(), unet, _learned_variance(), DDPMScheduler(beta_schedule="squaredcos_cap_v2"), None, None, None)
    IFSuperResolutionPipeline(*parts, requires_safety_checker=False).save_pretrained(folder)
    return folder
