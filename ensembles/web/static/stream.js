// Packets of PCM in, blocks of sound out: a ring of samples, read at the speed of a `Follower`.
// What a packet holds is told in director/outputs/audio/packets.py.

import { Follower } from "./follower.js";
import { Resampler } from "./resampler.js";

const MAGIC = 0x3150424d;
const HEADER_BYTES = 32;
const RING_FRAMES = 1 << 17; // 3 s at 44.1 kHz
const RING_MASK = RING_FRAMES - 1; // positions go on for ever, places in the ring repeat
const FADE_FRAMES = 128; // at a tear
const MAX_EXCESS_SECONDS = 0.3;

export class Stream {
  constructor(outputRate) {
    this.outputRate = outputRate;
    this.left = new Float32Array(RING_FRAMES);
    this.right = new Float32Array(RING_FRAMES);
    this.follower = new Follower();
    this.resampler = null;
    this.rate = 0;
    this.generation = -1;
    this.written = 0; // position behind the last frame that came
    this.read = 0; // position of the next frame to be heard
    this.seconds = 0; // when frame `stamped` was to be heard, on the server's clock
    this.stamped = 0;
    this.isPlaying = false;
    this.isTorn = false; // whether the packet before the next one was lost
    this.speed = 1;
    this.counts = { packets: 0, underruns: 0, overruns: 0, gaps: 0, restarts: 0 };
  }

  // Take a packet in; anything else is passed over.
  push(buffer) {
    if (buffer.byteLength < HEADER_BYTES) return;
    const header = new DataView(buffer, 0, HEADER_BYTES);
    if (header.getUint32(0, true) !== MAGIC) return;
    const generation = header.getUint32(4, true);
    const rate = header.getUint32(8, true);
    const nFrames = header.getUint32(12, true);
    const position = header.getFloat64(16, true);
    if (generation !== this.generation || rate !== this.rate) this.begin(generation, rate, position);
    if (position < this.written) return; // came twice, or too late
    if (position > this.written) this.skip(position);
    const pcm = new Int16Array(buffer, HEADER_BYTES, 2 * nFrames);
    for (let frame = 0; frame < nFrames; frame += 1) {
      const at = (position + frame) & RING_MASK;
      const level = this.isTorn ? Math.min(1, frame / FADE_FRAMES) / 32768 : 1 / 32768;
      this.left[at] = level * pcm[2 * frame];
      this.right[at] = level * pcm[2 * frame + 1];
    }
    this.isTorn = false;
    this.written = position + nFrames;
    this.seconds = header.getFloat64(24, true);
    this.stamped = position;
    this.counts.packets += 1;
  }

  // Another sound process: nothing of the one before counts.
  begin(generation, rate, position) {
    if (this.generation !== -1) this.counts.restarts += 1;
    if (rate !== this.rate) this.resampler = new Resampler(rate / this.outputRate);
    this.generation = generation;
    this.rate = rate;
    this.left.fill(0);
    this.right.fill(0);
    this.written = this.read = position;
    this.isPlaying = false;
  }

  // Packets were lost: what they held is silence, with soft edges.
  skip(position) {
    this.counts.gaps += 1;
    this.isTorn = true;
    for (let frame = 0; frame < FADE_FRAMES; frame += 1) {
      const at = (this.written - 1 - frame) & RING_MASK;
      this.left[at] *= frame / FADE_FRAMES;
      this.right[at] *= frame / FADE_FRAMES;
    }
    const missing = Math.min(RING_FRAMES, position - this.written);
    for (let frame = 1; frame <= missing; frame += 1) {
      const at = (position - frame) & RING_MASK;
      this.left[at] = this.right[at] = 0;
    }
    this.written = position;
  }

  // What has come and is not heard yet, in seconds.
  get reserve() {
    return this.rate ? (this.written - this.read) / this.rate : 0;
  }

  // What is to be heard next, on the server's clock.
  get readSeconds() {
    return this.seconds + (this.read - this.stamped) / this.rate;
  }

  // Fill a block of output.
  pull(left, right) {
    const n = left.length;
    if (!this.isPlaying) {
      left.fill(0);
      right.fill(0);
      if (!this.rate || this.reserve < this.follower.target) return;
      this.isPlaying = true;
      this.read = this.written - Math.round(this.follower.target * this.rate);
      this.follower.begin();
      this.play(left, right, 0, 1);
      return;
    }
    this.speed = this.follower.speed(this.reserve, n / this.outputRate);
    const enough = ((2 * n * this.rate) / this.outputRate) * 1.01 + 2 * Resampler.margin;
    if (this.written - this.read < enough) {
      this.play(left, right, 1, 0); // the last before silence: fade out
      this.isPlaying = false;
      this.counts.underruns += 1;
      this.follower.starve();
    } else if (this.reserve > this.follower.target + MAX_EXCESS_SECONDS) {
      this.play(left, right, 1, 0);
      this.isPlaying = false; // which begins anew with the target, fading in
      this.counts.overruns += 1;
    } else {
      this.play(left, right, 1, 1);
    }
  }

  // Write a block, its level going from `from` to `to`.
  play(left, right, from, to) {
    const n = left.length;
    const step = (this.rate / this.outputRate) * this.speed;
    const delayed = this.read - Resampler.margin; // the kernel looks ahead
    for (let frame = 0; frame < n; frame += 1) {
      const level = from + ((to - from) * frame) / n;
      const position = delayed + frame * step;
      this.resampler.read(this.left, this.right, position);
      left[frame] = level * this.resampler.left;
      right[frame] = level * this.resampler.right;
    }
    this.read += n * step;
  }
}
