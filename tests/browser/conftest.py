"""The explorer in a real Chromium, over a real service on the session's Neo4j.

Every page is watched: an error in its console, a break of its content policy, or a request to another host fails the test.
Pictures of it go to build/screenshots.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from lineage_graph.events import new_uid
from lineage_graph.graph import Graph
from lineage_graph.lineage import Reader
from tests import worlds
from tests.conftest import shared_data
from tests.demo.demonstration import Demonstration

sync = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install 'lineage-graph[test]'")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PICTURES = Path(__file__).parents[2] / "build" / "screenshots"
SWEEP = 10_000

# Kept by the page itself, as console messages of a broken policy come late.
WATCH = """
addEventListener('securitypolicyviolation', e => (window.__broken ??= []).push(`${e.violatedDirective} ${e.blockedURI}`));
"""


@dataclass(frozen=True)
class Service:
    """A service that runs. url: its root, such as 'http://127.0.0.1:40123/'."""

    url: str
    process: subprocess.Popen[str]

    def lineage(self, name: str, **view: str) -> str:
        """The address of a lineage."""
        words = "&".join(f"{key}={quote(value, safe='')}" for key, value in view.items())
        return f"{self.url}#/lineage/{quote(name, safe='/:')}" + (f"?{words}" if words else "")


def serve(environment: dict[str, str], *options: str) -> Service:
    """Starts `lineage-graph serve` on a free port, and waits for the line with its address."""
    command = [sys.executable, "-m", "lineage_graph", "serve", "--port", "0", *options]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    url = next((word for word in line.split() if word.startswith("http")), None)
    assert url, f"no address in {line!r}; exit code {process.poll()}"
    return Service(url.rstrip("/.,") + "/", process)


def stop(service: Service) -> None:
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(20) == 0, "a graceful stop"
    if service.process.stdout is not None:
        service.process.stdout.close()


@pytest.fixture(scope="session")
def service(demonstration: Demonstration) -> Iterator[Service]:
    """The service, with the demonstration's home and graph."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LINEAGE_GRAPH_", "NEO4J_"))}
    running = serve(kept | demonstration.environment)
    yield running
    stop(running)


@pytest.fixture(scope="session")
def best(demonstration: Demonstration, graph: Graph) -> str:
    """What stands on the chosen model's card, such as 'classifier:v5'; its number is another each time."""
    return Reader(graph).version("digits/classifier:best").name.rpartition("/")[2]


@pytest.fixture(scope="session")
def montage(graph: Graph) -> str:
    """The end of a workflow of 1,738 tasks: 4,204 nodes upstream."""
    world = worlds.wfformat(shared_data("wfformat/montage-2mass-05d.json"))
    project = f"montage{new_uid()[-8:]}"
    worlds.record(graph, project, world)
    return f"{worlds.artifact_of(project, 'mosaic-color.jpg')}:v0"


@pytest.fixture(scope="session")
def sweep(graph: Graph) -> str:
    """The project of a sweep of 10,000 models: its data set is 'PROJECT/raw:v0', the report on all 'PROJECT/report:v0'."""
    project = f"sweep{new_uid()[-8:]}"
    worlds.record(graph, project, worlds.wide_sweep(SWEEP))
    return project


@pytest.fixture(scope="package")
def chromium() -> Iterator[sync.Browser]:
    """The browser, gone with this folder's tests: as long as it is there, an event loop runs in this thread."""
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    with sync.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


Opener = Callable[..., "sync.Page"]


@pytest.fixture
def opened(chromium: sync.Browser, service: Service) -> Iterator[Opener]:
    """Opens pages, and looks at the end whether all was quiet: `opened(address, width=…, color_scheme='dark')`."""
    contexts: list[tuple[sync.BrowserContext, sync.Page, list[str]]] = []

    def open_(address: str, width: int = 1440, height: int = 900, *, loud: bool = False, **more: object) -> sync.Page:
        """loud: errors in the console are expected, as when the service is gone."""
        context = chromium.new_context(viewport={"width": width, "height": height}, accept_downloads=True, **more)
        context.add_init_script(WATCH)
        page = context.new_page()
        page.set_default_timeout(10_000)
        noise: list[str] = []
        host = urlsplit(address).netloc
        page.on("pageerror", lambda error: noise.append(f"error: {error}"))
        page.on(
            "console", lambda m: noise.append(f"console: {m.text}") if m.type in ("error", "warning") and not loud else None
        )
        page.on(
            "request",
            lambda r: noise.append(f"left the host: {r.url}") if urlsplit(r.url).netloc not in ("", host) else None,
        )
        contexts.append((context, page, noise))
        page.goto(address)
        return page

    yield open_
    for context, page, noise in contexts:
        broken = page.evaluate("() => window.__broken ?? []")
        context.close()
        assert not broken, f"the content policy was broken: {broken}"
        assert not noise, noise


def picture(page: sync.Page, name: str) -> Path:
    """Keeps a picture of the page as build output."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    path = PICTURES / f"{name}.png"
    page.screenshot(path=path)
    return path


def card(page: sync.Page, label: str) -> sync.Locator:
    """The card of that label on the stage."""
    name = page.locator(".name").filter(has_text=re.compile(f"^{re.escape(label)}$"))
    return page.locator("#stage .card").filter(has=name)


def face(page: sync.Page, label: str) -> sync.Locator:
    return card(page, label).locator(".face")


def labels(page: sync.Page) -> list[str]:
    """What stands on the cards."""
    return page.locator("#stage .card .name").all_inner_texts()


def drawn(page: sync.Page, *expected: str) -> None:
    """Waits until these cards are on the stage."""
    for label in expected:
        card(page, label).wait_for()
    until(page, "document.querySelector('#stage').getAttribute('aria-busy') !== 'true'")


def until(page: sync.Page, script: str, seconds: float = 10) -> None:
    """Waits until an expression is true. (Playwright's own way needs `eval`, which the page's policy forbids.)"""
    end = time.monotonic() + seconds
    while not page.evaluate(script):
        assert time.monotonic() < end, script
        page.wait_for_timeout(50)


def places(page: sync.Page) -> dict[str, tuple[float, float]]:
    """Where each card stands on the layer."""
    script = "all => Object.fromEntries(all.map(c => [c.dataset.id, [Number(c.dataset.x), Number(c.dataset.y)]]))"
    found = page.locator("#stage .card").evaluate_all(script)
    return {key: (x, y) for key, (x, y) in found.items()}
