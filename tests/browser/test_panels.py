"""What stands around the picture: side, search, details, groups, filters, table, comparison, exports; usable by all."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from lineage_graph.events import new_uid
from lineage_graph.graph import Graph
from tests import worlds
from tests.browser.conftest import Opener, Service, picture

sync = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install 'lineage-graph[test]'")
Axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe: pip install 'lineage-graph[test]'").Axe
expect = sync.expect

RAW = "digits/digits-raw:v0"


def drawn(page: sync.Page) -> sync.Page:
    expect(page.locator(".card.home .face")).to_be_visible(timeout=30_000)
    return page


@pytest.fixture(scope="module")
def dozen(graph: Graph) -> str:
    """The project of a sweep of twelve."""
    project = f"dozen{new_uid()[-8:]}"
    worlds.record(graph, project, worlds.wide_sweep(12))
    return project


def clean(page: sync.Page) -> list[str]:
    page.mouse.move(2, 400)
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {[node['target'] for node in one['nodes'][:3]]}" for one in found]


def test_from_all_projects_to_a_version_by_the_side(opened: Opener, service: Service) -> None:
    page = opened(service.url)
    page.get_by_role("link", name="digits").first.click()
    side = page.get_by_role("navigation", name="Artifacts and runs")
    expect(side.get_by_role("tab", name="Artifacts")).to_have_attribute("aria-selected", "true")
    side.get_by_role("button", name="Versions of classifier").click()
    side.get_by_role("link", name="v0", exact=True).click()
    drawn(page)
    expect(side.locator(".chosen")).to_have_text(re.compile("model.*classifier:v0"))
    page.go_back()
    side.get_by_role("tab", name="Artifacts").press("ArrowRight")
    expect(side.get_by_role("tab", name="Runs")).to_be_focused()
    expect(side.get_by_role("heading", name=re.compile("^train"))).to_be_visible()
    expect(side.get_by_role("link", name="train-3").first).to_be_visible()


def test_search_by_keys_alone(opened: Opener, service: Service) -> None:
    page = drawn(opened(service.lineage(RAW)))
    page.keyboard.press("/")
    field = page.get_by_role("combobox", name="Search runs, artifacts, aliases")
    expect(field).to_be_focused()
    page.keyboard.type("classifier")
    group = page.get_by_role("listbox").get_by_role("group", name="Artifacts")
    expect(group.get_by_role("option").first).to_be_visible()
    assert clean(page) == []
    page.keyboard.press("ArrowDown")
    active = field.get_attribute("aria-activedescendant")
    assert page.locator(f"#{active}").get_attribute("aria-selected") == "true"
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("classifier"))
    drawn(page)


def test_details_of_a_version_and_a_run(opened: Opener, service: Service) -> None:
    page = drawn(opened(service.lineage("digits/classifier:v0", sel="digits/classifier:v0")))
    panel = page.locator("#card")
    for term in ("Created", "Type", "Version", "Size", "Digest"):
        expect(panel.locator("dt", has_text=re.compile(f"^{term}$"))).to_be_visible()
    expect(panel.locator(".files .file").first).to_be_visible()
    picture(page, "panel-version")
    panel.locator("details", has_text="Produced by").get_by_role("button", name=re.compile("^train-")).first.click()
    for term in ("State", "Started", "Duration", "Job type", "Command"):
        expect(panel.locator("dt", has_text=re.compile(f"^{term}$"))).to_be_visible()
    expect(panel.get_by_text("Config (", exact=False)).to_be_visible()
    panel.get_by_text("Cypher", exact=True).click()
    expect(panel.locator(".query pre").first).to_contain_text(":param ")
    panel.get_by_role("button", name="Make home").click()
    expect(page).to_have_url(re.compile("#/lineage/digits/runs/"))
    drawn(page)


def test_a_group_is_searched_looked_into_and_taken_apart(opened: Opener, service: Service, dozen: str) -> None:
    page = drawn(opened(service.lineage(f"{dozen}/report:v0")))
    page.locator(".card.run.group .face").click()
    group = page.locator("#cluster")
    heading, members = group.get_by_role("heading", level=2), group.locator(".members li")
    expect(heading).to_have_text("12 work runs")
    expect(members).to_have_count(12)
    group.get_by_role("searchbox").fill("fit7")
    expect(members).to_have_count(1)
    group.get_by_role("button", name="fit7", exact=True).click()
    expect(group.locator(".preview dt", has_text="State")).to_be_visible()
    expect(members).to_have_count(1)
    assert clean(page) == []
    picture(page, "group")
    group.get_by_role("button", name="Take fit7 out of the group").click()
    expect(heading).to_have_text("11 work runs")
    expect(page.locator(".card:not(.group)", has_text="fit7")).to_be_visible()
    expect(page).to_have_url(re.compile("out="))
    group.get_by_role("button", name="Put back").click()
    expect(heading).to_have_text("12 work runs")


def test_a_group_of_ten_thousand_comes_in_pages(opened: Opener, service: Service, sweep: str) -> None:
    page = drawn(opened(service.lineage(f"{sweep}/report:v0")))
    expect(page.locator(".omitted")).to_contain_text("20,000 in 2 groups")
    page.locator(".card.group .face").first.click()
    rows = page.locator("#cluster .members li")
    expect(rows).to_have_count(50)
    page.locator("#cluster .members").evaluate("list => { list.scrollTop = list.scrollHeight; }")
    expect(rows).to_have_count(100)
    page.get_by_role("button", name="Load more").click()
    expect(rows).to_have_count(150)
    page.locator("#cluster").get_by_role("searchbox").fill("9999")
    expect(page.locator("#cluster [role=status]")).to_have_text("1 of 10,000 have this in their name.")


def test_filters_say_what_they_leave_out(opened: Opener, service: Service) -> None:
    page = drawn(opened(service.lineage(RAW)))
    left_out = page.locator(".omitted")
    chip = page.get_by_role("group", name="Types", exact=True).get_by_role("button", name=re.compile("^model"))
    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "true")
    expect(left_out).to_contain_text("filtered out")
    expect(page).to_have_url(re.compile("type=model"))
    page.get_by_role("button", name="Clear all").click()
    expect(left_out).not_to_contain_text("filtered out")
    page.get_by_label("Steps downstream").select_option("1")
    expect(left_out).to_contain_text("beyond the depth shown")
    page.go_back()
    expect(left_out).not_to_contain_text("beyond")


def test_what_is_hidden_is_listed_and_shown_again(opened: Opener, service: Service) -> None:
    page = drawn(opened(service.lineage(RAW)))
    train = page.locator('.card .face[title="digits/digits-train:v0"]')
    train.focus()
    page.keyboard.press("h")
    expect(train).to_have_count(0)
    page.get_by_role("button", name="Hidden: 1").click()
    assert clean(page) == []
    page.get_by_role("button", name="Show digits-train:v0 again").click()
    expect(train).to_be_visible()
    expect(page.locator(".omitted")).not_to_contain_text("hidden")


def test_comparison_and_path(opened: Opener, service: Service) -> None:
    page = drawn(opened(service.lineage("digits/classifier:v0", sel="digits/classifier:v0")))
    page.get_by_role("button", name="Compare with …").click()
    page.locator("#compare").get_by_role("button", name="classifier:v1").click()
    table = page.locator("#compare table").first
    expect(table.get_by_role("columnheader", name="classifier:v0")).to_be_visible()
    expect(page.locator("#compare")).to_contain_text("Config (")
    assert clean(page) == []
    picture(page, "comparison")
    page = drawn(opened(service.lineage("digits/classifier:v0")))
    page.locator(f'.card .face[title="{RAW}"]').press("Enter")
    page.get_by_role("button", name="Path from home").click()
    row = page.locator(".path-row")
    expect(row).to_contain_text("4 steps upstream, 5 on it")
    page.get_by_label("Which paths").select_option("any")
    expect(row).to_contain_text("steps upstream")
    row.get_by_role("button", name="Clear").click()
    expect(row).to_be_hidden()


def test_the_past_is_shown_plainly(opened: Opener, service: Service) -> None:
    page = drawn(opened(service.lineage(RAW)))
    page.get_by_role("button", name="As of now").click()
    page.get_by_label("The lineage as it was, in UTC").fill("2100-11-03T12:00:00")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_role("button", name="As of 3 Nov 2100, 12:00 UTC")).to_be_visible()
    expect(page.locator(".omitted")).to_contain_text("As of 3 Nov 2100, 12:00 UTC")
    page.get_by_role("button", name="As of 3 Nov 2100, 12:00 UTC").click()
    page.get_by_role("button", name="Now", exact=True).click()
    expect(page.get_by_role("button", name="As of now")).to_be_visible()


def test_the_table_has_every_card_and_sorts(opened: Opener, service: Service) -> None:
    page = opened(service.lineage(RAW, tab="table"))
    rows = page.locator("table.lineage tbody tr")
    expect(rows.first).to_be_visible()
    page.get_by_role("button", name="Graph").click()
    drawn(page)
    cards = page.locator(".card").count()
    page.get_by_role("button", name="Table").click()
    expect(rows).to_have_count(cards)
    page.get_by_role("columnheader", name="Name").get_by_role("button").click()
    names = page.locator("table.lineage tbody th button").all_inner_texts()
    expect(page.get_by_role("columnheader", name="Name")).to_have_attribute("aria-sort", "ascending")
    page.get_by_role("columnheader", name="Name").get_by_role("button").click()
    assert page.locator("table.lineage tbody th button").all_inner_texts() != names
    page.emulate_media(media="print")
    expect(page.locator("#sidebar")).to_be_hidden()
    expect(page.locator("table.lineage")).to_be_visible()


EXPORTS: dict[str, Callable[[str], bool]] = {
    "SVG": lambda text: text.startswith("<svg ") and "digits-raw:v0" in text,
    "JSON": lambda text: json.loads(text)["name"] == RAW,
    "Mermaid": lambda text: text.startswith("flowchart LR"),
    "Downstream as CSV": lambda text: len(text.splitlines()) > 20,
}


def test_exports(opened: Opener, service: Service) -> None:
    page = drawn(opened(service.lineage(RAW)))
    for what, right in EXPORTS.items():
        page.get_by_role("button", name="Menu").click()
        with page.expect_download() as download:
            page.locator(".menu").get_by_text(what, exact=True).click()
        assert right(Path(download.value.path()).read_text(encoding="utf-8")), what
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Menu").click()
    with page.expect_download() as download:
        page.locator(".menu").get_by_text("PNG", exact=True).click()
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_stands_in_anybodys_way(opened: Opener, service: Service, scheme: str) -> None:
    whole = service.lineage(RAW, sel=RAW)
    for name, address in {
        "projects": service.url,
        "project": f"{service.url}#/digits",
        "runs": f"{service.url}#/digits?tab=runs",
        "lineage": whole,
        "table": service.lineage(RAW, tab="table"),
    }.items():
        page = opened(address, color_scheme=scheme)
        page.wait_for_load_state("networkidle")
        expect(page.locator("h1")).to_have_count(1)
        assert clean(page) == [], name
        picture(page, f"{name}-{scheme}")
    for button in ("Menu", "As of now"):
        page = drawn(opened(whole, color_scheme=scheme))
        page.get_by_role("button", name=button).click()
        assert clean(page) == [], button
    page.keyboard.press("Escape")
    page.locator("#stage").press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert clean(page) == [], "help"
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_while_the_service_is_away_the_page_stays_and_says_so(opened: Opener, service: Service) -> None:
    page = drawn(opened(service.lineage(RAW), loud=True))
    page.route("**/api/**", lambda route: route.abort())
    page.get_by_label("Steps downstream").select_option("2")
    banner = page.locator("#banner")
    expect(banner).to_contain_text("The service does not answer")
    expect(banner).to_contain_text("Last seen")
    expect(page.locator(".card.home .face")).to_be_visible()
    page.unroute("**/api/**")
    banner.get_by_role("button", name="Try now").click()
    expect(banner).to_be_hidden()
    expect(page.locator(".omitted")).to_contain_text("beyond the depth shown")


def test_what_is_not_there_is_said_in_words(opened: Opener, service: Service) -> None:
    page = opened(service.lineage("digits/nothing:v0"), loud=True)
    expect(page.locator("#stage .note")).to_contain_text("Not recorded. No artifact 'digits/nothing' is recorded")
