// The mixer: a strip for each bot, and the master; who they are and how they are.

import { clamp, find, make, setText } from "./dom.js";

const HELD_MS = 500; // what is being moved here is not moved by what comes back
const LATE_MS = 5000;
const FALL_PER_FRAME = 0.055;
const METER_DB = 48;
const MIN_DB = -60;
const MAX_DB = 12;
const TAPER = 1.8;

// A fader's way, 0..1, and decibels: most of the way is for the levels that are used most.
export const dbAt = (way) => MAX_DB - (MAX_DB - MIN_DB) * (1 - way) ** TAPER;
export const wayAt = (db) => 1 - ((MAX_DB - clamp(db, MIN_DB, MAX_DB)) / (MAX_DB - MIN_DB)) ** (1 / TAPER);

// A meter's way for a linear peak: as decibels, from -48 up.
const heightOf = (peak) => (peak > 0 ? clamp(1 + (20 * Math.log10(peak)) / METER_DB, 0, 1.15) : 0);

export class Mixer {
  constructor(stage) {
    Object.assign(this, stage);
    this.strips = new Map();
    this.box = find("strips");
    this.add = make("button", { id: "add-bot", class: "add", "aria-label": "Add a bot", "data-control": "add", text: "+ bot", onclick: () => this.askForBot() });
    this.master = new StripView(this, { id: "", role: "master" }, this.add);
    this.box.append(this.master.element);
    this.store.on("strip/", (strip, key) => this.take(key.slice(6), strip));
    this.measured = [];
    this.store.on("levels", (levels) => this.measure(levels));
    this.store.on("member/", (member, key) => this.strips.get(key.slice(7))?.member(member));
  }

  take(id, strip) {
    if (!id) {
      if (strip) this.master.take(strip);
      return;
    }
    let view = this.strips.get(id);
    if (!strip) {
      view?.element.remove();
      this.strips.delete(id);
      return;
    }
    if (!view) {
      view = new StripView(this, this.band.bots.get(id));
      this.strips.set(id, view);
      this.box.insertBefore(view.element, this.master.element);
      view.member(this.store.fact(`member/${id}`));
    }
    view.take(strip);
    const isAnyoneSolo = [...this.strips.values()].some((other) => other.strip?.is_solo);
    for (const other of this.strips.values()) other.element.classList.toggle("unheard", Boolean(other.strip?.is_muted || (isAnyoneSolo && !other.strip?.is_solo)));
  }

  // Levels as the sound engine measured them, shown when they are heard; where nothing is rendered
  // (the notes go to instruments elsewhere) they are guessed from what is played.
  draw() {
    this.measured.splice(0, this.measured.findLastIndex(({ at }) => at <= performance.now()));
    if (this.isMeasured) {
      const { levels } = this.measured[0] ?? {};
      for (const [id, view] of this.strips) view.draw(heightOf(levels?.[id]));
      this.master.draw(heightOf(levels?.[""]));
      return;
    }
    let loudest = 0;
    for (const view of this.strips.values()) loudest = Math.max(loudest, view.draw(view.guess()));
    this.master.draw(loudest * 10 ** ((this.master.strip?.gain_db ?? 0) / 20));
  }

  get isMeasured() { return (this.store.fact("session")?.sound ?? "none") !== "none"; }

  measure(levels) {
    if (!levels) return;
    this.measured.push({ levels, at: performance.now() + 1000 * this.time.listenDelaySeconds });
  }

  askForBot() {
    const dialog = find("dialog");
    const field = (label, input) => make("label", { class: "field" }, make("span", { text: label }), input);
    const reference = make("input", { name: "reference", list: "stock", value: "melody", required: true, autocomplete: "off" });
    const id = make("input", { name: "id", placeholder: "its own name", pattern: "\\S{1,32}", autocomplete: "off" });
    const role = make("input", { name: "role", placeholder: "by its class", list: "roles", autocomplete: "off" });
    const form = make("form", { method: "dialog" },
      make("h2", { text: "Add a bot" }),
      field("Class, file or folder", reference), field("Id", id), field("Role", role),
      make("datalist", { id: "stock" }, ...["melody", "bass", "drums", "hello"].map((value) => make("option", { value }))),
      make("datalist", { id: "roles" }, ...["melody", "bass", "drums"].map((value) => make("option", { value }))),
      make("p", { class: "small quiet", text: "It comes in as soon as it is ready. A bot of your own is a .py file or a folder on the machine where the band plays." }),
      make("div", { class: "keys end" }, make("button", { class: "key plain", value: "no", formnovalidate: true, text: "Cancel" }), make("button", { class: "key go", value: "yes", text: "Add" })));
    dialog.replaceChildren(form);
    dialog.onclose = () => {
      if (dialog.returnValue !== "yes" || !reference.value.trim()) return;
      const stem = reference.value.trim().split(/[/\\:.]/).filter((part) => part && part !== "py").at(-1) ?? "bot";
      let name = id.value.trim() || stem;
      for (let n = 2; !id.value.trim() && this.band.bots.has(name); n++) name = `${stem}-${n}`;
      this.store.send("add", name, reference.value.trim(), role.value.trim());
    };
    dialog.returnValue = "";
    dialog.showModal();
    reference.select();
  }
}

