"""What the measured runs share."""

import pytest
import torch

from .contest import PLUGIN, Contest, Settings


@pytest.fixture
def bench(benchmark, request):
    """The contest of a test, seeded, on one thread: with more, any other work on the machine stops all of them."""
    run = request.config.pluginmanager.get_plugin(PLUGIN)
    if run is None:
        pytest.fail("these tests are run by nox -s bench")
    settings: Settings = run.settings
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(settings.seed)
    yield Contest(benchmark, settings)
    torch.set_num_threads(threads)
