// How fast to play so that neither too much nor too little waits: two clocks are never the same.
//
// The sound is made on the server's clock and heard on that of this sound card. A loop keeps the
// reserve (what has come and is not yet heard) at its target by playing up to 0.3 % faster or
// slower, which is 5 cents; it usually settles at the difference of the clocks, below 0.01 %. The
// target itself follows how evenly packets come: it grows before the reserve runs out, and shrinks
// again by and by. Pure: seconds in, a speed out.

const SMOOTHING_SECONDS = 1.0;
const STIFFNESS = 0.08; // per second: an error is halved in about nine seconds
const MAX_LEAN = 0.003;
const MAX_DRIFT = 0.001; // crystals differ by a tenth of this at most
const LOOK_SECONDS = 10.0;
const LOWEST_WANTED = 0.02; // of the reserve, in seconds
const LOWEST_IDLE = 0.045;
const MIN_TARGET = 0.05;
const MAX_TARGET = 0.5;
const STEP_DOWN = 0.002;

export class Follower {
  constructor(targetSeconds = 0.08) {
    this.target = targetSeconds;
    this.begin();
  }

  // A new stretch of sound begins; what was learned of the clocks' difference is kept.
  begin() {
    this.smoothed = this.target;
    this.lowest = Infinity;
    this.looked = 0;
    this.drift ??= 0;
  }

  // The reserve ran out: keep more from now on.
  starve() {
    this.target = Math.min(MAX_TARGET, this.target + 0.03);
  }

  // Take in the reserve after `elapsed` seconds of output; the speed to play at, about 1.
  speed(reserve, elapsed) {
    this.smoothed += (reserve - this.smoothed) * Math.min(1, elapsed / SMOOTHING_SECONDS);
    const error = this.smoothed - this.target;
    const lean = STIFFNESS * error + this.drift;
    this.drift += ((STIFFNESS * STIFFNESS) / 4) * error * elapsed; // critically damped
    this.drift = Math.max(-MAX_DRIFT, Math.min(MAX_DRIFT, this.drift));
    this.look(reserve, elapsed);
    return 1 + Math.max(-MAX_LEAN, Math.min(MAX_LEAN, lean));
  }

  // Every ten seconds: was the reserve ever small, or always more than enough?
  look(reserve, elapsed) {
    this.lowest = Math.min(this.lowest, reserve);
    this.looked += elapsed;
    if (this.lowest < LOWEST_WANTED / 2) {
      this.target = Math.min(MAX_TARGET, this.target + LOWEST_WANTED - this.lowest);
      this.lowest = Infinity;
      this.looked = 0;
    } else if (this.looked >= LOOK_SECONDS) {
      if (this.lowest < LOWEST_WANTED) {
        this.target = Math.min(MAX_TARGET, this.target + LOWEST_WANTED - this.lowest);
      } else if (this.lowest > LOWEST_IDLE) {
        this.target = Math.max(MIN_TARGET, this.target - STEP_DOWN);
      }
      this.lowest = Infinity;
      this.looked = 0;
    }
  }
}