class StripView {
  constructor(mixer, bot, add) {
    const { store } = mixer;
    this.mixer = mixer;
    this.bot = bot;
    this.held = {};
    const { id } = bot;
    const isMaster = !id;
    const osc = { "data-osc": id || "''" };
    this.state = make("i", { class: "led", role: "status" });
    this.name = make("button", { class: "strip-name", text: id || "master", disabled: isMaster, onclick: () => this.menu(), "aria-label": isMaster ? "master" : `${id}: more` });
    this.instrument = make("select", { class: "instrument", "aria-label": `${id} instrument`, "data-control": "instrument", "data-osc": id, hidden: isMaster, onchange: (event) => store.send("instrument", id, event.target.value) });
    this.pan = this.knob("pan", { min: -1, max: 1, rest: 0 }, osc);
    this.room = this.knob("reverb", { min: 0, max: 1, rest: 0.2 }, osc);
    this.mute = this.toggle("M", "mute", `mute ${id}`, osc);
    this.solo = this.toggle("S", "solo", `solo ${id}`, osc);
    this.fader = make("input", { type: "range", min: 0, max: 1, step: 0.005, value: 0.6, class: "fader", "aria-label": `${id || "master"} gain`, "aria-orientation": "vertical", "data-control": "gain_db", ...osc });
    this.fader.addEventListener("input", () => this.slide());
    this.fader.addEventListener("dblclick", () => { this.fader.value = wayAt(0); this.slide(); });
    this.level = make("i");
    this.db = make("output", { class: "db" });
    const isEmpty = isMaster ? [add, make("span", { class: "knob-space" }), make("span", { class: "pair-space" })] : [make("span", { class: "knobs" }, this.pan.element, this.room.element), make("span", { class: "pair" }, this.mute, this.solo)];
    this.element = make("div", { class: `strip${isMaster ? " master" : ""}`, colour: bot.colour ?? "master", "data-bot": id },
      make("span", { class: "strip-head" }, this.state, this.name), this.instrument, ...isEmpty,
      make("span", { class: "throw" }, this.fader, make("span", { class: "ticks" }), make("span", { class: "meter" }, this.level)), this.db);
    this.send = (name, value) => {
      this.held[name] = performance.now() + HELD_MS;
      store.send(name, id, value, 0);
    };
    this.peak = 0;
  }

  toggle(text, name, label, osc) {
    return make("button", { class: `toggle ${name}`, text, "aria-label": label, "aria-pressed": "false", "data-control": name, ...osc,
      onclick: (event) => this.send(name, event.currentTarget.getAttribute("aria-pressed") === "true" ? 0 : 1) });
  }

  isHeld(name) { return performance.now() < (this.held[name] ?? 0); }

  slide() {
    const db = Math.round(dbAt(Number(this.fader.value)) * 10) / 10;
    this.tellDb(db);
    this.send("gain_db", db);
  }

  // A small knob with its word below: a range input, turned.
  knob(name, { min, max, rest }, osc) {
    const word = name === "reverb" ? "room" : name;
    const input = make("input", { type: "range", min, max, step: 0.05, value: rest, class: "knob-input", "aria-label": `${this.bot.id} ${word}`, "data-control": name, ...osc });
    const cap = make("span", { class: "knob" }, input);
    const show = () => cap.style.setProperty("--turn", (2 * (input.value - min)) / (max - min) - 1);
    const turn = () => {
      show();
      this.send(name, Number(input.value));
    };
    input.addEventListener("input", turn);
    input.addEventListener("dblclick", () => { input.value = rest; turn(); });
    dragged(input, (max - min) / 140);
    show();
    const take = (value) => {
      if (this.isHeld(name) || value === undefined) return;
      input.value = value;
      show();
    };
    return { element: make("span", { class: "knob-box" }, cap, make("span", { class: "knob-word", text: word })), take };
  }

  tellDb(db) {
    setText(this.db, db <= MIN_DB ? "−∞" : `${db > 0 ? "+" : db < 0 ? "−" : ""}${Math.abs(db).toFixed(1)}`);
    this.fader.setAttribute("aria-valuetext", `${db.toFixed(1)} dB`);
  }

  take(strip) {
    this.strip = strip;
    if (!this.isHeld("gain_db")) {
      this.fader.value = wayAt(strip.gain_db);
      this.tellDb(strip.gain_db);
    }
    this.pan.take(strip.pan);
    this.room.take(strip.reverb);
    this.mute.setAttribute("aria-pressed", String(Boolean(strip.is_muted)));
    this.solo.setAttribute("aria-pressed", String(Boolean(strip.is_solo)));
    this.choose(strip.instruments ?? [], strip.instrument);
  }

