"""The page in a real browser: the same needles and lamps as on the hardware, live, gone and back."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gauge_mqtt.contract.dials import PARK_DEG, face_deg
from gauge_mqtt.homeassistant.discovery import HOME
from gauge_mqtt.sinks.http.pages import STATIC
from tests.support.axe import axe_source
from tests.support.browser import Tab, browser
from tests.support.http import ServedSink, behind_a_prefix
from tests.support.mqtt import usage
from tests.vectors.propose import paths

pytestmark = pytest.mark.skipif(browser() is None, reason="no Chromium here")
CLUSTER = "document.querySelector('claude-gauge-cluster')"


@pytest.fixture(scope="module")
def served() -> Iterator[ServedSink]:
    with ServedSink() as sink:
        yield sink


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with Tab(width=1280, height=800) as tab:
        yield tab


def goes_to(*targets: float) -> str:
    """A JavaScript condition: the needles' targets, in degrees from the top."""
    near = " && ".join(f"Math.abs({CLUSTER}.targets[{i}] - {deg}) < 0.1" for i, deg in enumerate(targets))
    return f"{CLUSTER}?.targets && {near}"


PARKED = goes_to(*[face_deg(PARK_DEG)] * 3) + f" && {CLUSTER}.lit.join() === 'stall'"
BUSY = usage(rate_1m=5200, redline=8000, needle_5h=500, needle_tach=1000, needle_7d=0, last_model="opus", hot=True)
SHOWN = goes_to(0, 120, -120) + f" && {CLUSTER}.lit.join() === 'opus,hot'"


def test_a_small_screen_has_in_words_what_its_captions_are_too_small_for(served: ServedSink) -> None:
    served.show(BUSY.model_copy(update={"window_5h_pct": 0.5, "window_7d_pct": None}))
    readings = (
        "[...document.querySelectorAll('#words .reading')].filter(it => it.checkVisibility()).map(it => it.innerText)"
    )
    with Tab(width=390, height=844) as phone:
        phone.go(served.url)
        phone.becomes(f"{CLUSTER}?.usage")
        assert [reading.split("\n")[-1] for reading in phone.value(readings)] == [
            "50 %",
            "5,200",
            "unknown",
            "OPUS, HOT",
        ]
        phone.value(axe_source() + "; true")
        assert phone.value("axe.run().then(found => found.violations.map(v => v.id))") == []
        phone.go(f"{served.url}/?kiosk")
        phone.becomes(f"{CLUSTER}?.usage")
        shown = "[...document.querySelectorAll('#words div, nav')].filter(it => it.checkVisibility()).length"
        assert phone.value(f"[{shown}, {readings}.length]") == [4, 4]
        phone.resize(1280, 800)
        assert phone.value(readings) == []


@pytest.mark.parametrize(("source", "name"), [("demo", "Claude Gauge, DEMO"), ("replay", "Claude Gauge, REPLAY")])
def test_who_hears_the_page_is_told_that_it_is_played(tab: Tab, served: ServedSink, source: str, name: str) -> None:
    served.show(BUSY.model_copy(update={"source": source}))
    tab.go(served.url)
    tab.becomes(f"{CLUSTER}?.usage")
    label = f"{CLUSTER}.shadowRoot.querySelector('.front').getAttribute('aria-label')"
    assert tab.value(label) == name
    served.show(BUSY)
    tab.becomes(f"{label} === 'Claude Gauge'")


def test_every_vector_shows_the_needles_and_lamps_of_the_hardware(tab: Tab, served: ServedSink) -> None:
    tab.go(served.url)
    tab.becomes("customElements.get('claude-gauge-cluster') !== undefined")
    for path in paths():
        vector = json.loads(path.read_text())
        seen = tab.value(f"""(() => {{
            const cluster = document.createElement("claude-gauge-cluster");
            document.body.append(cluster);
            cluster.usage = {json.dumps(vector["usage"])};
            const lit = [...cluster.shadowRoot.querySelectorAll(".lamp.lit")].map(lamp => lamp.dataset.lamp);
            const drawn = [...cluster.shadowRoot.querySelectorAll("g[data-needle]")]
                .map(part => Number(part.getAttribute("transform").match(/rotate\\(([-.\\d]+)/)[1]));
            cluster.remove();
            return {{lit, drawn}};
        }})()""")
        frame = vector["frame"]
        wanted = [face_deg(angle) for angle in frame["motor_deg"].values()]
        assert seen["drawn"] == pytest.approx(wanted, abs=0.1), path.stem
        assert seen["lit"] == [lamp for lamp, lit in frame["lamps"].items() if lit], path.stem


