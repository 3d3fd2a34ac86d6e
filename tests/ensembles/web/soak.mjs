// Half an hour of listening on a simulated clock: `node soak.mjs STATIC SECONDS PPM JITTER_MS RATE [LOST]`.
// Prints what came of it as JSON. The sound is a sine, so that any slip shows as a step.
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, seconds, ppm, jitter, outputRate, lost = 0] = [
  process.argv[2], ...process.argv.slice(3).map(Number),
];
const { Stream } = await import(pathToFileURL(join(folder, "stream.js")));

const RATE = 44100;
const FRAMES = 512;
const QUANTUM = 128;
const HZ = 441;

let seed = 1;
function random() {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
}

function packet(number) {
  const buffer = new ArrayBuffer(32 + 4 * FRAMES);
  const header = new DataView(buffer);
  header.setUint32(0, 0x3150424d, true);
  header.setUint32(4, 7, true);
  header.setUint32(8, RATE, true);
  header.setUint32(12, FRAMES, true);
  header.setFloat64(16, number * FRAMES, true);
  header.setFloat64(24, (number * FRAMES) / RATE, true);
  const pcm = new Int16Array(buffer, 32);
  for (let frame = 0; frame < FRAMES; frame += 1) {
    const sample = Math.round(16000 * Math.sin((2 * Math.PI * HZ * (number * FRAMES + frame)) / RATE));
    pcm[2 * frame] = pcm[2 * frame + 1] = sample;
  }
  return buffer;
}

const stream = new Stream(outputRate);
const play = stream.play.bind(stream);
let isHeard = true;
stream.play = (left, right, from, to) => {
  if (isHeard) play(left, right, from, to);
  else stream.read += ((left.length * RATE) / outputRate) * stream.speed; // no need to compute it
};
const left = new Float32Array(QUANTUM);
const right = new Float32Array(QUANTUM);
let sent = 0;
let arrival = 0;
let previous = 0;
let largestStep = 0;
let latencies = [];
const minutes = [];
const nQuanta = Math.floor((seconds * outputRate) / QUANTUM);
for (let quantum = 0; quantum < nQuanta; quantum += 1) {
  // The listener's card counts its own seconds; the server's differ by `ppm` millionths.
  const now = ((quantum * QUANTUM) / outputRate) * (1 + ppm / 1e6);
  while (arrival <= now) {
    if (random() >= lost) stream.push(packet(sent)); // some never come
    sent += 1;
    const delay = (random() < 0.02 ? 4 : 1) * jitter * random(); // now and then a long one
    arrival = Math.max(arrival, (sent * FRAMES) / RATE + delay / 1000); // in order
  }
  const was = isHeard;
  isHeard = now % 60 < 5; // listen in to the first seconds of every minute
  stream.pull(left, right);
  if (!stream.isPlaying) continue;
  if (isHeard) {
    for (const sample of left) {
      if (was && now > 1) largestStep = Math.max(largestStep, Math.abs(sample - previous));
      previous = sample;
    }
    previous = left[QUANTUM - 1];
  }
  latencies.push(now - stream.readSeconds);
  if (latencies.length >= (60 * outputRate) / QUANTUM) {
    minutes.push(latencies.reduce((sum, x) => sum + x, 0) / latencies.length);
    latencies = [];
  }
}
console.log(JSON.stringify({
  ...stream.counts, speed: stream.speed, target: stream.follower.target,
  largestStep: largestStep / (0.488 * 2 * Math.PI * HZ / outputRate), minutes,
}));
