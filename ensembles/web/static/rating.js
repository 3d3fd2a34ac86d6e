// Rating: after each phrase a word, by key. The phrase that has just ended is meant, or a chosen one.

import { find, make, remember, remembered, setText } from "./dom.js";

const PHRASE_BARS = 4;
const SHOWN_PHRASES = 8;
const GRACE_BEATS = 4; // so long into a phrase the one before is still meant
const NOTHING = 9;
const WORDS = { 1: "more like this", 0: "fine", "-1": "less like this" };

export class Rating {
  constructor(stage) {
    Object.assign(this, stage);
    this.rater = remembered("rater", "") || `listener-${Math.random().toString(36).slice(2, 8)}`;
    remember("rater", this.rater);
    this.given = []; // what was rated here, for undo
    this.who = "";
    this.marks = new Map();
    this.phrases = make("div", { class: "phrases", role: "listbox", "aria-label": "Phrases" });
    this.about = make("div", { class: "segments", role: "radiogroup", "aria-label": "Whom to rate" });
    const key = (value, digit, className) => make("button", { class: `key rate ${className}`, "data-control": "rate", "data-tip": `${WORDS[value]} (key ${digit})`, onclick: () => this.rate(value) }, make("kbd", { text: digit }), WORDS[value]);
    this.undoKey = make("button", { class: "key plain", id: "undo", text: "Undo", "data-tip": "take the last word back (key U)", disabled: true, onclick: () => this.undo() });
    find("rating").append(
      make("span", { class: "rating-head" }, make("h2", { text: "How was it?" }), this.phrases),
      this.about,
      make("span", { class: "keys" }, key(1, "1", "more"), key(0, "2", "fine"), key(-1, "3", "less"), this.undoKey),
      make("span", { class: "downloads", id: "downloads" }));
    this.store.on("rating/", (rating, key) => this.mark(key, rating));
    this.band.onChange(() => this.layWho());
  }

  layWho() {
    const choices = [["", "band"], ...this.band.list().map((bot) => [bot.id, bot.id])];
    this.about.replaceChildren(...choices.map(([id, text]) => make("button", { role: "radio", "aria-checked": String(id === this.who), colour: this.band.bots.get(id)?.colour, text,
      onclick: () => { this.who = id; this.layWho(); } })));
  }

  // The phrase a tick lies in: four bars, counted from its section's beginning.
  phraseAt(tick) {
    const { time } = this;
    const section = (this.store.fact("sections") ?? []).findLast((s) => s.start_tick <= tick && tick < s.end_tick);
    const first = section ? time.position(section.start_tick).bar : 0;
    const bar = time.position(tick).bar;
    const start = first + Math.floor((bar - first) / PHRASE_BARS) * PHRASE_BARS;
    const end = section ? Math.min(start + PHRASE_BARS, time.position(section.end_tick - 1).bar + 1) : start + PHRASE_BARS;
    return { start, end, firstTick: time.barTick(start), endTick: time.barTick(end) };
  }

  get meant() {
    if (this.chosen) return this.chosen;
    const now = Math.min(this.time.now ?? 0, this.time.endTick - 1);
    if (now < 0) return null;
    const phrase = this.phraseAt(now);
    const isYoung = now - phrase.firstTick < GRACE_BEATS * 480 && phrase.firstTick > 0;
    return isYoung ? this.phraseAt(phrase.firstTick - 1) : phrase;
  }

  choose(tick) {
    if (tick < 0 || tick > (this.time.now ?? 0)) return;
    const phrase = this.phraseAt(tick);
    this.chosen = this.chosen?.firstTick === phrase.firstTick ? null : phrase;
    this.chosenUntil = performance.now() + 20000;
  }

  rate(value) {
    const phrase = this.meant;
    if (!phrase) return;
    this.store.send("rate", this.who, value, phrase.firstTick, phrase.endTick, this.rater);
    this.given.push([this.who, phrase.firstTick, phrase.endTick]);
    this.undoKey.disabled = false;
    this.chosen = null;
  }

  undo() {
    const last = this.given.pop();
    this.undoKey.disabled = !this.given.length;
    if (last) this.store.send("rate", last[0], NOTHING, last[1], last[2], this.rater);
  }

  mark(key, rating) {
    if (rating) this.marks.set(key, rating);
    else this.marks.delete(key);
    this.shown = "";
  }

  draw() {
    if (this.chosen && performance.now() > this.chosenUntil) this.chosen = null;
    const phrase = this.meant;
    const now = this.time.now ?? -1;
    const shown = `${phrase?.firstTick} ${Boolean(this.chosen)} ${this.who} ${this.marks.size} ${this.time.position(Math.max(0, now)).bar}`;
    if (shown === this.shown) return;
    this.shown = shown;
    const all = [];
    for (let tick = Math.min(now, this.time.endTick - 1); tick >= 0 && all.length < SHOWN_PHRASES;) {
      const one = this.phraseAt(tick);
      all.unshift(one);
      tick = one.firstTick - 1;
    }
    this.phrases.replaceChildren(...all.map((one) => this.chip(one, phrase)));
  }

  chip(phrase, meant) {
    const isMeant = phrase.firstTick === meant?.firstTick;
    const words = [...this.marks.values()].filter((r) => r.first_tick === phrase.firstTick && r.bot_id === this.who);
    const own = words.find((r) => r.rater === this.rater) ?? words.at(-1);
    return make("button", { class: `phrase${own ? ` r${own.value}` : ""}`, role: "option", "aria-selected": String(isMeant), onclick: () => this.choose(phrase.firstTick),
      "data-tip": own ? `bars ${phrase.start + 1}–${phrase.end}: ${WORDS[own.value]}` : `bars ${phrase.start + 1}–${phrase.end}`, text: phrase.end - phrase.start > 1 ? `${phrase.start + 1}–${phrase.end}` : `${phrase.start + 1}` });
  }
}
