"""What a formula asks a GPU to do it does not wait for, not even to see whether t is in range."""

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from reference import augment, bells, ddpm, distillation, flow, noising, unet

pytestmark = pytest.mark.gpu


@contextlib.contextmanager
def waiting_is_an_error():
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_a_timestep_per_sample():
    x, schedule = torch.zeros(4, 1, 28, 28, device="cuda"), torch.full((9,), 0.5, device="cuda")
    t, number = torch.zeros(4, dtype=torch.int64, device="cuda"), torch.ones(4, device="cuda")
    with waiting_is_an_error():
        noising.add_noise(x, x, t, schedule)
        ddpm.predict_x0(x, x, t, schedule)
        distillation.sds_residual(x, x, t, schedule)
        distillation.vsd_residual(x, x, t, schedule)
        unet.class_ddpm_loss(lambda x_t, *_: x_t, x, t, x, t, schedule, number)


def test_a_time_per_sample():
    x, t, labels = torch.zeros(4, 1, 28, 28, device="cuda"), torch.ones(4, device="cuda"), torch.zeros(4).long().cuda()
    answer = lambda x_t, *_: x_t
    with waiting_is_an_error():
        flow.flow_interpolate(x, x, t)
        flow.flow_loss(answer, x, x, t)
        flow.class_flow_loss(answer, x, x, labels, t, t)
        flow.guided_velocity(answer, x, labels, t, 5.0)
        flow.sample_flow(answer, x, 2)


def test_constraints():
    image, mask = torch.zeros(4, 3, 8, 6, device="cuda"), torch.ones(1, 1, 8, 6, device="cuda")
    displacement = torch.zeros(4, 2, 8, 6, device="cuda")
    with waiting_is_an_error():
        bells.sketch_loss(image, image, mask)
        bells.warp_loss(image, image, displacement, mask)


def test_labels():
    network = unet.ClassConditionalUNet(num_hiddens=2).cuda()
    t, number = torch.zeros(4, dtype=torch.int64, device="cuda"), torch.ones(4, device="cuda")
    x = torch.zeros(4, 1, 28, 28, device="cuda")
    with waiting_is_an_error():
        network(x, t, number, number)


def test_cutout():
    x = torch.zeros(4, 3, 8, 6, device="cuda")
    with waiting_is_an_error():
        augment.rand_cutout(x)


@pytest.mark.parametrize("t, stops", [(0, False), (8, False), (9, True), (-1, True)])
def test_a_t_out_of_range_stops_where_it_is_looked_up(t, stops):
    """In a process of its own: none can use its GPU after a failed assertion."""
    call = f"""
import torch
from reference.noising import add_noise
x, t = torch.zeros(1, 1, 2, 2, device="cuda"), torch.tensor([{t}], device="cuda")
add_noise(x, x, t, torch.full((9,), 0.5, device="cuda"))
torch.cuda.synchronize()
"""
    root = Path(__file__).parents[2]
    assert bool(subprocess.run([sys.executable, "-c", call], cwd=root, capture_output=True).returncode) == stops