def test_it_is_live_and_parks_when_the_publisher_is_gone_and_comes_back_with_it(tab: Tab) -> None:
    with ServedSink() as sink:
        sink.show(BUSY)
        tab.go(sink.url)
        tab.becomes(SHOWN)
        sink.show(BUSY.model_copy(update={"needle_5h": 1000}))
        tab.becomes(goes_to(120, 120, -120))
        sink.stop()
        tab.becomes(PARKED)
        assert "lost" in tab.value("document.querySelector('#words').textContent")
        sink.start()
        sink.show(BUSY)
        tab.becomes(SHOWN)


def test_a_publisher_that_is_frozen_is_lost_after_three_heartbeats(tab: Tab, served: ServedSink) -> None:
    served.show(BUSY)
    tab.go(served.url)
    tab.becomes(SHOWN)
    tab.value("{ const now = performance.now.bind(performance); performance.now = () => now() + 91000; }")
    tab.becomes(PARKED)
    served.show(BUSY)
    tab.becomes(SHOWN)


def test_a_page_without_a_snapshot_yet_waits(tab: Tab) -> None:
    with ServedSink() as sink:
        tab.go(sink.url)
        tab.becomes(PARKED)
        tab.becomes("document.querySelector('#words').textContent.includes('waiting')")


SCREENS = [(320, 568), (390, 844), (844, 390), (820, 1180), (1920, 1080), (3840, 2160)]


@pytest.mark.parametrize(("width", "height"), SCREENS)
@pytest.mark.parametrize("query", ["", "?kiosk"])
def test_it_fits_every_screen(tab: Tab, served: ServedSink, width: int, height: int, query: str) -> None:
    served.show(BUSY)
    tab.resize(width, height)
    tab.go(f"{served.url}/{query}")
    tab.becomes(SHOWN)
    tab.becomes(f"innerWidth === {width}")  # a busy browser lays the page out later
    tab.becomes("document.scrollingElement.scrollWidth <= innerWidth")
    tab.becomes("document.scrollingElement.scrollHeight <= innerHeight")
    box = tab.value(f"(({{width, height}}) => [width, height])({CLUSTER}.getBoundingClientRect())")
    assert box[0] == pytest.approx(2 * box[1], rel=0.01)
    assert box[0] > 0.55 * min(width, 2 * height)


@pytest.mark.parametrize("dark", [False, True])
def test_nothing_is_hidden_from_who_cannot_see_it(served: ServedSink, dark: bool) -> None:  # noqa: FBT001 (a parameter)
    served.show(BUSY)
    with Tab(width=1280, height=800, dark=dark) as tab:
        tab.go(served.url)
        tab.becomes(SHOWN)
        labels = tab.value(
            f"[...{CLUSTER}.shadowRoot.querySelectorAll('[role=img]')].map(part => part.getAttribute('aria-label'))"
        )
        assert labels == [
            "5 hour fuel: unknown",
            "Token rate: 5,200 tokens a minute, 0.65 of the redline",
            "7 day fuel: unknown",
            "Lamps lit: OPUS, HOT",
        ]
        tab.value(axe_source() + "; true")
        assert tab.value("axe.run().then(found => found.violations.map(v => `${v.id}: ${v.nodes[0].html}`))") == []
        assert tab.console == []


def test_needles_move_as_the_hardware_does(served: ServedSink) -> None:
    """Never past the target, never faster than 300 degrees a second."""
    with Tab(width=1280, height=800, calm=False) as tab:
        tab.go(served.url)
        tab.becomes(f"{CLUSTER}?.targets")
        track = tab.value(f"""(async () => {{
            const cluster = document.createElement("claude-gauge-cluster");
            document.body.append(cluster);
            const track = [];
            const sample = () => new Promise(requestAnimationFrame).then(now => track.push([now, cluster.places[1]]));
            await sample();
            cluster.usage = {json.dumps({"needle_5h": 0, "needle_tach": 1000, "needle_7d": 0})};
            while (cluster.places[1] !== cluster.targets[1] && track.length < 3000) await sample();
            cluster.remove();
            return track;
        }})()""")
    places = [round(place, 9) for _, place in track]
    assert places[0] == pytest.approx(face_deg(PARK_DEG))
    assert places[-1] == pytest.approx(120)
    assert len({*places}) > 3, "it jumped"  # a busy machine draws few frames
    assert places == sorted(places), "it never turns back"
    assert max(places) <= 120
    assert track[-1][0] - track[0][0] > 258 / 300 * 1000 * 0.9, "faster than the motor"


