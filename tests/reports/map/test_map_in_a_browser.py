"""Walking through the map of the items in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from graphrec.reports.map.page import explorer_page
from tests.reports.browser import browsing, complaints, fetched
from tests.reports.explored import ALONE, HOSTILE, made_up

pytestmark = pytest.mark.browser

ITEMS = 31


class Visitor:
    """Somebody who looks at the page, types and clicks."""

    def __init__(self, browser: webdriver.Chrome, page: Path) -> None:
        self.browser = browser
        self.page = page

    def open(self, fragment: str = "") -> None:
        self.browser.get("about:blank")
        self.browser.get(f"file://{self.page}{fragment}")
        self.until("return 'ready' in document.documentElement.dataset")

    def until(self, script: str) -> None:
        WebDriverWait(self.browser, 60).until(lambda browser: browser.execute_script(script))

    def one(self, selector: str) -> WebElement:
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def type(self, *keys: str) -> None:
        ActionChains(self.browser).send_keys(*keys).perform()

    @property
    def selected(self) -> str:
        script = "return document.querySelector('#panel h2').innerText.trim()"
        text: str = self.browser.execute_script(script)  # in one step: the panel is made anew
        return text

    def selects(self, name: str) -> None:
        WebDriverWait(self.browser, 60).until(lambda _: self.selected == name)


def page_of(folder: Path, items: int) -> Path:
    page = folder / "page.html"
    html = explorer_page(made_up(items), title="Map of the items", report="_report.html")
    page.write_text(html, encoding="utf-8")
    return page


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    folder = tmp_path_factory.mktemp("explorer")
    with browsing(folder / "history") as browser:
        yield Visitor(browser, page_of(folder, ITEMS))


def test_the_map_is_drawn_without_a_complaint_and_without_a_network(visitor: Visitor) -> None:
    visitor.open()
    assert visitor.one("html").get_attribute("data-ready") == "map"
    assert len(visitor.all("#canvas canvas")) > 3
    assert not visitor.one("#no-map").is_displayed()
    assert complaints(visitor.browser) == []
    assert fetched(visitor.browser) == []
    panel = visitor.one("#panel").text
    assert f"The {ITEMS} most popular of 93 items" in panel
    assert "12 of 70 users, drawn by lot" in panel


def test_the_keyboard_is_enough(visitor: Visitor) -> None:
    visitor.open()
    visitor.type("/")
    assert visitor.browser.switch_to.active_element.get_attribute("id") == "search"
    visitor.type("fílm 1")  # accents do not count
    listed = visitor.all("#found [role=option]")
    assert [one.text for one in listed][:3] == ["Film 10", "Film 11", "Film 12"]
    visitor.type(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_UP)
    active = visitor.one("#search").get_attribute("aria-activedescendant")
    assert visitor.one(f"#{active}").text == "Film 11"
    assert visitor.one(f"#{active}").get_attribute("aria-selected") == "true"
    visitor.type(Keys.ENTER)
    visitor.selects("Film 11")
    assert "Film 11 is selected" in visitor.one("#announcement").get_attribute("textContent")
    visitor.type("nobody")
    assert "Nothing on this page" in visitor.one("#found").text
    visitor.type(Keys.ESCAPE)
    assert not visitor.one("#found").is_displayed()
    visitor.type(Keys.ESCAPE, Keys.ESCAPE)  # out of the search, and back to the map
    visitor.selects("The whole map")
    assert complaints(visitor.browser) == []


def test_one_walks_by_clicks_and_back(visitor: Visitor) -> None:
    visitor.open("#item-5")
    visitor.selects("Film 5")
    neighbour = visitor.one("#panel .rows a")
    name = neighbour.find_element(By.CSS_SELECTOR, "bdi").text
    for measure in ("users", "confidence", "lift", "cosine", "jaccard", "llr", "support"):
        assert measure in neighbour.text
    neighbour.click()
    visitor.selects(name)
    visitor.browser.back()
    visitor.selects("Film 5")
    visitor.open("#user-1")
    visitor.selects("person 1")
    assert "and 2 items that are not on this page" in visitor.one("#panel").text
    visitor.one("#panel .rows a[href='#user-2']").click()
    visitor.selects("person 2")


def test_a_click_on_the_map_selects(visitor: Visitor) -> None:
    visitor.open(f"#community-{ALONE}")  # of one item, which is in the middle then
    visitor.selects(f"Community {ALONE}")
    ActionChains(visitor.browser).move_to_element(visitor.one("#canvas")).click().perform()
    visitor.selects(f"Film {ITEMS - 1}")
    assert complaints(visitor.browser) == []


WATCH_LABELS = """
  window.frame = [];
  const { fillText, clearRect } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.clearRect = function (...given) {
    if (this.canvas.classList.contains("sigma-labels")) window.frame = [];
    return clearRect.apply(this, given);
  };
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
    if (this.canvas.classList.contains("sigma-labels")) {
      window.frame.push({ text, left: x, right: x + this.measureText(text).width, y });
    }
    return fillText.call(this, text, x, y);
  };
