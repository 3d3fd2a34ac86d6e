// Calmer or bolder: one long fader for the band, a short one for each bot, and who moves them.

import { clamp, find, make, setText } from "./dom.js";

const HELD_MS = 500;
const WORDS = [[-0.75, "very calm"], [-0.35, "calmer"], [-0.08, "a little calmer"], [0.08, "as learned"], [0.35, "a little bolder"], [0.75, "bolder"], [Infinity, "as bold as it gets"]];
const MODES = [
  ["off", "off", "nothing is steered"],
  ["fader", "by hand", "the faders alone"],
  ["nudge", "nudge", "a gentle push whenever the band strays from the target"],
  ["insist", "insist", "push until the band is where the target is"],
  ["encourage", "dare", "more of what was flagged as unusual"],
  ["damp", "tame", "less of what was flagged as unusual"],
];
const AIMED = ["nudge", "insist"];

const expected = ({ alpha, change }) => change ? `${change > 0 ? "+" : "−"}${Math.abs(change).toFixed(2)}` : `α ${alpha.toFixed(2)}`;

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
    this.target = make("input", { type: "range", min: 0, max: 1, step: 0.01, value: 0.5, class: "target", "aria-label": "target: how creative the band is to be", "data-control": "policy", "data-tip": "how creative the band is to be, by the assessor" });
    this.target.addEventListener("input", () => {
      this.held.set("target", performance.now() + HELD_MS);
      this.sendPolicy({ target: Number(this.target.value) });
    });
    this.judged = make("output", { class: "small quiet judged" });
    this.aim = make("div", { class: "aim", hidden: true }, make("span", { class: "small quiet", text: "creativity" }), make("span", { class: "aim-way" }, this.target, make("i", { class: "aim-level" })), this.judged);
    find("character").append(
      make("div", { class: "hero-head" }, make("h2", { text: "Character" }), this.words, this.modes),
      make("div", { class: "hero-way" }, make("span", { class: "pole", text: "calmer" }), this.hero, make("span", { class: "pole", text: "bolder" })),
      this.aim, this.small);
    this.band.onChange(() => this.lay());
    this.store.on("fader/", (value, key) => this.take(key.slice(6), value ?? 0));
    this.takePolicy(undefined);
    this.store.on("policy", (policy) => this.takePolicy(policy));
    this.store.on("assessed/", (assessed, key) => key === "assessed/" && this.judge(assessed));
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
      const word = make("span", { class: "small quiet", text: "", "data-tip": "by how much its creativity is expected to change, as it was measured; α where nobody measured it" });
      const element = make("label", { class: "slim-row", colour: bot.colour }, make("span", { class: "slim-name", text: bot.id }), input, word);
      this.small.append(element);
      this.rows.set(bot.id, { input, element, word, tell: (steered) => steered && setText(word, expected(steered)) });
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
    this.policy = { mode: "fader", target: 0.5, tolerance: 0.1, means: "direction", ...policy };
    for (const button of this.modes.children) button.setAttribute("aria-checked", String(button.dataset.mode === this.policy.mode));
    if (performance.now() > (this.held.get("target") ?? 0)) this.target.value = this.policy.target;
    this.showAim();
  }

  setMode(mode) { this.sendPolicy({ mode }); }

  sendPolicy(changes) {
    const { mode, target, tolerance, means } = { ...this.policy, ...changes };
    this.store.send("policy", mode, target, tolerance, means);
  }

  // The assessor's word on the band; while nobody has rated, it is a machine's alone.
  judge(assessed) {
    this.assessed = assessed;
    this.aim.style.setProperty("--level", assessed?.level ?? 0);
    this.showAim();
  }

  showAim() {
    const isAimed = AIMED.includes(this.policy.mode);
    this.aim.hidden = !isAimed && !this.assessed;
    this.aim.classList.toggle("aimed", isAimed);
    this.target.disabled = !isAimed;
    const { level, weight } = this.assessed ?? {};
    const source = weight ? `${Math.round(100 * weight)} % people` : "machine proxy";
    setText(this.judged, level === undefined ? "listening" : `${level.toFixed(2)} · ${source}`);
  }
}
