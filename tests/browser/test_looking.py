"""Looking: projects, the side, the search, cards and what the panel says of them; by click."""

from __future__ import annotations

from tests.browser.conftest import Opener, Service, card, drawn, face, labels, picture


def test_cards_are_as_people_know_them(opened: Opener, service: Service, best: str) -> None:
    page = opened(service.lineage("digits/classifier:best"))
    drawn(page, best, "train-6")
    version, run = card(page, best), card(page, "train-6")
    assert version.locator(".type").inner_text() == "model"
    assert run.locator(".type").inner_text() == "train"
    colour = "e => getComputedStyle(e).backgroundColor"
    shape = "e => getComputedStyle(e).borderTopLeftRadius"
    assert version.locator(".icon").evaluate(colour) == "rgb(9, 105, 218)"
    assert run.locator(".icon").evaluate(colour) == "rgb(26, 127, 55)"
    assert (version.locator(".icon").evaluate(shape), run.locator(".icon").evaluate(shape)) == ("2px", "50%")
    left = [card(page, name).bounding_box() for name in ("train-6", best, "evaluate")]
    xs = [box["x"] for box in left if box]
    assert xs == sorted(xs) and len(set(xs)) == 3, "data flows from left to right"


def test_hover_lights_the_neighbours(opened: Opener, service: Service, best: str) -> None:
    page = opened(service.lineage("digits/classifier:best"))
    drawn(page, "train-6", best, "evaluate")
    face(page, "train-6").hover()
    page.locator(".hovering .card.lit").nth(2).wait_for()
    lit = set(page.locator(".card.lit .name").all_inner_texts())
    assert {"train-6", best, "digits-train:v0"} == lit
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


def test_a_workflow_of_four_thousand_is_read_at_once(opened: Opener, service: Service, montage: str) -> None:
    page = opened(service.lineage(montage))
    drawn(page, "mosaic-color.jpg:v0")
    assert 10 <= page.locator("#stage .card").count() <= 400
    said = page.locator("#filters").inner_text()
    assert "1,735 runs, 2,469 versions" in said and "in 7 groups" in said
    picture(page, "montage")


def test_ten_thousand_consumers_are_one_card(opened: Opener, service: Service, sweep: str) -> None:
    page = opened(service.lineage(f"{sweep}/raw:v0"))
    drawn(page, "raw:v0", "10,000 work runs", "10,000 versions", "report:v0")
    picture(page, "sweep")
