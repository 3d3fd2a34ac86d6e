"""Our bots as classic musebots: under a fake conductor of each dialect, on virtual time. Seed 0."""

import asyncio
import json
import struct

import numpy as np
import pytest

from director.outputs.base import Level, NoteOn
from director.outputs.memory import MemoryOutput, hanging_notes, paired_notes
from ensembles.classic.exporting import export_bot
from ensembles.classic.folders import Config, is_classic_folder, read_config, read_info
from ensembles.classic.playing import ClassicLife
from musebots import messages as m
from musebots.errors import ConfigError
from musebots.network import LoopbackNetwork, Wire
from musebots.offline import run_offline

JITTER_SECONDS = 0.0034
PORT, OWN_PORT = 4747, 7475
BAR_PULSES = 64


def osc(address, tags="", *values):
    def padded(raw):
        return raw + b"\0" * (4 - len(raw) % 4)

    data = padded(address.encode()) + padded(b"," + tags.encode())
    for tag, value in zip(tags, values, strict=True):
        data += padded(value.encode()) if tag == "s" else struct.pack(">" + tag, value)
    return data


class Original:
    """The Java conductor: a string for every id, gain without a ramp."""

    def time(self, bpm, pulse):
        return [osc("/mc/time", "fi", bpm, pulse)]

    def agents(self, ids):
        return osc("/mc/agentList", "s" * len(ids), *ids)

    def gain(self, gain):
        return osc("/agent/gain", "f", gain)

    def off(self):
        return osc("/agent/off")


class Max(Original):
    """The Max conductors: ids in one string, a meter on every beat, ramps, and values they add."""

    def time(self, bpm, pulse):
        meter = [osc("/mc/meter", "ii", 4, 4)] if pulse % 16 == 0 else []
        return [*meter, osc("/mc/time", "fi", bpm, pulse)]

    def agents(self, ids):
        return osc("/mc/agentList", "s", " ".join(ids))

    def gain(self, gain):
        return osc("/agent/gain", "ff", gain, 100.0)

    def off(self):
        return osc("/agent/off", "i", 1)


class Careless(Original):
    """One that sends whole numbers, and words that nobody knows."""

    def time(self, bpm, pulse):
        return [osc("/mc/time", "iii", round(bpm), pulse, 0), osc("/mc/statechange", "s", "x")]

    def gain(self, gain):
        return osc("/agent/gain", "d", gain)


async def conducted(conductor, *, tempi=((0, 120.0),), n_pulses=12 * BAR_PULSES, jitter=0.0,
                    reference="hello", silent_from=None, extra=None, pauses=None,
                    seed=0):  # fmt: skip
    """Play a bot under a conductor; its output, what it said, and when each pulse truly fell."""
    loop, network, out, heard = asyncio.get_running_loop(), LoopbackNetwork(), MemoryOutput(), []
    rng = np.random.default_rng(seed)
    wire = Wire(lambda message, raw, source: heard.append((loop.time(), message, raw)))
    await wire.open(network, port=PORT)
    to = ("127.0.0.1", OWN_PORT)
    config = Config("ours", "127.0.0.1", PORT, OWN_PORT)
    life_of_bot = ClassicLife(config, reference, [out], network=network)
    ends = []
    life = asyncio.ensure_future(life_of_bot.run())
    life.add_done_callback(lambda _: ends.append(loop.time()))
    truth, now, bpms, bpm = [], 1.0, dict(tempi), tempi[0][1]
    await asyncio.sleep(0.5)
    wire.send_bytes(conductor.gain(0.5), to)
    for pulse in range(n_pulses):
        bpm = bpms.get(pulse, bpm)
        now += (pauses or {}).get(pulse, 0.0)
        truth.append(now)
        when = max(loop.time(), now + (rng.normal(0.0, jitter) if jitter else 0.0))
        await asyncio.sleep(when - loop.time())
        for datagram in conductor.time(bpm, pulse):
            wire.send_bytes(datagram, to)
        if pulse % 64 == 0 and (silent_from is None or pulse < silent_from):
            wire.send_bytes(conductor.agents(["ours", "another"]), to)
        if extra is not None:
            extra(pulse, lambda datagram: wire.send_bytes(datagram, to))
        now += 60.0 / bpm / 16
    off_seconds = loop.time()
    if silent_from is None:
        wire.send_bytes(conductor.off(), to)
    await asyncio.wait_for(life, 60)
    return out, heard, truth, (off_seconds, ends[0], life_of_bot)


