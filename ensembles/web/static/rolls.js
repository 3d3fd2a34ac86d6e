// The piano rolls: eight bars of past, the moment, and what is planned ahead, one roll a bot.

import { colour, find, fitted, make, setText } from "./dom.js";
import { PPQ } from "./time.js";

const PAST_BARS = 8;
const AHEAD_BARS = 2;
const RELEASE_TICKS = 200; // a note glows on for a while after its end
const DRUM_ROWS = [[49, "crash"], [51, "ride"], [46, "open"], [42, "hat"], [50, "tom"], [47, "tom"], [45, "tom"], [38, "snare"], [36, "kick"]];
const DRUM_OF = new Map(DRUM_ROWS.map(([pitch], row) => [pitch, row]));

export class Rolls {
  constructor(stage, { onPhrase }) {
    Object.assign(this, stage);
    this.onPhrase = onPhrase;
    this.rows = new Map();
    this.flags = [];
    this.ribbon = find("ribbon");
    this.lookAt = null;
    this.store.onReset(() => { this.flags = []; });
    this.store.onStream("flags", (flag) => this.flags.push(flag));
    this.store.on("horizon", (seconds) => seconds !== undefined && this.showHorizon(seconds));
    this.band.onChange(() => this.lay());
    const horizon = find("horizon");
    horizon.dataset.control = "horizon";
    horizon.addEventListener("input", () => {
      this.held = performance.now() + 800;
      setText(find("horizon-value"), ms(horizon.value / 1000));
      this.store.send("horizon", horizon.value / 1000);
    });
    this.ribbon.addEventListener("click", (event) => this.pick(event));
  }

  showHorizon(seconds) {
    this.horizonSeconds = seconds;
    if (performance.now() < (this.held ?? 0)) return;
    find("horizon").value = seconds * 1000;
    setText(find("horizon-value"), ms(seconds));
  }

  lay() {
    const bots = this.band.list();
    const box = find("rolls");
    for (const [id, row] of this.rows) if (!this.band.bots.has(id)) { row.element.remove(); this.rows.delete(id); }
    for (const bot of bots) {
      if (this.rows.has(bot.id)) continue;
      const canvas = make("canvas", { role: "img", "aria-label": `what ${bot.id} plays` });
      const element = make("div", { class: "roll", colour: bot.colour }, canvas, make("span", { class: "roll-name", text: bot.id }));
      canvas.addEventListener("click", (event) => this.pick(event));
      box.append(element);
      this.rows.set(bot.id, { element, canvas, low: 60, high: 72 });
    }
    box.style.setProperty("--rows", Math.max(1, bots.length));
  }

  // Show a passage that lies behind, for a while.
  look(tick) {
    this.lookAt = { tick, until: performance.now() + 6000 };
  }

  view(width) {
    const { time } = this;
    let now = time.now ?? 0;
    if (this.lookAt && performance.now() < this.lookAt.until) now = this.lookAt.tick + 2 * PPQ;
    else this.lookAt = null;
    const { barTicks } = time.position(now);
    const span = (PAST_BARS + AHEAD_BARS) * barTicks;
    const from = now - PAST_BARS * barTicks;
    return { from, to: from + span, now: time.now ?? 0, x: (tick) => ((tick - from) / span) * width, perTick: width / span };
  }

  pick(event) {
    const { x, width } = event.target.getBoundingClientRect();
    const view = this.view(width);
    this.onPhrase(view.from + (event.clientX - x) / view.perTick);
  }

  draw() {
    this.drawRibbon();
    for (const [id, row] of this.rows) this.drawRoll(this.band.bots.get(id), row);
  }

  // --- sections and chords ----------------------------------------------------------------------