def test_who_asks_for_less_motion_sees_no_motion(tab: Tab, served: ServedSink) -> None:
    tab.go(served.url)
    tab.becomes(f"{CLUSTER}?.targets")
    same = f"({CLUSTER}.usage = {{needle_5h: 1000}}, {CLUSTER}.places[0] === {CLUSTER}.targets[0])"
    assert tab.value(same)


def test_lamps_blink_and_breathe_without_an_animation_that_never_rests(served: ServedSink) -> None:
    """HOT and a lost publisher's STALL blink, IDLE breathes; who asks for less motion sees a steady light."""
    opacity = "Number(getComputedStyle(one.shadowRoot.querySelector(`[data-lamp=${lamp}] .light`)).opacity)"
    for calm in (False, True):
        with Tab(width=1280, height=800, calm=calm) as tab:
            tab.go(served.url)
            tab.becomes(f"{CLUSTER}?.targets")
            found = tab.value(f"""(async () => {{
                const shown = {{hot: {{hot: true}}, idle: {{idle: true}}, stall: null, warn: {{warn: true}}}};
                const made = Object.entries(shown).map(([lamp, usage]) => {{
                    const one = document.createElement("claude-gauge-cluster");
                    document.body.append(one);
                    one.usage = usage;
                    return [lamp, one, new Set()];
                }});
                for (let n = 0; n < 50; n++) {{
                    for (const [lamp, one, seen] of made) seen.add({opacity});
                    await new Promise(done => setTimeout(done, 50));
                }}
                const told = made.map(([lamp, one, seen]) =>
                    [lamp, [Math.min(...seen), Math.max(...seen), one.shadowRoot.getAnimations().length]]);
                for (const [, one] of made) one.remove();
                return Object.fromEntries(told);
            }})()""")
        assert found["warn"] == [1, 1, 0]
        if calm:
            assert found["hot"] == found["stall"] == found["idle"] == [1, 1, 0]
        else:
            assert found["hot"] == found["stall"] == [0.06, 1, 0]
            assert found["idle"][0] < 0.7 < found["idle"][1]
            assert found["idle"][2] == 0


def test_nothing_of_the_page_comes_from_elsewhere_or_from_the_root() -> None:
    """So it works behind any path prefix, and without the internet."""
    for path in (path for path in STATIC.iterdir() if path.suffix != ".png"):
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "").replace(HOME, "")
        assert "://" not in text, path.name
        assert not re.search(r"""(?:href|src|from|EventSource\(|fetch\()\s*=?\s*["']/""", text), path.name


def test_it_is_live_behind_a_path_prefix(tab: Tab) -> None:
    """As a reverse proxy serves it, or Home Assistant's ingress: the prefix is taken off, the rest passed on."""
    with ServedSink() as sink, behind_a_prefix(sink.port, "/some/where") as address:
        sink.show(BUSY)
        tab.go(f"{address}/some/where/")
        tab.becomes(SHOWN)
        sink.show(BUSY.model_copy(update={"needle_5h": 1000}))
        tab.becomes(goes_to(120, 120, -120))
        manifest = tab.value("fetch(document.querySelector('[rel=manifest]').href).then(answer => answer.json())")
        assert manifest["start_url"] == "./?kiosk"
        for icon in [one["src"] for one in manifest["icons"]] + ["icon-180.png"]:
            tab.value(f"{{ globalThis.icon = new Image(); icon.src = '{icon}'; }}")
            tab.becomes("icon.complete && icon.width > 100")
        assert [line for line in tab.console if "/some/where" in line] == []


def test_who_polls_the_bare_address_gets_the_numbers_and_a_browser_the_page(served: ServedSink) -> None:
    served.show(BUSY)
    polled = httpx.get(served.url, trust_env=False)
    assert (polled.headers["content-type"], polled.json()["rate_1m"]) == ("application/json", 5200)
    page = httpx.get(served.url, headers={"accept": "text/html,*/*"}, trust_env=False)
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert polled.headers["vary"] == "accept"


def test_the_package_carries_the_page() -> None:
    assert {path.name for path in Path(STATIC).iterdir()} == {
        "cluster.js", "home-assistant-card.js", "home-assistant-entities.js", "icon-180.png", "icon-512.png",
        "icon.svg", "index.html", "insights.css", "insights.html", "insights.js", "manifest.webmanifest",
        "page.css", "page.js",
    }  # fmt: skip
