"""The HTTP application: its routes, and the limits of a request."""

import gc
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import Depends, FastAPI, HTTPException, Response
from fastapi.exceptions import RequestValidationError

from agnews_sk import __version__
from agnews_sk.serving._api_key import check_key, has_key, key_check
from agnews_sk.serving._batcher import MicroBatcher, QueueFullError
from agnews_sk.serving._drift import DriftWatch, make_watches, watched
from agnews_sk.serving._guard import Guard
from agnews_sk.serving._limits import Limits
from agnews_sk.serving._metrics import CONTENT_TYPE, Metrics
from agnews_sk.serving._models import (
    WARM_UP,
    ExplanationUnavailableError,
    ServedModel,
    UnknownColumnError,
    by_name,
    name_models,
)
from agnews_sk.serving._page import PAGE, PAGE_HEADERS
from agnews_sk.serving._problems import PROBLEMS, respond_invalid
from agnews_sk.serving._route import JsonRoute
from agnews_sk.serving._samples import check_samples
from agnews_sk.serving._schemas import (
    ColumnBeside,
    LabelsResponse,
    ModelLabels,
    PredictRequest,
    SamplesResponse,
    Status,
    request_model,
    response_model,
)

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str)
_RETRY = {"Retry-After": "1"}
_NO_DOCS = (
    "there is no such page, as it would load scripts from another server; /openapi.json describes "
    "every request, and / is a page for predictions."
)


def create_app(
    models: Any,
    *,
    limits: Limits | None = None,
    api_key: str | None = None,
    max_batch: int = 64,
    max_wait: float = 0.001,
    samples: Iterable[str | Mapping[str, Any]] | None = None,
) -> FastAPI:
    """Create the HTTP application that predicts with fitted models.

    Parameters
    ----------
    models : path, fitted text classifier, or mapping of str to either
        A saved or exported model, a pipeline, or several of them by name. The first one is used by
        requests that name none.
    limits : Limits, optional
        Limits of a request.
    api_key : str, optional
        Key that clients must send as `X-API-Key` to `/predict`, `/labels` and `/samples`.
    max_batch : int, default=64
        Number of texts of concurrent requests that are predicted together; 1 predicts each request
        alone.
    max_wait : float, default=0.001
        Seconds that a request may wait for others to join its batch.
    samples : iterable of (str or mapping of str to object), optional
        Texts, or rows with cells by column, that the page offers to click on; the first 8 are
        shown. A model has no texts of its own.

    Returns
    -------
    fastapi.FastAPI

    Raises
    ------
    ArtifactError
        If a saved model is incomplete or holds a type that is not trusted.
    ImportError
        If the `serve` extra is not installed.
    TypeError
        If a model has no `predict_proba`, or `samples` is a single text.
    ValueError
        If there is no model, a model fails on a text, the key is empty or cannot be sent, or there
        is no sample, or one is empty, too long or has a cell that no model reads.

    Notes
    -----
    Predictions are those of `predict_proba`, regardless of the other texts in the batch. A missing
    cell of a row is treated as by the model's `join` step; the empty text is predicted; `null`
    for a text is rejected. Each model predicts in its own thread.

    Examples
    --------
    >>> from fastapi.testclient import TestClient
    >>> from agnews_sk import make_tfidf_pipeline
    >>> from agnews_sk.serving import create_app
    >>> texts = ["oil prices rise", "oil shares fall", "cup final", "the cup is ours"]
    >>> pipeline = make_tfidf_pipeline().fit(texts, ["Oil", "Oil", "Cup", "Cup"])
    >>> with TestClient(create_app(pipeline)) as client:
    ...     response = client.post("/predict", json={"text": "the price of oil"}).json()
    >>> response["predictions"][0]["label"]
    'Oil'
    """
    check_key(api_key)
    limits = limits or Limits()
    metrics = Metrics()
    served = [ServedModel(name, model) for name, model in name_models(models).items()]
    for one in served:
        one.check()
    shown = check_samples(samples, served, limits)
    watches = make_watches(by_name(models), served, metrics)
    service = _Service(served, limits, metrics, watches, max_batch=max_batch, max_wait=max_wait)
    app = FastAPI(
        title="Text classifier",
        version=__version__,
        description="Labels of texts, their probabilities, and the words that explain them.",
        lifespan=service.lifespan,
        docs_url=None,  # their pages load scripts from elsewhere; see `no_docs`
        redoc_url=None,
    )
    app.state.stopping = False
    app.add_middleware(Guard, limits=limits, metrics=metrics)
    app.add_exception_handler(RequestValidationError, respond_invalid)
    _add_routes(app, service, api_key, shown)
    _add_open_routes(app, service)
    return app


