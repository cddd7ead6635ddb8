"""A web page on this machine, on which texts are labelled one after the other."""

import json
import secrets
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any, Literal

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.middleware.trustedhost import TrustedHostMiddleware

from agnews_sk import __version__
from agnews_sk.labelling import MAX_LABEL_LENGTH, LabellingSession, annotations_as
from agnews_sk.serving._api_key import check_key, key_check
from agnews_sk.serving._connections import BacklogSocket
from agnews_sk.serving._guard import Guard
from agnews_sk.serving._limits import Limits
from agnews_sk.serving._metrics import Metrics
from agnews_sk.serving._page import LABELLING_HEADERS, LABELLING_PAGE
from agnews_sk.serving._problems import respond_invalid
from agnews_sk.serving._workers import BACKLOG, bind, make_server

LOOPBACK = "127.0.0.1"
# A name that another site resolves to this machine is none of them.
_HOSTS = [LOOPBACK, "localhost"]
_MAX_CLASSES = 1_000


class Decided(BaseModel):
    """What was decided about a text."""

    model_config = ConfigDict(extra="forbid", strict=True)

    row: int = Field(ge=0)
    action: Literal["label", "unsure", "skip"]
    label: str = Field("", max_length=MAX_LABEL_LENGTH)
    suggested: str = Field("", max_length=MAX_LABEL_LENGTH)


