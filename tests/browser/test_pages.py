"""The page of a feed as people meet it: of any width, light or dark, with keyboard, and script."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.harness.pages import scenes
from tests.harness.pages.browser import Visit
from tests.harness.pages.words import MARKUP
from tests.harness.server import ServedStack

Open = Callable[..., Visit]

SCENES = ["ordinary", "forty", "empty", "hostile", "any script", "expired", "minimal", "events"]
NARROW = {"viewport": {"width": 320, "height": 640}}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "narrow and dark": {**NARROW, "color_scheme": "dark"},
}
each_scene = pytest.mark.parametrize("scene", SCENES)


@each_scene
@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing(
    visit: Open, pages: dict[str, str], axe: str, scene: str, look: str
) -> None:
    page = visit(pages[scene], **LOOKS[look]).page
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")

    page.evaluate(axe)
    found = page.evaluate("axe.run()")

    assert [f"{v['id']}: {v['nodes'][0]['html']}" for v in found["violations"]] == []
    assert len(found["passes"]) > 20


@each_scene
def test_a_page_is_complete_without_scripts(visit: Open, pages: dict[str, str], scene: str) -> None:
    with_scripts = visit(pages[scene], timezone_id="UTC").page

    page = visit(pages[scene], java_script_enabled=False).page

    for part in ("h1, h2, h3", ".headline", ".months .name", ".grid td"):
        texts = [p.locator(part).all_text_contents() for p in (page, with_scripts)]
        assert texts[0] == texts[1]


@each_scene
def test_nobody_scrolls_sideways_at_320_pixels(
    visit: Open, pages: dict[str, str], scene: str
) -> None:
    seen = visit(pages[scene], **NARROW)

    assert not seen.is_too_wide()


def test_dark_is_dark_and_light_is_light(visit: Open, pages: dict[str, str]) -> None:
    script = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"

    light, dark = (
        visit(pages["ordinary"], color_scheme=scheme).page.evaluate(script)
        for scheme in ("light", "dark")
    )

    assert min(light[:3]) > 230
    assert max(dark[:3]) < 40


# --- what is on it --------------------------------------------------------------------------------


def test_the_next_expiry_is_told_first(visit: Open, pages: dict[str, str]) -> None:
    seen = visit(pages["ordinary"])

    assert seen.text("h1") == "CI Mytokens"
    assert seen.text(".headline") == "data portal upload expires in 3 days"


def test_hostile_words_are_text(visit: Open, pages: dict[str, str]) -> None:
    seen = visit(pages["hostile"])

    comments = seen.page.locator(".months .comment").all_text_contents()
    names = seen.page.locator(".months .name").all_text_contents()

    assert comments == list(MARKUP)
    assert names == [text[:100] for text in MARKUP]
    assert seen.page.locator("h1").text_content() == '<img src=x onerror=alert(1)> & "x"'
    allowed = {"meta", "link", "script", "svg", "path"}
    elements = "[...document.querySelectorAll('img, iframe, form, object, base, style, script')]"
    tags = seen.page.evaluate(f"{elements}.map((one) => one.localName)")
    assert set(tags) <= allowed
    assert len(tags) == 1


def test_a_name_from_right_to_left_disturbs_nothing(visit: Open, pages: dict[str, str]) -> None:
    seen = visit(pages["any script"])

    direction = "getComputedStyle(document.querySelector('h1')).direction"
    assert seen.page.evaluate(direction) == "rtl"
    assert seen.text(".headline").endswith("expires in 24 hours")


def test_a_minimal_page_tells_no_names(visit: Open, pages: dict[str, str]) -> None:
    text = visit(pages["minimal"]).page.content()

    assert "A mytoken" in text
    told = ("backup", "Of the night shift", "Known to few", "every Sunday", "mom_id", "created")
    assert [word for word in told if word in text] == []


def test_what_has_expired_is_folded_away(visit: Open, pages: dict[str, str]) -> None:
    page = visit(pages["expired"]).page
    old = page.locator(".over li")

    hidden = not old.is_visible()
    page.locator("summary", has_text="1 mytoken has expired").click()

    assert (hidden, old.is_visible()) == (True, True)
    assert old.locator(".name").inner_text() == "old"


def test_paper_has_the_dates_and_no_buttons(visit: Open, pages: dict[str, str]) -> None:
    page = visit(pages["ordinary"]).page

    page.emulate_media(media="print")

    assert page.locator(".month").first.is_visible()
    assert not page.locator("aside").is_visible()


# --- keyboard -------------------------------------------------------------------------------------


def focused(page: Any) -> str:
    """What has the focus, by its words."""
    text: str = page.evaluate("document.activeElement.innerText.trim()")
    return text


def test_everything_is_reached_by_keyboard(visit: Open, pages: dict[str, str]) -> None:
    page = visit(pages["expired"]).page
    reached, wanted = [], page.locator("a:visible, summary:visible, button:visible").count()

    for _ in range(wanted):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.matches(':focus-visible')")
        width = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert width == "3px"
        reached.append(focused(page))

    assert reached[0] == "Skip to the content"
    assert {"Google Calendar", "Copy the address", "QR code for a phone"} <= set(reached)
    assert len(reached) == wanted


def test_the_first_link_skips_to_the_content(visit: Open, pages: dict[str, str]) -> None:
    page = visit(pages["ordinary"]).page

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    assert page.evaluate("document.activeElement.id") == "content"


def test_a_day_leads_to_what_expires_on_it(visit: Open, pages: dict[str, str]) -> None:
    page = visit(pages["forty"]).page
    day = page.locator(".grid a").first

    day.press("Enter")

    target = page.url.partition("#")[2]
    assert page.locator(f"#{target}:target .name").inner_text() == "pipeline 0"


def test_the_qr_code_opens_by_keyboard(visit: Open, pages: dict[str, str]) -> None:
    page = visit(pages["ordinary"]).page

    page.locator("summary", has_text="QR code").press("Enter")

    assert page.locator("svg.qr").is_visible()
    assert page.get_by_role("img", name=re.compile("QR code")).count() == 1


# --- scripts --------------------------------------------------------------------------------------


def test_times_are_in_utc_without_scripts(visit: Open, pages: dict[str, str]) -> None:
    seen = visit(pages["ordinary"], java_script_enabled=False, timezone_id="Asia/Tokyo")

    assert seen.text(".exactly").endswith(" UTC")
    assert seen.text("#zone") == "All times are in UTC."
    assert not seen.page.locator("#copy").is_visible()


def test_times_are_in_the_readers_zone_with_scripts(visit: Open, pages: dict[str, str]) -> None:
    plain = visit(pages["ordinary"], java_script_enabled=False).text(".exactly")
    seen = visit(pages["ordinary"], timezone_id="Asia/Tokyo")

    there = seen.text(".exactly")

    hours = [int(re.search(r"at (\d\d):", text)[1]) for text in (plain, there)]  # type: ignore[index]
    assert (hours[1] - hours[0]) % 24 == 9
    assert there.endswith("GMT+9")
    assert "Asia/Tokyo" in seen.text("#zone")


def marked(visit: Visit) -> list[tuple[str, str, str]]:
    """Month, day and name of each mark in a grid."""
    marks = []
    for month in visit.page.locator(".month").all():
        for mark in month.locator(".grid a").all():
            day, _, name = (mark.text_content() or "").partition(": ")
            marks.append((month.locator("h3").inner_text(), day, name))
    return marks


@pytest.mark.parametrize(("zone", "moves"), [("UTC", False), ("Pacific/Kiritimati", True)])
def test_an_expiry_is_in_the_month_of_the_readers_zone(
    visit: Open, served: ServedStack, zone: str, *, moves: bool
) -> None:
    late = scenes.until_the_end_of_a_month()
    _, document = scenes.calendar(served, "Late", [("late", late, ""), ("soon", 5 * 86400, "")])

    seen = visit(scenes.page_of(document), timezone_id=zone)

    *_, (month, day, name) = marked(seen)
    time = seen.page.locator("li", has_text="late").locator("time").get_attribute("datetime") or ""
    number = int(time[5:7])
    assert name == "late"
    assert (day == "1") is moves
    assert month.startswith(MONTHS[number % 12 if moves else number - 1])


MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


def test_the_button_copies_the_address(visit: Open, pages: dict[str, str]) -> None:
    url = pages["ordinary"]
    page = visit(url, permissions=["clipboard-read", "clipboard-write"]).page

    page.locator("#copy").click()
    page.locator("#copied", has_text="Copied.").wait_for()

    assert page.evaluate("navigator.clipboard.readText()") == url.removesuffix("/view")


# --- what ends ------------------------------------------------------------------------------------


def test_a_page_whose_address_was_reset_says_so(
    visit: Open, browser: Any, served: ServedStack
) -> None:
    owner, document = scenes.calendar(served, "Leaked", scenes.ORDINARY)
    seen = visit(scenes.page_of(document))
    feed = served.invoke("list_feeds", owner, path={"calendar": document["id"]}).json["feeds"][0]

    path = {"calendar": document["id"], "feed": feed["id"]}
    served.invoke("reset_feed", owner, path=path)
    answer = seen.page.reload()

    assert answer is not None
    assert answer.status == 410
    assert seen.text("h1") == "This calendar is gone from here"
    assert "backup" not in seen.page.content()
    # The browser tells in its console that the answer is an error, which is what it is.
    assert [text for text in seen.complaints if "410" not in text] == []
    seen.complaints.clear()


def test_a_page_that_is_not_there_says_what_to_do(visit: Open, pages: dict[str, str]) -> None:
    seen = visit(pages["not found"], **NARROW)

    assert seen.text("h1") == "No calendar is here"
    assert "What to do:" in seen.text("main")
    assert not seen.is_too_wide()
    assert [text for text in seen.complaints if "404" not in text] == []
    seen.complaints.clear()
