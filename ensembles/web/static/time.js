// Musical time in the browser: where the music is now, in ticks (480 a beat), as it is *heard*.

export const PPQ = 480;
const DRIFT = 0.15; // how fast a new estimate of the clock is taken over: nothing may jump

export class MusicalTime {
  constructor(store) {
    this.store = store;
    this.anchor = null;
    this.held = null;
    this.points = [{ tick: 0, seconds: 0, bpm: 120, slope: 0 }];
    this.meters = [{ bar: 0, tick: 0, numerator: 4, denominator: 4 }];
    this.startTick = 0;
    this.endTick = Infinity;
    this.swing = 0.5;
    this.swingUnit = 240;
    this.listenDelaySeconds = 0; // of the sound in this browser
    this.offset = null;
    store.on("clock", (clock) => clock && this.retime(clock));
    store.on("bars", (bars) => {
      if (bars) this.meters = bars.map(([bar, tick, numerator, denominator]) => ({ bar, tick, numerator, denominator }));
    });
    store.on("session", (session) => {
      if (!session) return;
      this.startTick = session.start_tick;
      this.endTick = session.end_tick;
      this.swing = session.swing ?? 0.5;
      this.swingUnit = session.swing_unit_ticks ?? 240;
    });
  }

  retime({ anchor, tempo, held }) {
    this.anchor = anchor;
    this.held = held ?? null; // the tick at which the music stands still
    this.points = tempo.map(([tick, seconds, bpm, isRamp], index) => {
      const next = tempo[index + 1];
      const slope = isRamp && next ? (next[2] - bpm) / (next[0] - tick) : 0;
      return { tick, seconds, bpm, slope };
    });
  }

  get isStarted() { return this.anchor !== null && this.store.offsetSeconds !== null; }

  // Once a frame: the clock's estimate moves gently to the newest one.
  advance() {
    const { offsetSeconds } = this.store;
    if (offsetSeconds === null) return;
    const gap = this.offset === null ? Infinity : offsetSeconds - this.offset;
    this.offset = Math.abs(gap) > 0.05 ? offsetSeconds : this.offset + gap * DRIFT;
    this.now = this.held !== null ? this.held : this.isStarted ? this.tickAt(performance.now() / 1000 + this.offset - this.anchor - this.listenDelaySeconds) : this.startTick;
  }

  tickAt(seconds) {
    const point = last(this.points, (p) => p.seconds <= seconds);
    const into = seconds - point.seconds;
    if (!point.slope || into <= 0) return point.tick + (into * PPQ * point.bpm) / 60;
    return point.tick + (point.bpm / point.slope) * Math.expm1((into * PPQ * point.slope) / 60);
  }

  secondsAt(tick) {
    const point = last(this.points, (p) => p.tick <= tick);
    const into = tick - point.tick;
    if (!point.slope || into <= 0) return point.seconds + (into * 60) / (PPQ * point.bpm);
    return point.seconds + (60 / (PPQ * point.slope)) * Math.log1p((point.slope * into) / point.bpm);
  }

  bpmAt(tick) {
    const point = last(this.points, (p) => p.tick <= tick);
    return point.bpm + point.slope * Math.max(0, tick - point.tick);
  }

  meterAt(tick) { return last(this.meters, (m) => m.tick <= tick); }

  // Bar (from 0), beat in it (from 0, of the denominator's note), and their lengths in ticks.
  position(tick) {
    const meter = this.meterAt(tick);
    const beatTicks = (4 * PPQ) / meter.denominator;
    const barTicks = beatTicks * meter.numerator;
    const bars = Math.floor((tick - meter.tick) / barTicks);
    const into = tick - meter.tick - bars * barTicks;
    return { bar: meter.bar + bars, beat: Math.floor(into / beatTicks), into, barTicks, beatTicks, meter };
  }

  barTick(bar) {
    const meter = last(this.meters, (m) => m.bar <= bar);
    return meter.tick + (bar - meter.bar) * meter.numerator * ((4 * PPQ) / meter.denominator);
  }

  // Where a straight tick sounds when the music swings.
  swung(tick) {
    if (this.swing === 0.5) return tick;
    const pair = 2 * this.swingUnit;
    const start = Math.floor(tick / pair) * pair;
    const into = tick - start;
    const turn = this.swing * pair;
    if (into <= this.swingUnit) return start + (into * turn) / this.swingUnit;
    return start + turn + ((into - this.swingUnit) * (pair - turn)) / this.swingUnit;
  }
}

function last(rows, fits) {
  for (let index = rows.length - 1; index > 0; index--) if (fits(rows[index])) return rows[index];
  return rows[0];
}