class ClassName(BaseModel):
    """A label to choose from, which is to be added or removed."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(min_length=1, max_length=MAX_LABEL_LENGTH)


def create_labelling_app(
    session: LabellingSession,
    api_key: str,
    *,
    on_finish: Callable[[], None] = lambda: None,
    limits: Limits | None = None,
) -> FastAPI:
    """Create the HTTP application of a labelling session.

    Parameters
    ----------
    session : LabellingSession
    api_key : str
        Key that the page must send as `X-API-Key`; it reads it from the part of its address after
        `#`, which browsers send to no server.
    on_finish : callable, optional
        Called when the user has finished.
    limits : Limits, optional
        Limits of a request.

    Returns
    -------
    fastapi.FastAPI

    Raises
    ------
    ValueError
        If the key is empty or cannot be sent.

    Notes
    -----
    Requests for another host than 127.0.0.1 and localhost are rejected, so that no page of another
    site can read the texts through a name of its own.
    """
    check_key(api_key)
    limits = limits or Limits()
    app = FastAPI(
        title="Label texts",
        version=__version__,
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        openapi_url=None,
    )
    app.state.stopping = False
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=_HOSTS)
    app.add_middleware(Guard, limits=limits, metrics=Metrics())
    app.add_exception_handler(RequestValidationError, respond_invalid)
    _add_page(app)
    guard = Depends(key_check(api_key))
    _add_routes(app, session, on_finish, guard)
    _add_class_routes(app, session, guard)
    return app


def serve_labelling(
    session: LabellingSession,
    *,
    port: int = 0,
    on_start: Callable[[str], None] | None = None,
    limits: Limits | None = None,
) -> bool:
    """Serve the page of a labelling session on this machine, until the user has finished.

    Parameters
    ----------
    session : LabellingSession
    port : int, default=0
        0 chooses a free one.
    on_start : callable, optional
        Called with the address of the page once requests are accepted. It holds a key that is
        new each time, without which nobody else on this machine can read the texts.
    limits : Limits, optional
        Limits of a request.

    Returns
    -------
    bool
        Whether the user has finished, rather than a signal that ended the service.

    Raises
    ------
    OSError
        If the port is in use.
    """
    key = secrets.token_urlsafe(16)
    limits = limits or Limits()
    finished = []

    def finish() -> None:
        """Stop the server after the response."""
        finished.append(True)
        server.should_exit = True

    build = partial(create_labelling_app, session, key, on_finish=finish, limits=limits)
    sock = bind(LOOPBACK, port)
    address = f"http://{LOOPBACK}:{sock.getsockname()[1]}/#{key}"
    ready = partial(on_start, address) if on_start is not None else lambda: None
    server = make_server(build, limits, ready)
    server.run(sockets=[BacklogSocket(sock, BACKLOG)])
    return bool(finished)


def _add_page(app: FastAPI) -> None:
    """Add the routes that need no key: the page itself, and whether it is served."""

    @app.get("/")
    def page() -> Response:
        """Return the page, which holds no text."""
        media = "text/html; charset=utf-8"
        return Response(LABELLING_PAGE, media_type=media, headers=LABELLING_HEADERS)

    @app.get("/ready")
    def ready() -> Response:
        """Return that requests are accepted."""
        return _as_json({"status": "ready"})


def _add_routes(
    app: FastAPI, session: LabellingSession, on_finish: Callable[[], None], guard: Any
) -> None:
    """Add the routes that need the key.

    They are plain functions, which run in threads: each decision waits for the disk.

    Parameters
    ----------
    app : fastapi.FastAPI
    session : LabellingSession
    on_finish : callable
    guard : dependency
        Checks the key.
    """

    @app.get("/state", dependencies=[guard])
    def state() -> Response:
        """Return the text to label, and how far labelling is."""
        return _as_json(_state(session))

    @app.post("/decide", dependencies=[guard])
    def decide(request: Decided) -> Response:
        """Record a decision, and return the next text once it is on disk."""
        try:
            if request.action == "label":
                session.label(request.row, request.label, suggested=request.suggested)
            elif request.action == "unsure":
                session.mark_unsure(request.row)
            else:
                session.skip(request.row)
        except ValueError as error:  # decided in another window
            raise HTTPException(409, str(error)) from error
        except OSError as error:
            raise _storage_error("the label could not be saved", error) from error
        return _as_json(_state(session))

    @app.post("/undo", dependencies=[guard])
    def undo() -> Response:
        """Take back the last decision, and return its text."""
        try:
            session.undo()
        except OSError as error:
            raise _storage_error("nothing could be taken back", error) from error
        return _as_json(_state(session))

    @app.get("/export/{tool}", dependencies=[guard])
    def export(tool: Literal["label_studio", "doccano"]) -> Response:
        """Return all texts and their labels in the JSON of an annotation tool."""
        n_rows = len(next(iter(session.texts.values())))
        known = session.labels
        labels = [known.get(row) for row in range(n_rows)]
        return Response(
            annotations_as(tool, session.texts, labels).encode("utf-8", "replace"),
            media_type="application/json",
        )

    @app.post("/finish", dependencies=[guard])
    def finish(request: Request) -> Response:
        """End the session."""
        on_finish()
        return _as_json({"file": str(session.path)})


def _add_class_routes(app: FastAPI, session: LabellingSession, guard: Any) -> None:
    """Add the routes that change the labels to choose from, which need the key."""

    @app.post("/classes", dependencies=[guard])
    def add_class(request: ClassName) -> Response:
        """Add a label to choose from."""
        if len(session.classes) >= _MAX_CLASSES:
            raise HTTPException(422, f"there are {_MAX_CLASSES} labels, the most that are allowed.")
        try:
            session.add_class(request.name.strip())
        except ValueError as error:
            raise HTTPException(422, str(error)) from error
        except OSError as error:
            raise _storage_error("the label could not be added", error) from error
        return _as_json(_state(session))

    @app.post("/classes/remove", dependencies=[guard])
    def remove_class(request: ClassName) -> Response:
        """Remove a label that no text has."""
        try:
            session.remove_class(request.name)
        except ValueError as error:  # labelled in another window
            raise HTTPException(409, str(error)) from error
        except OSError as error:
            raise _storage_error("the label could not be removed", error) from error
        return _as_json(_state(session))


def _storage_error(what: str, error: OSError) -> HTTPException:
    """Return the response to a change that could not be written."""
    return HTTPException(507, f"{what}: {error.strerror or error}.")


def _state(session: LabellingSession) -> dict[str, Any]:
    """Return the text to label and how far labelling is, as a dict for JSON."""
    item = session.current()
    progress = session.progress()
    estimate = progress.estimate
    known = estimate is not None and estimate.n_rows > 0
    return {
        "item": None if item is None else {**asdict(item), "texts": _cells(session, item.row)},
        "classes": session.classes,
        "file": str(session.path),
        "progress": {
            **asdict(progress),
            "estimate": estimate._asdict() if known and estimate is not None else None,
        },
    }


def _cells(session: LabellingSession, row: int) -> list[dict[str, str]]:
    """Return the cells of a row that hold text, with the names of their columns."""
    return [{"name": name, "text": column[row]} for name, column in session.texts.items()]


def _as_json(content: dict[str, Any]) -> Response:
    """Return a JSON response that no cache keeps."""
    return Response(
        json.dumps(content, ensure_ascii=False).encode("utf-8", "replace"),
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
