// Activations: units over time for each bot, on the time axis of the piano rolls.

import { clamp, colour, find, fitted, make, setText } from "./dom.js";
import { PPQ } from "./time.js";

const N_COLUMNS = 1024; // of 16ths: more than four minutes at 100 bpm
const PAST_BARS = 8;
const AHEAD_BARS = 2;
const TURNS = 4;

export class Minds {
  constructor(stage) {
    Object.assign(this, stage);
    this.maps = new Map();
    this.turn = 0;
    this.isSorted = false;
    this.isFrozen = false;
    this.grid = make("div", { class: "maps" });
    this.sort = make("button", { class: "chip", id: "sort", text: "by flags", "aria-pressed": "false", "data-tip": "sort the units by how often they were flagged", onclick: () => this.setSorted(!this.isSorted) });
    this.freeze = make("button", { class: "chip", id: "freeze", text: "freeze", "aria-pressed": "false", "data-tip": "hold the picture still, or press F", onclick: () => this.setFrozen(!this.isFrozen) });
    this.empty = make("p", { class: "empty small quiet", text: "Activations appear as soon as a bot tells them." });
    find("minds").append(make("div", { class: "panel-head" }, make("h2", { text: "Minds" }), make("span", { class: "small quiet", text: "hidden units, newest on the right" }), this.sort, this.freeze), this.grid, this.empty);
    this.store.onFrame((head, values) => this.take(head, values));
    this.store.onReset(() => { for (const map of this.maps.values()) map.forgetFlags(); });
    this.store.onStream("flags", (flag) => this.flag(flag));
    this.band.onChange(() => this.lay());
  }

  setSorted(isSorted) {
    this.isSorted = isSorted;
    this.sort.setAttribute("aria-pressed", String(isSorted));
    for (const map of this.maps.values()) map.arrange(isSorted);
  }

  setFrozen(isFrozen) {
    this.isFrozen = isFrozen;
    this.freeze.setAttribute("aria-pressed", String(isFrozen));
    this.frozenAt = this.time.now;
  }

  lay() {
    for (const [id, map] of this.maps) if (!this.band.bots.has(id)) { map.element.remove(); this.maps.delete(id); }
  }

  map(id) {
    let map = this.maps.get(id);
    const bot = this.band.bots.get(id);
    if (!map && bot) {
      map = new HeatMap(this, bot);
      this.maps.set(id, map);
      map.element.style.order = this.band.list().indexOf(bot);
      this.grid.append(map.element);
      this.empty.hidden = true;
      for (const flag of this.store.stream("flags")) map.flag(flag);
    }
    return map;
  }

  take(head, values) { this.map(head.bot)?.take(head, values); }

  flag(flag) { for (const map of this.maps.values()) map.flag(flag); }

  redress() { for (const map of this.maps.values()) map.redress(); }

  // A quarter of the maps a frame: they move by a pixel or two in that time.
  draw() {
    const now = this.isFrozen ? this.frozenAt : this.time.now ?? 0;
    this.turn = (this.turn + 1) % TURNS;
    [...this.maps.values()].forEach((map, index) => { if (index % TURNS === this.turn) map.draw(now); });
  }
}

class HeatMap {
  constructor(minds, bot) {
    this.minds = minds;
    this.bot = bot;
    this.nUnits = 0;
    this.nFlagged = new Map(); // unit -> how often
    this.flagged = new Map(); // column number -> set of units
    this.canvas = make("canvas", { class: "glass", role: "img", "aria-label": `activations of ${bot.id}` });
    this.caption = make("span", { class: "map-words small" });
    this.element = make("div", { class: "map", colour: bot.colour }, make("span", { class: "map-name", text: bot.id }), this.caption, this.canvas);
    this.canvas.addEventListener("pointermove", (event) => this.hover(event));
    this.canvas.addEventListener("pointerleave", () => minds.tips.hide());
    this.ramp = null;
  }

