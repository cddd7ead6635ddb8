"""Answer over HTTP with fitted models: API and web page."""

from agnews_sk._core.optional import import_optional
from agnews_sk._core.public import publish

for _module in ("fastapi", "uvicorn", "prometheus_client"):
    import_optional(_module, extra="serve", needed_by="agnews_sk.serving")

from agnews_sk.serving._app import create_app  # noqa: E402
from agnews_sk.serving._limits import Limits  # noqa: E402
from agnews_sk.serving._models import name_of  # noqa: E402
from agnews_sk.serving._workers import serve  # noqa: E402

__all__ = ["Limits", "create_app", "serve"]

publish(__name__)
