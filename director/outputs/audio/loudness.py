"""How loud a recording is, and how it is brought to level without clipping. Pure."""

from __future__ import annotations

import math

import numpy as np

from musebots.arrays import FloatArray

__all__ = ["db", "integrated_lufs", "limited", "master_gain"]

BLOCK_SECONDS, HOP_SECONDS = 0.4, 0.1
ABSOLUTE_GATE_LUFS, RELATIVE_GATE_LU = -70.0, -10.0
LOOKAHEAD_SECONDS = 0.004
FRAME = 32


def db(amplitude: float) -> float:
    """Decibels of a linear amplitude; -inf for silence."""
    return 20.0 * math.log10(amplitude) if amplitude > 0 else -math.inf


def integrated_lufs(stereo: FloatArray, sample_rate_hz: float) -> float:
    """Integrated loudness.

    Parameters
    ----------
    stereo : FloatArray
        Shape (n_frames, 2), full scale 1.
    sample_rate_hz : float

    Returns
    -------
    float
        LUFS; -inf for silence or for less than one block (0.4 s).

    Notes
    -----
    ITU-R BS.1770-4, equations 1 to 7: K-weighting, blocks of 400 ms that overlap by 75 %, gated at
    -70 LUFS and then at 10 LU below the mean of what is left. The weighting is applied to power
    spectra of Hann-windowed blocks instead of by recursive filters, which agrees to about 0.1 LU
    on music.
    """
    n_block, n_hop = round(BLOCK_SECONDS * sample_rate_hz), round(HOP_SECONDS * sample_rate_hz)
    if len(stereo) < n_block:
        return -math.inf
    window = np.hanning(n_block)
    weight = _k_weight(np.fft.rfftfreq(n_block, 1.0 / sample_rate_hz), sample_rate_hz)
    weight[1:-1] *= 2.0  # the negative frequencies
    weight /= n_block * np.sum(window**2)
    powers = np.array([
        float(np.sum(weight[:, None] * np.abs(np.fft.rfft(block * window[:, None], axis=0)) ** 2))
        for start in range(0, len(stereo) - n_block + 1, n_hop)
        for block in (np.asarray(stereo[start : start + n_block], dtype=np.float64),)
    ])  # fmt: skip
    kept = powers[powers > _power(ABSOLUTE_GATE_LUFS)]
    if not kept.size:
        return -math.inf
    kept = kept[kept > _power(_lufs(float(kept.mean())) + RELATIVE_GATE_LU)]
    return _lufs(float(kept.mean()))


def master_gain(
    lufs: float, peak: float, *, target_lufs: float, ceiling_db: float, max_limiting_db: float
) -> float:
    """The linear gain that brings a mix to `target_lufs`.

    Peaks may exceed the ceiling by `max_limiting_db` after it, which the limiter takes away; a mix
    that would need more stays softer instead of being squashed.
    """
    if peak <= 0:
        return 1.0
    ceiling_gain = math.pow(10.0, (ceiling_db + max_limiting_db) / 20.0) / peak
    if not math.isfinite(lufs):
        return math.pow(10.0, ceiling_db / 20.0) / peak
    return min(ceiling_gain, math.pow(10.0, (target_lufs - lufs) / 20.0))


def limited(stereo: FloatArray, sample_rate_hz: float, *, ceiling: float) -> FloatArray:
    """Hold peaks below a ceiling, without distortion and without moving the image.

    Parameters
    ----------
    stereo : FloatArray
        Shape (n_frames, 2).
    ceiling : float
        Linear; no sample of the result exceeds it.

    Returns
    -------
    FloatArray
        Shape (n_frames, 2).

    Notes
    -----
    Works on frames of 32 samples. The gain that a frame needs is held over the lookahead on both
    sides (sliding minimum), then smoothed by a Hann window of that width, and drawn as straight
    lines between frames: by its making it never exceeds what any sample needs.
    """
    if not len(stereo) or max(stereo.max(), -stereo.min()) <= ceiling:
        return stereo
    n_frames = -(-len(stereo) // FRAME)
    peak = np.zeros(n_frames * FRAME)
    np.maximum(np.abs(stereo[:, 0]), np.abs(stereo[:, 1]), out=peak[: len(stereo)])
    needed = ceiling / np.maximum(ceiling, peak.reshape(n_frames, FRAME).max(axis=1))
    n_side = max(1, round(LOOKAHEAD_SECONDS * sample_rate_hz / FRAME))
    padded = np.pad(needed, 2 * n_side + 1, constant_values=1.0)
    lowest = _sliding_minimum(padded, 2 * n_side + 3)
    window = np.hanning(2 * n_side + 3)[1:-1]
    gain = np.convolve(lowest, window / window.sum(), mode="valid")
    centres = (np.arange(n_frames) + 0.5) * FRAME
    by_sample = np.interp(np.arange(len(stereo)), centres, gain)
    return np.asarray(np.clip(stereo * by_sample[:, None], -ceiling, ceiling), dtype=stereo.dtype)


def _sliding_minimum(values: FloatArray, width: int) -> FloatArray:
    """Minimum over every window of `width`; by doubling, so it costs log2(width) passes."""
    result, covered = values, 1
    while covered < width:
        step = min(covered, width - covered)
        result = np.minimum(result[: len(result) - step], result[step:])
        covered += step
    return result


def _k_weight(hz: FloatArray, sample_rate_hz: float) -> FloatArray:
    """Power response of the K filter at frequencies `hz`: a high shelf, then a high pass.

    The analogue prototypes behind the coefficients of BS.1770-4, through the bilinear transform.
    """

    # Frequencies as the bilinear transform warps them, relative to each corner.
    def warped(corner_hz: float) -> FloatArray:
        angle = np.minimum(np.pi * hz / sample_rate_hz, np.pi / 2 - 1e-9)
        return np.asarray(np.tan(angle) / math.tan(math.pi * corner_hz / sample_rate_hz))

    s = 1j * warped(1681.974450955533)
    q, high, band = 0.7071752369554196, 10.0 ** (3.999843853973347 / 20.0), 1.2587209302325582
    shelf = (high * s**2 + band * s / q + 1.0) / (s**2 + s / q + 1.0)
    s = 1j * warped(38.13547087602444)
    high_pass = s**2 / (s**2 + s / 0.5003270373238773 + 1.0)
    return np.asarray(np.abs(shelf * high_pass) ** 2)


def _power(lufs: float) -> float:
    return math.pow(10.0, (lufs + 0.691) / 10.0)


def _lufs(power: float) -> float:
    return -0.691 + 10.0 * math.log10(power)
