"""A bot's memory as a few bytes and back: plain values, arrays and our own dataclasses. Pure.

Nothing that is read can run code: there is no pickle, and only dataclasses of modules of this
package that are loaded already are made again.
"""

from __future__ import annotations

import base64
import json
import sys
import zlib
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

__all__ = ["MAX_BYTES", "packed", "unpacked"]

MAX_BYTES = 1_000_000  # unpacked
_OWN = "musebots."
_KINDS = "biuf"  # of arrays: truth values and numbers
_TUPLE, _DICT, _ARRAY, _OBJECT = "t", "d", "a", "o"


def packed(value: object) -> bytes:
    """A value as compressed JSON.

    Parameters
    ----------
    value : object
        None, bool, int, float, str, and tuples, lists and dicts of such; numpy arrays and numbers;
        dataclasses of this package.

    Raises
    ------
    TypeError
        For anything else.

    Examples
    --------
    >>> unpacked(packed({"age": 3, "recent": (60, 64)}))
    {'age': 3, 'recent': (60, 64)}
    """
    return zlib.compress(json.dumps(_plain(value), separators=(",", ":")).encode())


def unpacked(blob: bytes) -> Any:
    """The inverse of `packed`.

    Raises
    ------
    ValueError
        When the bytes are not what `packed` makes, or too many.
    """
    reader = zlib.decompressobj()
    try:
        text = reader.decompress(blob, MAX_BYTES)
        if reader.unconsumed_tail or not reader.eof:
            raise ValueError("a snapshot is cut off or too long")
        return _value(json.loads(text))
    except (zlib.error, UnicodeDecodeError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"not a snapshot: {error}") from error


def _plain(value: Any) -> Any:
    """What JSON can hold; containers and objects are lists that begin with their kind."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, list):
        return [[_plain(item) for item in value]]
    if isinstance(value, tuple):
        return [_TUPLE, [_plain(item) for item in value]]
    if isinstance(value, dict):
        return [_DICT, [[_plain(key), _plain(item)] for key, item in value.items()]]
    kind = type(value)
    if is_dataclass(value) and kind.__module__.startswith(_OWN):
        rows = [_plain(getattr(value, field.name)) for field in fields(value)]
        return [_OBJECT, kind.__module__, kind.__qualname__, rows]
    if kind.__module__ == "numpy":
        return _plain(value.item()) if kind.__name__ != "ndarray" else _plain_array(value)
    raise TypeError(f"a snapshot cannot hold {kind.__name__}: {value!r}")


def _plain_array(array: np.ndarray[Any, Any]) -> list[Any]:
    """Raw bytes; float64 in half the room where float32 holds the same numbers."""
    if array.dtype.kind not in _KINDS:
        raise TypeError(f"a snapshot cannot hold an array of {array.dtype}")
    small = array.astype("f4") if array.dtype == "f8" else array
    stored = small if (small == array).all() else array
    raw = base64.b64encode(stored.tobytes()).decode()
    return [_ARRAY, array.dtype.str, stored.dtype.str, list(array.shape), raw]


def _value(plain: Any) -> Any:
    if not isinstance(plain, list):
        return plain
    match plain:
        case [list(items)]:
            return [_value(item) for item in items]
        case [str(kind), list(items)] if kind == _TUPLE:
            return tuple(_value(item) for item in items)
        case [str(kind), list(rows)] if kind == _DICT:
            return {_value(key): _value(item) for key, item in rows}
        case [str(kind), str(module), str(name), list(rows)] if kind == _OBJECT:
            return _made(module, name, [_value(row) for row in rows])
        case [str(kind), str(dtype), str(stored), list(shape), str(raw)] if kind == _ARRAY:
            import numpy as np  # only a bot that has arrays pays for it

            if np.dtype(stored).kind not in _KINDS or np.dtype(dtype).kind not in _KINDS:
                raise ValueError(f"not a snapshot: an array of {stored}")
            array = np.frombuffer(base64.b64decode(raw), dtype=np.dtype(stored))
            return array.reshape(shape).astype(np.dtype(dtype))
    raise ValueError("not a snapshot: a list of no known kind")


def _made(module_name: str, name: str, values: list[Any]) -> Any:
    """One of our dataclasses, if it is one and its module is loaded."""
    module = sys.modules.get(module_name) if module_name.startswith(_OWN) else None
    kind = getattr(module, name, None)
    if not (isinstance(kind, type) and is_dataclass(kind)):
        raise ValueError(f"not a snapshot: there is no {module_name}.{name}")
    return kind(*values)
