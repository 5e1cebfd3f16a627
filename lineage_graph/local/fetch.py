"""Fetches the jars of a lock file: in parallel, resumed where it was cut off, and checked before a jar gets its name.

Where from: Maven Central, which jgo knows, or the mirror in `LINEAGE_GRAPH_MAVEN`. Proxies and certificates are those
of the environment, as everywhere in Python (`HTTPS_PROXY`, `REQUESTS_CA_BUNDLE`).
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lineage_graph.errors import LocalServerProblem
from lineage_graph.local.extras import need
from lineage_graph.local.jars import Jar, cache, locked, sha256, wanting

if TYPE_CHECKING:
    from rich.console import Console

THREADS = 12
TRIES = 5
CHUNK = 1 << 13  # what a cut loses at most
TIMEOUT = (10, 60)  # seconds to connect, and between two chunks
AGAIN = "run `lineage-graph up` again, it goes on where it stopped"

Tick = Callable[[int], object]


def repository() -> str:
    """The address of the Maven repository in use. Raises ExtraMissing."""
    given = os.environ.get("LINEAGE_GRAPH_MAVEN")
    return (given or str(need("jgo.constants").MAVEN_CENTRAL_URL)).rstrip("/")


def install(version: str, progress: Console | None = None, *, browser: bool = False) -> Path:
    """Sees to it that every jar of that server version is there, and is the one of the lock file.

    progress: where to draw a progress bar; None draws none. browser: Neo4j Browser's jars too.
    Returns the folder of jars. Raises LocalServerProblem, ExtraMissing.
    """
    folder = cache()
    jars = locked(version, browser=browser)
    if not wanting(jars, folder):
        return folder
    filelock = need("filelock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder / "lock"):
            # Another process may have fetched them while this one waited.
            fetch(wanting(jars, folder), folder, repository(), progress)
    except OSError as error:
        raise LocalServerProblem(
            f"the folder of jars {folder} cannot be written ({error.strerror or error})",
            "make room or give another one in LINEAGE_GRAPH_JARS",
        ) from None
    return folder


def fetch(jars: Sequence[Jar], folder: Path, source: str, progress: Console | None = None) -> None:
    """Fetches those jars from the Maven repository `source` into `folder`.

    Raises LocalServerProblem where one cannot be had or is not the one of the lock file; the others are finished or
    left as `*.part`, to go on from.
    """
    if not jars:
        return
    stop = threading.Event()
    with _bar(progress, sum(jar.size for jar in jars), len(jars)) as tick, need("requests").Session() as session:
        adapter = need("requests.adapters").HTTPAdapter(pool_maxsize=THREADS)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        with ThreadPoolExecutor(THREADS) as pool:
            tasks = [pool.submit(_one, session, jar, folder, source, tick, stop) for jar in jars]
            try:
                for task in tasks:
                    task.result()
            except BaseException:
                stop.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise


def _one(session: Any, jar: Jar, folder: Path, source: str, tick: Tick, stop: threading.Event) -> None:
    target = folder / jar.path
    part = target.with_name(target.name + ".part")
    target.parent.mkdir(parents=True, exist_ok=True)
    url = f"{source}/{jar.path}"
    errors = need("requests.exceptions")
    tick(_size(part))
    why = ""
    for attempt in range(TRIES):
        if stop.wait(0 if attempt == 0 else 0.3 * 2**attempt):
            return
        if _size(part) == jar.size:
            break
        try:
            why = _go_on(session, url, part, jar, tick, stop)
        except errors.RequestException as error:
            why = f"{type(error).__name__}"
        if not why:
            break
    else:
        raise LocalServerProblem(f"{jar.coordinate} could not be fetched from {source} ({why})", AGAIN)
    if stop.is_set():
        return
    found = sha256(part)
    if found != jar.sha256:
        part.unlink()
        raise LocalServerProblem(
            f"{jar.coordinate} from {source} has SHA-256 {found[:12]}…, not the {jar.sha256[:12]}… of the lock file,"
            " so it was thrown away",
            "run `lineage-graph up` again, and look at the proxy or mirror between if it stays so",
        )
    part.replace(target)


def _go_on(session: Any, url: str, part: Path, jar: Jar, tick: Tick, stop: threading.Event) -> str:
    """One request for what is missing of `part`. Returns why it is still not whole, or ''."""
    have = _size(part)
    if have > jar.size:
        part.unlink()
        tick(-have)
        have = 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with session.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        if response.status_code in (404, 410):
            raise LocalServerProblem(
                f"{jar.coordinate} is not at {url}",
                "take LINEAGE_GRAPH_MAVEN out of the environment or mend the mirror",
            )
        if response.status_code not in (200, 206):
            if response.status_code == 429:
                time.sleep(min(float(response.headers.get("Retry-After", 1)), 60))
            return f"status {response.status_code}"
        if response.status_code == 200 and have:
            tick(-have)
        with part.open("ab" if response.status_code == 206 else "wb") as file:
            for chunk in response.iter_content(CHUNK):
                if stop.is_set():
                    return "stopped"
                file.write(chunk)
                tick(len(chunk))
    have = _size(part)
    return "" if have >= jar.size else f"cut off at {have} of {jar.size} bytes"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


class _bar:
    """A progress bar on that console, or nothing."""

    def __init__(self, console: Console | None, total: int, count: int) -> None:
        self.progress: Any = None
        if console is not None:
            from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
            self.progress = Progress(*columns, console=console)
            self.task = self.progress.add_task(f"fetching Neo4j ({count} jars)", total=total)

    def __enter__(self) -> Tick:
        if self.progress is None:
            return lambda done: None
        self.progress.start()
        return lambda done: self.progress.advance(self.task, done)

    def __exit__(self, *exc: object) -> None:
        if self.progress is not None:
            self.progress.stop()
