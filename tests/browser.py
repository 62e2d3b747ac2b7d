"""A real Chromium that sees nothing but this machine, and the accessibility check of its pages."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Request, sync_playwright

from config import demo

SIZES = {"phone": (390, 844), "desktop": (1280, 900)}
"""Width and height of the window in CSS pixels."""

FLAGS = [
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


@contextmanager
def chromium(executable: str) -> Iterator[Browser]:
    """Run Chromium until the block ends."""
    # Playwright keeps an event loop in this thread, which Django takes for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:

        def launch(*, sandbox: bool) -> Browser:
            return playwright.chromium.launch(executable_path=executable, chromium_sandbox=sandbox, args=FLAGS)

        try:
            browser = launch(sandbox=True)
        except Error:  # root and most containers cannot have one; it opens only pages of ours
            browser = launch(sandbox=False)
        yield browser
        browser.close()


class Windows:
    """Opens pages, each with cookies of its own as if on another device, and remembers what must not happen."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.contexts: list[BrowserContext] = []
        self.faults: list[str] = []

    def open(self, size: str = "desktop", **options: Any) -> Page:
        """Return a blank page as wide as a "phone" or a "desktop"; `options` go to Playwright's `new_context`."""
        width, height = SIZES[size]
        touch = {"has_touch": True, "is_mobile": True} if size == "phone" else {}
        settings: dict[str, Any] = {"locale": "id-ID", "timezone_id": "Asia/Jakarta", "reduced_motion": "reduce"}
        context = self.browser.new_context(viewport={"width": width, "height": height}, **settings | touch | options)
        context.set_default_timeout(15_000)  # milliseconds
        self.contexts.append(context)
        context.on("request", self.on_request)
        context.on("console", self.on_console)
        context.on("weberror", lambda error: self.faults.append(f"script error: {error.error}"))
        return context.new_page()

    def on_request(self, request: Request) -> None:
        """Remember requests to anywhere else: a page of ours needs nobody."""
        where = urlsplit(request.url)
        if where.scheme in ("http", "https", "ws", "wss") and where.hostname != "127.0.0.1":
            self.faults.append(f"request to another host: {request.url}")

    def on_console(self, message: ConsoleMessage) -> None:
        """Remember what the Content-Security-Policy stopped."""
        if "Content Security Policy" in message.text or "Content-Security-Policy" in message.text:
            self.faults.append(message.text)

    def close(self) -> None:
        """Close all pages; AssertionError when one of them did what it must not."""
        for context in self.contexts:
            context.close()
        assert not self.faults, "\n".join(self.faults)


def sign_in(page: Page, base_url: str, address: str, password: str = demo.PASSWORD) -> None:
    """Sign in as a person does, and wait for the page after it; AssertionError when we are not let in."""
    page.goto(f"{base_url}{reverse('account_login')}")
    page.fill("input[name=login]", address)
    page.fill("input[name=password]", password)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "/login/" not in page.url, page.inner_text("main")


def assert_accessible(page: Page) -> None:
    """Fail with every axe-core violation on the page: the rule, why it matters, and each element."""
    page.wait_for_load_state()
    violations = Axe().run(page).response["violations"]
    lines = []
    for violation in violations:
        lines.append(f"\n{violation['id']} ({violation['impact']}): {violation['help']}")
        for node in violation["nodes"]:
            lines += [f"  {node['target']}  {node['html'][:200]}", f"    {node['failureSummary']}"]
    assert not violations, f"{page.url} ({page.title()})" + "\n".join(lines)


def assert_fits(page: Page) -> None:
    """Fail when the page can be scrolled sideways."""
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0, f"{page.url} is {wider} pixels wider than the window"
