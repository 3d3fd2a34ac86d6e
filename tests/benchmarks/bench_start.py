"""What starting costs: imports, a bot's process, its memory.

Run: ``python tests/benchmarks/bench_start.py``. It prints figures; nothing here is a test.
"""

import asyncio
import statistics
import subprocess
import sys
import time
from pathlib import Path

from musebots import messages as m
from musebots.network import UdpNetwork, Wire

N_RUNS = 7
IMPORTS = ("import musebots", "from musebots import Musebot, Note", "import ensembles.cli")


def bench_imports() -> None:
    """Wall time of an import in a fresh interpreter, the interpreter's own start excluded."""
    for statement in IMPORTS:
        code = f"import time; t = time.perf_counter(); {statement}; print(time.perf_counter() - t)"
        times = [
            float(
                subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
            )
            for _ in range(N_RUNS)
        ]
        print(f"{statement}: {statistics.median(times) * 1000:.0f} ms (median of {N_RUNS})")


async def bench_bot(name: str) -> None:
    """From launching a bot's process to its `ready`, and its resident memory then."""
    ready, source = asyncio.Event(), []

    def receive(message: m.Message, raw: bytes, address: tuple[str, int]) -> None:
        match message:
            case m.Hello():
                source.append(address)
                wire.send(m.Welcome(m.PROTOCOL_VERSION, name, 0, -1920, 19200), address)
            case m.Ready():
                ready.set()

    wire = Wire(receive)
    await wire.open(UdpNetwork())
    started = time.perf_counter()
    director = f"{wire.address[0]}:{wire.address[1]}"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "musebots.run", "--bot", name, "--id", name, "--director", director
    )
    await asyncio.wait_for(ready.wait(), 20)
    seconds = time.perf_counter() - started
    status = Path(f"/proc/{process.pid}/status")
    memory = "unknown"
    if status.exists():
        (line,) = (x for x in status.read_text().splitlines() if x.startswith("VmRSS"))
        memory = f"{int(line.split()[1]) / 1024:.0f} MB"
    print(f"bot {name}: ready in {seconds:.2f} s, {memory} resident")
    wire.send(m.Off(), source[0])
    await process.wait()
    wire.close()


def main() -> None:
    """Print the figures."""
    bench_imports()
    for name in ("hello", "melody", "bass", "drums"):
        asyncio.run(bench_bot(name))


if __name__ == "__main__":
    main()
