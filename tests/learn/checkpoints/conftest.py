"""One thread, as for all of learning."""

from tests.learn.conftest import one_thread  # noqa: F401
