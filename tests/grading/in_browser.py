"""A page of ours in a browser, as its tests look at it."""

import contextlib


@contextlib.contextmanager
def shown(browser, file, width, scheme="light"):
    """The page, with its ``complaints``, and what it ``asked`` for; what stands in the file itself is not asked for."""
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.complaints, page.asked = [], []
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("requestfailed", lambda asked: page.complaints.append(asked.url))
    page.on("request", lambda asked: page.asked.extend([asked.url] * (not asked.url.startswith("data:"))))
    page.goto(file.as_uri())
    yield page
    page.close()


def violations(page):
    """Of the rules by which a screen reader finds its way."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]