  begin(nUnits, step, network) {
    Object.assign(this, { nUnits, step, network });
    this.columns = Array.from({ length: N_COLUMNS }, () => null);
    this.numbers = new Int32Array(N_COLUMNS).fill(-1);
    this.order = Int32Array.from({ length: nUnits }, (_, unit) => unit);
    this.image = new OffscreenCanvas(N_COLUMNS, nUnits);
    this.pixels = this.image.getContext("2d");
    this.strip = this.pixels.createImageData(1, nUnits);
    this.words = new Uint32Array(this.strip.data.buffer);
    this.newest = -1;
    for (const flag of this.pending ?? []) this.flag(flag);
    this.pending = [];
  }

  take({ tick, step, units, steps, scale, network }, values) {
    if (units !== this.nUnits || step !== this.step) this.begin(units, step, network);
    this.scale = scale;
    for (let index = 0; index < steps; index++) {
      const number = Math.round(tick / step) + index;
      if (number < 0) continue;
      const at = number % N_COLUMNS;
      this.columns[at] = { values: values.slice(index * units, (index + 1) * units), scale };
      this.numbers[at] = number;
      this.newest = Math.max(this.newest, number);
      this.paint(at);
    }
    if (!this.told) this.tell();
  }

  // One byte to one colour: cool below zero, the bot's own above, dark at rest; the second hue where flagged.
  colours() {
    if (this.ramp) return this.ramp;
    const [cold, rest, warm, hot] = ["heat-cold", "heat-rest", this.bot.colour, "flag"].map((name) => rgb(colour(name)));
    this.ramp = { plain: new Uint32Array(256), flagged: new Uint32Array(256) };
    for (let byte = -128; byte < 128; byte++) {
      const share = Math.min(1, Math.abs(byte) / 127) ** 1.4;
      this.ramp.plain[byte & 255] = packed(mix(rest, byte < 0 ? cold : warm, share));
      this.ramp.flagged[byte & 255] = packed(mix(mix(rest, hot, 0.45), hot, share));
    }
    return this.ramp;
  }

  paint(at) {
    const column = this.columns[at];
    if (!column) return;
    const { plain, flagged } = this.colours();
    const marked = this.flagged.get(this.numbers[at]);
    for (let y = 0; y < this.nUnits; y++) {
      const unit = this.order[y];
      this.words[y] = (marked?.has(unit) ? flagged : plain)[column.values[unit] & 255];
    }
    this.pixels.putImageData(this.strip, at, 0);
  }

  repaint() {
    if (this.nUnits) for (let at = 0; at < N_COLUMNS; at++) this.paint(at);
  }

  redress() {
    this.ramp = null;
    this.repaint();
  }

  flag({ bot_id: id, details }) {
    const units = details?.units?.[this.bot.id];
    if (!units || (id && id !== this.bot.id)) return;
    if (!this.nUnits) { (this.pending ??= []).push({ bot_id: id, details }); return; }
    for (const unit of units) this.nFlagged.set(unit, (this.nFlagged.get(unit) ?? 0) + 1);
    for (const tick of details.steps ?? []) {
      const number = Math.round(tick / this.step);
      if (!this.flagged.has(number)) this.flagged.set(number, new Set());
      for (const unit of units) this.flagged.get(number).add(unit);
      if (this.numbers[number % N_COLUMNS] === number) this.paint(number % N_COLUMNS);
    }
    if (this.minds.isSorted) this.arrange(true);
    this.tell();
  }

  forgetFlags() {
    this.nFlagged.clear();
    this.flagged.clear();
    this.pending = [];
    this.repaint();
  }

  arrange(isSorted) {
    if (!this.nUnits) return;
    const order = Array.from({ length: this.nUnits }, (_, unit) => unit);
    if (isSorted) order.sort((a, b) => (this.nFlagged.get(b) ?? 0) - (this.nFlagged.get(a) ?? 0) || a - b);
    this.order = Int32Array.from(order);
    this.repaint();
  }

