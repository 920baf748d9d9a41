"""The shipped models: the emoji network with the pictures it knows, two GANs, the classifier that measures, and digits."""

from collections.abc import Sequence
from functools import cached_property

import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw
from torch import Tensor, nn

from reference import data, networks
from reference.networks.schedules import EMOJI_SCHEDULE

from .digits import Digits
from .world import World

__all__ = ["LIKENESS", "PREFERENCE", "PROMPTS", "STRANGENESS", "Shipped", "StyleGAN"]

PROMPTS = ("red apple", "cat face", "red heart", "hibiscus", "rocket", "dog face", "grinning face", "panda face")
LIKENESS = "how probable the classifier finds the picture that was asked for, among all that it knows; 1 is certain"
PREFERENCE = "how much more probable the classifier finds one picture than the other: the logarithm of the ratio"
STRANGENESS = "how far the pictures are from the nearest real one, in the classifier's features"


class Shipped(World):
    """Everything is loaded when it is first asked for."""

    schedule = EMOJI_SCHEDULE
    shape = (3, 32, 32)

    def __init__(self, seed: int = 0, device: str = "cpu") -> None:
        self.seed, self.device = seed, device

    # The diffusion model

    @cached_property
    def network(self):
        return networks.load("emoji", self.device)

    @property
    def unet(self) -> nn.Module:
        """The part of it that a LoRA changes."""
        return self.network.unet

    def eps(self, x_t: Tensor, t: int, cond: Tensor) -> Tensor:
        return self.network(x_t.to(self.device), t, cond.to(self.device)).float().cpu()

    @torch.no_grad()
    def embed(self, *prompts: str) -> Tensor:
        return self.network.embed(prompts).cpu()

    # Generators

    @cached_property
    def stylegan(self) -> "StyleGAN":
        return StyleGAN(self.device)

    @cached_property
    def dcgan(self):
        return networks.load("dcgan", self.device)

    def vanilla(self, z: Tensor) -> Tensor:
        """DCGAN's pictures."""
        return self.dcgan(z.to(self.device)).float().cpu()

    @cached_property
    def encoder(self):
        return networks.load("encoder", self.device)

    @torch.no_grad()
    def guess(self, image: Tensor) -> Tensor:
        """The encoder's guess of the w+ that StyleGAN makes these pictures of."""
        return self.encoder(image.to(self.device)).float().cpu()

    # Digits

    @cached_property
    def digits(self) -> Digits:
        return Digits(self.seed, self.device)

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
    def classifier(self):
        return networks.load("emoji-classifier", self.device)

    @cached_property
    def real_features(self) -> Tensor:
        return self.features(self.real)

    def maps(self, x: Tensor) -> list[Tensor]:
        """The classifier's feature maps, for a perceptual loss."""
        return [features.cpu() for features in self.classifier.maps(x.to(self.device))]

    @torch.no_grad()
    def features(self, x: Tensor) -> Tensor:
        """(B, F): the classifier's view of pictures in [-1, 1]."""
        return self.classifier.features(x.clamp(-1, 1).to(self.device)).float().cpu()

    @torch.no_grad()
    def likeness(self, x: Tensor, prompts: Sequence[str]) -> float:
        """The mean probability that the classifier gives to the asked-for picture, among all."""
        wanted = torch.tensor([self.emoji.prompts.index(prompt) for prompt in prompts])
        probabilities = self.classifier(x.clamp(-1, 1).to(self.device)).float().cpu().softmax(dim=1)
        return float(probabilities.gather(1, wanted[:, None]).mean())

    @torch.no_grad()
    def preference(self, x: Tensor, prompts: Sequence[str], others: Sequence[str]) -> float:
        """How much likelier the classifier finds the prompts' pictures than the others', as a mean log ratio."""
        wanted, other = ([self.emoji.prompts.index(prompt) for prompt in names] for names in (prompts, others))
        logits = self.classifier(x.clamp(-1, 1).to(self.device)).float().cpu()
        rows = torch.arange(len(x))
        return float((logits[rows, wanted] - logits[rows, other]).mean())

    def strangeness(self, x: Tensor) -> float:
        """The mean distance of pictures to the nearest real one, in the classifier's features."""
        return float(torch.cdist(self.features(x), self.real_features).min(dim=1).values.mean())


class StyleGAN:
    """A shipped style-based generator, by its name among the models; differentiable."""

    def __init__(self, device: str = "cpu", name: str = "stylegan") -> None:
        self.device, self.network = device, networks.load(name, device)
        self.z_dim, self.num_ws = self.network.z_dim, self.network.num_ws

    def mapping(self, z: Tensor) -> Tensor:
        return self.network.mapping(z.to(self.device)).float().cpu()

    def synthesis(self, ws: Tensor) -> Tensor:
        return self.network.synthesis(ws.to(self.device)).float().cpu()
