"""The pages and answers of the server; Starlette, because three addresses need no framework."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from importlib.resources import files
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from speechsent.app.answers import COMPARED, answer
from speechsent.app.guard import Guard, Names
from speechsent.app.limits import Limits
from speechsent.app.models import Model
from speechsent.app.refusal import RefusedError
from speechsent.app.upload import received
from speechsent.app.waiting import WaitingRoom, heard

HTML, CSS, JS = "text/html", "text/css", "text/javascript"
TOLD = (RefusedError, HTTPException, ClientDisconnect, Exception)  # whatever can go wrong
# All that can be fetched: the address, and the file in the package.
PAGES = {
    "": ("app/page/index.html", HTML),
    "report.css": ("report/style.css", CSS),
    "page.css": ("app/page/page.css", CSS),
    "icon.svg": ("app/page/icon.svg", "image/svg+xml"),
    "main.js": ("app/page/main.js", JS),
    "asking.js": ("app/page/asking.js", JS),
    "drawing.js": ("app/page/drawing.js", JS),
    "elements.js": ("app/page/elements.js", JS),
    "recorder.js": ("app/page/recorder.js", JS),
    "recorder-worklet.js": ("app/page/recorder-worklet.js", JS),
    "result.js": ("app/page/result.js", JS),
    "wav.js": ("app/page/wav.js", JS),
}


class Desk:
    """Answers requests.

    Args:
        models: The runs that can be asked.
        limits: What a visitor may ask for.
    """

    def __init__(self, models: Sequence[Model], limits: Limits) -> None:
        self.models = models
        self.limits = limits
        self.waiting = WaitingRoom(limits.n_waiting)

    async def runs(self, request: Request) -> Response:
        """Which runs there are, and what is taken in."""
        rates = [m.recogniser.extractor.audio.sample_rate for m in self.models]
        bounds = {"max_bytes": self.limits.max_bytes, "max_seconds": self.limits.max_seconds}
        return JSONResponse(
            {
                "runs": [model.facts() for model in self.models],
                "limits": {**bounds, "compared": COMPARED},
                "sample_rate": max(rates),
            }
        )

    async def answers(self, request: Request) -> Response:
        """What the asked runs tell of the clip in the body."""
        models = self._asked(request.query_params.getlist("run"))
        with self.waiting.place():
            try:
                async with asyncio.timeout(self.limits.patience):
                    async with received(request, self.limits) as path:
                        work = partial(answer, path, models, self.limits)
                        async with heard(request.receive):
                            return JSONResponse(await self.waiting.serve(work))
            except TimeoutError as error:
                raise RefusedError(
                    503,
                    "slow",
                    f"This took longer than {self.limits.patience:g} seconds and was given up. "
                    "Please try a shorter clip, or again later.",
                    {"Retry-After": "30"},
                ) from error
            except asyncio.CancelledError as error:  # only the end of the server does that
                raise RefusedError(503, "ending", "The server is being ended.") from error

    def _asked(self, names: Sequence[str]) -> list[Model]:
        """The runs of a request, by their numbers."""
        known = {str(i): model for i, model in enumerate(self.models)}
        if not set(names) <= known.keys():
            raise RefusedError(404, "run", "There is no such run here.")
        if len(names) > COMPARED or len(set(names)) < len(names):
            raise RefusedError(400, "runs", f"Please ask up to {COMPARED} different runs.")
        return [known[name] for name in names or ["0"]]


async def _page(request: Request) -> Response:
    """A file of the page."""
    name = request.path_params["name"]
    if name not in PAGES:
        raise HTTPException(404)
    file, kind = PAGES[name]
    content = files("speechsent").joinpath(file).read_bytes()
    return Response(content, media_type=f"{kind}; charset=utf-8")


async def _told(request: Request, error: Exception) -> Response:
    """An error in words for the visitor."""
    refusal = _refusal_of(error)
    return JSONResponse(refusal.body, refusal.status, refusal.headers)


def _refusal_of(error: Exception) -> RefusedError:
    """What a visitor is told; tracebacks of our own mistakes go to the terminal alone."""
    if isinstance(error, RefusedError):
        return error
    if isinstance(error, HTTPException):  # an address or a method we do not have
        words = {404: "There is nothing here.", 405: "This cannot be done here."}
        status = error.status_code
        return RefusedError(status, "request", words.get(status, "This makes no sense here."))
    if isinstance(error, ClientDisconnect):
        return RefusedError(400, "left", "Nobody hears this.")
    return RefusedError(
        500,
        "broken",
        "Something went wrong here. It is not your clip's fault, and it was not kept.",
    )


def application(models: Sequence[Model], limits: Limits, names: Names) -> ASGIApp:
    """The whole server.

    Args:
        models: The runs that can be asked, at least one.
        limits: What a visitor may ask for.
        names: By which host names it may be called.
    """
    desk = Desk(models, limits)

    @asynccontextmanager
    async def closing(app: Any) -> AsyncIterator[None]:
        yield
        desk.waiting.close()

    app = Starlette(
        routes=[
            Route("/api/runs", desk.runs),
            Route("/api/answers", desk.answers, methods=["POST"]),
            Route("/{name:path}", _page),
        ],
        exception_handlers=dict.fromkeys(TOLD, _told),
        lifespan=closing,
    )
    app.router.redirect_slashes = False  # an address is ours as it is spelled, or not at all
    return Guard(app, names)
