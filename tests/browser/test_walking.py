"""Walking: expand, hide, take out, filter, paths, times; the address is the view, and Back works."""

from __future__ import annotations

import json
import re
from datetime import timedelta

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
    assert page.locator("#status").inner_text() == "1 card added."
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


def test_hide_and_show_again(opened: Opener, service: Service) -> None:
    page = opened(service.lineage("digits/classifier:best"))
    drawn(page, "train-6", "evaluate")
    card(page, "evaluate").hover()
    page.get_by_role("button", name="Hide: evaluate").click()
    card(page, "evaluate").wait_for(state="detached")
    assert "hide=digits%2Fruns%2Fevaluate" in page.url
    assert page.locator(".edge.via").count() >= 1, "what went through it is still connected"
    page.locator("#filters").get_by_role("button", name=re.compile("idden")).click()
    page.get_by_role("button", name=re.compile("^Show .*evaluate")).click()
    drawn(page, "evaluate")


def test_filters(opened: Opener, service: Service) -> None:
    page = opened(service.lineage("digits/report:v0"))
    drawn(page, "report:v0")
    filters = page.locator("#filters")
    filters.get_by_role("button", name=re.compile("^dataset")).click()
    page.wait_for_url(re.compile("type=dataset"))
    until(page, "![...document.querySelectorAll('#stage .card .name')].some(n => n.textContent.startsWith('evaluation:'))")
    assert "report:v0" in labels(page), "home stays"
    assert "filtered out" in filters.inner_text()
    filters.get_by_role("button", name=re.compile("^Full lineage")).click()
    page.wait_for_url(re.compile("scope=full"))
    page.go_back()
    page.go_back()
    drawn(page, "evaluation:v0")
    assert "type=" not in page.url


def test_take_one_out_of_a_cluster_and_put_it_back(opened: Opener, service: Service, sweep40: str) -> None:
    page = opened(service.lineage(f"{sweep40}/raw:v0"))
    drawn(page, "raw:v0", "report:v0", "40 work runs")
    face(page, "40 versions of model").click()
    cluster = page.locator("#cluster")
    cluster.get_by_role("button", name="Take model:v0 out of the group").wait_for()
    cluster.get_by_role("searchbox").fill("model:v17")
    cluster.get_by_text("1 of 40").wait_for()
    cluster.get_by_role("button", name="model:v17", exact=True).click()
    cluster.get_by_text("Digest", exact=True).wait_for()
    picture(page, "cluster")
    cluster.get_by_role("button", name="Take model:v17 out of the group").click()
    drawn(page, "model:v17", "39 versions of model")
    assert "out=" in page.url
    cluster.get_by_role("button", name="Put back").click()
    drawn(page, "40 versions of model")


def test_the_list_of_a_cluster_loads_on(opened: Opener, service: Service, sweep: str) -> None:
    page = opened(service.lineage(f"{sweep}/report:v0"))
    drawn(page, "report:v0", "10,000 versions of model")
    face(page, "10,000 versions of model").click()
    members = page.locator("#cluster .members li")
    members.nth(49).wait_for()
    page.locator("#cluster .members").evaluate("e => e.scrollTo(0, e.scrollHeight)")
    members.nth(99).wait_for()
    page.locator("#cluster").get_by_text("100 of 10,000 listed.").wait_for()


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


def test_as_it_was(opened: Opener, service: Service, chain: str) -> None:
    then = (worlds.START + timedelta(minutes=4, seconds=30)).strftime("%Y-%m-%dT%H:%M:%S")
    page = opened(service.lineage(f"{chain}/v:v0"))
    drawn(page, "v:v0", "r11")
    page.get_by_role("button", name="As of now").click()
    page.get_by_label("The lineage as it was, in UTC").fill(then)
    page.get_by_role("button", name="Show", exact=True).click()
    card(page, "r11").wait_for(state="detached")
    drawn(page, "v:v4")
    assert "v:v5" not in labels(page)
    page.get_by_role("button", name=re.compile("As of 5 Jan 2026")).wait_for()
    page.go_back()
    drawn(page, "r11")


def test_compare(opened: Opener, service: Service) -> None:
    page = opened(
        service.lineage("digits/classifier:v0", sel="digits/classifier:v0", vs="digits/classifier:v0")
        + "&vs=digits%2Fclassifier%3Av5"
    )
    panel = page.locator("#panel")
    panel.get_by_text("gamma").first.wait_for()
    assert "classifier:v5" in panel.inner_text()
    picture(page, "compare")


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
