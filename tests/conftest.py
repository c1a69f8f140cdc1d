"""What all tests share: no network, one thread, a data folder of their own, a fresh cache of states."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("CROWDSFT_DATA", tempfile.mkdtemp(prefix="crowdsft-tests-"))

# How long an example takes says how busy the machine is, not whether a law holds.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

SHARED_DATA = Path(os.environ.get("CROWDSFT_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))


@pytest.fixture
def shared_data() -> Path:
    """The folder of real data that is not part of the project."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the real data are not at {SHARED_DATA}; set CROWDSFT_SHARED_DATA to their folder")
    return SHARED_DATA


@pytest.fixture(autouse=True)
def _fresh_states() -> Iterator[None]:
    """Tests share primary keys and an address: no state or count of one may be seen by another."""
    yield
    import sys

    if "crowdsft.web.settings" in sys.modules:
        # Sign-ups are counted by address, and all come from one.
        sys.modules["django.core.cache"].cache.clear()
    if "crowdsft.web.language" in sys.modules:
        sys.modules["django.utils.translation"].deactivate()  # a request leaves its language to the thread
    if "crowdsft.web.journal_django" in sys.modules:
        sys.modules["crowdsft.web.journal_django"].forget_states()