def beat_errors(out, truth, *, from_pulse=0):
    """How far each of a hello bot's notes is from the conductor's beat, in seconds."""
    beats = np.array(truth[::16])
    onsets = [out.anchor_seconds + e.seconds for e in out.events if isinstance(e, NoteOn)]
    onsets = [t for t in onsets if truth[from_pulse] <= t < truth[-1] + 0.01]
    return np.array([t - beats[np.abs(beats - t).argmin()] for t in onsets]), onsets


@pytest.mark.parametrize("conductor", [Original, Max, Careless], ids=lambda c: c.__name__)
def test_our_bot_plays_under_the_conductors_of_others_and_keeps_to_their_words(conductor):
    out, heard, truth, (off, end, _) = run_offline(conducted(conductor()))
    assert {raw.split(b"\0")[0] for _, _, raw in heard} == {b"/agent/alive"}
    assert {message for _, message, _ in heard} == {m.Alive("ours")}
    times = [when for when, _, _ in heard]
    assert max(np.diff(times)) < 1.0  # the Max conductors forget who was silent for longer
    errors, onsets = beat_errors(out, truth)
    assert len(onsets) > 4 * 8
    assert np.abs(errors).max() < 0.002
    gains = [event.gain for event in out.events if isinstance(event, Level)]
    assert abs(gains[0] - 0.5) < 1e-3
    assert hanging_notes(out.events) == []
    assert 4.9 < end - off < 6.5
    assert gains[-1] < 0.001
    assert any(0.01 < gain < 0.4 for gain in gains)  # it fades


@pytest.mark.parametrize("seed", range(3))
def test_its_beats_are_within_a_millisecond_rms_after_four_bars_of_jittered_pulses(seed):
    out, _, truth, _ = run_offline(
        conducted(Original(), jitter=JITTER_SECONDS, n_pulses=10 * BAR_PULSES, seed=seed)
    )
    errors, onsets = beat_errors(out, truth, from_pulse=4 * BAR_PULSES)
    assert len(onsets) >= 4 * 5
    assert np.sqrt(np.mean(errors**2)) < 0.001


def test_a_jump_of_the_tempo_is_followed_within_a_beat():
    jump = 10 * BAR_PULSES
    tempi = ((0, 100.0), (jump, 140.0))
    out, _, truth, _ = run_offline(conducted(Original(), tempi=tempi, n_pulses=16 * 64))
    errors, _ = beat_errors(out, truth, from_pulse=jump + 16)
    assert np.abs(errors).max() < 0.003
    errors, _ = beat_errors(out, truth, from_pulse=6 * BAR_PULSES)
    assert np.abs(errors).max() < 0.05


def test_a_conductor_that_pauses_silences_it_and_is_found_again():
    pause = 5 * BAR_PULSES + 20
    out, _, truth, _ = run_offline(
        conducted(Original(), n_pulses=14 * BAR_PULSES, pauses={pause: 7.3})
    )
    assert np.abs(beat_errors(out, truth, from_pulse=pause + 3 * 16)[0]).max() < 0.002
    levels = [(out.anchor_seconds + e.seconds, e.gain) for e in out.events if isinstance(e, Level)]
    during = [gain for when, gain in levels if truth[pause] - 6 < when < truth[pause] - 0.5]
    assert during[-1] < 0.001
    assert levels[-1][0] > truth[pause]
    after = [gain for when, gain in levels if truth[pause] < when < truth[pause] + 1]
    assert abs(after[-1] - 0.5) < 1e-3


