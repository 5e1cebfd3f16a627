"""The picture itself: what is added moves nothing, keys lead from card to card, cards are dragged; it can be read and heard."""

from __future__ import annotations

import re

import pytest

from tests.browser.conftest import Opener, Service, picture

sync = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install 'lineage-graph[test]'")
Axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe: pip install 'lineage-graph[test]'").Axe
expect = sync.expect

MODEL = "digits/classifier:v0"
PLACES = """() => Object.fromEntries([...document.querySelectorAll('.card')].map(card => {
  const { x, y } = card.querySelector('.face').getBoundingClientRect();
  return [card.dataset.id, [Math.round(x), Math.round(y)]];
}))"""
FOCUSED = "() => document.activeElement.closest('.card')?.dataset.id ?? null"


def drawn(page: sync.Page) -> sync.Page:
    """The page, when its cards stand still."""
    expect(page.locator(".card.home .face")).to_be_visible()
    page.wait_for_function("() => document.getAnimations().every(one => one.playState !== 'running')")
    return page


def test_what_is_added_moves_nothing_and_focus_stays(opened: Opener, service: Service) -> None:
    page = drawn(opened(service.lineage(MODEL)))
    before = page.evaluate(PLACES)
    page.locator(".card .grow.down").first.click()
    expect(page.locator("#status")).to_have_text(re.compile(r"^\d+ cards? added downstream\.$"))
    after = drawn(page).evaluate(PLACES)
    assert len(after) > len(before)
    moved = {id: (at, after[id]) for id, at in before.items() if id in after and at != after[id]}
    assert not moved, moved
    assert page.evaluate(FOCUSED) in before
    picture(page, "stage-expanded")


def test_keys_lead_from_card_to_card_and_focus_is_never_lost(opened: Opener, service: Service) -> None:
    page = drawn(opened(service.lineage(MODEL)))
    assert page.locator(".face[tabindex='0']").count() == 1
    home = page.locator(".card.home").get_attribute("data-id")
    page.locator(".card.home .face").focus()
    page.keyboard.press("ArrowLeft")
    left = page.evaluate(FOCUSED)
    assert left not in (None, home)
    assert page.evaluate(PLACES)[left][0] < page.evaluate(PLACES)[home][0]
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("h")
    expect(page).to_have_url(re.compile("hide="))
    expect(page.locator("#status")).to_have_text(re.compile("gone"))
    assert page.evaluate(FOCUSED) is not None
    page.keyboard.press("Home")
    assert page.evaluate(FOCUSED) == home
    page.keyboard.press("ArrowRight")
    there = page.evaluate(FOCUSED)
    if page.locator(f".card[data-id='{there}'].group").count() == 0:
        page.keyboard.press("t")
        expect(page.locator(f".card.home[data-id='{there}'] .face")).to_be_focused()
        page.go_back()
        expect(page.locator(f".card.home[data-id='{home}'] .face")).to_be_focused()


def test_a_card_is_dragged_the_wheel_zooms_at_the_pointer_and_tidy_puts_all_back(opened: Opener, service: Service) -> None:
    page = drawn(opened(service.lineage(MODEL)))
    face = page.locator(".card.home .face")
    box = face.bounding_box()
    assert box is not None
    x, y = box["x"] + 40, box["y"] + 15
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 150, steps=4)
    page.mouse.up()
    expect(page.locator(".card.home.pinned")).to_be_visible()
    dragged = face.bounding_box()
    assert dragged is not None and abs(dragged["y"] - box["y"] - 150) < 3
    expect(page.locator("#panel")).to_be_hidden()  # a drag chooses nothing
    zoom = page.locator(".zoom output")
    before = zoom.inner_text()
    page.mouse.wheel(0, -200)
    expect(zoom).not_to_have_text(before)
    larger = face.bounding_box()
    assert larger is not None and larger["width"] > dragged["width"]
    at = [(x - one["x"]) / one["width"] for one in (dragged, larger)]
    assert abs(at[0] - at[1]) < 0.02
    page.get_by_role("button", name="Tidy").click()
    expect(page.locator(".card.pinned")).to_have_count(0)
    for _ in range(8):
        page.get_by_role("button", name="Zoom out").click()
    expect(page.locator(".viewport.far")).to_be_visible()


def test_all_cards_are_named_and_stand_in_named_levels(opened: Opener, service: Service) -> None:
    page = drawn(opened(service.lineage("digits/digits-raw:v0")))
    names = page.locator(".card .face").evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
    assert len(names) > 5 and all(names)
    assert sum(name.startswith("home, ") for name in names) == 1
    levels = page.locator("#stage").get_by_role("list")
    said = levels.evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
    assert all(re.search(r"upstream|downstream|level of home", one) for one in said), said
    assert levels.get_by_role("listitem").count() == len(names)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read(opened: Opener, service: Service, scheme: str) -> None:
    page = drawn(opened(service.lineage(MODEL, path="digits/digits-raw:v0") + f"&path={MODEL}", color_scheme=scheme))
    expect(page.locator(".layer.path .card.on-path")).not_to_have_count(0)
    drawn(page).mouse.move(2, 400)
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["target"] for node in one["nodes"][:3]]) for one in found] == []
    picture(page, f"stage-{scheme}")


def test_a_narrow_window_has_its_side_behind_a_button(opened: Opener, service: Service) -> None:
    page = drawn(opened(service.lineage(MODEL), width=390, height=780))
    side = page.locator("#sidebar")
    expect(side).to_be_hidden()
    page.get_by_role("button", name="Artifacts and runs").click()
    expect(side).to_be_visible()
    page.keyboard.press("Escape")
    expect(side).to_be_hidden()
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    picture(page, "stage-narrow")
