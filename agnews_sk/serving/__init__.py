"""Serve fitted models over HTTP: a JSON API and a web page; and a page to label texts on.

A request passes, in this order: `_connections` (limits of connections and of waiting for them),
`_guard` (size and time of one request, metrics), `_app` (routes, API key, limits of texts),
`_batcher` (texts of concurrent requests in one call of the model) and `_models` (predictions as
JSON). `_workers` runs this in one or more processes. `_labelling` is the page to label texts on.
"""

from agnews_sk._core.optional import import_optional
from agnews_sk._core.public import publish

for _module in ("fastapi", "uvicorn", "prometheus_client"):
    import_optional(_module, extra="serve", needed_by="agnews_sk.serving")

from agnews_sk.serving._app import create_app  # noqa: E402
from agnews_sk.serving._labelling import create_labelling_app, serve_labelling  # noqa: E402
from agnews_sk.serving._limits import Limits  # noqa: E402
from agnews_sk.serving._models import model_name  # noqa: E402
from agnews_sk.serving._samples import MAX_SAMPLES  # noqa: E402
from agnews_sk.serving._workers import serve  # noqa: E402

__all__ = ["Limits", "create_app", "create_labelling_app", "serve", "serve_labelling"]

publish(__name__)
