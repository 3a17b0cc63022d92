"""moto's answers, which look for no attribute of an item under a dozen names.

moto looks for each of the ten types that a value of DynamoDB may have, under each name that this
might have in an object of Python, although its items are what goes out. That was half of the time
of all tests on moto. It also lists the methods of a service with each request; here it does once.
"""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import moto.core.responses
from botocore.model import StructureShape
from moto.core.serialize import BaseJSONSerializer

_Serialize = Callable[[BaseJSONSerializer, dict[str, Any], Any, StructureShape, str], None]


@contextmanager
def by_what_they_have() -> Iterator[None]:
    """Inside, of a value of DynamoDB only the type that it has is looked at."""
    original: _Serialize = BaseJSONSerializer._serialize_type_structure

    def serialize(
        self: BaseJSONSerializer,
        serialized: dict[str, Any],
        value: Any,
        shape: StructureShape,
        key: str,
    ) -> None:
        if shape.name != "AttributeValue" or not isinstance(value, dict):
            original(self, serialized, value, shape, key)
            return
        wrapper: dict[str, Any] = {}
        for kind, content in value.items():
            self._serialize(wrapper, content, shape.members[kind], kind)
        self._default_serialize(serialized, wrapper, shape, key)

    names = functools.cache(moto.core.responses.method_names_from_class)
    with (
        mock.patch.object(BaseJSONSerializer, "_serialize_type_structure", serialize),
        mock.patch.object(moto.core.responses, "method_names_from_class", names),
    ):
        yield