class _Service:
    """The loaded models, their batchers, and the limits of a request.

    Parameters
    ----------
    models : list of ServedModel
    limits : Limits
    metrics : Metrics
    watches : dict of str to DriftWatch
        By the names of the models that have a reference.
    max_batch : int
        Texts per batch.
    max_wait : float
        Seconds that a request may wait for others.
    """

    def __init__(
        self,
        models: list[ServedModel],
        limits: Limits,
        metrics: Metrics,
        watches: dict[str, DriftWatch],
        *,
        max_batch: int,
        max_wait: float,
    ) -> None:
        self.models = {model.name: model for model in models}
        self.limits = limits
        self.metrics = metrics
        self._batchers = {
            model.name: MicroBatcher(
                watched(model.predict_proba, watches.get(model.name)),
                max_texts=max_batch,
                max_wait=max_wait,
                max_waiting=limits.max_waiting_texts,
                on_batch=metrics.batch_texts.observe,
            )
            for model in models
        }

    @asynccontextmanager
    async def lifespan(self, app: FastAPI) -> AsyncIterator[None]:
        """Start the batchers, each with a first prediction, and close them when the service ends.

        The first prediction is slow: libraries load parts of themselves and allocate memory.
        """
        for batcher in self._batchers.values():
            batcher.start()
            await batcher.predict([WARM_UP])
        # Objects made until now stay: have the garbage collector skip them, as it delays responses.
        gc.collect()
        gc.freeze()
        yield
        gc.unfreeze()
        for batcher in self._batchers.values():
            await batcher.close()

    @property
    def running(self) -> bool:
        """Whether the threads of all models are alive."""
        return all(batcher.running for batcher in self._batchers.values())

    async def predict(self, request: PredictRequest) -> dict[str, Any]:
        """Return the response to a request as a dict for JSON.

        Parameters
        ----------
        request : PredictRequest

        Returns
        -------
        dict of str to Any

        Raises
        ------
        HTTPException
            422 if the model or a column is unknown or a limit is exceeded, 429 if too many texts
            wait.
        """
        model = self._model(request.model)
        texts = self._texts(model, request)
        self._check(texts, request.explain)
        batcher = self._batchers[model.name]
        waiting = self.metrics.waiting_texts
        waiting.inc(len(texts))
        try:
            predictions = model.describe(await batcher.predict(texts))
            response = {"model": model.name, "predictions": predictions}
            if not request.explain:
                return response
            return await _with_words(response, model, batcher, texts)
        except QueueFullError as error:
            raise HTTPException(429, str(error), _RETRY) from error
        finally:
            waiting.dec(len(texts))

    @property
    def columns(self) -> list[str]:
        """Columns of the rows of all models, each once."""
        return list(dict.fromkeys(name for one in self.models.values() for name in one.columns))

    @property
    def kinds(self) -> dict[str, str]:
        """Those of `columns` that are not texts for all models, with their kinds."""
        found: dict[str, str] = {}
        for one in self.models.values():
            for name, kind in one.kinds.items():
                found[name] = kind if found.get(name, kind) == kind else ""
        return found

    def _texts(self, model: ServedModel, request: PredictRequest) -> list[str]:
        """Return one text per row of a request, or reject cells of other columns by 422."""
        try:
            return model.as_texts(request.rows())
        except UnknownColumnError as error:
            raise HTTPException(422, str(error)) from error

    def _model(self, name: str | None) -> ServedModel:
        """Return the model that a request names, or the first one.

        Parameters
        ----------
        name : str or None

        Raises
        ------
        HTTPException
            422 if there is no such model; the message lists the models.
        """
        if name is None:
            return next(iter(self.models.values()))
        if name not in self.models:
            raise HTTPException(
                422, f"there is no model {name!r:.60}; the models are {list(self.models)}."
            )
        return self.models[name]

    def _check(self, texts: list[str], explain: bool) -> None:
        """Reject more or longer texts than the limits allow.

        Requests for an explanation have their own limits, since explaining one text takes many
        predictions.

        Parameters
        ----------
        texts : list of str
        explain : bool

        Raises
        ------
        HTTPException
            422 with what was sent and what is allowed.
        """
        most = self.limits.max_explained_texts if explain else self.limits.max_texts
        if len(texts) > most:
            raise HTTPException(422, f"there are {len(texts)} texts, at most {most} are allowed.")
        longest = max(map(len, texts))
        if longest > self.limits.max_characters:
            raise HTTPException(
                422,
                f"a text has {longest} characters, at most {self.limits.max_characters} are "
                "allowed.",
            )
        whole, most = sum(map(len, texts)), self.limits.max_explained_characters
        if explain and whole > most:
            raise HTTPException(
                422, f"there are {whole} characters to explain, at most {most} are allowed."
            )


