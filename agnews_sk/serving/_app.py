"""The HTTP application."""

import gc
import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import APIKeyHeader

from agnews_sk import __version__
from agnews_sk.serving._batcher import MicroBatcher, QueueFullError
from agnews_sk.serving._guard import Guard
from agnews_sk.serving._limits import Limits
from agnews_sk.serving._metrics import CONTENT_TYPE, Metrics
from agnews_sk.serving._models import WARM_UP, ExplainMissingError, ServedModel, name_models
from agnews_sk.serving._page import PAGE, PAGE_HEADERS
from agnews_sk.serving._schemas import (
    LabelsResponse,
    ModelLabels,
    PredictRequest,
    PredictResponse,
    Problem,
    Status,
)

_RETRY = {"Retry-After": "1"}
_MOST_REASONS = 20
_NO_DOCS = (
    "there is no such page, for it would load scripts from another server; /openapi.json describes "
    "every request, and / asks the models."
)
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "Not JSON."},
    401: {"model": Problem, "description": "No API key, or a wrong one."},
    408: {"model": Problem, "description": "The body came too slowly."},
    413: {"model": Problem, "description": "The body is too large."},
    422: {"model": Problem, "description": "Not what is expected, or too much of it."},
    429: {"model": Problem, "description": "Too much waits; come back later."},
    503: {"model": Problem, "description": "Too slow, or not ready."},
}


def create_app(
    models: Any,
    *,
    limits: Limits | None = None,
    api_key: str | None = None,
    max_batch: int = 64,
    max_wait: float = 0.001,
) -> FastAPI:
    """Make the HTTP application that answers with fitted models.

    Parameters
    ----------
    models : path, fitted classifier of texts, or mapping of str to either
        A saved or exported model, a pipeline, or several of them by name. The first answers
        requests that name none.
    limits : Limits, optional
        What a request may ask for.
    api_key : str, optional
        What clients must send as `X-API-Key` to `/predict` and `/labels`.
    max_batch : int, default=64
        Texts of concurrent requests that are predicted together; 1 predicts each request alone.
    max_wait : float, default=0.001
        Seconds that a request may wait for others to join it.

    Returns
    -------
    fastapi.FastAPI

    Raises
    ------
    ArtifactError
        If a saved model is not whole or holds what is not trusted.
    ImportError
        If the `serve` extra is not installed.
    TypeError
        If a model has no `predict_proba`.
    ValueError
        If there is no model, one cannot predict, or the key is empty or could not be sent.

    Notes
    -----
    An answer is that of `predict_proba`, whatever it was batched with. A missing cell of a story
    is what the model's `join` step says of it; the empty text is answered; `null` for a text is
    refused. Each model predicts in a thread of its own.

    Examples
    --------
    >>> from fastapi.testclient import TestClient
    >>> from agnews_sk import make_tfidf_pipeline
    >>> from agnews_sk.serving import create_app
    >>> texts = ["oil prices rise", "oil shares fall", "cup final", "the cup is ours"]
    >>> pipeline = make_tfidf_pipeline().fit(texts, ["Oil", "Oil", "Cup", "Cup"])
    >>> with TestClient(create_app(pipeline)) as client:
    ...     answer = client.post("/predict", json={"text": "the price of oil"}).json()
    >>> answer["predictions"][0]["label"]
    'Oil'
    """
    check_key(api_key)
    limits = limits or Limits()
    metrics = Metrics()
    served = [ServedModel(name, model) for name, model in name_models(models).items()]
    for one in served:
        one.check()
    service = _Service(served, limits, metrics, max_batch=max_batch, max_wait=max_wait)
    app = FastAPI(
        title="agnews_sk",
        version=__version__,
        description="Labels of news stories, their probabilities, and the words that decided.",
        lifespan=service.lifespan,
        docs_url=None,  # their pages load scripts from elsewhere; see `no_docs`
        redoc_url=None,
    )
    app.state.stopping = False
    app.add_middleware(Guard, limits=limits, metrics=metrics)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    _add_routes(app, service, [] if api_key is None else [Depends(_key_check(api_key))])
    return app


def check_key(api_key: str | None) -> None:
    """Refuse a key that every request has, or that none can send.

    Parameters
    ----------
    api_key : str or None

    Raises
    ------
    ValueError
        If it is empty, begins or ends with white space, or has a character that no header has.
    """
    if api_key is None:
        return
    if not api_key:
        raise ValueError(
            "api_key is empty (--api-key, AGNEWS_SK_API_KEY), which every request has; None, or no "
            "such variable, asks for no key."
        )
    if api_key != api_key.strip() or not api_key.isprintable():
        raise ValueError(
            "api_key (--api-key, AGNEWS_SK_API_KEY) begins or ends with white space or has a "
            "character that cannot be printed, which no header can carry."
        )


