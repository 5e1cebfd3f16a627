"""Looking: projects, the side, the search, cards and what the panel says of them; by click."""

from __future__ import annotations

import re

from tests.browser.conftest import Opener, Service, card, drawn, face, labels, picture


def test_from_the_projects_to_a_lineage(opened: Opener, service: Service) -> None:
    page = opened(service.url)
    page.get_by_role("link", name=re.compile(r"^digits\b")).click()
    side = page.locator("#sidebar")
    side.get_by_role("heading", name=re.compile("^model")).wait_for()
    assert [h.split("\n")[0] for h in side.get_by_role("heading").all_inner_texts()] == [
        "dataset",
        "evaluation",
        "model",
        "report",
    ]
    side.get_by_role("button", name="Versions of classifier").click()
    side.get_by_role("link", name="v5", exact=True).click()
    drawn(page, "classifier:v5", "train-6")
    assert page.url.endswith("#/lineage/digits/classifier:v5")
    assert side.locator(".chosen").inner_text().split("\n") == ["model", "classifier:v5"]
    picture(page, "demo-light")


def test_runs_by_job_type(opened: Opener, service: Service) -> None:
    page = opened(f"{service.url}#/digits?tab=runs")
    side = page.locator("#sidebar")
    side.get_by_role("link", name="train-6", exact=True).first.click()
    drawn(page, "train-6")
    assert "/runs/train-6" in page.url


def test_search_from_anywhere_by_key(opened: Opener, service: Service) -> None:
    page = opened(service.lineage("digits/report:v0"))
    drawn(page, "report:v0")
    page.keyboard.press("/")
    page.keyboard.type("digits/classifier:v5")
    page.get_by_role("option", name=re.compile("classifier:v5")).first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    drawn(page, "classifier:v5", "train-6")


def test_nothing_found_is_said(opened: Opener, service: Service) -> None:
    page = opened(service.url)
    page.keyboard.press("/")
    page.keyboard.type("no such thing anywhere")
    page.get_by_text("Nothing is called like").wait_for()


def test_cards_are_as_people_know_them(opened: Opener, service: Service) -> None:
    page = opened(service.lineage("digits/classifier:best"))
    drawn(page, "classifier:v5", "train-6")
    version, run = card(page, "classifier:v5"), card(page, "train-6")
    assert version.locator(".type").inner_text() == "model"
    assert run.locator(".type").inner_text() == "train"
    colour = "e => getComputedStyle(e).backgroundColor"
    shape = "e => getComputedStyle(e).borderTopLeftRadius"
    assert version.locator(".icon").evaluate(colour) == "rgb(9, 105, 218)"
    assert run.locator(".icon").evaluate(colour) == "rgb(26, 127, 55)"
    assert (version.locator(".icon").evaluate(shape), run.locator(".icon").evaluate(shape)) == ("2px", "50%")
    left = [
        page.locator(f"#stage .card:has(.name:text-is('{name}'))").bounding_box()
        for name in ("train-6", "classifier:v5", "evaluate")
    ]
    xs = [box["x"] for box in left if box]
    assert xs == sorted(xs) and len(set(xs)) == 3, "data flows from left to right"


def test_a_run_tells_all(opened: Opener, service: Service) -> None:
    page = opened(service.lineage("digits/classifier:best"))
    drawn(page, "train-6")
    face(page, "train-6").click()
    panel = page.locator("#panel")
    panel.get_by_text("Command", exact=True).wait_for()
    terms = panel.locator("dt").all_inner_texts()
    assert {"State", "Started", "Duration", "Job type", "Author", "Command"} <= set(terms)
    assert {"Inputs (1)", "Outputs (1)", "Config (2)"} <= {
        h.split("\n")[0] for h in panel.get_by_role("heading").all_inner_texts()
    }
    assert "sel=" in page.url
    panel.get_by_role("button", name="digits-train:v0").click()
    panel.get_by_role("heading", name="digits-train:v0").wait_for()


def test_a_version_tells_all(opened: Opener, service: Service) -> None:
    page = opened(service.lineage("digits/report:v0"))
    drawn(page, "report:v0")
    face(page, "report:v0").click()
    panel = page.locator("#panel")
    panel.get_by_text("Digest", exact=True).wait_for()
    terms = panel.locator("dt").all_inner_texts()
    assert {"Aliases", "Created", "Type", "Version", "Size", "Files", "Digest"} <= set(terms)
    heads = panel.get_by_role("heading").all_inner_texts()
    assert {"Produced by (1)", "Used by (0)", "Cypher"} <= set(heads)
    panel.get_by_text("Cypher", exact=True).click()
    assert "MATCH" in panel.locator("pre").first.inner_text()
    assert panel.get_by_role("link", name="Open in Neo4j Browser").first.get_attribute("href").startswith("http")  # type: ignore[union-attr]


def test_hover_lights_the_neighbours(opened: Opener, service: Service) -> None:
    page = opened(service.lineage("digits/classifier:best"))
    drawn(page, "train-6", "classifier:v5", "evaluate")
    face(page, "train-6").hover()
    page.locator(".hovering .card.lit").nth(2).wait_for()
    lit = set(page.locator(".card.lit .name").all_inner_texts())
    assert {"train-6", "classifier:v5", "digits-train:v0"} == lit
    assert page.locator(".edge.lit").count() == 2
    assert len(labels(page)) > len(lit)


def test_dark_by_the_systems_setting_and_by_choice(opened: Opener, service: Service) -> None:
    page = opened(service.lineage("digits/report:v0", sel="digits/report:v0"), color_scheme="dark")
    drawn(page, "report:v0")
    page.locator("#panel").get_by_role("heading", name="report:v0").wait_for()
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(13, 17, 23)"
    picture(page, "demo-dark")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("radio", name="Light").check()
    assert page.evaluate(ground) == "rgb(246, 248, 250)"


def test_the_table_is_the_same_lineage(opened: Opener, service: Service) -> None:
    page = opened(service.lineage("digits/classifier:best"))
    drawn(page, "train-6")
    shown = sorted(labels(page))
    page.get_by_role("button", name="Table").click()
    rows = page.locator("#table tbody tr")
    rows.first.wait_for()
    assert sorted(page.locator("#table tbody th button").all_inner_texts()) == shown
    assert "tab=table" in page.url
    page.get_by_role("columnheader", name="Name").get_by_role("button").click()
    names = page.locator("#table tbody th button").all_inner_texts()
    assert names == sorted(names, key=str.lower)
    picture(page, "table")
