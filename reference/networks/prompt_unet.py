r"""A diffusion model that listens to prompts.

| math         | code    | shape        | range    | meaning                                              |
| ------------ | ------- | ------------ | -------- | ---------------------------------------------------- |
| x_t          | ``x_t`` | (B, 3, H, W) | about ±1 | noisy picture                                        |
| t            | ``t``   | int or (B,)  | 0 … T-1  | timestep                                             |
| c            | ``cond``| (B, L·E)     |          | embedded prompt: a vector for each word, end to end  |
| ε_θ(x_t,t,c) |         | (B, 3, H, W) |          | predicted noise                                      |

The network is diffusers' UNet2DConditionModel, the class of Stable Diffusion's UNet in small: what is written for the
one (attention processors, LoRA adapters) works on the other. The text encoder is a table of words.
"""

import difflib
import re
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ._torchvision import declare_missing_operators

__all__ = ["PromptUNet"]


class PromptUNet(nn.Module):
    r"""Predict the noise of a noisy picture from its timestep and a prompt.

    .. math:: \hat ε = ε_θ(x_t, t, c)

    The empty prompt is the null prompt, and trained as such: with it the network is an unconditional model.

    Args:
        words: the vocabulary.
        channels: of the three levels.
        embedding: E, the length of a word's vector.
        length: L, the most words of a prompt.

    >>> model = PromptUNet(["red", "heart"], channels=(8, 8, 8), embedding=8)
    >>> model(torch.zeros(2, 3, 32, 32), 10, model.embed(["red heart", ""])).shape
    torch.Size([2, 3, 32, 32])
    """

    def __init__(
        self, words: Sequence[str], channels: Sequence[int] = (32, 64, 96), embedding: int = 64, length: int = 9
    ) -> None:
        declare_missing_operators()
        from diffusers import UNet2DConditionModel
        from diffusers.models.attention_processor import AttnProcessor

        super().__init__()
        self.words = {word: row for row, word in enumerate(words, start=1)}  # row 0 is the empty word
        self.length = length
        self.table = nn.Embedding(len(words) + 1, embedding)
        unet: Any = UNet2DConditionModel(
            sample_size=32,
            in_channels=3,
            out_channels=3,
            layers_per_block=1,
            block_out_channels=tuple(channels),
            down_block_types=("DownBlock2D", "DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
            cross_attention_dim=embedding,
            attention_head_dim=4,  # the number of heads: diffusers kept a mistaken name
            norm_num_groups=8,
        )
        # Plain matrix products: torch's fused attention takes ten times as long on 64 pixels of a CPU, backwards.
        unet.set_attn_processor(AttnProcessor())
        self.unet = unet

    def rows(self, prompts: Sequence[str]) -> Tensor:
        """(B, L) rows of the table, for prompts of known words.

        Raises:
            ValueError: a word that the model has not been trained with, or too many words.
        """
        rows = torch.zeros(len(prompts), self.length, dtype=torch.int64, device=self.table.weight.device)
        for row, prompt in zip(rows, prompts):
            words = re.findall(r"[a-z0-9-]+", prompt.lower())
            unknown = [word for word in words if word not in self.words]
            if unknown:
                near = difflib.get_close_matches(unknown[0], self.words, cutoff=0.0)
                raise ValueError(
                    f"prompts: {unknown[0]!r} in {prompt!r} is none of the {len(self.words)} words that this model knows"
                    f"; close to it are {', '.join(near)}"
                )
            if len(words) > self.length:
                raise ValueError(f"prompts: expected at most {self.length} words, got {prompt!r}")
            row[: len(words)] = torch.tensor([self.words[word] for word in words], dtype=torch.int64)
        return rows

    def embed(self, prompts: Sequence[str]) -> Tensor:
        """(B, L·E): the prompts as the network takes them; "" is the null prompt."""
        return self.table(self.rows(prompts)).flatten(1)

    def forward(self, x_t: Tensor, t: int | Tensor, cond: Tensor) -> Tensor:
        """The predicted noise."""
        return self.unet(x_t, t, cond.unflatten(1, (self.length, -1))).sample
