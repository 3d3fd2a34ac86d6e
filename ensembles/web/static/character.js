// Calmer or bolder: one long fader for the band, a short one for each bot, and who moves them.

import { clamp, find, make, setText } from "./dom.js";

const HELD_MS = 500;
const WORDS = [[-0.75, "very calm"], [-0.35, "calmer"], [-0.08, "a little calmer"], [0.08, "as learned"], [0.35, "a little bolder"], [0.75, "bolder"], [Infinity, "as bold as it gets"]];
const MODES = [
  ["off", "off", "nothing is steered"],
  ["fader", "by hand", "the faders alone"],
  ["nudge", "nudge", "a gentle push whenever the band strays from the target"],
  ["insist", "insist", "push until the band is where the target is"],
];

export const wordFor = (value) => WORDS.find(([limit]) => value <= limit)[1];

export class Character {
  constructor(stage) {
    Object.assign(this, stage);
    this.held = new Map();
    this.rows = new Map();
    this.words = make("output", { class: "hero-word", text: "as learned" });
    this.hero = this.slider("", "calmer to bolder, the whole band", "hero");
    this.modes = make("div", { class: "segments", role: "radiogroup", "aria-label": "Who steers" }, ...MODES.map(([mode, text, tip]) =>
      make("button", { role: "radio", "aria-checked": "false", "data-mode": mode, "data-tip": tip, "data-control": "policy", text, onclick: () => this.setMode(mode) })));
    this.small = make("div", { class: "small-faders" });
    find("character").append(
      make("div", { class: "hero-head" }, make("h2", { text: "Character" }), this.words, this.modes),
      make("div", { class: "hero-way" }, make("span", { class: "pole", text: "calmer" }), this.hero, make("span", { class: "pole", text: "bolder" })),
      this.small);
    this.band.onChange(() => this.lay());
    this.store.on("fader/", (value, key) => this.take(key.slice(6), value ?? 0));
    this.takePolicy(undefined);
    this.store.on("policy", (policy) => this.takePolicy(policy));
    this.store.on("steered/", (steered, key) => this.rows.get(key.slice(8))?.tell(steered));
  }

  slider(id, label, kind) {
    const input = make("input", { type: "range", min: -1, max: 1, step: 0.01, value: 0, class: `bold ${kind}`, "aria-label": label, "data-control": "fader", "data-osc": id || "''" });
    input.addEventListener("input", () => {
      if (Math.abs(input.value) < 0.03) input.value = 0; // the middle is easy to find
      this.held.set(id, performance.now() + HELD_MS);
      this.show(id, Number(input.value));
      this.store.send("fader", id, Number(input.value));
    });
    input.addEventListener("dblclick", () => { input.value = 0; input.dispatchEvent(new Event("input")); });
    return input;
  }

  lay() {
    for (const bot of this.band.list()) {
      if (this.rows.has(bot.id)) continue;
      const input = this.slider(bot.id, `calmer to bolder, ${bot.id}`, "slim");
      const word = make("span", { class: "small quiet", text: "" });
      const element = make("label", { class: "slim-row", colour: bot.colour }, make("span", { class: "slim-name", text: bot.id }), input, word);
      this.small.append(element);
      this.rows.set(bot.id, { input, element, word, tell: (steered) => steered && setText(word, `α ${steered.alpha.toFixed(2)}`) });
      this.take(bot.id, this.store.fact(`fader/${bot.id}`) ?? 0);
    }
    for (const [id, row] of this.rows) if (!this.band.bots.has(id)) { row.element.remove(); this.rows.delete(id); }
  }

  take(id, value) {
    if (performance.now() < (this.held.get(id) ?? 0)) return;
    const input = id ? this.rows.get(id)?.input : this.hero;
    if (!input) return;
    input.value = clamp(value, -1, 1);
    this.show(id, value);
  }

  show(id, value) {
    const input = id ? this.rows.get(id)?.input : this.hero;
    input?.style.setProperty("--way", value);
    input?.setAttribute("aria-valuetext", wordFor(value));
    if (!id) setText(this.words, wordFor(value));
  }

  takePolicy(policy) {
    const mode = policy?.mode ?? "fader";
    this.policy = policy;
    for (const button of this.modes.children) button.setAttribute("aria-checked", String(button.dataset.mode === mode));
  }

  setMode(mode) {
    this.store.send("policy", mode, this.policy?.target ?? 0.5, this.policy?.tolerance ?? 0.1, this.policy?.means ?? "direction");
  }
}
