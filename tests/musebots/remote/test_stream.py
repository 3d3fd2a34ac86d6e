"""What goes in comes out, once and in order, whatever the network does."""

from hypothesis import given, settings
from hypothesis import strategies as st

from musebots.remote.stream import LIFETIME_SECONDS, Incoming, Outgoing


def test_without_trouble_everything_goes_out_once_at_once():
    out, incoming, heard = Outgoing(), Incoming(), []
    for n in range(5):
        out.add(b"%d" % n, now=0.0)
        for place, datagram in out.due(0.0):
            heard += incoming.take(place, out.oldest, datagram)
    assert heard == [b"0", b"1", b"2", b"3", b"4"]
    out.acknowledged(incoming.awaited, incoming.later, 0.02)
    assert out.next_seconds() is None
    assert (out.n_again, out.n_lost, incoming.n_lost, incoming.n_double) == (0, 0, 0, 0)


def test_a_lost_one_is_sent_again_when_two_later_ones_are_known_to_have_come():
    out = Outgoing()
    for n in range(4):
        out.add(b"%d" % n, now=0.0)
    assert len(list(out.due(0.0))) == 4
    out.acknowledged(0, 0b011, 0.01)  # 1 and 2 are there, 0 is not
    assert list(out.due(0.01)) == []
    out.acknowledged(0, 0b111, 0.01)
    assert list(out.due(0.01)) == [(0, b"0")]
    assert out.n_again == 1


def test_a_lone_one_is_sent_again_after_about_a_round_trip():
    out = Outgoing()
    for n in range(20):
        out.add(b"x", now=float(n))
        list(out.due(float(n)))
        out.acknowledged(n + 1, 0, n + 0.04)
    out.add(b"y", now=30.0)
    list(out.due(30.0))
    assert list(out.due(30.03)) == []
    assert 30.04 < out.next_seconds() < 30.1
    assert [datagram for _, datagram in out.due(out.next_seconds())] == [b"y"]


def test_what_is_too_old_is_given_up_and_the_receiver_goes_on_without_it():
    out, incoming = Outgoing(), Incoming()
    out.add(b"old", now=0.0)
    list(out.due(0.0))
    late = LIFETIME_SECONDS + 0.1
    out.add(b"new", now=late)
    ((place, datagram),) = out.due(late)
    assert incoming.take(place, out.oldest, datagram) == [b"new"]
    assert (out.n_lost, incoming.n_lost) == (1, 1)


@settings(max_examples=200)
@given(st.lists(st.sampled_from(["send", "lose", "double", "hold", "release", "tick"]),
                max_size=60), st.randoms(use_true_random=False))  # fmt: skip
def test_whatever_happens_the_order_is_kept_and_nothing_comes_twice(events, chance):
    out, incoming, heard, held, now, n = Outgoing(), Incoming(), [], [], 0.0, 0
    for event in events:
        now += 0.02
        if event == "send":
            out.add(b"%d" % n, now)
            n += 1
        packets = [(place, out.oldest, datagram) for place, datagram in out.due(now)]
        if event == "hold":
            held += packets
            packets = []
        elif event == "lose":
            packets = []
        elif event == "double":
            packets *= 2
        elif event == "release":
            packets += held
            held = []
            chance.shuffle(packets)
        for packet in packets:
            heard += incoming.take(*packet)
        out.acknowledged(incoming.awaited, incoming.later, now)
    numbers = [int(datagram) for datagram in heard]
    assert numbers == sorted(set(numbers))
    for _ in range(20):  # a quiet end: what was not given up arrives
        now += 0.6
        for place, datagram in out.due(now):
            heard += incoming.take(place, out.oldest, datagram)
        out.acknowledged(incoming.awaited, incoming.later, now)
    assert len(heard) == n - out.n_lost
