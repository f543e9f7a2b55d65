"""Take the pictures of docs/screens from a running demonstration: `python -m tests.browser.screens URL DATA_DIR`.

URL is where `make run` serves, DATA_DIR its data folder: the log-ins are read from `demonstration.txt` there. Where
pngquant is installed (apt-get install pngquant), the pictures are reduced to palettes; the repository stays small.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.eyes import photograph

CHROMIUM = "/usr/bin/chromium"
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FOLDER = Path(__file__).parent.parent.parent / "docs" / "screens"
PASTE = """185.220.101[.]77
hxxps://messagerie-valbrune-mfa[.]top/owa/auth.php
198.51.100.7/33
10.20.30.40
d41d8cd98f00b204e9800998ecf842
9b1c7f0d4e52a8836f7be0c1d2a39f54c6e81b07a2d5f3904be6c71d83fa2e5d
j.martin@univ-rocheval.fr:exemple-de-secret
evil-cas-valbrune[point]top
vu sur le VPN depuis hier soir, merci
185.220.101[.]77"""
LONG = {"api", "search"}  # metres of the same when narrow
PLAIN = {
    "home": "/",
    "search": "/search",
    "feeds": "/tools",
    "connect": "/tools/new?tool=BIND&format=rpz",
    "feed-policy": "/tools/policy",
    "tokens": "/account/tokens",
    "applications": "/members/applications",
    "help": "/help",
    "accessibility": "/accessibility",
    "status": "/status",
    "api": "/api/docs",
    "not-found": "/i/00000000-0000-8000-8000-000000000000",
}


def main() -> None:
    """Log in as the first person of the leaflet, who is also an administrator, and walk through the pages."""
    url, data = sys.argv[1].rstrip("/"), Path(sys.argv[2])
    log_ins = [
        line.split()[1:] for line in (data / "demonstration.txt").read_text().splitlines() if line[:6] == "login "
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        _outside(browser, url)
        _inside(browser, url, *log_ins[0])
        browser.close()
    _reduce(sorted(FOLDER.glob("*.png")))


def _page(browser: Browser) -> Page:
    return browser.new_context(locale="fr-FR", timezone_id="Europe/Paris").new_page()


def _outside(browser: Browser, url: str) -> None:
    page = _page(browser)
    page.goto(f"{url}/accounts/login/")
    photograph(page, FOLDER, "log-in")
    page.goto(f"{url}/accounts/signup/")
    photograph(page, FOLDER, "ask-for-access")
    page.fill("input[name=email]", "lea.garnier@univ-rocheval.fr")
    page.fill("input[name=name]", "Léa Garnier")
    page.fill("input[name=institution]", "Université de Rocheval")
    page.fill("textarea[name=why]", "RSSI adjointe. Thierry Aubanel (INP Mériane) me connaît.")
    for name in ("password1", "password2"):
        page.fill(f"input[name={name}]", "une phrase assez longue 7")
    page.press("input[name=password2]", "Enter")
    page.wait_for_load_state()
    photograph(page, FOLDER, "waiting")


def _inside(browser: Browser, url: str, email: str, password: str) -> None:
    page = _page(browser)
    page.goto(f"{url}/accounts/login/")
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{url}/")
    for name, path in PLAIN.items():
        page.goto(url + path)
        for taken in photograph(page, FOLDER, name):
            if name in LONG and taken.stem.endswith("-390"):
                taken.unlink()
    page.goto(url)
    page.click("#confirmed .value-text")
    page.wait_for_load_state()
    photograph(page, FOLDER, "value")
    if (withdraw := page.get_by_role("link", name="Retirer notre avis")).count():
        withdraw.first.click()
        photograph(page, FOLDER, "withdraw")
    page.goto(f"{url}/search")
    known = [text for text in page.locator("[data-open]").all_inner_texts() if "…" not in text][:5]
    page.get_by_text("Vérifier plusieurs valeurs").click()
    page.fill("#many", "\n".join([*known, "jamais-vu.top", "bonjour à tous"]))
    page.get_by_role("button", name="Vérifier", exact=True).click()
    page.wait_for_load_state()
    photograph(page, FOLDER, "look-up")
    page.goto(f"{url}/share")
    page.fill("#paste", PASTE)
    page.wait_for_selector("table.lines")
    photograph(page, FOLDER, "share")
    page.click("[data-ctrl-enter-button]")
    page.wait_for_url(f"{url}/share/*")
    page.locator("[data-dismiss]").first.click()
    photograph(page, FOLDER, "shared")


def _reduce(paths: list[Path]) -> None:
    """To palettes of 64 colours. Status 98 and 99: some are small or faithful enough as they are."""
    if program := shutil.which("pngquant"):
        options = ["--force", "--ext", ".png", "--skip-if-larger", "--strip", "64"]
        done = subprocess.run([program, *options, *map(str, paths)], check=False)
        assert done.returncode in {0, 98, 99}, done


if __name__ == "__main__":
    main()