  drawRibbon() {
    const { context: c, width, height } = fitted(this.ribbon);
    if (!width) return;
    const view = this.view(width);
    c.textBaseline = "middle";
    for (const section of this.store.fact("sections") ?? []) {
      const [a, b] = [view.x(section.start_tick), view.x(section.end_tick)];
      if (b < 0 || a > width) continue;
      c.fillStyle = colour("glass-line");
      c.globalAlpha = 0.35 + 0.5 * section.intensity;
      c.fillRect(a + 1, 0, b - a - 2, 13);
      c.globalAlpha = 1;
      c.fillStyle = colour("glass-text");
      c.font = `600 9px ${colour("sans")}`;
      const words = section.name.toUpperCase();
      const wide = c.measureText(words).width + 12;
      if (b - Math.max(a, 0) > wide) c.fillText(words, Math.max(a, 0) + 6, 7);
    }
    c.font = `500 12px ${colour("sans")}`;
    for (const [tick, length, name] of this.store.fact("chords") ?? []) {
      const [a, b] = [view.x(tick), view.x(tick + length)];
      if (b < 0 || a > width) continue;
      const isOn = tick <= view.now && view.now < tick + length;
      c.fillStyle = isOn ? colour("glass-bright") : colour("glass-text");
      c.globalAlpha = isOn ? 1 : view.now > tick ? 0.45 : 0.75;
      if (b - a > 24) c.fillText(name, Math.max(a + 4, Math.min(4, b - 30)), 24);
      c.globalAlpha = 1;
    }
  }

  // --- one bot ----------------------------------------------------------------------------------

  drawRoll(bot, row) {
    const { context: c, width, height } = fitted(row.canvas);
    if (!width || !bot) return;
    const view = this.view(width);
    this.drawGrid(c, view, width, height);
    const settled = view.now + this.horizonTicks(view.now);
    c.fillStyle = colour("glass-settled");
    c.fillRect(view.x(view.now), 0, Math.max(1, (settled - view.now) * view.perTick), height);
    const place = bot.isDrums ? this.drumRows(c, width, height) : this.pitchRows(bot, row, view, height);
    this.drawNotes(c, bot, view, settled, place);
    this.drawFlags(c, bot, view);
    c.fillStyle = colour("glass-bright");
    c.globalAlpha = 0.9;
    c.fillRect(view.x(view.now) - 0.5, 0, 1.5, height);
    c.globalAlpha = 1;
  }

  horizonTicks(now) {
    return ((this.horizonSeconds ?? 0.05) * this.time.bpmAt(Math.max(0, now)) * PPQ) / 60;
  }

  drawGrid(c, view, width, height) {
    const { time } = this;
    let { bar } = time.position(view.from);
    c.font = `500 9px ${colour("sans")}`;
    c.textBaseline = "top";
    for (;; bar++) {
      const tick = time.barTick(bar);
      if (tick > view.to) break;
      const { beatTicks, barTicks } = time.position(tick);
      for (let beat = 1; beat * beatTicks < barTicks; beat++) {
        c.fillStyle = colour("glass-grid");
        c.fillRect(Math.round(view.x(tick + beat * beatTicks)), 0, 1, height);
      }
      c.fillStyle = colour("glass-line");
      const x = Math.round(view.x(tick));
      c.fillRect(x, 0, 1, height);
      if (bar >= 0 && tick < time.endTick) {
        c.fillStyle = colour("glass-dim");
        c.fillText(String(bar + 1), x + 4, 3);
      }
    }
  }

  drumRows(c, width, height) {
    const rowHeight = height / DRUM_ROWS.length;
    c.fillStyle = colour("glass-grid");
    for (let row = 1; row < DRUM_ROWS.length; row++) c.fillRect(0, Math.round(row * rowHeight), width, 1);
    return (note) => {
      const row = DRUM_OF.get(note.pitch) ?? 3;
      return { y: row * rowHeight + 1.5, h: rowHeight - 3, isHit: true };
    };
  }

