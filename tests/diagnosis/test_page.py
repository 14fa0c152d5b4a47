"""The HTML report in a real browser: chromium without a window, through selenium."""

import json
import random
import shutil
import time

import pytest
from support.startups import MS, written_by_hand

from fastimport.diagnosis.record.model import Module, Recording, Thread
from fastimport.diagnosis.report.formats import render

HOSTILE = "</script><script>document.title = 'owned'</script><img src=x onerror=\"document.title='owned'\">"


@pytest.fixture(scope="module")
def browser():
    webdriver = pytest.importorskip("selenium.webdriver", reason="see tests/requirements-reports.txt")
    chromium, driver = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
    if not (chromium and driver):
        pytest.skip("chromium and chromedriver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for each in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1400,1600"):
        options.add_argument(each)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    opened = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield opened
    opened.quit()


@pytest.fixture
def show(browser, tmp_path):
    """Opens the page of a recording; afterwards the console must be empty."""

    def opened(recording):
        path = tmp_path / "report.html"
        path.write_text(render(recording, "html"), encoding="utf-8", errors="surrogatepass")
        browser.get_log("browser")
        browser.get(path.as_uri())
        return Page(browser)

    yield opened
    assert browser.get_log("browser") == []


class Page:
    def __init__(self, browser):
        self.browser = browser

    def run(self, script):
        return self.browser.execute_script(f"return {script}")

    def element(self, selector):
        return self.browser.find_element("css selector", selector)

    def texts(self, selector):
        """In one step: what is drawn anew meanwhile would be stale."""
        return self.run(f"[...document.querySelectorAll({json.dumps(selector)})].map((each) => each.innerText)")

    def click_icicle(self, name):
        """Click the middle of the box of an import, as a person would."""
        from selenium.webdriver import ActionChains

        canvas = self.element("#icicle")
        hit = f"icicle.shown.find((each) => each.node.name === {json.dumps(name)})"
        x, y, width, height = self.run(
            f"[{hit}.x + {hit}.width / 2, {hit}.y + 10, icicle_.clientWidth, icicle_.clientHeight]".replace(
                "icicle_", "document.getElementById('icicle')"
            )
        )
        ActionChains(self.browser).move_to_element_with_offset(canvas, x - width / 2, y - height / 2).click().perform()

    def key(self, key, selector="#icicle"):
        self.element(selector).send_keys(key)

    def names(self):
        return self.texts("#modules tbody tr.pick td:first-child")


