"""The server: the page's files, and questions about runs as JSON. It listens on this machine only."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from sbpath.app.choices import choices
from sbpath.app.downloads import DOWNLOADS, made
from sbpath.app.guard import Guard
from sbpath.app.jobs import Busy, Job, Jobs
from sbpath.app.numbers import numbers
from sbpath.app.recipe import recipe
from sbpath.app.runs import Runs
from sbpath.app.setting import FieldError, Setting
from sbpath.errors import InputError, nearest

PAGE = Path(__file__).parent / "page"
# A run that takes longer than this (s) becomes a job with progress.
PATIENCE_S = 0.6
# How often a waiting server looks whether the page still waits (s).
LOOK_S = 0.1
# Largest state (bytes).
MOST_BYTES = 100_000


def application(port: int, own: Collection[str] = ()) -> Starlette:
    """The application of one server.

    Parameters
    ----------
    port : int
        At which it listens, since only requests to that are answered.
    own : collection of str
        Mechanism files of the user to choose from, besides the shipped ones.
    """
    jobs, runs = Jobs(), Runs(own)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(jobs.close)

    async def page(request: Request) -> Response:
        return FileResponse(PAGE / "index.html")

    async def systems(request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(choices, own))

    async def run(request: Request) -> Response:
        setting = Setting.of(await _document(request))
        # Wrong input is refused before anything is started.
        await run_in_threadpool(setting.experiment, own)
        return await _begun(request, jobs, lambda: runs.answer(setting), "half cycles")

    async def numbers_of(request: Request) -> Response:
        setting = Setting.of(await _document(request))
        return JSONResponse({"numbers": await run_in_threadpool(numbers, setting, runs)})

    async def recipe_of(request: Request) -> Response:
        setting = Setting.of(await _document(request))
        return JSONResponse(await run_in_threadpool(lambda: asdict(recipe(setting, own))))

    async def download(request: Request) -> Response:
        name, setting = request.path_params["name"], Setting.of_query(request.query_params.multi_items())
        if name not in DOWNLOADS:
            raise HTTPException(404, f"there is no {name}; {nearest(name, DOWNLOADS, ', '.join(DOWNLOADS))}")
        content = await run_in_threadpool(made, name, setting, runs)
        return Response(
            content,
            media_type=DOWNLOADS[name],
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    async def job(request: Request) -> Response:
        found = jobs.get(request.path_params["name"])
        if found is None:
            raise HTTPException(404, "there is no such run any more; run it again")
        if request.method == "DELETE":
            found.stop()
            await asyncio.wait([asyncio.wrap_future(found.future)], timeout=PATIENCE_S)
        return JSONResponse(_told(found))

    return Starlette(
        routes=[
            Route("/", page),
            Mount("/page", StaticFiles(directory=PAGE)),
            Route("/api/systems", systems),
            Route("/api/run", run, methods=["POST"]),
            Route("/api/numbers", numbers_of, methods=["POST"]),
            Route("/api/recipe", recipe_of, methods=["POST"]),
            Route("/download/{name}", download),
            Route("/api/jobs/{name}", job, methods=["GET", "DELETE"]),
        ],
        middleware=[Middleware(Guard, port=port)],
        exception_handlers={
            FieldError: _wrong,
            InputError: _wrong,
            Busy: lambda request, error: JSONResponse({"error": str(error)}, 503),
            HTTPException: lambda request, error: JSONResponse({"error": error.detail}, error.status_code),  # type: ignore[attr-defined]
        },
        lifespan=lifespan,
    )


def _wrong(request: Request, error: Exception) -> Response:
    """A mistake in what was typed: its words, and its field."""
    return JSONResponse({"error": str(error), "field": getattr(error, "field", "")}, 422)


async def _document(request: Request) -> Any:
    """The JSON of a request; a form of a page elsewhere cannot send it."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise HTTPException(415, "must be application/json")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise HTTPException(413, f"is larger than {MOST_BYTES:,} bytes")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise HTTPException(400, "is not JSON") from None


async def _begun(request: Request, jobs: Jobs, work: Callable[[], dict[str, Any]], unit: str) -> Response:
    """The answer of a job, or its id if that takes long; it is stopped when the page no longer waits."""
    job = jobs.start(work, unit)
    waiting = asyncio.wrap_future(job.future)
    for _ in range(round(PATIENCE_S / LOOK_S)):
        await asyncio.wait([waiting], timeout=LOOK_S)
        if waiting.done():
            break
        if await request.is_disconnected():
            job.stop()
    if job.state == "running":
        return JSONResponse({"job": job.id}, 202)
    if job.state == "failed":
        if isinstance(job.error, InputError):
            raise job.error
        return JSONResponse({"error": job.error}, 500)
    return JSONResponse(job.answer)


def _told(job: Job) -> dict[str, Any]:
    """How far a job is, and its answer when it has ended."""
    text = f"{job.done} of {job.of} {job.unit}" if job.of else f"{job.done} {job.unit}"
    told: dict[str, Any] = {"state": job.state, "done": job.done, "of": job.of, "text": text}
    if job.error:
        told["error"] = str(job.error)
    if job.state != "running":
        told["answer"] = job.answer
    return told
