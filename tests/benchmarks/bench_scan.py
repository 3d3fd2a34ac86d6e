"""How long the subset scan takes, step by step and by size, and beside another scanner.

Run ``python tests/benchmarks/bench_scan.py``. It prints the median and the 99th percentile of a
step (residual, bins, individual scan), of the group scan of a sliding window, and of whole
windows up to 1024 x 4096.

With ``--art PYTHON``, the python of an environment that holds adversarial-robustness-toolbox (with
numpy, scipy, scikit-learn, six, setuptools, packaging and tqdm; torch is not needed), both scanners
get the same p-values in the same run, and it prints the ratios of time and score.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from creativity import (
    ConditionalResidual,
    Innovation,
    NullTable,
    StreamingScanner,
    scan_group,
    scan_individual,
    warm_up,
)

N_BACKGROUND = 10_000
THEIRS = """
import sys, time, warnings
warnings.simplefilter("ignore")
import numpy as np
from art.defences.detector.evasion.subsetscanning.scanner import Scanner
windows = np.load(sys.argv[1])
np.random.seed(0)
seconds, scores = [], []
for p in windows:
    ranges = np.stack([p, p], axis=-1)
    start = time.perf_counter()
    if len(p) == 1:
        score = Scanner.fgss_individ_for_nets(ranges[0])[0]
    else:
        score = Scanner.fgss_for_nets(ranges, restarts=10)[0]
    seconds.append(time.perf_counter() - start)
    scores.append(score)
np.save(sys.argv[2], [seconds, scores])
"""


def timed(action: Callable[[int], object], n: int) -> tuple[np.ndarray, list[object]]:
    """Seconds of each of `n` calls, and what they returned."""
    seconds, results = np.empty(n), []
    for index in range(n):
        start = time.perf_counter()
        results.append(action(index))
        seconds[index] = time.perf_counter() - start
    return seconds, results


def line(what: str, seconds: np.ndarray) -> None:
    """Print median and 99th percentile."""
    median, p99 = np.median(seconds) * 1e6, np.percentile(seconds, 99) * 1e6
    print(f"{what:44} {median:10.1f} us {p99:10.1f} us")


def bench_stream(n_nodes: int, window_steps: int) -> None:
    """One step, and the scan after every step, with weak deviations in a quarter of the stream."""
    rng = np.random.default_rng(0)
    background = rng.normal(size=(N_BACKGROUND, n_nodes)).astype(np.float32)
    table = NullTable.fit(background)
    weights = np.eye(n_nodes) + rng.normal(size=(n_nodes, n_nodes)) / 1e4
    residual = ConditionalResidual(np.zeros(n_nodes, np.float32), weights.astype(np.float32))
    steps = rng.normal(size=(4000, n_nodes)).astype(np.float32)
    steps[1000:2000, : n_nodes // 10] += 0.7
    raw = StreamingScanner(table, window_steps)
    line(f"step 1 x {n_nodes}, raw", timed(lambda i: raw.push(steps[i]), 4000)[0])
    scanner = StreamingScanner(table, window_steps, residual=residual)
    line(f"step 1 x {n_nodes}, with residual", timed(lambda i: scanner.push(steps[i]), 4000)[0])

    both = np.zeros(2 * n_nodes, np.float32), np.concatenate([weights, weights])
    innovation = Innovation(both[0], both[1].astype(np.float32))
    follower = StreamingScanner(table, window_steps, residual=innovation)
    bounded = np.tanh(steps)
    line(
        f"step 1 x {n_nodes}, with innovation", timed(lambda i: follower.push(bounded[i]), 4000)[0]
    )

    def scanned(index: int) -> float:
        scanner.push(steps[index])
        start = time.perf_counter()
        scanner.scan()
        return time.perf_counter() - start

    _, seconds = timed(scanned, 4000)
    line(f"group scan {window_steps} x {n_nodes}, streaming", np.array(seconds))
    print(f"{'null table of ' + str(N_BACKGROUND) + ' steps':44} {table.n_bytes / 1024:10.0f} KiB")


def windows(n: int, n_rows: int, n_columns: int) -> np.ndarray:
    """P-values on the grid of the background, every other window with a planted block."""
    rng = np.random.default_rng(1)
    p = rng.integers(1, N_BACKGROUND + 2, (n, n_rows, n_columns)) / (N_BACKGROUND + 1)
    block = p[1::2, : max(1, n_rows // 4), : n_columns // 10]
    p[1::2, : max(1, n_rows // 4), : n_columns // 10] = np.ceil(block**1.5 * N_BACKGROUND) / (
        N_BACKGROUND + 1
    )
    return p


def bench_sizes() -> None:
    """The curve: time per cell of whole windows."""
    for n_rows, n_columns in ((16, 256), (64, 512), (256, 512), (256, 2048), (1024, 4096)):
        p = windows(4, n_rows, n_columns)
        seconds, _ = timed(lambda i, p=p: scan_group(p[i % 4], rng=np.random.default_rng(i)), 12)
        nanoseconds = np.median(seconds) * 1e9 / p[0].size
        line(f"group scan {n_rows} x {n_columns}, batch ({nanoseconds:.0f} ns a cell)", seconds)


def bench_art(python: str) -> None:
    """The other scanner, on the same p-values."""
    print(f"{'same p-values':24} {'ours':>12} {'ART':>12} {'faster':>8} {'score ratio':>12}")
    for n_rows, n_columns, n in ((1, 512, 200), (64, 512, 20), (256, 512, 6)):
        p = windows(n, n_rows, n_columns)
        if n_rows == 1:
            seconds, found = timed(lambda i, p=p: scan_individual(p[i, 0]).score, n)
        else:
            seconds, found = timed(
                lambda i, p=p: scan_group(p[i], rng=np.random.default_rng(i)).score, n
            )
        with tempfile.TemporaryDirectory() as folder:
            sent, got = Path(folder) / "p.npy", Path(folder) / "found.npy"
            np.save(sent, p)
            subprocess.run([python, "-c", THEIRS, str(sent), str(got)], check=True, cwd=folder)
            their_seconds, their_scores = np.load(got)
        ours, theirs = np.median(seconds), np.median(their_seconds)
        ratios = np.array(found) / their_scores
        print(
            f"{n_rows:4} x {n_columns:<17} {ours * 1e3:9.3f} ms {theirs * 1e3:9.3f} ms "
            f"{theirs / ours:8.0f} {ratios.mean():8.4f} (least {ratios.min():.4f})"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--art", metavar="PYTHON", help="python of an environment with ART")
    art = parser.parse_args().art
    warm_up()
    print(f"{'':44} {'median':>13} {'p99':>13}")
    bench_stream(512, 64)
    bench_sizes()
    if art:
        bench_art(art)


if __name__ == "__main__":
    main()
