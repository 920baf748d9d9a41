"""HW5 part A: StyleGAN2's loss, phase by phase."""

import torch


class StyleGAN2Loss:
    def __init__(self, r1_gamma=10):
        self.r1_gamma = r1_gamma

    def accumulate_gradients(self, phase, gen_logits=None, real_logits=None, real_img_tmp=None):
        assert phase in ["Gmain", "Dmain", "Dreg"]

        # Gmain: Maximize logits for generated images.
        if phase == "Gmain":
            loss_Gmain = torch.nn.functional.softplus(-gen_logits)  # -log(sigmoid(gen_logits))
            return loss_Gmain.mean()

        loss = 0
        # Dmain: Minimize logits for generated images, maximize them for real images.
        if phase == "Dmain":
            loss_Dgen = torch.nn.functional.softplus(gen_logits)  # -log(1 - sigmoid(gen_logits))
            loss_Dreal = torch.nn.functional.softplus(-real_logits)  # -log(sigmoid(real_logits))
            loss = loss_Dreal.mean() + loss_Dgen.mean()

        # Dr1: Apply R1 regularization.
        if phase == "Dreg":
            r1_grads = torch.autograd.grad(
                outputs=[real_logits.sum()], inputs=[real_img_tmp], create_graph=True, only_inputs=True
            )[0]
            r1_penalty = r1_grads.square().sum([1, 2, 3])
            loss_Dr1 = r1_penalty * (self.r1_gamma / 2)
            loss = (real_logits.flatten() * 0 + loss_Dr1).mean()
        return loss