  tell() {
    this.told = true;
    const often = [...this.nFlagged].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
    const listed = often.slice(0, 8).map(([unit, n]) => (n > 1 ? `${unit}×${n}` : unit)).join(" ");
    setText(this.caption, often.length ? `${often.length} of ${this.nUnits} units flagged: ${listed}${often.length > 8 ? " …" : ""}` : `${this.nUnits} units`);
    this.caption.title = often.map(([unit, n]) => `unit ${unit}: ${n}`).join("\n").slice(0, 2000);
  }

  view(now, width) {
    const { barTicks } = this.minds.time.position(now);
    const span = (PAST_BARS + AHEAD_BARS) * barTicks;
    return { from: now - PAST_BARS * barTicks, span, perTick: width / span };
  }

  draw(now) {
    if (!this.nUnits) return;
    const { context: c, width, height } = fitted(this.canvas);
    if (!width) return;
    const { from, span, perTick } = this.view(now, width);
    c.imageSmoothingEnabled = this.nUnits > height;
    const first = Math.max(0, Math.floor(from / this.step), this.newest - N_COLUMNS + 1);
    const end = Math.min(Math.ceil((from + span) / this.step), this.newest + 1);
    const columnWidth = this.step * perTick;
    for (let start = first; start < end;) {
      const at = start % N_COLUMNS;
      const n = Math.min(end - start, N_COLUMNS - at);
      c.drawImage(this.image, at, 0, n, this.nUnits, (start * this.step - from) * perTick, 0, n * columnWidth, height);
      start += n;
    }
    const x = (now - from) * perTick;
    c.fillStyle = colour("glass");
    c.globalAlpha = 0.5; // what is decided but does not sound yet
    c.fillRect(x, 0, width - x, height);
    c.globalAlpha = 0.9;
    c.fillStyle = colour("glass-bright");
    c.fillRect(x - 0.5, 0, 1.5, height);
    c.globalAlpha = 1;
  }

  hover(event) {
    if (!this.nUnits) return;
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    const now = this.minds.isFrozen ? this.minds.frozenAt : this.minds.time.now ?? 0;
    const { from, perTick } = this.view(now, width);
    const tick = from + (event.clientX - left) / perTick;
    const number = Math.floor(tick / this.step);
    const unit = this.order[clamp(Math.floor(((event.clientY - top) / height) * this.nUnits), 0, this.nUnits - 1)];
    const at = ((number % N_COLUMNS) + N_COLUMNS) % N_COLUMNS;
    const column = this.numbers[at] === number ? this.columns[at] : null;
    if (!column) { this.minds.tips.hide(); return; }
    const { bar, into } = this.minds.time.position(number * this.step);
    const value = column.values[unit] * column.scale;
    const isFlagged = this.flagged.get(number)?.has(unit);
    this.minds.tips.at(event.clientX, event.clientY, `unit ${unit} · ${value.toFixed(2)} · ${this.rank(unit, value)}${isFlagged ? " · flagged" : ""} · bar ${bar + 1}, ${(into / PPQ + 1).toFixed(2)}`);
  }

  // Against this session's own normal playing: the steps that were not flagged.
  rank(unit, value) {
    let [n, nBelow] = [0, 0];
    for (let at = 0; at < N_COLUMNS; at++) {
      const column = this.columns[at];
      if (!column || this.flagged.has(this.numbers[at])) continue;
      n++;
      if (column.values[unit] * column.scale < value) nBelow++;
    }
    return n < 16 ? "too little heard to rank" : `above ${Math.round((100 * nBelow) / n)} % of its normal playing`;
  }
}

function rgb(text) {
  const numbers = text.startsWith("#") ? [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16)) : text.match(/[\d.]+/g).map(Number);
  return numbers.slice(0, 3);
}
const mix = (a, b, share) => a.map((value, index) => value + (b[index] - value) * share);
const packed = ([r, g, b]) => ((255 << 24) | (Math.round(b) << 16) | (Math.round(g) << 8) | Math.round(r)) >>> 0;
