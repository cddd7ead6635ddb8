"""Every test runs without network, from a seed of its own."""

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")
