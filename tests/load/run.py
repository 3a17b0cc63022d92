"""Runs the load: clients side by side, and a look at the servers' memory meanwhile."""

import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from random import Random
from urllib.parse import urlsplit
from uuid import uuid4

import psutil

from tests.harness.server import ServedStack, Server
from tests.load.clients import Client
from tests.load.report import MB, Memory, Report
from tests.load.seeds import Seeds
from tools.operate.progress import Progress

_TOKENS = 6  # of each client, to be added to its calendars


@dataclass(frozen=True)
class Plan:
    """How long, by how many clients, and on how much that is there already.

    `rate` is in requests a second, of all clients together; 0 is as many as get answered.
    """

    seconds: float = 60
    connections: int = 8
    rate: float = 0
    feeds: int = 200
    calendars: int = 1_000  # of the user with most
    tokens: int = 750  # of the largest calendar, which takes some more
    share_of_api: float = 0.05
    seed: int = 1


def run(server: Server, plan: Plan) -> Report:
    clients = _clients(server, plan)
    watch = _Watch.of(server)
    with ThreadPoolExecutor(plan.connections) as pool:
        feeds = clients[0].feeds.all()
        shares = [feeds[number :: plan.connections] for number in range(plan.connections)]
        list(pool.map(Client.subscribe, clients, shares))
        began, ended = time.monotonic(), threading.Event()
        work = [
            pool.submit(client.work, partial(_moments, began, number, plan, ended))
            for number, client in enumerate(clients)
        ]
        try:
            watch.until_done(work, clients, began, plan.seconds)
        finally:
            ended.set()
    for one in work:
        one.result()
    return Report.of(time.monotonic() - began, [c.measured for c in clients], watch.memory)


def _clients(server: Server, plan: Plan) -> list[Client]:
    stack, chance = ServedStack.of(server), Random(plan.seed)
    _tell(f"writing {plan.feeds + plan.calendars:,} calendars, and one of {plan.tokens:,} tokens")
    seeds = Seeds(stack, chance, Progress(plan.feeds + plan.calendars + 2, "calendars written"))
    feeds, heavy = seeds.feeds(plan.feeds, plan.tokens), seeds.heavy(plan.calendars)
    address = urlsplit(server.url).netloc

    def client() -> Client:
        user = str(uuid4())
        mom_ids = [stack.mint(user=user).mom_id for _ in range(_TOKENS)]
        token, own_chance = stack.mint(user=user), Random(chance.random())
        return Client(address, token, mom_ids, feeds, heavy, plan.share_of_api, own_chance)

    return [client() for _ in range(plan.connections)]


def _moments(began: float, client: int, plan: Plan, ended: threading.Event) -> Iterator[float]:
    """When each request of a client is due: by turns with the others', or one after the other."""
    for number in count():
        turn = client + number * plan.connections
        due = began + turn / plan.rate if plan.rate else time.monotonic()
        if due >= began + plan.seconds or ended.wait(max(0, due - time.monotonic())):
            return
        yield due


@dataclass
class _Watch:
    """The memory of processes; and what the load is doing, for those who wait."""

    processes: dict[str, list[psutil.Process]]
    memory: dict[str, Memory] = field(default_factory=dict)

    @classmethod
    def of(cls, server: Server) -> "_Watch":
        process = psutil.Process(server.process.pid)
        processes = {"server": [process], "stand-ins": process.children(recursive=True)}
        return cls(processes, {name: Memory() for name in processes})

    def until_done(
        self, work: Sequence[Future[None]], clients: Sequence[Client], began: float, seconds: float
    ) -> None:
        interval, told = min(1, seconds / 20), 0.0
        while wait(work, 0).not_done:
            now = time.monotonic() - began
            self._look(now)
            if now - told >= 5:
                told = now
                _tell(self._progress(now, clients))
            wait(work, interval)
        self._look(time.monotonic() - began)

    def _look(self, now: float) -> None:
        for name, processes in self.processes.items():
            self.memory[name].add(now, sum(map(_resident, processes)))

    def _progress(self, now: float, clients: Sequence[Client]) -> str:
        answered = sum(client.measured.answered for client in clients)
        errors = sum(client.measured.errors.total() for client in clients)
        resident = self.memory["server"].resident[-1] / MB
        return f"{now:5.0f} s {answered:9,} answered {errors:6,} errors  {resident:,.0f} MB"


def _resident(process: psutil.Process) -> int:
    try:
        resident: int = process.memory_info().rss
    except psutil.NoSuchProcess:
        return 0  # it has ended, of which the clients tell
    return resident


def _tell(doing: str) -> None:
    print(doing, file=sys.stderr, flush=True)
