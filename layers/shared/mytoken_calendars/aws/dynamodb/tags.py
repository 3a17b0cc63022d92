"""The tags of an owner as one item; `keys.py` shows its layout."""

from mytoken_calendars.aws.dynamodb import keys
from mytoken_calendars.aws.dynamodb.table import ABSENT, Table
from mytoken_calendars.calendars.tags import NO_TAGS, Tag, Tags
from mytoken_calendars.changes import Change, Write
from mytoken_calendars.identifiers import Owner


def read(table: Table, owner: Owner) -> Tags:
    item = table.get(keys.tags(owner))
    if item is None:
        return NO_TAGS
    by_id = {tag_id: Tag(tag_id, *fields) for tag_id, fields in item["tags"].items()}
    return Tags(item["version"], by_id)


def writes(table: Table, owner: Owner, tags: Tags, change: Change) -> list[Write]:
    """The write of the tags, if they are new; its commit raises Outdated if they changed since."""
    if not tags.are_new:
        return []
    fields = {tag.id: [tag.name, tag.color] for tag in tags.by_id.values()}
    item, key = {"version": change.id, "tags": fields}, keys.tags(owner)
    if not tags.version:
        return [table.put(key, item, ABSENT)]
    return [table.put(key, item, "#version = :found", found=tags.version)]


def unchanged(table: Table, owner: Owner, version: str) -> Write:
    """The check that the tags have this version still, or none yet."""
    key = keys.tags(owner)
    return (
        table.check(key, "#version = :seen", seen=version) if version else table.check(key, ABSENT)
    )
