"""MLflow sends usage data when it is imported, unless told not to."""

import os

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
