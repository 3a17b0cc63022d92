"""The files beside the pages: style sheet, script and icon.

Each has the digest of its content in its name, so that browsers may keep it for ever.
"""

import hashlib
from pathlib import Path
from typing import NamedTuple, Self

from mytoken_calendars.calendars.addresses import FEEDS_PATH

_FOLDER = Path(__file__).parent / "static"
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_DIGEST = 16  # characters of hexadecimal digits


class Asset(NamedTuple):
    name: str
    media_type: str
    text: str

    @classmethod
    def read(cls, path: Path) -> Self:
        text = path.read_text()
        digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGEST]
        return cls(f"{path.stem}.{digest}{path.suffix}", _MEDIA_TYPES[path.suffix], text)

    @property
    def url(self) -> str:
        return f"{FEEDS_PATH}/assets/{self.name}"


_OF_FILES = {path.name: Asset.read(path) for path in sorted(_FOLDER.iterdir())}
BY_NAME = {asset.name: asset for asset in _OF_FILES.values()}


def url(file: str) -> str:
    """The path of the file page.css, page.js or icon.svg."""
    return _OF_FILES[file].url
