"""Opens the page in a browser, for who asked for it."""

import logging
import threading
import webbrowser

log = logging.getLogger(__name__)

IN_A_TERMINAL = frozenset({"www-browser", "links", "elinks", "lynx", "w3m"})
"""Would take over the terminal that shows our log, and draw no needle."""


def open_page(url: str) -> None:
    """Returns at once. Where there is no browser, or it fails, the address is said."""
    threading.Thread(target=_open, args=(url,), name="browser", daemon=True).start()


def _open(url: str) -> None:
    try:
        browser = webbrowser.get()
        usable = getattr(browser, "basename", "") not in IN_A_TERMINAL
        if usable and browser.open(url):
            return
    except webbrowser.Error:
        pass
    log.warning("no browser could be started here; the cluster is at %s", url)