  // The range of pitches follows what is to be seen, gently.
  pitchRows(bot, row, view, height) {
    let [low, high] = [Infinity, -Infinity];
    for (const note of bot.notes) {
      if (note.end < view.from || note.start > view.to) continue;
      if (note.pitch < low) low = note.pitch;
      if (note.pitch > high) high = note.pitch;
    }
    if (low === Infinity) [low, high] = [row.low, row.high];
    const middle = (low + high) / 2;
    const half = Math.max(7, (high - low) / 2 + 1.5);
    row.low += (middle - half - row.low) * 0.06;
    row.high += (middle + half - row.high) * 0.06;
    const unit = (height - 8) / (row.high - row.low);
    return (note) => ({ y: 4 + (row.high - note.pitch - 0.5) * unit, h: Math.max(3, Math.min(11, unit * 0.86)) });
  }

  drawNotes(c, bot, view, settled, place) {
    const own = colour(bot.colour);
    const isSilent = bot.strip.is_muted;
    for (const note of bot.notes) {
      if (note.end < view.from - RELEASE_TICKS || note.start > view.to) continue;
      const { y, h, isHit } = place(note);
      const x = view.x(note.start);
      const w = isHit ? Math.max(4, Math.min(9, 100 * view.perTick)) : Math.max(2.5, (note.end - note.start) * view.perTick - 1);
      const loud = 0.35 + 0.65 * (note.velocity / 127);
      if (note.start > settled) {
        c.globalAlpha = 0.35 + 0.5 * loud;
        c.strokeStyle = own;
        c.lineWidth = 1;
        c.strokeRect(x + 0.5, y + 0.5, w - 1, h - 1);
        continue;
      }
      const end = isHit ? note.start + 160 : note.end;
      const glow = note.start > view.now ? 0 : view.now < end ? 1 : Math.max(0, 1 - (view.now - end) / RELEASE_TICKS);
      c.globalAlpha = isSilent ? 0.25 : (note.start > view.now ? 0.85 : 0.72) * loud + 0.12;
      c.fillStyle = own;
      round(c, x, y, w, h, isHit ? 2 : Math.min(3, h / 2));
      if (glow > 0 && !isSilent) {
        c.globalAlpha = glow * loud;
        c.fillStyle = colour("glass-bright");
        round(c, x, y, w, h, isHit ? 2 : Math.min(3, h / 2));
        c.globalAlpha = 0.3 * glow * loud;
        c.fillStyle = own;
        round(c, x - 3, y - 3, w + 6, h + 6, 6);
      }
    }
    c.globalAlpha = 1;
  }

  // A bracket over what was flagged, with how rare it is; dashed where the band as a whole is meant.
  drawFlags(c, bot, view) {
    const isFirst = bot === this.band.list()[0];
    c.strokeStyle = c.fillStyle = colour("flag");
    c.lineWidth = 1.5;
    c.font = `600 9px ${colour("sans")}`;
    c.textBaseline = "middle";
    for (const flag of this.flags) {
      const isBand = flag.bot_id === "";
      if (!isBand && flag.bot_id !== bot.id) continue;
      if (flag.end_tick < view.from || flag.first_tick > view.to) continue;
      const [a, b] = [view.x(flag.first_tick), view.x(flag.end_tick)];
      const y = isBand ? 15 : 19;
      c.globalAlpha = 0.1;
      c.fillRect(a, y, b - a, 600);
      c.globalAlpha = isBand ? 0.75 : 1;
      c.setLineDash(isBand ? [3, 3] : []);
      c.beginPath();
      c.moveTo(a + 1, y + 6);
      c.lineTo(a + 1, y);
      c.lineTo(b - 1, y);
      c.lineTo(b - 1, y + 6);
      c.stroke();
      if (!isBand) c.fillText(`p ${small(flag.p_value)}`, Math.max(a, 0) + 5, y + 8);
      else if (isFirst) c.fillText(`band p ${small(flag.p_value)}`, Math.max(a, 0) + 5, y + 16);
    }
    c.setLineDash([]);
    c.globalAlpha = 1;
  }
}

function round(c, x, y, w, h, r) {
  c.beginPath();
  c.roundRect(x, y, w, h, Math.max(0, Math.min(r, w / 2, h / 2)));
  c.fill();
}

const ms = (seconds) => (seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`);
const small = (p) => (p >= 0.001 ? p.toPrecision(2) : p.toExponential(0));
