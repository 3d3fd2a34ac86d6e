"""How evenly `/mc/time` leaves: intervals between pulses as a bot receives them.

Run: ``python tests/benchmarks/bench_pulse.py [seconds]``. It prints figures; it tests nothing.
For comparison: the original conductor, measured on such a machine, was off the grid by 3.4 ms sd
and 9.0 ms at most.
"""

import asyncio
import socket
import statistics
import sys
import threading
import time

from director.director import Director
from director.outputs.deadline import DeadlineThread
from ensembles.config import load_piece
from musebots import messages as m
from musebots.network import UdpNetwork
from musebots.timebase import TICKS_PER_PULSE


def receive_pulses(sock: socket.socket, arrivals: dict[int, float]) -> None:
    """Note when each pulse arrives; in a thread, blocking, as close to the wire as Python gets."""
    while True:
        datagram = sock.recv(2048)
        now = time.monotonic()
        message = m.decode(datagram)
        if isinstance(message, m.Time):
            arrivals[message.pulse] = now
        elif isinstance(message, m.Off):
            return


async def measure(seconds: float) -> None:
    """Let a Director without bots send pulses to one classic listener."""
    score = load_piece("trio").score(bars=max(2, round(seconds / 2)), bpm=120.0)
    pulse = DeadlineThread("pulse")
    pulse.start()
    director = Director(score, {}, [], call_at=pulse.call_at)
    address = await director.open(UdpNetwork())
    arrivals: dict[int, float] = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.connect(address)
        sock.send(m.encode(m.Alive("listener")))
        listener = threading.Thread(target=receive_pulses, args=(sock, arrivals))
        listener.start()
        alive = asyncio.create_task(keep_alive(sock))
        await director.run()
        alive.cancel()
        listener.join()
    pulse.stop()
    anchor = director.clock.anchor_seconds
    due = {
        number: score.tempo_map.seconds_at(score.start_tick + number * TICKS_PER_PULSE)
        for number in arrivals
    }
    errors = [1000 * (at - anchor - due[number]) for number, at in arrivals.items()]
    spread = sorted(abs(error) for error in errors)
    print(
        f"{len(errors)} pulses at 120 bpm: off the grid by sd {statistics.pstdev(errors):.3f} ms, "
        f"p50 {spread[len(spread) // 2]:.3f}, p99 {spread[int(len(spread) * 0.99)]:.3f}, "
        f"max {spread[-1]:.3f} ms"
    )


async def keep_alive(sock: socket.socket) -> None:
    """A classic bot's heartbeat."""
    while True:
        sock.send(m.encode(m.Alive("listener")))
        await asyncio.sleep(1.0)


if __name__ == "__main__":
    sys.setswitchinterval(0.0005)
    asyncio.run(measure(float(sys.argv[1]) if len(sys.argv) > 1 else 40.0))
