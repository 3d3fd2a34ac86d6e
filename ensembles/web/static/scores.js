// How unusual: each scan's score against its threshold over the last minutes.

import { colour, find, fitted, make, setText } from "./dom.js";

const SHOWN_SECONDS = 180;
const TOP = 1.5; // of the threshold
const QUIET_SECONDS = 15;
const STEERED_SECONDS = 20; // longer than a bar and what wears off after it
const EVERY_MS = 100; // it moves two pixels a second

export class Scores {
  constructor(stage) {
    Object.assign(this, stage);
    this.lines = new Map();
    this.acts = [];
    this.canvas = make("canvas", { class: "glass", role: "img", "aria-label": "score against threshold" });
    this.promise = make("span", { class: "small quiet" });
    find("scores").append(make("div", { class: "panel-head" }, make("h2", { text: "Unusual?" }), this.promise), this.canvas);
    this.store.onReset(() => { this.lines.clear(); this.acts = []; });
    this.store.onStream("scores", ([bot, tick, score, threshold, p]) => {
      if (!this.lines.has(bot)) this.lines.set(bot, []);
      const line = this.lines.get(bot);
      line.push({ tick, share: threshold > 0 ? score / threshold : 0, p });
      if (line.length > 4000) line.splice(0, 1000);
    });
    this.store.on("steered/", (steered) => { if (steered?.kl > 0) this.steeredAt = performance.now(); });
    this.store.onStream("steering", (act) => this.acts.push(act));
    this.store.on("session", (session) => {
      this.hasMonitor = Boolean(session?.flags_per_hour);
      setText(this.promise, this.hasMonitor ? `at most ${session.flags_per_hour} false flags an hour` : "the monitor is not listening (--monitor)");
    });
  }

  redress() { this.drawn = 0; }

  draw() {
    if (performance.now() - (this.drawn ?? 0) < EVERY_MS) return;
    this.drawn = performance.now();
    const { context: c, width, height } = fitted(this.canvas);
    if (!width) return;
    const { time } = this;
    const now = time.secondsAt(time.now ?? 0);
    const x = (tick) => width - 8 - ((now - time.secondsAt(tick)) / SHOWN_SECONDS) * (width - 8);
    const y = (share) => height - 4 - (Math.min(TOP, Math.max(0, share)) / TOP) * (height - 10);
    c.strokeStyle = colour("flag");
    c.globalAlpha = 0.8;
    c.setLineDash([4, 4]);
    c.lineWidth = 1;
    c.beginPath();
    c.moveTo(0, y(1));
    c.lineTo(width, y(1));
    c.stroke();
    c.setLineDash([]);
    c.globalAlpha = 1;
    c.fillStyle = colour("flag");
    c.font = `600 9px ${colour("sans")}`;
    c.textBaseline = "bottom";
    c.fillText("threshold", 6, y(1) - 2);
    c.fillStyle = colour("glass-dim");
    for (let minute = 1; minute * 60 < SHOWN_SECONDS; minute++) {
      const at = width - 8 - (minute * 60 * (width - 8)) / SHOWN_SECONDS;
      c.fillRect(at, 0, 1, height);
      c.fillText(`−${minute} min`, at + 4, height - 3);
    }
    for (const act of this.acts) this.mark(c, x(act.tick), height, act);
    for (const [bot, line] of this.lines) this.trace(c, bot, line, x, y);
    const newest = Math.max(-Infinity, ...[...this.lines.values()].map((line) => line.at(-1)?.tick ?? -Infinity));
    if (this.hasMonitor && x(newest) < x(time.now ?? 0) - (QUIET_SECONDS / SHOWN_SECONDS) * width) this.excuse(c, width, height);
  }

  // Why there is no line: a picture without one looks broken.
  excuse(c, width, height) {
    const isSteered = performance.now() - (this.steeredAt ?? -Infinity) < 1000 * STEERED_SECONDS;
    c.fillStyle = colour("glass-text");
    c.font = `500 11px ${colour("sans")}`;
    c.textAlign = "center";
    c.fillText(isSteered ? "what is steered is not compared" : "two bars are listened to first", width / 2, height * 0.72);
    c.textAlign = "left";
  }

  trace(c, bot, line, x, y) {
    const own = this.band.bots.get(bot);
    c.strokeStyle = own ? colour(own.colour) : colour("glass-bright");
    c.lineWidth = own ? 1.3 : 1.8;
    c.beginPath();
    let last = -Infinity;
    for (const { tick, share } of line) {
      const at = x(tick);
      if (at < -4) continue;
      if (at - last > 12) c.moveTo(at, y(share));
      else c.lineTo(at, y(share));
      last = at;
    }
    c.stroke();
  }

  mark(c, at, height, { bot }) {
    if (at < 0) return;
    c.fillStyle = colour(this.band.bots.get(bot)?.colour ?? "glass-bright");
    c.beginPath();
    c.moveTo(at - 4, 2);
    c.lineTo(at + 4, 2);
    c.lineTo(at, 9);
    c.fill();
    c.globalAlpha = 0.25;
    c.fillRect(at - 0.5, 2, 1, height);
    c.globalAlpha = 1;
  }
}
