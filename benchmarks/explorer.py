"""The explorer in a real Chromium on this machine: from click to drawn, expanding, panning, the layout, and the page's size.

    python -m benchmarks.explorer --uri bolt://127.0.0.1:7687 --password …

The million-relationship graph is that of benchmarks/million.py, where it was recorded before; without it these lines are left
out. Drawn means: the second frame after the new home's card is on the stage.
"""

from __future__ import annotations

import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from benchmarks import million
from benchmarks.options import parser_for
from lineage_graph.events import new_uid
from lineage_graph.graph import Graph
from lineage_graph.lineage import Reader
from tests import worlds

DATA = Path(__file__).parents[2] / "shared" / "data"
MONTAGE = Path("wfformat/montage-2mass-05d.json")
ROUNDS = 7
DRAWN = """([hash, label]) => new Promise(done => {
  const began = performance.now();
  const look = () => {
    const name = document.querySelector('#stage .card.home .name'), stage = document.querySelector('#stage');
    const there = name?.textContent === label && stage.getAttribute('aria-busy') !== 'true';
    requestAnimationFrame(there ? () => requestAnimationFrame(() => done(performance.now() - began)) : look);
  };
  location.hash = hash;
  requestAnimationFrame(look);
})"""
EXPANDED = """() => new Promise(done => {
  const cards = () => document.querySelectorAll('#stage .card').length, before = cards(), began = performance.now();
  const look = () => requestAnimationFrame(cards() > before
    ? () => requestAnimationFrame(() => done(performance.now() - began)) : look);
  document.querySelector('#stage .card .grow').click();
  look();
})"""
FRAMES = """() => { window.__frames = []; let last = performance.now();
  const tick = now => { window.__frames.push(now - last); last = now; window.__ticking = requestAnimationFrame(tick); };
  window.__ticking = requestAnimationFrame(tick); }"""
LAYOUT = """async () => {
  const at = document.querySelector('script[type=module]').src.replace('main.js', 'layout.js');
  const { layout } = await import(at);
  const cards = [], edges = [];
  for (let l = 0; l < 20; l++) for (let i = 0; i < 20; i++) {
    cards.push({ id: `${l}-${i}` });
    if (l) for (const d of [0, 1 + (i * 7 + l) % 3])
      edges.push({ id: `${l}-${i}-${d}`, source: `${l - 1}-${(i + d) % 20}`, target: `${l}-${i}` });
  }
  const took = [];
  for (let n = 0; n < 9; n++) { const began = performance.now(); layout(cards, edges); took.push(performance.now() - began); }
  return took.sort((a, b) => a - b)[4];
}"""


@contextmanager
def served(uri: str, user: str, password: str) -> Iterator[str]:
    """The address of a service on that Neo4j."""
    with tempfile.TemporaryDirectory() as home:
        ours = {"URI": uri, "USER": user, "PASSWORD": password, "HOME": home}
        environment = os.environ | {f"LINEAGE_GRAPH_{key}": value for key, value in ours.items()}
        command = [sys.executable, "-m", "lineage_graph", "serve", "--port", "0"]
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as service:
            assert service.stdout is not None
            yield next(word for word in service.stdout.readline().split() if word.startswith("http"))
            service.send_signal(signal.SIGTERM)
            service.wait(30)


def hash_of(name: str, **view: str) -> str:
    words = "&".join(f"{key}={quote(value, safe='')}" for key, value in view.items())
    return f"#/lineage/{quote(name, safe='/:')}" + (f"?{words}" if words else "")


def label_of(name: str) -> str:
    return name.rpartition("/")[2]


