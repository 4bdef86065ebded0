"""For all tests: Hypothesis without deadlines (the machine may be busy), GPU tests skipped, saying so, where there is none.

In CI Hypothesis draws the same examples every time; elsewhere it goes on looking.
"""

import os

import hypothesis
import pytest

hypothesis.settings.register_profile(
    "laminae", deadline=None, derandomize=bool(os.environ.get("CI")), suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("laminae")


def pytest_collection_modifyitems(items):
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if not marked:
        return
    import torch

    if not torch.cuda.is_available():
        for item in marked:
            item.add_marker(pytest.mark.skip(reason="needs a CUDA device, and this torch sees none"))
