"""A network of several machines in virtual time, which delays, loses, doubles and reorders."""

import asyncio
import random


class SimulatedNetwork:
    """All machines; each joins by `at(host)`, and two of one host hear each other at once."""

    def __init__(self, seed, *, delay=0.0, jitter=0.0, loss=0.0, double=0.0):
        self.random = random.Random(seed)
        self.delay, self.jitter, self.loss, self.double = delay, jitter, loss, double
        self.receivers = {}
        self.wiretap = []  # (datagram, source, to) of everything that was ever sent
        self.n_lost = 0

    def at(self, host):
        return Machine(self, host)

    def send(self, datagram, source, to):
        self.wiretap.append((datagram, source, to))
        loop = asyncio.get_running_loop()
        if source[0] == to[0]:
            loop.call_soon(self.deliver, datagram, source, to)
            return
        for _ in range(1 + (self.random.random() < self.double)):
            if self.random.random() < self.loss:
                self.n_lost += 1
                continue
            seconds = self.delay + self.random.uniform(-self.jitter, self.jitter)
            loop.call_later(seconds, self.deliver, datagram, source, to)

    def deliver(self, datagram, source, to):
        receive = self.receivers.get(to)
        if receive is not None:
            receive(datagram, source)


class Machine:
    """One machine's network."""

    def __init__(self, network, host):
        self.network, self.host = network, host
        self.next_port = 50_000

    async def open(self, receive, *, host=None, port=0):
        if port == 0:
            port, self.next_port = self.next_port, self.next_port + 1
        endpoint = SimulatedEndpoint(self.network, (self.host, port))
        self.network.receivers[endpoint.address] = receive
        return endpoint


class SimulatedEndpoint:
    def __init__(self, network, address):
        self.network, self.address = network, address

    def send(self, datagram, to):
        self.network.send(datagram, self.address, to)

    send_from_thread = send

    def close(self):
        self.network.receivers.pop(self.address, None)