"""


def test_names_on_the_map_never_lie_on_each_other(visitor: Visitor) -> None:
    watching = visitor.browser.execute_cdp_cmd(
        "Page.addScriptToEvaluateOnNewDocument", {"source": WATCH_LABELS}
    )
    try:
        for fragment in ("", "#item-5", f"#item-{ITEMS - 3}", "#user-1", "#community-2"):
            visitor.open(fragment)
            visitor.browser.execute_async_script("setTimeout(arguments[0], 700)")
            least = 2 if fragment.startswith(("#item", "#user")) else 0  # neighbours have names
            WebDriverWait(visitor.browser, 30).until(
                lambda browser, least=least: (
                    len(browser.execute_script("return window.frame")) >= least
                )
            )
            labels = visitor.browser.execute_script("return window.frame")
            for one, other in combinations(labels, 2):
                assert (
                    one["right"] <= other["left"]
                    or other["right"] <= one["left"]
                    or abs(one["y"] - other["y"]) >= 12
                ), (fragment, one, other)
    finally:
        visitor.browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", watching)


def test_focus_stays_where_it_was(visitor: Visitor) -> None:
    def focused() -> str:
        script = """const at = document.activeElement;
          return at.getAttribute("href") || at.id || at.tagName"""
        found: str = visitor.browser.execute_script(script)
        return found

    visitor.open()
    link = visitor.one("#panel .rows a[href='#item-5']")
    visitor.browser.execute_script("arguments[0].focus()", link)
    visitor.type(Keys.ENTER)
    visitor.selects("Film 5")
    assert focused() == "H2"  # of what is new, not lost at the top of the page
    visitor.browser.back()
    visitor.selects("The whole map")
    assert focused() == "#item-5"  # where it was left
    visitor.open("#item-5")
    visitor.one(".filters summary").click()
    visitor.one("#measure").send_keys("lift")
    assert focused() == "measure"
    visitor.one("#whole").click()
    assert focused() == "whole"


def test_filters_hide_edges(visitor: Visitor) -> None:
    visitor.open("#item-6")
    visitor.selects("Film 6")
    before = len(visitor.all("#panel .rows .bar"))
    kept, every = visitor.one("#kept").text.split(" of ")
    assert kept == every
    visitor.one(".filters summary").click()
    visitor.one("#measure").send_keys("lift")
    visitor.one("#least").send_keys(Keys.END)
    visitor.until("return document.getElementById('kept').textContent.startsWith('1 of')")
    assert visitor.one("#least-value").text.startswith("≥")
    assert len(visitor.all("#panel .rows .bar")) < before
    visitor.one("#least").send_keys(Keys.HOME)
    assert len(visitor.all("#panel .rows .bar")) == before
    visitor.one("#common").send_keys(Keys.END)
    assert "user" in visitor.one("#common-value").text
    assert len(visitor.all("#panel .rows .bar")) < before


def test_names_that_want_to_be_code_are_only_read(visitor: Visitor) -> None:
    visitor.open("#item-0")
    visitor.selects(HOSTILE[0])
    visitor.type("/", "onerror=alert")
    [found] = visitor.all("#found [role=option]")
    assert "<!--<img src=x onerror=alert(2)>" in found.text
    visitor.type(Keys.ENTER)
    visitor.until("return location.hash === '#item-1'")
    visitor.open("#user-0")
    visitor.selects(HOSTILE[0])
    assert visitor.all("img") == []
    assert complaints(visitor.browser) == []  # an alert would have failed every step above


@pytest.fixture(scope="module")
def large_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return page_of(tmp_path_factory.mktemp("large"), 5000)


@pytest.mark.parametrize(("width", "dark"), [(1300, True), (420, False)], ids=["dark", "narrow"])
def test_five_thousand_items_on_any_screen(
    large_page: Path, tmp_path: Path, width: int, dark: bool
) -> None:
    with browsing(tmp_path / "history", width=width, dark=dark) as browser:
        visitor = Visitor(browser, large_page)
        visitor.open()
        assert visitor.one("html").get_attribute("data-ready") == "map"
        visitor.type("/", "film 4321", Keys.ENTER)
        visitor.selects("Film 4321")
        assert visitor.all("#panel .rows a")
        assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
        assert (
            browser.execute_script("return matchMedia('(prefers-color-scheme: dark)').matches")
            is dark
        )
        assert complaints(browser) == []
        assert fetched(browser) == []


def test_without_webgl_it_says_so_and_the_lists_work(tmp_path: Path) -> None:
    with browsing(tmp_path / "history", webgl=False) as browser:
        visitor = Visitor(browser, page_of(tmp_path, ITEMS))
        visitor.open()
        assert visitor.one("html").get_attribute("data-ready") == "lists"
        assert "no WebGL" in visitor.one("#no-map").text
        visitor.type("/", "film 9", Keys.ENTER)
        visitor.selects("Film 9")
        visitor.one("#panel .rows a").click()
        WebDriverWait(browser, 60).until(lambda _: visitor.selected != "Film 9")
        assert complaints(browser) == []
