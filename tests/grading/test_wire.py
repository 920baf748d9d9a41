"""What crosses between grader and worker arrives as it was sent; what is no message is refused, never executed."""

import json
import math
import pickle
import socket
import struct
import threading

import pytest
import safetensors.torch
import torch

from grading.sandbox import limits
from grading.sandbox.crossing import wire
from grading.sandbox.crossing.values import Derived, Leaf, Opaque, Probe, Remote


@pytest.fixture
def channel():
    """Two ends: what is sent into the first can be received from the second."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def there_and_back(message):
    frame = wire.encode(message)
    document, blob = struct.unpack(">QQ", frame[:16])
    assert len(frame) == 16 + document + blob
    return wire.decode(frame[16 : 16 + document], frame[16 + document :])


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        0,
        -1,
        2**63,
        -(10**30),
        0.0,
        -0.0,
        0.1,
        1e-300,
        math.inf,
        -math.inf,
        "",
        "naïve ᾱ \n\t 😀",
        [],
        (),
        {},
        [1, [2, (3, [])]],
        {"a": {"b": (None, True)}},
        {"list": 1, "tensor": "0", "": None},
        ["list", "dict"],
        Derived("scaled", "x_t"),
        Probe("eps_model"),
        Remote(3),
        Remote(4, differentiable=True),
        Opaque("numpy.ndarray", "array([1])"),
    ],
    ids=repr,
)
def test_plain_values_come_back_as_they_are(value):
    back = there_and_back({"value": value})
    assert back == {"value": value}
    assert type(back["value"]) is type(value)
    assert repr(back) == repr({"value": value})


def test_nan_comes_back():
    assert math.isnan(there_and_back(math.nan))


@pytest.mark.parametrize(
    "dtype",
    [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.uint8, torch.bool],
    ids=str,
)
@pytest.mark.parametrize("shape", [(), (0,), (1,), (3, 0, 2), (2, 3, 4, 5)], ids=str)
def test_tensors_come_back_bit_by_bit(dtype, shape):
    tensor = (torch.randn(shape, dtype=torch.float64) * 3).to(dtype)
    back = there_and_back([tensor])[0]
    assert back.dtype == dtype
    assert back.shape == shape
    assert torch.equal(back, tensor)


def test_special_numbers_in_tensors_come_back():
    tensor = torch.tensor([math.nan, math.inf, -math.inf, -0.0, 5e-324, 1.7e308], dtype=torch.float64)
    back = there_and_back(tensor)
    assert torch.equal(back.view(torch.int64), tensor.view(torch.int64))


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x.t(),
        lambda x: x[:, ::2],
        lambda x: x.flip(0),
        lambda x: x[:1].expand(4, 6),
        lambda x: x[1:, 1:],
        lambda x: x[0, 0],
        lambda x: x[None, None].contiguous(memory_format=torch.channels_last)[0, 0],
    ],
)
def test_views_come_back_by_value(view):
    tensor = view(torch.arange(24.0).reshape(4, 6))
    assert torch.equal(there_and_back(tensor), tensor)


def test_tensors_that_share_storage_come_back_apart():
    whole = torch.arange(6.0)
    first, second, again = there_and_back([whole[:4], whole[2:], whole])
    assert torch.equal(first, whole[:4])
    assert torch.equal(second, whole[2:])
    first.zero_()
    assert torch.equal(again, whole)


def test_a_tensor_with_a_graph_comes_back_without():
    back = there_and_back(torch.ones(2, requires_grad=True) * 2)
    assert not back.requires_grad


def test_a_subclass_of_tensor_comes_back_as_a_tensor():
    assert type(there_and_back(torch.nn.Parameter(torch.ones(2)))) is torch.Tensor


def test_complex_tensors_are_neither_sent_nor_taken():
    """A probe would answer with what cannot be sent back."""
    x = torch.ones(2, dtype=torch.complex64)
    blob = safetensors.torch.save({"0": x})
    with pytest.raises(wire.ProtocolError):
        wire.decode(b'{"tensor": "0"}', blob)
    with pytest.raises(wire.ProtocolError):
        wire.encode({"answer": x.to(torch.complex128)})


def test_leaves_keep_their_tensor():
    back = there_and_back(Leaf(torch.ones(2, dtype=torch.float64)))
    assert isinstance(back, Leaf)
    assert torch.equal(back.tensor, torch.ones(2, dtype=torch.float64))


@pytest.mark.parametrize(
    "value", [object(), {1, 2}, b"bytes", {1: 2}, 1j, len, range(3)], ids=lambda v: type(v).__name__
)
def test_everything_else_is_not_sent(value):
    with pytest.raises(TypeError, match="does not cross the boundary"):
        wire.encode([value])


MALFORMED = {
    "empty": b"",
    "noise": bytes(range(256)),
    "no JSON": b"{",
    "two documents": b"1 2",
    "no UTF-8": b"\xff\xfe",
    "pickle": pickle.dumps([1]),
    "a bare list": b"[1]",
    "a list within": b'{"list": [[1]]}',
    "no tag": b"{}",
    "two tags": b'{"list": [], "tuple": []}',
    "an unknown tag": b'{"eval": "1"}',
    "a tensor that is not there": b'{"tensor": "0"}',
    "a tensor by a list": b'{"tensor": [1]}',
    "a float that is none": b'{"float": "one"}',
    "a float by a list": b'{"float": []}',
    "a list of nothing": b'{"list": null}',
    "a dict of a list": b'{"dict": [1]}',
    "a leaf of nothing": b'{"leaf": {"tensor": "1"}}',
    "a derived value cut short": b'{"derived": ["scaled"]}',
    "a derived value of nothing": b'{"derived": null}',
    "a remote that is none": b'{"remote": "x"}',
    "an infinite remote": b'{"remote": 1e999}',
    "an opaque value cut short": b'{"opaque": []}',
    "nested too deeply": b'{"list":[' * 100_000 + b"]}" * 100_000,
    "brackets": b"[" * 1_000_000,
    "a number without end": b"1" * 100_000,
}


@pytest.mark.parametrize("what", MALFORMED)
def test_malformed_documents_are_refused(what):
    with pytest.raises(wire.ProtocolError):
        wire.decode(MALFORMED[what], b"")


@pytest.mark.parametrize(
    "blob",
    [
        b"x",
        bytes(8),
        struct.pack("<Q", 1 << 60) + b"{}",
        struct.pack("<Q", 2) + b"[]",
        pickle.dumps({"0": 1}),
        safetensors.torch.save({"0": torch.ones(4)})[:-1],
        safetensors.torch.save({"0": torch.ones(4)}) + b"x",
        safetensors.torch.save({"0": torch.ones(4)}).replace(b"F32", b"F99"),
        safetensors.torch.save({"0": torch.ones(4)}).replace(b"[4]", b"[9]"),
    ],
    ids=range(9),
)
def test_malformed_tensors_are_refused(blob):
    with pytest.raises(wire.ProtocolError):
        wire.decode(b'{"tensor": "0"}', blob)


@pytest.mark.parametrize("sizes", [(limits.MESSAGE_JSON + 1, 0), (0, limits.MESSAGE_BLOB + 1), (2**64 - 1, 2**64 - 1)])
def test_oversize_messages_are_refused_before_they_are_read(sizes, channel):
    ours, theirs = channel
    ours.sendall(struct.pack(">QQ", *sizes))
    with pytest.raises(wire.ProtocolError, match="more than is accepted"):
        wire.receive(theirs)


def test_messages_of_the_largest_size_are_accepted(channel):
    ours, theirs = channel
    tensor = torch.zeros((limits.MESSAGE_BLOB - 1000) // 8, dtype=torch.float64)
    sender = threading.Thread(target=wire.send, args=(ours, tensor))
    sender.start()
    assert torch.equal(wire.receive(theirs), tensor)
    sender.join()


def test_several_messages_come_one_after_another(channel):
    ours, theirs = channel
    for message in (1, [torch.ones(3)], {"last": None}):
        wire.send(ours, message)
    assert wire.receive(theirs) == 1
    assert torch.equal(wire.receive(theirs)[0], torch.ones(3))
    assert wire.receive(theirs) == {"last": None}


def test_a_message_in_pieces_is_put_together(channel):
    ours, theirs = channel
    frame = wire.encode({"x": torch.arange(5)})

    def send():
        for i in range(len(frame)):
            ours.sendall(frame[i : i + 1])

    sender = threading.Thread(target=send)
    sender.start()
    assert torch.equal(wire.receive(theirs)["x"], torch.arange(5))
    sender.join()


@pytest.mark.parametrize("sent", [b"", b"\x00\x00", struct.pack(">QQ", 10, 0) + b"{"])
def test_an_end_in_mid_message_is_told_apart(sent, channel):
    ours, theirs = channel
    ours.sendall(sent)
    ours.close()
    with pytest.raises(wire.Closed):
        wire.receive(theirs)


def test_sending_to_nobody_is_told_apart(channel):
    ours, theirs = channel
    theirs.close()
    with pytest.raises(wire.Closed):
        wire.send(ours, "x" * 1_000_000)


@pytest.mark.parametrize("sent", [b"", b"\x00" * 3, struct.pack(">QQ", 10, 0) + b"{"])
def test_waiting_ends_when_time_is_up(sent, channel):
    ours, theirs = channel
    ours.sendall(sent)
    asked = []
    with pytest.raises(wire.OutOfTime):
        wire.receive(theirs, lambda waited: asked.append(waited) or len(asked) > 1)
    assert asked == sorted(asked)


def test_a_trickle_does_not_keep_the_grader_waiting(channel):
    """A byte now and then is no reply: time runs out all the same."""
    ours, theirs = channel
    stop = threading.Event()

    def trickle():
        ours.sendall(struct.pack(">QQ", 1 << 20, 0))
        for _ in range(60):  # about three seconds; then the end of the message is what ends the wait
            if stop.wait(0.05):
                return
            ours.sendall(b" ")
        ours.close()

    sender = threading.Thread(target=trickle)
    sender.start()
    try:
        with pytest.raises(wire.OutOfTime):
            wire.receive(theirs, lambda waited: waited > 0.6)
    finally:
        stop.set()
        sender.join()


def test_the_document_is_json(channel):
    frame = wire.encode({"result": [1.5, math.inf]})
    size = struct.unpack(">QQ", frame[:16])[0]
    assert json.loads(frame[16 : 16 + size]) == {"dict": {"result": {"list": [1.5, {"float": "inf"}]}}}


@pytest.mark.parametrize(
    "text, shown",
    [
        ("naïve ᾱ\n\t😀", "naïve ᾱ\n\t😀"),
        ("\x1b[2Jgone", "�[2Jgone"),
        ("a\x00b\rc\x07", "a�b�c�"),
        ("half \ud800", "half �"),
        ("x" * 5000, "x" * limits.TEXT),
    ],
)
def test_text_that_arrives_can_be_shown(text, shown):
    assert wire.clean(text) == shown
