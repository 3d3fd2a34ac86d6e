// How fast to play so that neither too much nor too little waits: two clocks are never the same.
//
// The sound is made on the server's clock and heard on that of this sound card. A loop keeps the
// reserve (what has come and is not yet heard) at its target by playing up to 0.3 % faster or
// slower, which is 5 cents; it usually settles at the difference of the clocks, below 0.01 %. The
// target follows how unevenly packets come and are taken: a quarter more than the deepest dip of
// late, and something to spare. It grows with the first dip that is deeper, and shrinks by and by
// (to a half in six minutes), since what a busy machine did once it does again. Pure: seconds in,
// a speed out.

const SMOOTHING_SECONDS = 1.0;
const STIFFNESS = 0.08; // per second: an error is halved in about nine seconds
const MAX_LEAN = 0.003;
const MAX_DRIFT = 0.001; // crystals differ by a tenth of this at most
const START_DIP = 0.08; // in seconds: while a page is new, everybody is busy
const MARGIN = 1.25;
const SPARE_SECONDS = 0.03;
const FADE_SECONDS = 500.0; // of the memory of a dip
const MIN_TARGET = 0.05;
const MAX_TARGET = 0.5;

export class Follower {
  constructor(dip = START_DIP) {
    this.dip = dip; // the deepest of late
    this.drift = 0;
    this.begin();
  }

  // How much is to wait, in seconds.
  get target() {
    return Math.max(MIN_TARGET, Math.min(MAX_TARGET, SPARE_SECONDS + MARGIN * this.dip));
  }

  // A new stretch of sound begins; what was learned is kept.
  begin() {
    this.smoothed = this.target;
  }

  // The reserve ran out: that was a dip as deep as it, at least.
  starve() {
    this.dip = Math.max(this.dip, this.smoothed) + SPARE_SECONDS;
  }

  // Take in the reserve after `elapsed` seconds of output; the speed to play at, about 1.
  speed(reserve, elapsed) {
    this.dip = Math.max(this.dip * (1 - elapsed / FADE_SECONDS), this.smoothed - reserve);
    this.smoothed += (reserve - this.smoothed) * Math.min(1, elapsed / SMOOTHING_SECONDS);
    const error = this.smoothed - this.target;
    const lean = STIFFNESS * error + this.drift;
    this.drift += ((STIFFNESS * STIFFNESS) / 4) * error * elapsed; // critically damped
    this.drift = Math.max(-MAX_DRIFT, Math.min(MAX_DRIFT, this.drift));
    return 1 + Math.max(-MAX_LEAN, Math.min(MAX_LEAN, lean));
  }
}
