// Samples between samples: a windowed sinc of 16 taps, drawn as straight lines between 128 phases.
// Runs in the audio thread; nothing is allocated once it is made.

const TAPS = 16;
const HALF = TAPS / 2;
const PHASES = 128;
const BETA = 7.0;
const PASSBAND = 0.94;

function bessel(x) {
  let sum = 1;
  let term = 1;
  for (let k = 1; k < 30; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

// Kernel rows for phases 0, 1/128 .. 1; each row sums to 1, so that a constant stays what it is.
function kernel(cutoff) {
  const table = new Float32Array((PHASES + 1) * TAPS);
  for (let phase = 0; phase <= PHASES; phase += 1) {
    let sum = 0;
    for (let tap = 0; tap < TAPS; tap += 1) {
      const x = tap - HALF + 1 - phase / PHASES;
      const window = Math.abs(x) >= HALF ? 0 : bessel(BETA * Math.sqrt(1 - (x / HALF) ** 2));
      const sinc = x === 0 ? cutoff : Math.sin(Math.PI * cutoff * x) / (Math.PI * x);
      table[phase * TAPS + tap] = window * sinc;
      sum += window * sinc;
    }
    for (let tap = 0; tap < TAPS; tap += 1) table[phase * TAPS + tap] /= sum;
  }
  return table;
}

export class Resampler {
  // `ratio` is frames of the source a frame of the output, about.
  constructor(ratio) {
    this.table = kernel(PASSBAND * Math.min(1, 1 / ratio));
    this.left = this.right = 0;
  }

  // Frames around a place that it needs, on either side.
  static get margin() {
    return HALF;
  }

  // The value of two rings (their length a power of two) at the fractional `position`, as `left`
  // and `right` of this.
  read(ringLeft, ringRight, position) {
    const mask = ringLeft.length - 1;
    const whole = Math.floor(position);
    const place = (position - whole) * PHASES;
    const row = Math.floor(place);
    const share = place - row;
    const first = row * TAPS;
    const { table } = this;
    let left = 0;
    let right = 0;
    for (let tap = 0; tap < TAPS; tap += 1) {
      const low = table[first + tap];
      const weight = low + share * (table[first + TAPS + tap] - low);
      const at = (whole - HALF + 1 + tap) & mask;
      left += weight * ringLeft[at];
      right += weight * ringRight[at];
    }
    this.left = left;
    this.right = right;
  }
}
