import numpy as np
import torch
from DiffAugment_pytorch import DiffAugment
from torch_utils import misc, training_stats
from torch_utils.ops import conv2d_gradfix


def log1pexp(u):
    return torch.logaddexp(u, torch.zeros_like(u))


class Loss:
    def accumulate_gradients(self, phase, real_img, real_c, gen_z, gen_c, sync, gain):
        raise NotImplementedError()


class StyleGAN2Loss(Loss):
    def __init__(
        self,
        device,
        G_mapping,
        G_synthesis,
        D,
        diffaugment="",
        augment_pipe=None,
        style_mixing_prob=0.9,
        r1_gamma=10,
        pl_weight=2,
    ):
        super().__init__()
        self.device = device
        self.G_mapping = G_mapping
        self.G_synthesis = G_synthesis
        self.D = D
        self.diffaugment = diffaugment
        self.augment_pipe = augment_pipe
        self.style_mixing_prob = style_mixing_prob
        self.r1_gamma = r1_gamma
        self.pl_weight = pl_weight

    def run_G(self, z, c, sync):
        with misc.ddp_sync(self.G_mapping, sync):
            ws = self.G_mapping(z, c)
        with misc.ddp_sync(self.G_synthesis, sync):
            img = self.G_synthesis(ws)
        return img, ws

    def run_D(self, img, c, sync):
        if self.diffaugment:
            img = DiffAugment(img, policy=self.diffaugment)
        with misc.ddp_sync(self.D, sync):
            logits = self.D(img, c)
        return logits

    def accumulate_gradients(self, phase, real_img, real_c, gen_z, gen_c, sync, gain):
        assert phase in ["Gmain", "Greg", "Gboth", "Dmain", "Dreg", "Dboth"]
        do_Gmain = phase in ["Gmain", "Gboth"]
        do_Dmain = phase in ["Dmain", "Dboth"]
        do_Dr1 = (phase in ["Dreg", "Dboth"]) and (self.r1_gamma != 0)

        if do_Gmain:
            gen_img, _gen_ws = self.run_G(gen_z, gen_c, sync=sync)
            gen_logits = self.run_D(gen_img, gen_c, sync=False)
            training_stats.report("Loss/scores/fake", gen_logits)

            # TODO #1: the generator's loss, formula 1
            loss_Gmain = log1pexp(gen_logits * -1)

            training_stats.report("Loss/G/loss", loss_Gmain)
            loss_Gmain.mean().mul(gain).backward()

        loss_Dgen = 0
        if do_Dmain:
            gen_img, _gen_ws = self.run_G(gen_z, gen_c, sync=False)
            gen_logits = self.run_D(gen_img, gen_c, sync=False)
            training_stats.report("Loss/scores/fake", gen_logits)

            # TODO #2: the second term of the discriminator's loss, formula 2
            loss_Dgen = log1pexp(gen_logits)

            loss_Dgen.mean().mul(gain).backward()

        if do_Dmain or do_Dr1:
            # TODO #3: which images belong into the first term, real_img or gen_img?
            correct_input_to_discriminator_in_discriminator_loss = real_img

            sample_tmp = correct_input_to_discriminator_in_discriminator_loss.detach().requires_grad_(do_Dr1)
            real_logits = self.run_D(sample_tmp, real_c, sync=sync)
            training_stats.report("Loss/scores/real", real_logits)

            loss_Dreal = 0
            if do_Dmain:
                # TODO #4: the first term, formula 2
                loss_Dreal = log1pexp(-1 * real_logits)

                training_stats.report("Loss/D/loss", loss_Dgen + loss_Dreal)

            loss_Dr1 = 0
            if do_Dr1:
                with conv2d_gradfix.no_weight_gradients():
                    r1_grads = torch.autograd.grad(outputs=[real_logits.sum()], inputs=[sample_tmp], create_graph=True)[
                        0
                    ]

                # TODO #5: R1, formula 3, with self.r1_gamma
                length = r1_grads.flatten(1).norm(dim=1)
                loss_Dr1 = length.mul(length) * (self.r1_gamma * 0.5)

                training_stats.report("Loss/D/reg", loss_Dr1)

            (real_logits * 0 + loss_Dreal + loss_Dr1).mean().mul(gain).backward()
