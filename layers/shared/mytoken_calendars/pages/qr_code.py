"""The QR code of an address, as SVG (ISO/IEC 18004, by segno)."""

from functools import lru_cache
from io import BytesIO

import segno
from markupsafe import Markup

_QUIET_ZONE = 2  # modules around the code: cameras find it, and the page has a margin of its own


@lru_cache(maxsize=64)  # of the addresses that a warm function is asked for
def svg(address: str) -> Markup:
    """The code as an inline <svg> without a size or a style; level M mends 15 % of it."""
    written = BytesIO()
    segno.make(address, error="m", micro=False).save(
        written,
        kind="svg",
        border=_QUIET_ZONE,
        omitsize=True,
        xmldecl=False,
        svgns=False,
        svgclass="qr",
        lineclass=None,
        nl=False,
    )
    return Markup(written.getvalue().decode())  # noqa: S704 - segno's own, without any text of ours
