"""Long runs tell how far they are, can be stopped, and keep what they have; nobody's runs pile up."""

from __future__ import annotations

import socket
import threading
import time

import pytest
from served import Served, served

import sbpath
from sbpath.app.jobs import AT_ONCE, MOST_KEPT, MOST_UNDER_WAY, Busy, Jobs
from sbpath.progress import Bar, Stopped, watched
from sbpath.simulation import run

# Half a minute of work, and more on a busy machine.
LONG = {"system": "na-sb", "cycles": "1000", "particles": "50"}


@pytest.fixture(scope="module")
def server():
    with served() as found:
        yield found


def _started(server: Served) -> str:
    reply = server.post("/api/run", LONG)
    assert reply.status == 202
    return reply.json["job"]


def test_a_long_run_tells_how_far_it_is_and_stops_within_a_second(server: Served):
    job = _started(server)
    seen = []
    while not seen or seen[-1]["done"] < 4:
        seen.append(server.get(f"/api/jobs/{job}").json)
        assert (seen[-1]["state"], seen[-1].get("answer")) == ("running", None)
        time.sleep(0.05)
    assert [one["done"] for one in seen] == sorted(one["done"] for one in seen)
    assert seen[-1]["of"] == 2000
    assert seen[-1]["text"] == f"{seen[-1]['done']} of 2000 half cycles"
    began, spent = time.monotonic(), time.process_time()
    server.ask("DELETE", f"/api/jobs/{job}")
    told = server.ended(job, 30.0)
    # Wall time, or on a busy machine the processor's.
    assert min(time.monotonic() - began, time.process_time() - spent) < 1.0
    assert told["state"] == "stopped"
    answer = told["answer"]
    assert answer["of"] == 1000
    assert 1 <= answer["cycle"] <= told["done"] / 2 + 1
    assert answer["curves"]
    assert answer["notices"][-1] == f"stopped after step {told['done']} of 2000"
    assert server.ask("DELETE", f"/api/jobs/{job}").json["state"] == "stopped"


def test_a_run_whose_page_has_gone_is_stopped(server: Served):
    body = b'{"system": "na-sb", "cycles": "1000", "particles": "50"}'
    head = f"POST /api/run HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Type: application/json\r\n"
    before = _working()
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        time.sleep(0.2)
    until = time.monotonic() + 30.0
    while _working() > before and time.monotonic() < until:
        time.sleep(0.1)
    assert _working() <= before


def _working() -> float:
    """Share of the processor that this process takes."""
    spent, began = time.process_time(), time.monotonic()
    time.sleep(0.5)
    return round((time.process_time() - spent) / (time.monotonic() - began), 1)


def test_two_pages_do_not_disturb_each_other(server: Served):
    """The same question asked at once, of other settings: each gets its own answer."""
    asked = [
        {"system": name, "rate": rate} for name in ("li-sb", "k-bisb", "na-sb") for rate in ("C/10", "1C")
    ]
    alone = [server.answer("/api/run", one) for one in asked]
    found: dict[int, object] = {}
    threads = [
        threading.Thread(target=lambda k=k: found.update({k: server.answer("/api/run", asked[k % 6])}))
        for k in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[k] for k in range(8)] == [alone[k % 6] for k in range(8)]


def test_too_many_runs_are_refused_and_old_answers_forgotten():
    jobs, gate = Jobs(), threading.Event()

    def work() -> dict:
        gate.wait(60)
        return {}

    started = [jobs.start(work) for _ in range(MOST_UNDER_WAY)]
    with pytest.raises(Busy, match="stop one"):
        jobs.start(work)
    gate.set()
    for job in started:
        job.future.result(60)
    ids = [job.id for job in started]
    assert len(set(ids)) == MOST_UNDER_WAY
    assert min(map(len, ids)) >= 20
    for _ in range(2 * MOST_KEPT):
        jobs.start(work).future.result(60)
    assert jobs.get(ids[0]) is None
    jobs.close()
    assert AT_ONCE < MOST_UNDER_WAY


def test_a_run_that_nobody_asks_about_is_stopped(monkeypatch):
    """As when the browser is ended, which says nothing."""
    monkeypatch.setattr("sbpath.app.jobs.ABANDONED_S", 0.5)
    jobs = Jobs()

    def work() -> dict:
        with Bar("", "", 1000) as bar:
            for _ in range(1000):
                time.sleep(0.02)
                bar.update()
        return {}

    watched, left = jobs.start(work), jobs.start(work)
    while left.state == "running":
        assert jobs.get(watched.id) is watched
        time.sleep(0.05)
    assert (left.state, watched.state) == ("stopped", "running")
    jobs.close()


def test_a_mistake_of_the_program_is_an_answer_too():
    jobs = Jobs()

    def work() -> dict:
        raise ZeroDivisionError("by zero")

    job = jobs.start(work)
    job.future.result(60)
    assert (job.state, job.error) == ("failed", "ZeroDivisionError: by zero")
    jobs.close()


@pytest.mark.parametrize("population", [1, 4])
def test_a_watch_stops_a_simulation_and_what_it_has_is_the_beginning_of_the_whole(population):
    experiment = sbpath.Experiment.of(
        "k-bisb" if population == 1 else "li-sb", sbpath.cycling("C/2", 0.05, 1.2, 40), population=population
    )
    told: list[tuple[int, int | None]] = []

    def watch(done: int, of: int | None) -> None:
        told.append((done, of))
        if done >= 6:
            raise Stopped

    with (
        watched(watch),
        pytest.raises(sbpath.SimulationError, match=r"stopped after step \d+ of 80") as stopped,
    ):
        run(experiment, progress=False)
    part, whole = stopped.value.solution, run(experiment, progress=False)
    assert told[-1] == (len(part.steps), 80)
    assert 6 <= len(part.steps) < 80
    assert (part.voltage_V == whole.voltage_V[: len(part.voltage_V)]).all()


def test_a_watch_is_told_of_the_outer_of_two_bars_only():
    told = []
    with watched(lambda done, of: told.append((done, of))), Bar("outer", "it", 3, progress=False) as outer:
        for _ in range(3):
            with Bar("inner", "it", 10, progress=False) as inner:
                inner.update(5)
            outer.update()
    assert told == [(0, 3), (1, 3), (1, 3), (2, 3), (2, 3), (3, 3)]
    with Bar("after", "it", 1, progress=False) as after:
        after.update()
    assert len(told) == 6


def test_an_inner_simulation_passes_a_stop_on():
    """What a fit would take for a simulation that failed."""

    def watch(done: int, of: int | None) -> None:
        raise Stopped

    with watched(watch), pytest.raises(Stopped), Bar("outer", "it", 3, progress=False):
        sbpath.simulate("k-bisb", sbpath.cycling("C/2", 0.05, 1.2, 9), progress=False)
