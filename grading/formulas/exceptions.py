"""Formulas of the reference that are not evaluated, each with the reason. A test fails where one of them could be."""

NOT_EVALUATED = {
    "flow": "v* is a mean over all pairs of noise and data that meet at a point: the module's derivation, no function",
    "flow (2)": "how a mean over all pairs changes with time: the module's derivation, no function",
    "inversion.lpips_features": "y_l are the feature maps of a trained network that only the returned function can reach;"
    " tests/reference/test_inversion.py holds it against the package lpips",
    "networks.encoder.Encoder": "names the network: Δ is its layers",
    "networks.prompt_unet.PromptUNet": "names the network: ε_θ is its layers",
    "networks.storage": "two values come of one call, and rounding is no operation of the grammar;"
    " tests/reference/test_storage.py holds every weight to half a step",
    "training.encoder": "the trainer's objective: it draws its codes and pictures itself, and no function returns it",
    "unet.UnconditionalUNet": "names the network: D_θ is its layers",
    "unet.TimeConditionalUNet": "names the network: ε_θ is its layers",
    "unet.ClassConditionalUNet": "names the network: ε_θ is its layers",
}
