"""For everybody: names for screen readers, no serious violation by axe-core, names that are text, files, trouble in words."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lineage_graph.events import Logged, RunFinished, RunStarted, new_uid
from lineage_graph.graph import Graph
from lineage_graph.journal import genesis, seal
from lineage_graph.ledger import Ledger
from tests import worlds
from tests.browser.conftest import Opener, Service, card, drawn, face, picture, serve, stop, sync, until
from tests.conftest import Address
from tests.faults.proxy import Proxy, refuse

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe: pip install 'lineage-graph[test]'")
NASTY = "<img src=x onerror=alert(1)>"


def serious(page: sync.Page) -> list[str]:
    found = axe.Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['help']} {[n['html'][:200] for n in one['nodes']][:3]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def test_no_serious_violation_in_a_group(opened: Opener, service: Service, sweep: str) -> None:
    page = opened(service.lineage(f"{sweep}/report:v0"))
    face(page, "10,000 versions").click()
    page.locator("#cluster .members li").first.wait_for()
    assert not serious(page)


def test_every_card_has_a_name_and_one_tab_stop(opened: Opener, service: Service) -> None:
    page = opened(service.lineage("digits/report:v0"))
    drawn(page, "report:v0", "report")
    cards = page.locator("#stage .card .face")
    names = [face.get_attribute("aria-label") for face in cards.all()]
    assert all(names) and len(set(names)) == len(names)
    assert any(name and name.startswith("home, report version report:v0") for name in names)
    tree = page.locator("#stage").aria_snapshot()
    for name in names:
        assert json.dumps(name, ensure_ascii=False)[1:-1] in tree, name
    assert re.search(r'list "\d levels? upstream, ', tree)
    assert page.locator("#stage .card .face[tabindex='0']").count() == 1


def test_a_name_is_text(opened: Opener, service: Service, graph: Graph, project: str) -> None:
    journal, run = new_uid(), f"{project}/runs/nasty"
    events = (
        RunStarted(run=run, at=worlds.START, name=NASTY, job_type=NASTY, config={NASTY: NASTY}, description=NASTY),
        Logged(
            run=run, at=worlds.START, artifact=f"{project}/a", digest=worlds.digest_of("a"), type=NASTY,
            metadata={NASTY: NASTY}, description=NASTY, aliases=(NASTY.replace(" ", "").replace("/", ""),),
        ),
        RunFinished(run=run, at=worlds.START),
    )  # fmt: skip
    Ledger(graph).apply([seal(journal, 1, genesis(journal), events)])
    page = opened(service.lineage(f"{project}/a:v0", sel=run))
    page.on("dialog", lambda dialog: pytest.fail(f"it ran: {dialog.message}"))
    drawn(page, "a:v0", NASTY)
    page.locator("#panel").get_by_text(NASTY).first.wait_for()
    face(page, "a:v0").click()
    page.locator("#panel").get_by_role("heading", name="a:v0").wait_for()
    page.get_by_role("button", name="Table").click()
    page.locator("#table tbody tr").first.wait_for()
    assert page.locator("img").count() == 0


def test_a_narrow_window(opened: Opener, service: Service) -> None:
    page = opened(service.lineage("digits/report:v0", sel="digits/report:v0"), width=420, height=800)
    drawn(page, "report:v0")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    picture(page, "narrow")


# ── trouble ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def cut(address: Address, tmp_path: Path) -> Iterator[tuple[Service, Proxy]]:
    """A service whose way to Neo4j can be cut."""
    from urllib.parse import urlsplit

    proxy = Proxy(urlsplit(address.uri).port or 7687, seed=1)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LINEAGE_GRAPH_", "NEO4J_"))}
    running = serve(
        kept
        | {
            "LINEAGE_GRAPH_URI": proxy.uri, "LINEAGE_GRAPH_USER": address.user, "LINEAGE_GRAPH_PASSWORD": address.password,
            "LINEAGE_GRAPH_HOME": str(tmp_path / "home"),
        }
    )  # fmt: skip
    yield running, proxy
    proxy.heal()
    stop(running)
    proxy.close()


def test_neo4j_goes_away_and_comes_back(opened: Opener, cut: tuple[Service, Proxy], graph: Graph, project: str) -> None:
    service, proxy = cut
    worlds.record(graph, project, worlds.long_chain(6))
    page = opened(service.lineage(f"{project}/v:v3", up="1", down="1"), loud=True)
    drawn(page, "v:v3", "r3")
    proxy.set(refuse())
    proxy.cut()
    card(page, "r3").locator(".grow.up").click()
    banner = page.locator("#banner")
    banner.get_by_text(re.compile("Neo4j|answer")).first.wait_for(timeout=45_000)
    assert "r3" in page.locator("#stage").inner_text(), "what is there stays"
    picture(page, "away")
    proxy.heal()
    drawn(page, "v:v2")
    until(page, "!document.querySelector('#banner').innerText.trim()", 30)
