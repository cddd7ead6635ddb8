"""The number of examples: `HYPOTHESIS_PROFILE=long make test ARGS=tests/robustness` tries more."""

import os

from hypothesis import HealthCheck, settings

COMMON = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}
settings.register_profile("brief", max_examples=25, stateful_step_count=12, **COMMON)
settings.register_profile("long", max_examples=3_000, stateful_step_count=50, **COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "brief"))
