"""The sound process without a sound card, as it is: what it sends is what a render writes."""

import json
import socket
import subprocess
import time

import numpy as np
import pytest

from director.outputs.audio.jobs import Cue, encode_cue, encode_strips
from director.outputs.audio.packets import HEADER, StreamAddress
from director.outputs.audio.render import WORKER, worker_environment
from director.score import Strip

BAND = (Strip("mel", "melody", 0, instrument="clarinet"), Strip("low", "bass", 1),
        Strip("kit", "drums", 9))  # fmt: skip
LEAD_SECONDS = 3.0


def music():
    """Four seconds; each begins with a note of everybody."""
    cues = []
    for second in range(4):
        for bot_id, pitch in (("mel", 61 + 2 * second), ("low", 36), ("kit", 38)):
            cues.append(Cue(0.01 + second, "on", bot_id, pitch, 100))
            cues.append(Cue(0.6 + second, "off", bot_id, pitch))
    return cues


def streamed(cues, n_seconds):
    """Start the sound process, listen as a page does; samples from the first second on."""
    stream = StreamAddress.choose()
    settings = {"kind": "browser", "sample_rate_hz": 44100, "block_frames": 64, "seed": 0,
                "port": stream.port, "token": stream.token}  # fmt: skip
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear,
        subprocess.Popen(
            [*WORKER, "live"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env=worker_environment(),
        ) as process,
    ):  # fmt: skip
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        ear.settimeout(5.0)
        process.stdin.write(json.dumps(settings).encode() + b"\n" + encode_strips(BAND))
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["ready"] == "browser"
        begin = time.monotonic() + LEAD_SECONDS
        for cue in cues:
            process.stdin.write(
                encode_cue(Cue(begin + cue.seconds, cue.kind, cue.bot_id, cue.a, cue.b))
            )
        process.stdin.flush()
        samples = np.zeros((round(n_seconds * 44100), 2))
        n_packets = 0
        while True:
            if n_packets % 20 == 0:
                ear.sendto(stream.token.encode(), ("127.0.0.1", stream.port))
            packet = ear.recv(4096)
            n_packets += 1
            _, _, rate, n_frames, _, seconds = HEADER.unpack(packet[: HEADER.size])
            assert rate == 44100
            first = round((seconds - begin) * rate)
            pcm = np.frombuffer(packet[HEADER.size :], "<i2").reshape(-1, 2) / 32767
            cut = slice(max(0, -first), max(0, min(n_frames, len(samples) - first)))
            samples[max(0, first) : max(0, first) + len(pcm[cut])] = pcm[cut]
            if first >= len(samples):
                break
        process.stdin.close()
        assert process.wait(10.0) == 0
    return samples


@pytest.mark.live
@pytest.mark.slow
def test_what_is_streamed_is_what_a_render_of_the_same_notes_gives(heard):
    live = streamed(music(), 4.0)
    later = [Cue(c.seconds + 1.0, c.kind, c.bot_id, c.a, c.b) for c in music()]
    rendered = heard("render", BAND, later, 5.0)
    of_live = [np.sqrt(np.mean(live[n * 44100 : (n + 1) * 44100] ** 2)) for n in range(4)]
    assert min(of_live) > 0.01
    # The blocks of the two do not begin at the same moments, so notes differ by up to 1.5 ms.
    assert of_live == pytest.approx(rendered["rms_by_second"][1:], rel=0.03)