def many(size=5000):
    pick = random.Random(1)
    modules, clock, stack = [], 0, []

    def close():
        nonlocal clock
        clock += pick.randint(1, MS // 10)
        stack.pop().end_ns = clock

    for number in range(size):
        while stack and (len(stack) > 40 or pick.random() < 0.45):
            close()
        module = Module(number, f"package{number % 50}.module{number}", stack[-1].id if stack else None, 0, clock, 0)
        module.ns = {"search": pick.randint(1, MS // 20), "execute": pick.randint(1, MS // 20)}
        clock += module.self_ns
        modules.append(module)
        stack.append(module)
    while stack:
        close()
    return Recording("big", "x", "y", clock, modules=modules, threads=[Thread(0, "MainThread", 0, clock, 0)])


def test_a_click_zooms_in_and_keys_zoom_out(show):
    from selenium.webdriver import Keys

    page = show(written_by_hand())
    assert page.run("icicle.zoom === icicle.top") and not page.element("#out").is_enabled()
    narrow = page.run("icicle.shown.find((each) => each.node.name === 'app.core').width")
    page.click_icicle("app.core")
    assert page.run("icicle.zoom.name") == "app.core"
    assert page.run("icicle.shown.find((each) => each.node.name === 'app.core').width") > narrow * 1.5
    assert page.texts("#trail button") == ["all threads", "python main.py", "app", "app.core"]
    assert "app.core" in page.element("#chosen").text and "no bytecode" in page.element("#chosen").text
    page.key(Keys.ESCAPE)
    assert page.run("icicle.zoom.name") == "app"
    page.element("#out").click()
    page.key(Keys.HOME)
    assert page.run("icicle.zoom === icicle.top")


def test_the_keyboard_reaches_everything(show):
    from selenium.webdriver import Keys

    page = show(written_by_hand())
    page.click_icicle("app")
    page.key(Keys.ARROW_DOWN)
    assert page.run("state.chosen.name") == "app.core"
    page.key(Keys.ARROW_RIGHT)
    assert page.run("state.chosen.name") == "fast"
    page.key(Keys.ARROW_LEFT)
    page.key(Keys.ENTER)
    assert page.run("icicle.zoom.name") == "app.core"
    page.key(Keys.ARROW_UP)
    assert page.run("state.chosen.name") == "app"
    page.run("document.querySelector('#modules tr.pick').focus()")
    page.browser.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
    page.browser.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
    page.browser.switch_to.active_element.send_keys(Keys.ENTER)
    assert page.run("state.chosen.name") == "other" == page.run("document.activeElement.item.name")
    page.key("/")
    assert page.run("document.activeElement.id") == "query"


def test_search_filters_the_table_and_dims_the_rest(show):
    page = show(written_by_hand())
    page.element("#query").send_keys("CORE")
    assert page.names() == ["app.core"] and page.element("#matches").text == "1 of 5"
    assert page.run("lookOf(modules[0]).dim") and not page.run("lookOf(modules[1]).dim")
    page.element("#query").clear()
    page.element("#query").send_keys("x\b")
    assert len(page.names()) == 5
    page.element("h1").click()
    page.element("#query").send_keys("other")
    page.key("n", "#modules")
    assert page.run("state.chosen.name") == "other"


def test_the_table_is_sorted_by_any_column(show):
    page = show(written_by_hand())
    heads = page.browser.find_elements("css selector", "#modules th button")
    titles = [head.text for head in heads]
    assert page.names() == ["app.core", "app", "other", "native", "fast"]  # own cost, most first
    heads[titles.index("cumulative")].click()
    assert page.names() == ["app", "app.core", "other", "native", "fast"]
    assert page.browser.find_elements("css selector", "#modules th")[2].get_attribute("aria-sort") == "descending"
    heads[titles.index("cumulative")].click()
    assert page.names() == ["fast", "native", "other", "app.core", "app"]
    heads[titles.index("module")].click()
    assert page.names() == ["app", "app.core", "fast", "native", "other"]


def test_everything_that_was_recorded_has_its_place(show):
    page = show(written_by_hand())
    assert "120.0 ms (median of 3 runs, 118.0 to 131.0), 4 modules, 1 import failed" in page.element("#headline").text
    assert "compile 30.0 ms" in page.element("#legend").text
    assert "A faster finder can save at most" in page.element("#notes").text
    assert page.texts("#failed tr.pick td") == [
        "fast",
        "3.00",
        "/lib/app/__init__.py:2",
        "ModuleNotFoundError: No module named 'fast'",
    ]
    assert "/old/app.py" in page.element("#shadowed").text
    assert "no bytecode" in page.element("#compiled").text
    assert "/src" in page.element("#entries").text
    assert page.run("timeline.shown.map((each) => each.module.name)") == ["app", "app.core", "fast", "native", "other"]
    worker, main = (f"timeline.shown.find((each) => each.module.name === '{name}')" for name in ("other", "app"))
    assert page.run(f"{worker}.y > {main}.y")


def test_a_chosen_module_says_what_removing_it_saves_and_who_imports_it(show):
    from selenium.webdriver import Keys

    page = show(written_by_hand())
    page.click_icicle("app.core")
    said = page.element("#chosen").text
    assert "removing it saves\n50.0 ms" in said
    assert "all 2 importers\napp/__init__.py:1, other.py:7" in said
    page.key(Keys.HOME)
    page.click_icicle("native")
    said = page.element("#chosen").text
    assert "removing it" not in said and "importers" not in said


def test_packages_have_their_totals(show):
    page = show(written_by_hand())
    rows = [text.split("\t") for text in page.texts("#packages tbody tr.pick")]
    assert [row[:3] for row in rows][:2] == [["app", "80.0", "2"], ["other", "20.0", "1"]]
    page.run("document.querySelector('#packages tbody tr.pick').click()")
    assert page.element("#chosen dd").text == "app"


def test_the_timeline_is_zoomed_by_dragging_and_by_keys(show):
    from selenium.webdriver import ActionChains, Keys

    page = show(written_by_hand())
    canvas = page.element("#timeline")
    ActionChains(page.browser).drag_and_drop_by_offset(canvas, 200, 0).perform()
    assert 0 < page.run("timeline.from") < page.run("timeline.to") < 110 * MS
    page.key(Keys.ESCAPE, "#timeline")
    assert (page.run("timeline.from"), page.run("timeline.to")) == (0, 110 * MS)
    page.key("+", "#timeline")
    assert page.run("timeline.to - timeline.from") == 55 * MS


CONTRAST = """(() => {
  const light = (name) => {
    const parts = [1, 3, 5].map((at) => parseInt(colour(name).slice(at, at + 2), 16) / 255);
    const [r, g, b] = parts.map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  };
  const both = [light('%s'), light('on-kind')];
  return Math.max(...both) / Math.min(...both);
})()"""  # of labels on the boxes, as WCAG 2 defines it


WEAK = """(() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const linear = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = (text) => {
    const [red, green, blue] = parse(text).map((v) => linear(v / 255));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05;
  };
  const ground = (each) => {
    for (; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      if (parse(colour)[3] !== 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const hasText = (each) => [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const isShown = (each) => each.checkVisibility() && !each.disabled && hasText(each);
  const texts = [...document.querySelectorAll("body *")].filter(isShown);
  const ratio = (each) => {
    const both = [getComputedStyle(each).color, ground(each)].map(light);
    return Math.max(...both) / Math.min(...both);
  };
  return texts.filter((each) => ratio(each) < 4.5).map((each) => each.tagName + " " + each.innerText.slice(0, 20));
})()"""  # texts with less contrast than WCAG 2 asks at level AA


def test_both_themes_are_drawn(show):
    page = show(written_by_hand())
    colours = set()
    for _ in range(2):
        colours.add(page.run("getComputedStyle(document.body).backgroundColor"))
        for kind in page.run("[...NAMES, 'before', 'outside']"):
            assert page.run(CONTRAST % kind) >= 4.5, kind
        page.element("#theme").click()
        assert page.run(WEAK) == []
    assert len(colours) == 2
    page.element("#theme").click()
    page.browser.refresh()
    assert page.run("document.documentElement.dataset.theme") == "dark", "the choice is kept"
    page.run("localStorage.clear()")
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})
    try:
        page.browser.refresh()
        assert page.run("document.documentElement.dataset.theme") == "dark"
    finally:
        page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_hostile_names_are_text(show):
    recording = written_by_hand()
    recording.program = recording.notes[0] = recording.shadowed[0].name = recording.entries[0].path = HOSTILE
    recording.threads[0].name = recording.threads[1].name = HOSTILE
    for module in recording.modules:
        module.name = module.error = module.origin = module.compiled = HOSTILE
        module.importer = [HOSTILE, 1]
    page = show(recording)
    page.key("n", "#modules")
    page.run("document.querySelector('#modules tr.pick').click()")
    assert page.run("document.title").startswith("Start-up of </script>")
    assert page.run("document.images.length") == 0 and page.run("document.scripts.length") == 2
    assert HOSTILE in page.element("#chosen").text


def test_the_policy_stops_scripts_that_are_not_ours(show, browser):
    page = show(written_by_hand())
    page.run(
        "(() => { const s = document.createElement('script'); s.textContent = 'document.title = 1'; document.body.append(s) })()"
    )
    assert page.run("document.title") == "Start-up of python main.py"
    refused = browser.get_log("browser")
    assert len(refused) == 1 and "Content Security Policy" in refused[0]["message"]


def test_five_thousand_modules_open_quickly(show):
    recording = many()
    start = time.perf_counter()
    page = show(recording)
    assert page.run("icicle.shown.length") > 100
    assert time.perf_counter() - start < 10  # about 0.5 s; a page that draws every row at once takes longer
    assert len(page.names()) < 120
    page.run("document.getElementById('modules').scrollTo(0, 60000)")
    time.sleep(0.2)
    assert page.run("document.querySelectorAll('#modules tr.pick').length") < 120
    page.element("#query").send_keys("module49")
    assert page.element("#matches").text == "111 of 5000"


def test_an_empty_recording_has_a_page(show):
    page = show(Recording("nothing", "x", "y", 0))
    hidden = "[...document.querySelectorAll('h2')].filter((each) => !each.checkVisibility()).map((each) => each.id.slice(2))"
    assert page.run(hidden) == ["changes", "packages", "timeline", "entries", "failed", "compiled", "shadowed"]