def test_it_leaves_half_a_minute_after_the_last_list_of_agents():
    out, _, truth, (_, end, _) = run_offline(
        conducted(Original(), n_pulses=22 * 64, silent_from=65)
    )
    assert 30.0 <= end - truth[64] <= 33.0
    assert hanging_notes(out.events) == []


def test_when_another_ends_it_plays_its_phrase_to_the_end_on_the_tonic_says_so_and_leaves():
    def extra(pulse, send):
        if pulse == 6 * BAR_PULSES + 5:
            send(osc("/broadcast/exiting", "si", "another", 1))

    out, heard, _, (off, end, _) = run_offline(
        conducted(Original(), reference="bass", extra=extra, n_pulses=20 * BAR_PULSES)
    )
    notes = paired_notes(out.events)["bass"]
    last = notes[-1]
    assert last.pitch % 12 == 9  # who plays alone does so in A minor
    assert last.onset_ticks % (4 * 1920) == 3 * 1920
    assert last.duration_ticks == 1920
    assert hanging_notes(out.events) == []
    assert end < off - 8 * 2.0
    said = [message for _, message, _ in heard if isinstance(message, m.Broadcast)]
    assert said[-1] == m.Broadcast("exiting", "ours", (1,))


def test_it_hears_the_band_and_is_heard_by_it(tmp_path):
    (tmp_path / "bot.py").write_text(
        "from musebots import Musebot\n\n\n"
        "class Talking(Musebot):\n"
        "    def hear(self, message):\n"
        "        if getattr(message, 'topic', '') == 'notepool':\n"
        "            self.broadcast('heard', message.topic, *message.values)\n"
    )

    def extra(pulse, send):
        if pulse == 256:
            send(osc("/broadcast/notepool", "sii", "another", 60, 64))
            send(osc("/broadcast/notepool", "sii", "ours", 1, 2))  # its own, come back

    _, heard, _, _ = run_offline(conducted(Max(), reference=str(tmp_path), extra=extra))
    said = [message for _, message, _ in heard if isinstance(message, m.Broadcast)]
    assert m.Broadcast("heard", "ours", ("notepool", 60, 64)) in said
    assert not any(1 in message.values for message in said)
    assert all(set(raw[raw.index(b",") :].split(b"\0")[0]) <= set(b",ifsb") for _, _, raw in heard)


def test_an_exported_bot_is_a_classic_folder_and_says_what_it_is(tmp_path):
    made = export_bot("bass", tmp_path / "Our Bass")
    assert is_classic_folder(made)
    assert read_config(made) == Config("Our-Bass", "127.0.0.1", 4747, 7475)
    info = read_info(made)
    assert info.title == "bass"
    assert info.tags == ("bass",)
    assert "--bot bass" in (made / "run.command").read_text()
    with pytest.raises(ConfigError, match="exists already"):
        export_bot("bass", made)
    (tmp_path / "mine.py").write_text(
        "from musebots import Musebot\n\n\n"
        "class Mine(Musebot):\n    sends = ('notes', 'notepool')\n"
    )
    mine = export_bot(str(tmp_path / "mine.py"), tmp_path / "Mine")
    assert "--bot ." in (mine / "run.sh").read_text()
    assert read_info(mine).sends == {"notepool": ""}
    assert list(read_info(mine).receives) == ["notepool", "plan/chords", "plan/chordDuration"]
    assert json.dumps(str(mine / "bot.py"))
    assert (mine / "bot.py").is_file()


def test_a_config_that_makes_no_sense_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"there is no config\.txt"):
        read_config(tmp_path)
    (tmp_path / "config.txt").write_text("id x y z\nmy_listen_port many\n")
    with pytest.raises(ConfigError, match="my_listen_port must be a port, got 'many'"):
        read_config(tmp_path)
    (tmp_path / "config.txt").write_text("junk\nid x\nmc_hostname localhost\n\n")
    assert read_config(tmp_path) == Config("x", "127.0.0.1", 4747, 7475)
