"""The server: the page's files, and questions about runs as JSON. It listens on this machine only."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from functools import partial
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
from sbpath.app.fits import fitted
from sbpath.app.guard import Guard
from sbpath.app.jobs import Busy, Job, Jobs
from sbpath.app.numbers import numbers
from sbpath.app.recipe import command, script
from sbpath.app.runs import Runs
from sbpath.app.setting import FieldError, Setting
from sbpath.app.uploads import MOST_BYTES as MOST_FILE_BYTES
from sbpath.app.uploads import Stated, Uploads, laid_over
from sbpath.errors import InputError, nearest

PAGE = Path(__file__).parent / "page"
# A run that takes longer than this (s) becomes a job with progress.
PATIENCE_S = 0.6
# How often a waiting server looks whether the page still waits (s).
LOOK_S = 0.1
# Largest state (bytes), and how long it may take to arrive, and a file (s).
MOST_BYTES, BODY_S, FILE_S = 100_000, 5.0, 30.0


def application(port: int, own: Collection[str] = ()) -> Starlette:
    """The application of one server.

    Parameters
    ----------
    port : int
        At which it listens, since only requests to that are answered.
    own : collection of str
        Mechanism files of the user to choose from, besides the shipped ones.
    """
    jobs, runs, uploads = Jobs(), Runs(own), Uploads()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        # The first run loads the native code, before anyone waits for it.
        jobs.start(lambda: runs.answer(Setting()))
        yield
        await run_in_threadpool(jobs.close)
        uploads.close()

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
        made_by = {"command": command, "script": script}
        return JSONResponse(
            await run_in_threadpool(lambda: {name: make(setting, own) for name, make in made_by.items()})
        )

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

    async def add_file(request: Request) -> Response:
        content = await _body(request, MOST_FILE_BYTES, FILE_S)
        identity = await run_in_threadpool(uploads.add, request.query_params.get("name", ""), content)
        return await _read(identity, Stated(), Setting.of_query(request.query_params.multi_items()))

    async def read_file(request: Request) -> Response:
        given = await _document(request)
        stated, setting = Stated.of(_item(given, "stated", {})), Setting.of(_item(given, "state", {}))
        return await _read(_item(given, "file"), stated, setting)

    async def _read(identity: Any, stated: Stated, setting: Setting) -> Response:
        try:
            return JSONResponse(
                await run_in_threadpool(lambda: uploads.read(identity, stated, setting.mechanism(own)))
            )
        except FieldError as error:
            return JSONResponse({"error": str(error), "field": error.field, "file": identity}, 422)

    async def compare(request: Request, fit: bool) -> Response:
        given = await _document(request)
        setting = Setting.of(_item(given, "state", {}))
        stated, free = Stated.of(_item(given, "stated", {})), _item(given, "free")
        if not (free is None or (isinstance(free, list) and all(isinstance(name, str) for name in free))):
            raise FieldError("must be a list of names", "free")

        def work() -> dict[str, Any]:
            mechanism = setting.mechanism(own)
            measurement = uploads.measurement(_item(given, "file"), stated, mechanism)
            if fit:
                return fitted(measurement, setting, mechanism, free)
            return laid_over(measurement, setting, mechanism)

        return await _begun(request, jobs, work, "simulations" if fit else "steps")

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
            Route("/api/files", add_file, methods=["POST"]),
            Route("/api/read", read_file, methods=["POST"]),
            Route("/api/overlay", partial(compare, fit=False), methods=["POST"]),
            Route("/api/fit", partial(compare, fit=True), methods=["POST"]),
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
    body = await _body(request, MOST_BYTES, BODY_S)
    try:
        found = json.loads(body)
        # Halves of characters, which are no text and could not be sent back.
        json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise HTTPException(400, "is not JSON") from None
    return found


async def _body(request: Request, most: int, seconds: float) -> bytes:
    """The content of a request, of at most so many bytes that arrive within so many seconds."""
    too_large = HTTPException(413, f"is larger than {most:,} bytes")
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > most:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for part in request.stream():
                body += part
                if len(body) > most:
                    raise too_large
    except TimeoutError:
        raise HTTPException(408, f"did not arrive within {seconds:g} s") from None
    return bytes(body)


def _item(document: Any, name: str, default: Any = None) -> Any:
    """An item of a JSON object."""
    if not isinstance(document, Mapping):
        raise FieldError("must be an object", name)
    return document.get(name, default)


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