  choose(names, chosen) {
    const offered = names.includes(chosen) || !chosen ? names : [chosen, ...names];
    if (this.offered !== offered.join()) {
      this.offered = offered.join();
      this.instrument.replaceChildren(...offered.map((value) => make("option", { value, text: value })));
    }
    this.instrument.value = chosen ?? "";
  }

  // How it is, in a word; "late" for a while after a note came too late.
  member(member) {
    if (!member) return;
    if (this.now && member.n_late > this.now.n_late) this.lateAt = performance.now();
    this.now = member;
    this.tellState();
  }

  get word() {
    const state = this.now?.state;
    if (state === "expected") return "launching";
    if (state === "silent") return "restarting";
    if (state === "gone") return "gone";
    if (performance.now() - (this.lateAt ?? -Infinity) < LATE_MS) return "late";
    return state ? "alive" : "";
  }

  tellState() {
    const { word } = this;
    if (this.state.dataset.state === word) return;
    this.state.dataset.state = word;
    this.state.setAttribute("aria-label", `${this.bot.id} is ${word}`);
    this.state.dataset.tip = `${this.bot.id} is ${word}`;
    this.element.dataset.state = word;
  }

  // The level of what sounds, from velocity and fader.
  guess() {
    const { bot, strip, mixer } = this;
    if (!strip) return 0;
    const now = mixer.time.now ?? 0;
    let loudest = 0;
    for (let index = bot.notes.length - 1; index >= 0 && bot.notes[index].start > now - 4 * 480; index--) {
      const note = bot.notes[index];
      if (note.start > now) continue;
      const end = bot.isDrums ? note.start + 120 : note.end;
      if (now < end) loudest = Math.max(loudest, (note.velocity / 127) ** 1.4 * (1 - 0.5 * Math.min(1, (now - note.start) / 960)));
    }
    return this.element.classList.contains("unheard") ? 0 : loudest * 10 ** (strip.gain_db / 20);
  }

  // It rises at once and falls like a needle does; gives what it shows.
  draw(level) {
    if (this.lateAt) this.tellState();
    this.shown = Math.max(level, (this.shown ?? 0) - FALL_PER_FRAME);
    const height = clamp(this.shown, 0, 1.15).toFixed(3);
    if (height === this.drawn) return this.shown;
    this.drawn = height;
    this.level.style.setProperty("--level", height);
    return this.shown;
  }

  menu() {
    const { store } = this.mixer;
    const { id, role } = this.bot;
    const dialog = find("dialog");
    const close = () => dialog.close();
    const member = this.now ?? {};
    const rows = [["role", role], ["plays on", `channel ${this.strip?.channel}, ${this.strip?.instrument}`], ["state", this.word],
      ["sends", member.sends || "notes"], ["hears", member.hears || "–"], ["notes", `${member.n_notes ?? 0}, ${member.n_late ?? 0} of them late`]];
    const knobs = ["intensity", "density", "register"].map((name) => {
      const value = store.fact(`knob/${id}/${name}`) ?? store.fact(`knob//${name}`) ?? 0.5;
      return make("label", { class: "field slim" }, make("span", { text: name }),
        make("input", { type: "range", min: 0, max: 1, step: 0.01, value, "data-control": "knob", "data-osc": `${id} ${name}`, oninput: (event) => store.send("knob", id, name, Number(event.target.value)) }));
    });
    dialog.onclose = null;
    dialog.replaceChildren(
      make("h2", { colour: this.bot.colour, text: id }),
      make("dl", {}, ...rows.flatMap(([name, words]) => [make("dt", { text: name }), make("dd", { text: String(words) })])),
      ...knobs,
      make("div", { class: "keys end" },
        make("button", { class: "key plain", text: "Restart", "data-control": "replace", "data-tip": "anew, at a bar line; until then it plays on", onclick: () => { store.send("replace", id, ""); close(); } }),
        make("button", { class: "key panic", text: "Remove", "data-control": "remove", "data-osc": id, onclick: () => { store.send("remove", id); close(); } }),
        make("button", { class: "key go", text: "Close", onclick: close })));
    dialog.showModal();
  }
}

// A knob is turned by dragging up and down, as on every instrument; the arrows turn it, too.
function dragged(input, perPixel) {
  input.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    input.focus({ preventScroll: true });
    const [startY, start] = [event.clientY, Number(input.value)];
    input.setPointerCapture(event.pointerId);
    const move = ({ clientY, shiftKey }) => {
      input.value = start + (startY - clientY) * perPixel * (shiftKey ? 0.2 : 1);
      input.dispatchEvent(new Event("input"));
    };
    input.addEventListener("pointermove", move);
    input.addEventListener("pointerup", () => input.removeEventListener("pointermove", move), { once: true });
  });
}
