"""What all demonstrations share: trained networks as functions, pictures, prompts, seeded noise."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw
from torch import Tensor

from reference import data, networks
from reference.data.draws import seeded
from reference.networks.schedules import EMOJI_SCHEDULE

__all__ = ["PROMPTS", "Stage"]

PROMPTS = ("red apple", "cat face", "red heart", "hibiscus", "rocket", "dog face", "grinning face", "panda face")


@dataclass(frozen=True)
class Stage:
    """The networks run on ``device``; the submission's functions see tensors on the CPU."""

    seed: int = 0
    device: str = "cpu"

    schedule = EMOJI_SCHEDULE

    # Networks

    @cached_property
    def unet(self):
        return networks.load("emoji", self.device)

    @cached_property
    def classifier(self):
        return networks.load("emoji-classifier", self.device)

    @cached_property
    def stylegan(self):
        return networks.load("stylegan", self.device)

    @cached_property
    def dcgan(self):
        return networks.load("dcgan", self.device)

    @cached_property
    def encoder(self):
        return networks.load("encoder", self.device)

    def maps(self, x: Tensor) -> list[Tensor]:
        """The classifier's feature maps, for a perceptual loss."""
        return [features.cpu() for features in self.classifier.maps(x.to(self.device))]

    def eps(self, x_t: Tensor, t: int, cond: Tensor) -> Tensor:
        """The emoji network: the predicted noise for embedded prompts."""
        return self.unet(x_t.to(self.device), t, cond.to(self.device)).float().cpu()

    def embed(self, *prompts: str) -> Tensor:
        """(B, D) embedded prompts."""
        with torch.no_grad():
            return self.unet.embed(prompts).cpu()

    def null(self, count: int) -> Tensor:
        """The empty prompt, so many times."""
        return self.embed(*[""] * count)

    @torch.no_grad()
    def unconditional(self, x_t: Tensor, t: int) -> Tensor:
        """The emoji network without a prompt."""
        return self.eps(x_t, t, self.null(len(x_t)))

    def prompted(self, prompts: tuple[str, ...] | list[str]) -> Callable[[Tensor, int], Tensor]:
        """The emoji network with these prompts, unguided."""
        cond = self.embed(*prompts)

        @torch.no_grad()
        def eps_model(x_t: Tensor, t: int) -> Tensor:
            return self.eps(x_t, t, cond)

        return eps_model

    # Noise

    def noise(self, *shape: int, name: str) -> Tensor:
        """Normal numbers that depend on the seed and the name only."""
        return torch.randn(shape, generator=seeded("cpu", self.seed, name))

    def noise_fn(self, name: str) -> Callable[[Tensor], Tensor]:
        """A source of noise: new numbers at each call."""
        generator = seeded("cpu", self.seed, name)
        return lambda x: torch.randn(x.shape, generator=generator)

    # Pictures

    @cached_property
    def emoji(self) -> data.Pictures:
        return data.load("emoji", size=32)

    @cached_property
    def real(self) -> Tensor:
        return self.emoji.floats(-1, 1)

    def pictures(self, *prompts: str) -> Tensor:
        """The real pictures of these prompts."""
        return self.real[[self.emoji.prompts.index(prompt) for prompt in prompts]]

    @cached_property
    def photo(self) -> Tensor:
        """(1, 3, 32, 32): a photograph."""
        return F.avg_pool2d(data.photo().floats(-1, 1), 2)

    @cached_property
    def scribble(self) -> Tensor:
        """(1, 3, 32, 32): a face as somebody draws it with four strokes of a mouse."""
        canvas = Image.new("RGB", (128, 128), "white")
        pen = ImageDraw.Draw(canvas)
        pen.ellipse((12, 14, 118, 116), fill=(250, 205, 60), outline=(180, 130, 20), width=3)
        pen.ellipse((38, 44, 50, 60), fill=(70, 45, 20))
        pen.ellipse((80, 42, 93, 60), fill=(70, 45, 20))
        pen.arc((38, 54, 94, 96), 20, 155, fill=(120, 50, 20), width=7)
        pixels = torch.frombuffer(bytearray(canvas.tobytes()), dtype=torch.uint8).view(128, 128, 3)
        return F.adaptive_avg_pool2d(pixels.permute(2, 0, 1).float(), 32)[None] / 127.5 - 1

    # Measures

    @cached_property
    def real_features(self) -> Tensor:
        return self.features(self.real)

    @torch.no_grad()
    def features(self, x: Tensor) -> Tensor:
        """(B, F): the classifier's view of pictures in [-1, 1]."""
        return self.classifier.features(x.clamp(-1, 1).to(self.device)).float().cpu()

    @torch.no_grad()
    def likeness(self, x: Tensor, prompts: tuple[str, ...] | list[str]) -> float:
        """The mean probability that the classifier gives to the asked-for picture, among all."""
        wanted = torch.tensor([self.emoji.prompts.index(prompt) for prompt in prompts])
        probabilities = self.classifier(x.clamp(-1, 1).to(self.device)).float().cpu().softmax(dim=1)
        return float(probabilities.gather(1, wanted[:, None]).mean())

    @torch.no_grad()
    def preference(self, x: Tensor, prompts: tuple[str, ...], others: tuple[str, ...]) -> float:
        """How much likelier the classifier finds the prompts' pictures than the others', as a mean log ratio."""
        wanted, other = ([self.emoji.prompts.index(prompt) for prompt in names] for names in (prompts, others))
        logits = self.classifier(x.clamp(-1, 1).to(self.device)).float().cpu()
        rows = torch.arange(len(x))
        return float((logits[rows, wanted] - logits[rows, other]).mean())

    def strangeness(self, x: Tensor) -> float:
        """The mean distance of pictures to the nearest real one, in the classifier's features."""
        return float(torch.cdist(self.features(x), self.real_features).min(dim=1).values.mean())