class Page:
    """The explorer in a window of 1,440 x 900."""

    def __init__(self, browser: Any, address: str) -> None:
        self.address = address
        self.page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        self.sizes: dict[str, int] = {}
        self.hosts: set[str] = set()
        session = self.page.context.new_cdp_session(self.page)
        session.send("Network.enable")
        urls: dict[str, str] = {}
        session.on("Network.responseReceived", lambda e: urls.update({e["requestId"]: e["response"]["url"]}))
        session.on(
            "Network.loadingFinished",
            lambda e: self.sizes.update({urls.get(e["requestId"], ""): int(e["encodedDataLength"])}),
        )
        self.page.on("request", lambda r: self.hosts.add(urlsplit(r.url).netloc))
        self.page.goto(address)
        self.page.wait_for_load_state("networkidle")

    @property
    def size(self) -> int:
        """Bytes of the page and its files as they came over the wire."""
        return sum(size for url, size in self.sizes.items() if "/api/" not in url)

    def drawn(self, name: str, **view: str) -> float:
        return float(self.page.evaluate(DRAWN, [hash_of(name, **view), label_of(name)]))

    def expanded(self) -> float | None:
        if not self.page.locator("#stage .card .grow").count():
            return None
        return float(self.page.evaluate(EXPANDED))

    def frames(self) -> tuple[float, float]:
        """Median and 95th percentile of the frames while the stage is dragged for two seconds."""
        self.page.evaluate(FRAMES)
        self.page.mouse.move(700, 850)
        self.page.mouse.down()
        for i in range(60):
            self.page.mouse.move(700 - 8 * i, 850 - 3 * (i % 20))
        self.page.mouse.up()
        took = self.page.evaluate("() => { cancelAnimationFrame(window.__ticking); return window.__frames.slice(2); }")
        return statistics.median(took), statistics.quantiles(took, n=20)[-1]


def measure(uri: str, user: str, password: str, data: Path = DATA) -> str:
    """The table, in Markdown; a sentence where there is no Chromium. data: the folder of acceptance data."""
    if shutil.which("chromium") is None:
        return "The explorer was not measured: there is no Chromium here."
    from playwright.sync_api import sync_playwright

    graph = Graph(uri, user, password)
    reader = Reader(graph)
    rows: list[tuple[str, str, str]] = []
    with served(uri, user, password) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = Page(browser, address)
        rows.append(("the page, compressed", f"{page.size / 1000:.0f} kB", "150 kB"))
        rows.append(("layout of 400 cards", f"{page.page.evaluate(LAYOUT):.0f} ms", "60 ms"))
        if (data / MONTAGE).is_file():
            project = f"benchmontage{new_uid()[-8:]}"
            worlds.record(graph, project, worlds.wfformat(data / MONTAGE))
            home, other = (f"{worlds.artifact_of(project, f)}:v0" for f in ("mosaic-color.jpg", "2-mosaic.jpg"))
            page.drawn(home)
            took = []
            for _ in range(ROUNDS):
                page.drawn(other)
                took.append(page.drawn(home))
            rows.append(("from click to drawn, Montage (4,204 nodes)", f"{statistics.median(took):.0f} ms", "500 ms"))
        large = [p["project"] for p in reader.projects() if p["project"].startswith("million")]
        if large:
            rows += _million(page, reader, large[-1])
        project = f"benchladder{new_uid()[-8:]}"
        worlds.record(graph, project, worlds.ladder(100))
        page.drawn(f"{project}/a:v99", up="all")
        cards = page.page.locator("#stage .card").count()
        median, late = page.frames()
        rows.append((f"a frame while panning, {cards} cards", f"{median:.0f} ms (p95 {late:.0f} ms)", "33 ms"))
        strangers = page.hosts - {urlsplit(address).netloc, ""}
        rows.append(("requests that leave the host", str(len(strangers)), "0"))
        browser.close()
    graph.close()
    head = "| The explorer, in Chromium on the same 2 cores | Measured | Wanted |\n|---|---|---|"
    return "\n".join([head, *(f"| {what} | {found} | {wanted} |" for what, found, wanted in rows)])


def _million(page: Page, reader: Reader, project: str) -> list[tuple[str, str, str]]:
    """First views and expansions at random places."""
    first, more = [], []
    for thing, _ in million.starts():
        name = reader.version(f"{worlds.artifact_of(project, thing)}@{worlds.digest_of(thing)}").name
        first.append(page.drawn(name))
        if (took := page.expanded()) is not None:
            more.append(took)
    p95 = lambda times: statistics.quantiles(times, n=20, method="inclusive")[-1]  # noqa: E731
    return [
        (
            "first view, a million relationships, p95",
            f"{p95(first):.0f} ms (median {statistics.median(first):.0f} ms)",
            "700 ms",
        ),
        ("expanding a card there, p95", f"{p95(more):.0f} ms (median {statistics.median(more):.0f} ms)", "300 ms"),
    ]


def main() -> None:
    parser = parser_for(__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    given = parser.parse_args()
    print(measure(given.uri, given.user, given.password, given.data))


if __name__ == "__main__":
    main()
