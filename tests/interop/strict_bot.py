"""A classic musebot as strict as the Java kit: a wrong type kills its receiving thread for ever.

It then goes on sending heartbeats, deaf. What it hears it writes, a line each, to a file beside it.
Nothing of this project is imported: it reads the wire with its own eyes.

    python strict_bot.py [FOLDER] [WAYS...]     ways: nameless, host, port, slow, immortal, chatty
"""

import os
import socket
import struct
import sys
import time

ALLOWED = {
    "/mc/time": ("fi",),
    "/mc/meter": ("ii",),
    "/agent/gain": ("f", "ff"),
    "/agent/off": ("", "i"),
}


def padded(text):
    raw = text.encode() + b"\0"
    return raw + b"\0" * (-len(raw) % 4)


def read_string(data, at):
    end = data.index(b"\0", at)
    return data[at:end].decode(), (end // 4 + 1) * 4


def parsed(data):
    """(address, tags, values), or ValueError."""
    address, at = read_string(data, 0)
    tags, at = read_string(data, at)
    values = []
    for tag in tags[1:]:
        if tag in "if":
            values.append(struct.unpack_from(">" + tag, data, at)[0])
            at += 4
        elif tag == "s":
            value, at = read_string(data, at)
            values.append(value)
        else:
            raise ValueError(f"ClassCastException: {tag}")
    return address, tags[1:], values


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    ways = sys.argv[2:]
    with open(os.path.join(folder, "config.txt"), "rb") as file:
        rows = file.read().decode("ascii").split("\n")
    keys = [row.split(" ")[0] for row in rows]
    assert keys == ["id", "mc_hostname", "mc_listen_port", "my_listen_port", "output_channels", ""]
    name, host, conductor, own, _ = (row.split(" ")[1] for row in rows[:5])
    says = {"host": f"{name}@localhost", "port": f"{name}_{own}"}
    shown = next((says[way] for way in ways if way in says), name)
    ears = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ears.bind(("127.0.0.1", int(own)))
    ears.settimeout(0.05)
    mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)  # from another port, as all kits do
    conductor = (host, int(conductor))
    alive = padded("/agent/alive") + padded("," if "nameless" in ways else ",s")
    alive += b"" if "nameless" in ways else padded(shown)
    beat = 5.0 if "slow" in ways else 1.0
    with open(os.path.join(folder, f"heard-{name}.log"), "a", buffering=1) as log:
        log.write("started\n")
        live(log, ears, mouth, (name, alive, conductor), beat, ways)


def live(log, ears, mouth, who, beat, ways):
    name, alive, conductor = who
    next_alive, is_deaf, last_list = 0.0, False, time.time()
    while True:
        if time.time() >= next_alive:
            next_alive = time.time() + beat
            (ears if "nameless" in ways else mouth).sendto(alive, conductor)
            if "chatty" in ways:
                pool = padded("/broadcast/notepool") + padded(",sii") + padded(name)
                mouth.sendto(pool + struct.pack(">ii", 60, 64), conductor)
                # a bundle, a double, truth values, an unknown dialect, and rubbish
                mouth.sendto(padded("/broadcast/x") + padded(",sdT") + padded(name)
                             + struct.pack(">d", 0.5), conductor)  # fmt: skip
                mouth.sendto(b"#bundle\0" + b"\0" * 8 + struct.pack(">i", len(pool) + 8) + pool
                             + struct.pack(">ii", 1, 2), conductor)  # fmt: skip
                mouth.sendto(padded("/foreign/thing") + padded(",T"), conductor)
                mouth.sendto(padded("/mc/statechange") + padded(",s") + padded("x"), conductor)
                mouth.sendto(padded("/agent/offed") + padded(",s") + padded(name), conductor)
                mouth.sendto(b"\xff\xff rubbish", conductor)
                huge = padded("/broadcast/huge") + padded(",ss") + padded(name)
                mouth.sendto(huge + padded("y" * 9000), conductor)
        try:
            data, source = ears.recvfrom(65536)
        except TimeoutError:
            data = None
        if data is not None and not is_deaf:
            try:
                address, tags, values = parsed(data)
                if len(data) >= 8192 or tags not in ALLOWED.get(address, (tags,)):
                    raise ValueError(f"{len(data)} bytes, ,{tags}")
                if not address.startswith(("/mc/", "/agent/", "/broadcast/")):
                    raise ValueError("unknown address")
                if source[1] != conductor[1]:
                    raise ValueError(f"from port {source[1]}")
            except (ValueError, struct.error) as error:
                log.write(f"DIED {error}: {data[:40]!r}\n")
                is_deaf = True
                continue
            log.write(f"{address} {tags} {values}\n")
            if address == "/mc/agentList":
                last_list = time.time()
            if address == "/agent/off" and "immortal" not in ways:
                log.write("left\n")
                return
        if time.time() - last_list > 30:
            return


if __name__ == "__main__":
    main()
