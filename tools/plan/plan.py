"""Plans a stack: what it costs a month, and what breaks first: `make plan ARGS="--feeds 5000"`.

Without arguments it prints the tables of docs/operations.md, and `--write` writes them there anew.
"""

import math
import sys
from argparse import ArgumentParser
from dataclasses import fields

from local.template import ROOT
from tools.plan import fronts, prices, quotas
from tools.plan.costs import Bill, Usage
from tools.plan.markdown_table import table

PAGE = ROOT / "docs" / "operations.md"
SIZES = (1_000, 100_000, 10_000_000)
_HEADINGS = {
    "costs": "US dollars a month (in brackets how much is taken, in the units of the prices)",
    "fronts": "By front: US dollars for a million unchanged polls, of a hundred million a month",
    "loads": "By front: US dollars for a million unchanged polls, warm and with 5 % cold, by load",
    "floods": "What a flood costs that lasts for a month",
    "quotas": "What breaks first: each quota, and the load at which it does",
    "prices": "The prices",
}
_OPENED, _CLOSED = "<!-- make plan writes from here: {} -->\n", "<!-- to here -->\n"


def main() -> None:
    parser = ArgumentParser(prog="make plan ARGS=...", description=__doc__)
    for field in fields(Usage):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=number, default=None)
    parser.add_argument("--write", action="store_true", default=None, help=f"into {PAGE.name}")
    given = {name: value for name, value in vars(parser.parse_args()).items() if value is not None}
    if given.pop("write", False):
        if given:
            sys.exit("make plan: --write takes no numbers")
        PAGE.write_text(written(PAGE.read_text()))
        print(f"wrote the tables into {PAGE.relative_to(ROOT)}")
        return
    tables = sections()
    if given:
        try:
            usage = Usage(**{"feeds": SIZES[0], **given})
        except ValueError as reason:
            sys.exit(f"make plan: {reason}")
        tables = {"costs": bills([usage]), "quotas": breaking()}
    for name, text in tables.items():
        print(f"{_HEADINGS[name]}\n\n{text}\n")


def number(text: str) -> float:
    """Raises ValueError for what is none, or not finite."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError
    return value


def written(page: str) -> str:
    """The page with new tables in place of the old ones."""
    for name, text in sections().items():
        head, opened, rest = page.partition(_OPENED.format(name))
        _, closed, tail = rest.partition(_CLOSED)
        if not (opened and closed):
            raise ValueError(f"{PAGE.name} has no place for the table of {name}")
        page = f"{head}{opened}\n{text}\n\n{closed}{tail}"
    return page


def sections() -> dict[str, str]:
    return {
        "costs": bills([Usage(feeds) for feeds in SIZES]),
        "fronts": fronts.terms(),
        "loads": fronts.by_load(),
        "floods": fronts.floods(),
        "quotas": breaking(),
        "prices": table(
            ["", "USD", "per"],
            [
                [price.of, f"{price.usd:.10f}".rstrip("0").rstrip("."), price.unit]
                for price in prices.ALL
            ],
        ),
    }


def bills(usages: list[Usage]) -> str:
    """US dollars a month, and in brackets how much is taken."""
    made = [Bill.of(usage) for usage in usages]
    taken = [price for price in prices.ALL if any(bill.taken.get(price) for bill in made)]
    rows = [
        [
            price.of,
            *(
                f"{bill.usd(price):,.2f} ({_amount(bill.taken[price] / price.per)})"
                for bill in made
            ),
        ]
        for price in taken
    ]
    sums = ["**sum**", *(f"**{bill.total:,.2f}**" for bill in made)]
    each = [
        "of one feed, a year",
        *(
            f"{12 * bill.total / max(usage.feeds, 1):.3f}"
            for bill, usage in zip(made, usages, strict=True)
        ),
    ]
    return table(["", *(f"{usage.feeds:,.0f} feeds" for usage in usages)], [*rows, sums, each])


def breaking() -> str:
    """What breaks first, second ..."""
    return table(
        ["quota", "default", "polls a second", "feeds", "what to turn"],
        [
            [quota.of, quota.default, f"{quota.polls:,.0f}", f"{quota.feeds:,.0f}", quota.turn]
            for quota in quotas.in_order()
        ],
    )


def _amount(quantity: float) -> str:
    """With three digits that count."""
    whole = f"{quantity:,.0f}"
    return whole if len(whole) > len("99") else f"{quantity:.3g}"


if __name__ == "__main__":
    main()
