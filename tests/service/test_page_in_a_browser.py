"""The page at `/` in a real browser: what people do with it, by keys and clicks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

import graphrec as gr
from tests.documents import ROOT
from tests.reports.browser import browsing, complaints, fetched
from tests.service.server import Server, serving

pytestmark = pytest.mark.browser

TOKENS = {
    "GRAPHREC_TOKEN": "read-me",
    "GRAPHREC_EVENTS_TOKEN": "write-me",
    "GRAPHREC_ADMIN_TOKEN": "rule-me",
}
ODD = "a/b? <b>ü</b> #100%&'\"\\ \u202ex"
LOOK = (ROOT / "tests" / "reports" / "look.js").read_text(encoding="utf-8")


class Page:
    """The page in a browser, and what is on it."""

    def __init__(self, browser: webdriver.Chrome, url: str) -> None:
        self.browser, self.url = browser, url

    def one(self, selector: str) -> WebElement:
        return self.browser.find_element("css selector", selector)

    def texts(self, selector: str) -> list[str]:
        script = "return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent)"
        found: list[str] = self.browser.execute_script(script, selector)
        return found

    def until(self, script: str) -> None:
        WebDriverWait(self.browser, 20, 0.05).until(
            lambda one: one.execute_script(f"return Boolean({script})"), script
        )

    def until_listed(self, items: list[str]) -> None:
        WebDriverWait(self.browser, 20, 0.05).until(lambda _: self.listed == items, str(items))

    def see(self, hash_: str, headline: str) -> None:
        self.browser.get(f"{self.url}/{hash_}")
        self.until(f"document.querySelector('{headline}')?.checkVisibility()")

    def user(self, user: str) -> None:
        self.see(f"#/user/{quote(user, safe='')}", "#of-user h2")
        self.until(f"document.querySelector('#of-user h2').textContent === {json.dumps(user)}")
        self.until("document.querySelector('#list li')")

    def slide(self, name: str, value: float) -> None:
        script = """arguments[0].value = arguments[1];
            arguments[0].dispatchEvent(new Event("input", { bubbles: true }))"""
        self.browser.execute_script(script, self.one(f"input[name='{name}']"), value)

    @property
    def listed(self) -> list[str]:
        """Ids of the list."""
        script = """return [...document.querySelectorAll("#list .entry a")]
            .map((one) => decodeURIComponent(one.hash.replace("#/item/", "")))"""
        found: list[str] = self.browser.execute_script(script)
        return found


@pytest.fixture(scope="module")
def protected(saved: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    events = tmp_path_factory.mktemp("page") / "events.db"
    items = str(ROOT / "sample_data" / "films.csv")
    with serving(saved, events, ["--items", items, "--deadline-ms", "20000"], **TOKENS) as running:
        yield running


@pytest.fixture(scope="module")
def page(protected: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """With the tokens given: it asks for them, and refuses wrong ones in words."""
    with browsing(tmp_path_factory.mktemp("browser") / "history", webgl=False) as browser:
        page = Page(browser, protected.url)
        browser.get(f"{protected.url}/")
        page.until("document.querySelector('#ask-token').open")
        page.one("#read-token").send_keys("wrong", Keys.ENTER)
        page.until("document.querySelector('#ask-token').open")
        assert "a bearer token is needed" in page.one("#token-note").text
        page.one("#read-token").clear()
        page.one("#read-token").send_keys("read-me", Keys.TAB, "write-me", Keys.ENTER)
        page.until("document.querySelector('#some-users a')")
        assert not page.one("#problem").is_displayed()
        assert all("401" in line for line in complaints(browser))
        yield page


def test_the_page_has_no_data_and_lets_nothing_else_be_loaded(protected: Server) -> None:
    for path, kind in (("/", "html"), ("/page.js", "javascript"), ("/page.css", "css")):
        answer = protected.client.get(path)  # without a token
        assert answer.status_code == 200
        assert kind in answer.headers["content-type"]
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self';" in policy
        assert "unsafe" not in policy
    colors = (ROOT / "graphrec/reports/templates/colors.css").read_text(encoding="utf-8")
    assert colors in protected.client.get("/page.css").text
    assert protected.client.get("/users").status_code == 401


def test_a_user_is_looked_up_by_keys_alone(page: Page, scorer: gr.Scorer) -> None:
    page.see("", "#welcome h2")
    page.browser.switch_to.active_element.send_keys("/")
    page.browser.switch_to.active_element.send_keys("u03")
    page.until("document.querySelectorAll('#users option').length === 10")
    page.browser.switch_to.active_element.send_keys("1", Keys.ENTER)
    page.until("document.querySelector('#list li')")
    assert page.one("#of-user h2").text == "u031"
    history = scorer.history("u031")
    assert len(page.texts("#history li")) == history.size
    assert history.stars is not None
    stars = {f"★ {one:g}" for one in history.stars.tolist()}
    assert set(page.texts("#history .figure")) == stars
    expected = scorer.recommend(history, 20)
    assert page.listed == [one.item for one in expected]
    bars = page.browser.find_elements("css selector", "#list .parts")
    assert str(bars[0].get_attribute("aria-label")).startswith("walk ")
    assert page.texts("#legend span:not(.swatch)") == ["walk", "als"]


def test_weights_and_diversity_rerank_live(page: Page, scorer: gr.Scorer) -> None:
    page.user("u031")
    usual = page.listed
    page.slide("walk", 0.0)
    weights = {"walk": 0.0, "als": scorer.model.request.blend[1]}
    expected = scorer.recommend(scorer.history("u031"), 20, weights=weights, diversity=0.2)
    page.until_listed([one.item for one in expected])
    new = len(set(page.listed) - set(usual))
    assert page.one("#changes").text.startswith(f"{new} new, ")
    assert page.texts("#list .move").count("new") == new
    page.slide("diversity", 1.0)
    expected = scorer.recommend(scorer.history("u031"), 20, weights=weights, diversity=1.0)
    page.until_listed([one.item for one in expected])
    page.one("#reset").click()
    assert page.listed == usual


def test_an_event_changes_the_list_and_is_in_the_history(page: Page) -> None:
    page.user("u041")
    first, *_ = page.listed
    page.one("#list button").click()
    page.until("document.querySelector('.reasons li')")
    assert "listed, at rank 1" in page.one(".reasons").text
    [button] = [
        one
        for one in page.browser.find_elements("css selector", ".reasons button")
        if one.text == "Add a purchase"
    ]
    button.click()
    page.until("document.querySelector('#changes').textContent.includes('gone')")
    assert first not in page.listed
    assert page.one("#changes").text.split(", ")[2].startswith("1 gone: ")
    hrefs = [
        one.get_attribute("href")
        for one in page.browser.find_elements("css selector", "#history a")
    ]
    assert hrefs[0].endswith(f"#/item/{first}")


def test_what_goes_together_with_an_item(page: Page, scorer: gr.Scorer) -> None:
    page.see("#/item/m260", "#of-item h2")
    assert page.one("#of-item h2").text == "Forty-Six Rockets Sing the Shogun's Blues"
    assert "2005" in page.texts("#columns dd")
    for measure in ("npmi", "lift"):
        page.until("document.querySelector('#measure option')")
        Select(page.one("#measure")).select_by_visible_text(measure)
        related = scorer.related("m260", 20, measure=measure)
        last = quote(str(related[-1].item))
        page.until(f"document.querySelector('#related li:last-child a')?.hash === '#/item/{last}'")
        assert page.texts("#related .rank") == [str(one.rank) for one in related]


def test_ids_of_any_characters_are_text_and_errors_are_words(page: Page) -> None:
    page.user(ODD)
    assert page.texts("#of-user h2 bdi") == [ODD]
    assert "nothing is known" in page.one("#size").text
    assert set(page.texts("#list .tag")) <= {"popular", "trending"}
    page.one("#event-item").send_keys("m260", Keys.TAB, "rating", Keys.TAB, "4.5", Keys.ENTER)
    page.until("document.querySelector('#history .figure')?.textContent === '★ 4.5'")
    assert page.browser.find_elements("css selector", "h2 b") == []
    page.browser.get(f"{page.url}/#/item/{quote('none such', safe='')}")
    page.until("!document.querySelector('#problem').hidden")
    assert page.one("#problem").text == "the model does not know this item"
    page.browser.get(f"{page.url}/#/user/..")
    page.until("document.querySelector('#problem').textContent.includes('cannot hold the id')")
    page.one("#item").clear()
    page.one("#item").send_keys("m26")  # what is offered for it is no answer to the problem
    page.until("document.querySelectorAll('#items option').length > 1")
    assert page.one("#problem").is_displayed()


@pytest.mark.parametrize("view", ["welcome", "of-user", "of-item"])
def test_it_fits_and_stands_out_on_any_screen(view: str, page: Page) -> None:
    if view != "of-user":
        page.see("#/item/m260" if view == "of-item" else "#", f"#{view} h2")
    else:
        page.user("u031")
        page.one("#list button").click()
        page.until("document.querySelector('.reasons li')")
    for width in (390, 1280):
        for dark in (False, True):
            size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
            page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
            scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
            page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
            measured = page.browser.execute_script(LOOK)
            assert measured["wide"] <= width, (width, measured["widest"])
            assert not measured["faint"], (width, dark)
            assert measured["texts"] > 15
    unnamed = """return [...document.querySelectorAll("input, select, button")].filter((one) =>
        !one.labels?.length && !one.textContent.trim()).map((one) => one.outerHTML)"""
    assert page.browser.execute_script(unnamed) == []


def test_nothing_is_fetched_from_elsewhere_and_a_lost_service_is_said(
    page: Page, protected: Server
) -> None:
    assert all(url.startswith(protected.url) for url in fetched(page.browser))
    assert all("404" in line for line in complaints(page.browser))
    page.user("u031")
    assert httpx.get(f"{protected.url}/healthz").status_code == 200
    protected.end()
    page.slide("walk", 0.0)
    page.until("document.querySelector('#problem').textContent.includes('does not answer')")
