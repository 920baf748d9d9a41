"""The protocol between grader and worker: JSON for structure, safetensors for tensors, never pickle.

A frame is two big-endian lengths, a JSON document and a safetensors blob. Whatever arrives is data: plain values,
tensors, and the few descriptions of :mod:`values`. A frame over the limits, or one that does not parse, is a
:class:`ProtocolError`: the sender is not a worker any more, whatever it says.
"""

import json
import math
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from .. import limits
from .values import Derived, Leaf, Opaque, Probe, Remote, Seeded

_HEADER = struct.Struct(">QQ")


class ProtocolError(Exception):
    """The other side sent something that is not a message."""


class Closed(Exception):
    """The other side is gone."""


class OutOfTime(Exception):
    """Nothing came within the time limit."""


def encode(message: Any) -> bytes:
    tensors: dict[str, Tensor] = {}
    document = json.dumps(pack(message, tensors)).encode()
    blob = _save(tensors) if tensors else b""
    return _HEADER.pack(len(document), len(blob)) + document + blob


def _save(tensors: dict[str, Tensor]) -> bytes:
    """As ``safetensors.torch.save``, whose checks take ten times as long; dense and apart from each other they are."""
    if any(x.nbytes and not x.data_ptr() for x in tensors.values()):
        raise ProtocolError("a tensor without storage")
    try:
        specs = {
            name: safetensors.TensorSpec(
                dtype=str(x.dtype).removeprefix("torch."), shape=x.shape, data_ptr=x.data_ptr(), data_len=x.nbytes
            )
            for name, x in tensors.items()
        }
        return bytes(safetensors.serialize(specs))
    except safetensors.SafetensorError as error:
        raise ProtocolError(f"a tensor that cannot be sent: {error}") from error


def decode(document: bytes, blob: bytes) -> Any:
    try:
        tensors = safetensors.torch.load(blob) if blob else {}
        return unpack(json.loads(document), tensors)
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError, RuntimeError) as error:
        raise ProtocolError(f"a message that cannot be read: {type(error).__name__}") from error
    except safetensors.SafetensorError as error:
        raise ProtocolError(f"a message that cannot be read: {type(error).__name__}") from error


Limit = Callable[[float], bool]  # seconds waited -> whether that is too long


def _no_limit(waited: float) -> bool:
    return False


class _Wait:
    """Asks the limit now and then, also while a slow or silent other side keeps the channel busy."""

    def __init__(self, channel: socket.socket, limit: Limit) -> None:
        channel.settimeout(limits.LOOK_EVERY)
        self.limit = limit
        self.start = self.last_look = time.monotonic()

    def look(self) -> None:
        now = time.monotonic()
        if now - self.last_look >= limits.LOOK_EVERY:
            self.last_look = now
            if self.limit(now - self.start):
                raise OutOfTime


def send(channel: socket.socket, message: Any, out_of_time: Limit = _no_limit) -> None:
    """Send a message; ``out_of_time(seconds waited)`` is asked now and then and ends the wait for a reader."""
    rest = memoryview(encode(message))
    wait = _Wait(channel, out_of_time)
    while rest:
        try:
            rest = rest[channel.send(rest) :]
        except TimeoutError:
            pass
        except OSError as error:
            raise Closed from error
        wait.look()


def receive(channel: socket.socket, out_of_time: Limit = _no_limit) -> Any:
    """The next message. ``out_of_time(seconds waited)`` is asked now and then and ends the wait."""
    wait = _Wait(channel, out_of_time)
    document_size, blob_size = _HEADER.unpack(_read(channel, _HEADER.size, wait))
    if document_size > limits.MESSAGE_JSON or blob_size > limits.MESSAGE_BLOB:
        raise ProtocolError(f"a message of {document_size + blob_size:,} bytes, more than is accepted")
    content = _read(channel, document_size + blob_size, wait)
    return decode(content[:document_size], content[document_size:])


def _read(channel: socket.socket, size: int, wait: _Wait) -> bytes:
    parts: list[bytes] = []
    while size:
        try:
            part = channel.recv(min(size, 1 << 20))
        except TimeoutError:
            wait.look()
            continue
        except OSError as error:
            raise Closed from error
        if not part:
            raise Closed
        parts.append(part)
        size -= len(part)
        if size:
            wait.look()
    return b"".join(parts)


def pack(value: Any, tensors: dict[str, Tensor]) -> Any:
    """A JSON tree; every container and every special value is an object with one tag."""
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return value
    if kind is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if kind in (list, tuple):
        return {kind.__name__: [pack(v, tensors) for v in value]}
    if kind is dict and all(type(k) is str for k in value):
        return {"dict": {k: pack(v, tensors) for k, v in value.items()}}
    if isinstance(value, Tensor):
        key = str(len(tensors))
        tensors[key] = value.detach().clone(memory_format=torch.contiguous_format)
        return {"tensor": key}
    if kind is Leaf:
        return {"leaf": pack(value.tensor, tensors)}
    if kind is Derived:
        return {"derived": [value.probe, value.of]}
    if kind is Probe:
        return {"probe": value.name}
    if kind is Seeded:
        return {"seeded": [value.seed, value.drawn]}
    if kind is Remote:
        return {"remote": [value.number, value.differentiable]}
    if kind is Opaque:
        return {"opaque": [value.type_name, value.text]}
    raise TypeError(f"{kind.__name__} does not cross the boundary")


def unpack(tree: Any, tensors: dict[str, Tensor]) -> Any:
    if not isinstance(tree, dict):
        if isinstance(tree, list):
            raise ValueError("a bare list")
        return clean(tree) if isinstance(tree, str) else tree
    ((tag, body),) = tree.items()
    if tag == "float":
        return float(body)
    if tag == "list":
        return [unpack(v, tensors) for v in body]
    if tag == "tuple":
        return tuple(unpack(v, tensors) for v in body)
    if tag == "dict":
        return {k: unpack(v, tensors) for k, v in body.items()}
    if tag == "tensor":
        if tensors[body].is_complex():
            raise ValueError("a complex tensor")
        return tensors[body]
    if tag == "leaf":
        return Leaf(unpack(body, tensors))
    if tag == "derived":
        return Derived(clean(str(body[0])), clean(str(body[1])))
    if tag == "probe":
        return Probe(clean(str(body)))
    if tag == "seeded":
        return Seeded(int(body[0]), int(body[1]))
    if tag == "remote":
        return Remote(int(body[0]), bool(body[1]))
    if tag == "opaque":
        return Opaque(clean(str(body[0]))[:200], clean(str(body[1]))[:400])
    raise ValueError(f"an unknown tag {tag!r}")


def clean(text: str) -> str:
    """Text that every report can show: nothing that moves a terminal's cursor, no half characters, not too long."""
    if text.isascii() and text.isprintable() and len(text) <= limits.TEXT:
        return text
    shown = "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text[: limits.TEXT])
    return shown.encode("utf-8", "replace").decode()
