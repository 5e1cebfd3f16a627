"""Walking: expand, hide, take out, filter, paths, times; the address is the view, and Back works."""

from __future__ import annotations

import json
import re

import pytest

from lineage_graph.events import new_uid
from lineage_graph.graph import Graph
from tests import worlds
from tests.browser.conftest import Opener, Service, card, drawn, face, labels, picture, places, until


@pytest.fixture(scope="module")
def sweep40(graph: Graph) -> str:
    """A project with 40 trainings on one data set."""
    project = f"fits{new_uid()[-8:]}"
    worlds.record(graph, project, worlds.wide_sweep(40))
    return project


@pytest.fixture(scope="module")
def looped(graph: Graph) -> str:
    """A project whose two runs make each other's input."""
    project = f"loop{new_uid()[-8:]}"
    worlds.record(graph, project, worlds.cycle())
    return project


@pytest.fixture(scope="module")
def chain(graph: Graph) -> str:
    project = f"chain{new_uid()[-8:]}"
    worlds.record(graph, project, worlds.long_chain(12))
    return project


def test_expanding_moves_nothing_that_is_there(opened: Opener, service: Service, chain: str) -> None:
    page = opened(service.lineage(f"{chain}/v:v6", up="1", down="1"))
    drawn(page, "v:v6", "r6", "r7")
    before = places(page)
    on_screen = face(page, "v:v6").bounding_box()
    card(page, "r6").get_by_role("button", name=re.compile("upstream of r6")).click()
    drawn(page, "v:v5")
    card(page, "r7").get_by_role("button", name=re.compile("downstream of r7")).click()
    drawn(page, "v:v7")
    page.wait_for_timeout(400)
    after = places(page)
    assert {key: after[key] for key in before} == before
    assert face(page, "v:v6").bounding_box() == on_screen
    assert page.locator("#status").inner_text() == "1 card added downstream."
    page.go_back()
    card(page, "v:v7").wait_for(state="detached")
    assert "v:v5" in labels(page)


def test_by_key_as_well(opened: Opener, service: Service, chain: str) -> None:
    page = opened(service.lineage(f"{chain}/v:v6", up="1", down="1"))
    drawn(page, "v:v6", "r6", "r7")
    face(page, "v:v6").focus()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("work run r6")
    page.keyboard.press("E")
    drawn(page, "v:v5")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("work run r6"), "the focus stays"
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("e")
    drawn(page, "v:v7")
    page.keyboard.press("h")
    card(page, "r7").wait_for(state="detached")
    page.keyboard.press("Enter")
    page.locator("#panel").get_by_role("heading").first.wait_for()
    page.keyboard.press("Escape")
    page.locator("#panel").wait_for(state="hidden")
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keys").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog", name="Keys").wait_for(state="hidden")


def test_the_path_between_two_cards(opened: Opener, service: Service) -> None:
    page = opened(service.lineage("digits/report:v0"))
    drawn(page, "report:v0", "split")
    face(page, "report:v0").focus()
    page.keyboard.press("p")
    page.get_by_role("button", name="Fit the whole lineage").click()
    face(page, "split").click()
    page.locator(".path .card.on-path").nth(3).wait_for()
    on = set(page.locator(".card.on-path .name").all_inner_texts())
    assert {"report:v0", "report", "split"} <= on and len(on) < len(labels(page))
    assert page.locator(".edge.on-path").count() == len(on) - 1
    assert page.url.count("path=") == 2
    picture(page, "path")
    page.reload()
    page.locator(".path .card.on-path").nth(3).wait_for()
    page.locator("#filters").get_by_role("button", name="Clear").first.click()
    page.locator(".path").wait_for(state="detached")


def test_a_circle_is_drawn_as_one(opened: Opener, service: Service, looped: str) -> None:
    page = opened(service.lineage(f"{looped}/c:v0"))
    drawn(page, "there", "back", "c:v0")
    assert page.locator(".edge.back").count() == 1
    assert page.locator(".card.loop").count() >= 2
    assert "in a circle" in (face(page, "there").get_attribute("aria-label") or "")
    picture(page, "circle")


def test_drag_zoom_and_fit(opened: Opener, service: Service) -> None:
    page = opened(service.lineage("digits/classifier:best"))
    drawn(page, "train-6")
    box = face(page, "train-6").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 60, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 80, box["y"] + 130, steps=5)
    page.mouse.up()
    page.wait_for_timeout(400)
    moved = face(page, "train-6").bounding_box()
    assert moved is not None and abs(moved["y"] - box["y"] - 120) < 6
    assert page.locator("#panel").is_hidden(), "a drag chooses nothing"
    zoomed = page.locator(".zoom output")
    before = zoomed.inner_text()
    page.mouse.move(700, 600)
    page.mouse.wheel(0, 400)
    until(page, f"document.querySelector('.zoom output').textContent !== {json.dumps(before)}")
    page.get_by_role("button", name="Fit the whole lineage").click()
    page.wait_for_timeout(100)
    view = page.locator(".viewport").bounding_box()
    boxes = [c.bounding_box() for c in page.locator("#stage .card").all()]
    assert view and all(b and b["x"] >= view["x"] - 1 and b["x"] + b["width"] <= view["x"] + view["width"] + 1 for b in boxes)


def test_an_address_is_a_view(opened: Opener, service: Service) -> None:
    page = opened(service.lineage("digits/report:v0", up="3", hide="digits/runs/evaluate", sel="digits/report:v0"))
    drawn(page, "report:v0")
    page.locator("#panel").get_by_role("heading", name="report:v0").wait_for()
    first, url = sorted(labels(page)), page.url
    page.reload()
    drawn(page, "report:v0")
    page.locator("#panel").get_by_role("heading", name="report:v0").wait_for()
    assert (sorted(labels(page)), page.url) == (first, url)
    other = opened(url)
    drawn(other, "report:v0")
    assert sorted(labels(other)) == first
