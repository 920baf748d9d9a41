"""The networks that are on this machine: those that ship, and the pretrained ones whose weights are here."""

import copy
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from reference import data
from reference.networks import MODELS, load

from ..pictures import weights
from ..pictures.worlds import deepfloyd, faces, stable_diffusion, stylegan2
from ..pictures.worlds.digits import Digits
from ..pictures.worlds.shipped import Shipped, StyleGAN
from ..pictures.worlds.world import Generator, World
from ..verdicts import Unusable

__all__ = ["Gan", "Worlds"]

PRETRAINED = {
    "stable-diffusion": stable_diffusion.StableDiffusion,
    "deepfloyd": deepfloyd.Pixels,
    "faces": faces.Faces,
}
#: Style-based generators that ship, with their encoder and the set of pictures they know.
STYLED = {"emoji faces": ("stylegan", "encoder", "faces"), "animals": ("animals", "animals-encoder", "animals")}
PLAIN, LARGE = "emoji faces, DCGAN", "stylegan2"
SPACES = ("z", "w", "w+")
PALE = 220  # of 255: what no channel of a colour is below belongs to the background
SAMPLES = tuple(f"sample {number}" for number in range(8))  # of a generator whose data are not here


@dataclass(frozen=True)
class Gan:
    """A generator with what a search in its latents needs."""

    spaces: tuple[str, ...]  # z, w, w+
    generator: Generator
    real: Tensor  # pictures such as it makes: to begin with, and for the palette
    names: tuple[str, ...]  # of these
    features: Callable[[Tensor], list[Tensor]]  # for a perceptual loss
    guess: Callable[[Tensor], Tensor] | None = None  # an encoder's w+ of pictures

    @property
    def size(self) -> int:
        return self.real.shape[-1]

    def example(self, name: str) -> Tensor:
        """(1, 3, H, W): one of them."""
        if name not in self.names:
            raise Unusable(f"picture: expected one of {', '.join(self.names[:8])}, …, got {name!r}")
        return self.real[self.names.index(name)][None]

    def picture(self, space: str) -> Callable[[Tensor], Tensor]:
        """From a latent of this space to its picture."""
        made = self.generator
        if space != "z":
            return made.synthesis
        return (lambda z: made.synthesis(made.mapping(z)[:, None])) if "w" in self.spaces else made.synthesis


class _Plain:
    """A DCGAN, which has z and nothing behind it."""

    def __init__(self, shipped: Shipped) -> None:
        self.synthesis, self.z_dim, self.num_ws = shipped.vanilla, shipped.dcgan.z_dim, 0

    def mapping(self, z: Tensor) -> Tensor:
        raise Unusable("space: a DCGAN has z only")


