"""Pictures of the HTML report, for the documents and to look at: wide, as narrow as a telephone, and dark.

    fastimport profile -o start.json -m yourapp
    python tools/screenshots.py start.json docs

Needs selenium (tests/requirements-reports.txt), chromium and chromedriver.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

from fastimport.diagnosis.record.reading import from_json
from fastimport.diagnosis.report.formats import render

HEIGHT = 1000
PICTURES = {"page-wide": (1280, "light"), "page-narrow": (500, "light"), "page-dark": (1280, "dark")}
"""Name: width in CSS pixels, colour scheme."""


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recording", type=Path)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--choose", metavar="MODULE", help="the chosen module")
    arguments = parser.parse_args()
    recording = from_json(arguments.recording.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as directory:
        page = Path(directory, "report.html")
        page.write_text(render(recording, "html"), encoding="utf-8")
        address = page.as_uri() + (f"#{arguments.choose}" if arguments.choose else "")
        for name, (width, scheme) in PICTURES.items():
            _take(address, arguments.directory / f"{name}.png", width, scheme)


def _take(address: str, path: Path, width: int, scheme: str) -> None:
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    for each in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(each)
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        metrics = {"width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        browser.get(address)
        browser.save_screenshot(str(path))
    finally:
        browser.quit()


if __name__ == "__main__":
    main()