class _Service:
    """The models, their batchers, and what is refused."""

    def __init__(
        self,
        models: list[ServedModel],
        limits: Limits,
        metrics: Metrics,
        *,
        max_batch: int,
        max_wait: float,
    ) -> None:
        self.models = {model.name: model for model in models}
        self.limits = limits
        self.metrics = metrics
        self._batchers = {
            model.name: MicroBatcher(
                model.predict_proba,
                max_texts=max_batch,
                max_wait=max_wait,
                max_waiting=limits.waiting_texts,
                on_batch=metrics.batch_texts.observe,
            )
            for model in models
        }

    @asynccontextmanager
    async def lifespan(self, app: FastAPI) -> AsyncIterator[None]:
        for batcher in self._batchers.values():
            batcher.start()
            await batcher.predict([WARM_UP])
        # What is there by now stays: looking through it again and again would delay answers.
        gc.collect()
        gc.freeze()
        yield
        gc.unfreeze()
        for batcher in self._batchers.values():
            await batcher.close()

    @property
    def running(self) -> bool:
        return all(batcher.running for batcher in self._batchers.values())

    async def answer(self, asked: PredictRequest) -> dict[str, Any]:
        model = self._model(asked.model)
        texts = model.as_texts(asked.stories())
        self._check(texts, asked.explain)
        batcher = self._batchers[model.name]
        waiting = self.metrics.waiting_texts
        waiting.inc(len(texts))
        try:
            predictions = model.describe(await batcher.predict(texts))
            answer = {"model": model.name, "predictions": predictions}
            return await _with_words(answer, model, batcher, texts) if asked.explain else answer
        except QueueFullError as error:
            raise HTTPException(429, str(error), _RETRY) from error
        finally:
            waiting.dec(len(texts))

    def _model(self, name: str | None) -> ServedModel:
        if name is None:
            return next(iter(self.models.values()))
        if name not in self.models:
            raise HTTPException(
                422, f"there is no model {name!r:.60}; there are {list(self.models)}."
            )
        return self.models[name]

    def _check(self, texts: list[str], explain: bool) -> None:
        most = self.limits.explained_texts if explain else self.limits.texts
        if len(texts) > most:
            raise HTTPException(422, f"there are {len(texts)} texts, at most {most} are taken.")
        longest = max(map(len, texts))
        if longest > self.limits.characters:
            raise HTTPException(
                422,
                f"a text has {longest} characters, at most {self.limits.characters} are taken.",
            )
        whole, most = sum(map(len, texts)), self.limits.explained_characters
        if explain and whole > most:
            raise HTTPException(
                422, f"there are {whole} characters to explain, at most {most} are taken."
            )


async def _with_words(
    answer: dict[str, Any], model: ServedModel, batcher: MicroBatcher, texts: list[str]
) -> dict[str, Any]:
    try:
        words = await batcher.run(model.explain, texts)
    except ExplainMissingError as error:
        return {**answer, "notice": f"without words: {error}"}
    predictions = [one | more for one, more in zip(answer["predictions"], words)]
    return {**answer, "predictions": predictions}


def _add_routes(app: FastAPI, service: _Service, guards: list[Any]) -> None:
    @app.post(
        "/predict",
        response_model=PredictResponse,
        response_model_exclude_none=True,
        responses=_PROBLEMS,
        dependencies=guards,
    )
    async def predict(asked: PredictRequest) -> Response:
        """Return label and probabilities of one or many texts."""
        return _as_json(await service.answer(asked))

    @app.get("/labels", responses={401: _PROBLEMS[401]}, dependencies=guards)
    async def labels() -> LabelsResponse:
        """Return the loaded models and their labels."""
        return LabelsResponse(
            models=[
                ModelLabels(name=model.name, labels=model.labels)
                for model in service.models.values()
            ]
        )

    @app.get("/health", responses={503: _PROBLEMS[503]})
    async def health() -> Status:
        """Tell whether the process works; restart it if not."""
        if not service.running:
            raise HTTPException(503, "a model's thread has ended.")
        return Status(status="ok")

    @app.get("/ready", responses={503: _PROBLEMS[503]})
    async def ready() -> Status:
        """Tell whether requests are welcome; send them elsewhere if not."""
        if app.state.stopping or not service.running:
            raise HTTPException(503, "not ready.", _RETRY)
        return Status(status="ready")

    @app.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    async def metrics() -> Response:
        """Return counters in Prometheus' text format."""
        return Response(service.metrics.render(), media_type=CONTENT_TYPE)

    @app.get("/docs", include_in_schema=False)
    @app.get("/redoc", include_in_schema=False)
    async def no_docs() -> Response:
        raise HTTPException(404, _NO_DOCS)

    @app.get("/", include_in_schema=False)
    async def page() -> Response:
        return Response(PAGE, media_type="text/html; charset=utf-8", headers=PAGE_HEADERS)


def _key_check(api_key: str) -> Callable[..., Any]:
    header = APIKeyHeader(name="X-API-Key", auto_error=False)
    expected = api_key.encode()

    async def check(given: Annotated[str | None, Depends(header)]) -> None:
        # Headers come as Latin-1, whatever the client meant.
        if not secrets.compare_digest((given or "").encode("latin-1"), expected):
            raise HTTPException(
                401, "the header X-API-Key is missing or wrong.", {"WWW-Authenticate": "APIKey"}
            )

    return check


def _as_json(content: Any) -> Response:
    """Return JSON without the detour of a response model; the content is our own."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=str)
    return Response(text.encode("utf-8", "replace"), media_type="application/json")


async def _answer_invalid(request: Request, error: Any) -> Response:
    # Without the input: it may hold what JSON cannot, such as NaN or half a character.
    found = [
        {"where": ".".join(map(str, one["loc"])), "message": one["msg"]}
        for one in error.errors()[:_MOST_REASONS]
    ]
    return JSONResponse({"detail": found}, 422)