class Worlds:
    """Loaded when they are first asked for, once for all who ask; runs with different seeds share the networks."""

    def __init__(self, device: str = "cpu") -> None:
        self.device, self.shipped = device, Shipped(device=device)  # of it: pictures, a classifier, generators
        self._loaded, self._locks = dict[str, Any](), {"world": threading.Lock(), "gan": threading.Lock()}
        self.diffusion: dict[str, Callable[[], World]] = {"emoji": self._emoji}
        for name, pipeline in PRETRAINED.items():
            if folder := _here(_weight(name)):
                self.diffusion[name] = partial(pipeline, folder, device)
        self.gans: dict[str, Callable[[], Gan]] = {
            name: partial(self._styled, name) for name, (network, *_) in STYLED.items() if _ships(network)
        }
        self.gans[PLAIN] = self._dcgan
        if file := _here(_weight(LARGE)):
            self.gans[LARGE] = partial(self._large, file)

    def world(self, name: str, seed: int) -> World:
        """A diffusion model, with this seed's noise."""
        world = copy.copy(self._one("world", name, self.diffusion))
        world.seed = seed
        return world

    def digits(self, seed: int) -> Digits:
        """The flow model of digits, with this seed's noise."""
        with self._locks["world"]:
            _ = self.shipped.digits.network  # so that its copies share it
        digits = copy.copy(self.shipped.digits)
        digits.seed = seed
        return digits

    def gan(self, name: str) -> Gan:
        """A generator."""
        return self._one("gan", name, self.gans)

    @property
    def prompts(self) -> list[str]:
        """What the emoji network has seen, by name."""
        return sorted(set(data.load("emoji", size=32).prompts))

    def examples(self, gan: str) -> tuple[str, ...]:
        """Names of pictures such as a generator makes, without loading it."""
        return SAMPLES if gan == LARGE else _pictures(gan).prompts

    def spaces(self, gan: str) -> tuple[str, ...]:
        """Where its latents can be looked for, without loading it."""
        return ("z",) if gan == PLAIN else SPACES

    def palette(self, gan: str, colours: int = 7) -> list[str]:
        """The colours that its pictures have most of, as a page writes them; and white, which is behind everything."""
        pixels = _pictures(gan).images.movedim(1, -1).flatten(0, 2)
        inked = pixels[pixels.amin(dim=1) < PALE]
        found = Image.fromarray(inked[None].numpy()).quantize(colours, kmeans=4)
        levels, most = bytes(found.getpalette() or []), torch.frombuffer(bytearray(found.tobytes()), dtype=torch.uint8)
        by_number = most.bincount(minlength=colours).argsort(descending=True).tolist()
        return [*(f"#{levels[3 * i : 3 * i + 3].hex()}" for i in by_number), "#ffffff"]

    def warm(self) -> None:
        """Load what ships, before somebody waits for it; first what takes no time."""
        self.shipped.maps(self.shipped.photo)
        for name in {*STYLED, PLAIN} & {*self.gans}:
            gan = self.gan(name)
            gan.picture("z")(torch.zeros(1, gan.generator.z_dim))
        world = self.world("emoji", 0)
        world.unconditional(world.noise(1, "warm"), 0)

    def _one(self, kind: str, name: str, known: dict[str, Callable[[], Any]]) -> Any:
        if name not in known:
            raise Unusable(f"{kind}: expected one of {', '.join(known)}, got {name!r}")
        with self._locks[kind]:
            if name not in self._loaded:
                self._loaded[name] = known[name]()
            return self._loaded[name]

    def _emoji(self) -> Shipped:
        """With its network, so that its copies share it."""
        _ = self.shipped.network
        return self.shipped

    def _styled(self, name: str) -> Gan:
        shipped, (network, encoder, _) = self.shipped, STYLED[name]
        made = StyleGAN(self.device, network) if network != "stylegan" else shipped.stylegan
        guess, real = self._guess(load(encoder, self.device)) if _ships(encoder) else None, _pictures(name)
        return Gan(SPACES, made, real.floats(-1, 1), real.prompts, shipped.maps, guess)

    def _guess(self, encoder: torch.nn.Module) -> Callable[[Tensor], Tensor]:
        return torch.no_grad()(lambda image: encoder(image.to(self.device)).float().cpu())

    def _dcgan(self) -> Gan:
        shipped = self.shipped
        real = _pictures(PLAIN)
        return Gan(self.spaces(PLAIN), _Plain(shipped), real.floats(-1, 1), real.prompts, shipped.maps)

    def _large(self, file: Path) -> Gan:
        made, shipped = stylegan2.Generator(file, self.device), self.shipped
        noise = torch.randn(len(SAMPLES), made.z_dim, generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            real = made.synthesis(made.mapping(noise)[:, None]).clamp(-1, 1)
        return Gan(SPACES, made, real, SAMPLES, lambda x: shipped.maps(F.interpolate(x, 32, mode="area")))


def _ships(network: str) -> bool:
    return (MODELS / f"{network}.safetensors").is_file()


@cache
def _pictures(gan: str) -> data.Pictures:
    """What a shipped generator was trained on; of another one nobody knows, and faces do."""
    *_, pictures = STYLED.get(gan, ("", "", "faces"))
    return data.load(pictures, size=32)


def _weight(name: str) -> weights.Weight:
    modules = (stable_diffusion, deepfloyd, faces, stylegan2)
    return next(weight for module in modules for weight in module.WEIGHTS if weight.name == name)


def _here(weight: weights.Weight) -> Path | None:
    try:
        return weights.locate(weight)
    except (weights.Missing, ImportError):
        return None
