"""How fast the page is: control round trip, frames a second, what the server costs.

python tests/benchmarks/bench_page.py [--seconds 20] [--units 512]

A real Director, four bots that play a note a beat and tell activations of so many units, the page
in a process of its own, and one browser (the system's Chromium, drawing in software). The round
trip is from a control that is touched to the difference that it makes, over the WebSocket, through
page, Director and back.
"""

import argparse
import importlib.util
import json
import os
import statistics
import sys
import time
from pathlib import Path

from playwright.sync_api import sync_playwright
from websockets.sync.client import connect

HERE = Path(__file__).resolve().parent
spec = importlib.util.spec_from_file_location("stage", HERE.parent / "ensembles/web/stage.py")
stage = importlib.util.module_from_spec(spec)
sys.modules["stage"] = stage
spec.loader.exec_module(stage)
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
DRAWN = """(seconds) => new Promise((tell) => {
  const { frames } = window.musebots;
  const [since, n] = [performance.now(), frames.n];
  setTimeout(() => {
    const took = [...frames.took].sort((a, b) => a - b);
    const part = (share) => took[Math.floor(share * (took.length - 1))];
    tell([(1000 * (frames.n - n)) / (performance.now() - since), [part(0.5), part(0.95)]]);
  }, 1000 * seconds);
})"""


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def round_trips(port, n=300):
    """Milliseconds from a fader that is moved to the strip that comes back."""
    took = []
    origin = f"http://127.0.0.1:{port}"
    with connect(f"ws://127.0.0.1:{port}/ws", origin=origin, proxy=None) as socket:
        for index in range(n):
            gain = round(-10 + index * 0.01, 2)
            started = time.perf_counter()
            socket.send(json.dumps({"do": "gain_db", "values": ["pad", gain, 0]}))
            while True:
                said = socket.recv(timeout=5)
                if isinstance(said, bytes):
                    continue
                strip = json.loads(said).get("put", {}).get("strip/pad")
                if strip and abs(strip["gain_db"] - gain) < 1e-4:
                    break
            took.append(1000 * (time.perf_counter() - started))
            time.sleep(0.02)
    return took


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--units", type=int, default=512)
    chosen = parser.parse_args()
    with stage.Performance(n_units=chosen.units) as band:
        port = stage.free_port()
        with stage.page_process(band.address, port) as page:
            alone = round_trips(port)
            report("round trip, no browser", alone)
            with sync_playwright() as library:
                browser = library.chromium.launch(
                    executable_path=CHROMIUM,
                    args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
                )
                window = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
                window.goto(f"http://127.0.0.1:{port}/")
                window.wait_for_selector('.strip[data-bot="drums"]')
                window.wait_for_timeout(4000)
                before, since = cpu_seconds(page.pid), time.monotonic()
                frames, draw_ms = window.evaluate(DRAWN, chosen.seconds)
                cpu = (cpu_seconds(page.pid) - before) / (time.monotonic() - since)
                print(f"frames a second, 4 bots of {chosen.units} units: {frames:.1f}")
                print(f"drawing a frame: median {draw_ms[0]:.2f} ms, p95 {draw_ms[1]:.2f} ms")
                print(f"server, one browser: {100 * cpu:.1f} % of a core")
                report("round trip, a browser beside", round_trips(port))
                browser.close()
    print("load average", os.getloadavg())


def report(what, took):
    tail = statistics.quantiles(took, n=100)
    print(
        f"{what}: median {tail[49]:.2f} ms, p95 {tail[94]:.2f}, p99 {tail[98]:.2f}, n {len(took)}"
    )


if __name__ == "__main__":
    main()