async def _with_words(
    response: dict[str, Any], model: ServedModel, batcher: MicroBatcher, texts: list[str]
) -> dict[str, Any]:
    """Return a response with the words of each prediction, or a notice why there are none.

    Parameters
    ----------
    response : dict
        With `predictions`, one per text.
    model : ServedModel
    batcher : MicroBatcher
        Explains in the model's thread, so that a model never runs in two threads.
    texts : list of str
        As the model predicted them.

    Returns
    -------
    dict
    """
    try:
        words = await batcher.run(model.explain, texts)
    except ExplanationUnavailableError as error:
        return {**response, "notice": f"without words: {error}"}
    predictions = [one | more for one, more in zip(response["predictions"], words)]
    return {**response, "predictions": predictions}


def _add_routes(
    app: FastAPI, service: _Service, api_key: str | None, samples: list[str | dict[str, Any]]
) -> None:
    """Add the routes that need the key, if there is one.

    Parameters
    ----------
    app : fastapi.FastAPI
    service : _Service
    api_key : str or None
        Key that requests to `/predict`, `/labels` and `/samples` need.
    samples : list of (str or dict)
    """
    Body = request_model(service.columns, service.kinds)
    several = [model.thresholds is not None for model in service.models.values()]
    guards = [] if api_key is None else [Depends(key_check(api_key))]

    async def predict(request: Body) -> Response:  # type: ignore[valid-type]
        """Predict the label or labels and the probabilities of one or more texts."""
        return _as_json(await service.predict(request))

    app.router.add_api_route(
        "/predict",
        predict,
        methods=["POST"],
        response_model=response_model(several),
        response_model_exclude_none=True,
        responses=PROBLEMS,
        dependencies=guards,
        route_class_override=partial(  # type: ignore[arg-type]
            JsonRoute, body=Body, is_allowed=partial(has_key, api_key)
        ),
    )

    @app.get("/labels", responses={401: PROBLEMS[401]}, dependencies=guards)
    async def labels() -> LabelsResponse:
        """Return the loaded models, their labels and the columns of their rows."""
        return LabelsResponse(
            models=[
                ModelLabels(
                    name=model.name,
                    labels=model.labels,
                    thresholds=model.thresholds,
                    columns=model.columns,
                    columns_beside=[ColumnBeside(**one) for one in model.columns_beside],
                )
                for model in service.models.values()
            ]
        )

    @app.get(
        "/samples",
        response_model=SamplesResponse,
        responses={401: PROBLEMS[401]},
        dependencies=guards,
    )
    async def sample_texts() -> Response:
        """Return the samples that the page offers, if the service was given any."""
        return _as_json({"samples": samples})


def _add_open_routes(app: FastAPI, service: _Service) -> None:
    """Add the routes that need no key: the page, and those of orchestrators and Prometheus."""

    @app.get("/health", responses={503: PROBLEMS[503]})
    async def health() -> Status:
        """Return whether the process works; if not, restart it."""
        if not service.running:
            raise HTTPException(503, "a model's thread has ended.")
        return Status(status="ok")

    @app.get("/ready", responses={503: PROBLEMS[503]})
    async def ready() -> Status:
        """Return whether the service accepts requests; if not, send them elsewhere."""
        if app.state.stopping or not service.running:
            raise HTTPException(503, "not ready.", _RETRY)
        return Status(status="ready")

    @app.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    async def metrics() -> Response:
        """Return the metrics in the text format of Prometheus."""
        return Response(service.metrics.render(), media_type=CONTENT_TYPE)

    @app.get("/docs", include_in_schema=False)
    @app.get("/redoc", include_in_schema=False)
    async def no_docs() -> Response:
        """Explain why there are no documentation pages: those of FastAPI load external scripts."""
        raise HTTPException(404, _NO_DOCS)

    @app.get("/", include_in_schema=False)
    async def page() -> Response:
        """Return the web page."""
        return Response(PAGE, media_type="text/html; charset=utf-8", headers=PAGE_HEADERS)


def _as_json(content: Any) -> Response:
    """Return a JSON response without validating it by a response model, since it was built here."""
    text = _ENCODER.encode(content)
    return Response(text.encode("utf-8", "replace"), media_type="application/json")
