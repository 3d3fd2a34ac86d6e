// The transport: where the music is, how fast, in which key, whether on time; stop and panic.

import { clamp, find, make, setText } from "./dom.js";

const TAP_FORGOTTEN_MS = 2500;
const NUDGE_RATIO = 0.02;
const ARMED_MS = 3000;

export class Transport {
  constructor({ store, time, band }) {
    this.store = store;
    this.time = time;
    this.band = band;
    this.bpm = find("bpm");
    this.taps = [];
    this.lamps = [];
    store.on("session", (session) => session && this.name(session));
    store.on("key", (key) => setText(find("key"), key ?? "key"));
    store.on("chords", (chords) => { this.chords = chords ?? []; });
    store.on("sections", (sections) => this.form(sections ?? []));
    this.wire();
  }

  name(session) {
    setText(find("title"), session.title ?? "musebots");
    setText(find("piece"), `${session.piece ?? ""} · ${session.n_bars ?? "?"} bars · seed ${session.seed}`);
    setText(find("sync"), session.sync ?? "own clock");
    find("sync").dataset.tip = "what the beat follows";
    find("recording").dataset.tip = session.recording ? `recorded to ${session.recording}` : "not recorded";
    find("recording").classList.toggle("on", Boolean(session.recording));
    document.title = `${session.title ?? "musebots"} · musebots`;
  }

  wire() {
    const { store, bpm } = this;
    Object.assign(bpm.dataset, { control: "tempo" });
    bpm.addEventListener("focus", () => bpm.select());
    bpm.addEventListener("keydown", (event) => {
      if (event.key === "Enter") bpm.blur();
      if (event.key === "Escape") { bpm.value = this.shown; bpm.blur(); }
      if (event.key === "ArrowUp" || event.key === "ArrowDown") {
        event.preventDefault();
        this.set(Number(bpm.value) + (event.key === "ArrowUp" ? 1 : -1));
        bpm.value = this.aimed;
      }
    });
    bpm.addEventListener("change", () => this.set(Number(bpm.value)));
    bpm.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.set(this.current + (event.deltaY < 0 ? 1 : -1));
    }, { passive: false });
    for (const button of document.querySelectorAll("[data-nudge]")) {
      button.dataset.control = "tempo";
      button.addEventListener("click", () => {
        const step = Math.max(0.5, Math.round(this.current * NUDGE_RATIO * 2) / 2);
        this.set(this.current + Number(button.dataset.nudge) * step);
      });
    }
    find("tap").dataset.tip = "tap it four times, or press T";
    find("tap").addEventListener("click", () => this.tap());
    const panic = find("panic");
    panic.dataset.control = "panic";
    panic.addEventListener("click", () => store.send("panic"));
    const hold = find("hold");
    hold.dataset.control = "hold";
    hold.addEventListener("click", () => store.send("hold", this.time.held === null ? 1 : 0));
    const stop = find("stop");
    stop.dataset.control = "stop";
    stop.dataset.tip = "press twice to end the session";
    stop.addEventListener("click", () => {
      if (stop.classList.contains("armed")) store.send("stop");
      else {
        stop.classList.add("armed");
        setTimeout(() => stop.classList.remove("armed"), ARMED_MS);
      }
    });
  }

  // The tempo that was asked for counts until it has come: two nudges are two steps.
  get current() {
    return performance.now() < (this.aimedUntil ?? 0) ? this.aimed : this.time.bpmAt(Math.max(0, this.time.now ?? 0));
  }

  set(bpm) {
    if (!Number.isFinite(bpm)) return;
    this.aimed = clamp(Math.round(bpm * 10) / 10, 10, 480);
    this.aimedUntil = performance.now() + 1500;
    this.store.send("tempo", this.aimed);
  }

  tap() {
    const now = performance.now();
    if (now - (this.taps.at(-1) ?? -Infinity) > TAP_FORGOTTEN_MS) this.taps = [];
    this.taps = [...this.taps.slice(-7), now];
    if (this.taps.length >= 3) this.set((60000 * (this.taps.length - 1)) / (now - this.taps[0]));
  }

  form(sections) {
    this.sections = sections;
    this.litSection = undefined;
    const box = find("sections");
    box.replaceChildren(...sections.map((section) => make("span", {
      class: "section", role: "listitem", text: section.name,
      "data-tip": `section ${section.name}: intensity ${pct(section.intensity)}, density ${pct(section.density)}${section.solo ? `, solo: ${section.solo}` : ""}${section.tacet?.length ? `, silent: ${section.tacet.join(", ")}` : ""}`,
    })));
  }

  draw() {
    const { time } = this;
    if (time.now === undefined) return;
    const tick = time.now;
    const { bar, beat, into, beatTicks, meter } = time.position(tick);
    const isOver = tick >= time.endTick;
    setText(find("bar"), !time.isStarted ? "–" : isOver ? "end" : bar < 0 ? String(bar) : String(bar + 1));
    setText(find("beat"), time.isStarted && !isOver ? String(beat + 1) : "–");
    this.light(meter.numerator, time.isStarted && !isOver ? beat : -1, 1 - (into % beatTicks) / beatTicks);
    this.shown = String(Math.round(this.current * 10) / 10);
    if (document.activeElement !== this.bpm && this.bpm.value !== this.shown) this.bpm.value = this.shown;
    const chord = this.chords?.findLast(([from]) => from <= tick);
    setText(find("chord"), chord ? chord[2] : "–");
    this.lightSection(tick);
    this.judge();
    this.tellHeld(time.held !== null);
  }

  tellHeld(isHeld) {
    if (this.isHeld === isHeld) return;
    this.isHeld = isHeld;
    const hold = find("hold");
    hold.setAttribute("aria-pressed", String(isHeld));
    hold.setAttribute("aria-label", isHeld ? "Go on" : "Hold the music");
    hold.dataset.tip = `${isHeld ? "go on where it stands" : "hold the music where it is"} (space)`;
  }

  light(nBeats, beat, glow) {
    const box = find("beats");
    if (this.lamps.length !== nBeats) {
      this.lamps = Array.from({ length: nBeats }, (_, index) => make("i", { class: index ? "" : "one" }));
      box.replaceChildren(...this.lamps);
    }
    this.lamps.forEach((lamp, index) => lamp.style.setProperty("--glow", index === beat ? (0.25 + 0.75 * glow).toFixed(2) : "0"));
  }

  lightSection(tick) {
    const index = this.sections?.findIndex((s) => s.start_tick <= tick && tick < s.end_tick) ?? -1;
    if (index === this.litSection) return;
    this.litSection = index;
    [...find("sections").children].forEach((child, at) => {
      child.classList.toggle("on", at === index);
      if (at === index) child.parentElement.scrollLeft = child.offsetLeft - child.parentElement.clientWidth / 2;
    });
  }

  // Late notes: none is good, some lately is bad, some once is a reminder.
  judge() {
    const now = performance.now();
    if (now - (this.judged ?? 0) < 500) return;
    this.judged = now;
    const nLate = this.band.list().reduce((n, bot) => n + (bot.member?.n_late ?? 0), 0);
    if (nLate > (this.nLate ?? nLate)) this.lateAt = now;
    this.nLate = nLate;
    const badge = find("late");
    const isRecent = now - (this.lateAt ?? -Infinity) < 10000;
    badge.className = `badge ${isRecent ? "bad" : nLate ? "warn" : "good"}`;
    setText(badge, nLate ? `${nLate} late` : "on time");
    badge.dataset.tip = nLate ? this.band.list().filter((b) => b.member?.n_late).map((b) => `${b.id}: ${b.member.n_late} of ${b.member.n_notes} notes`).join(", ") : "no note came too late to sound on its tick";
  }
}

const pct = (share) => `${Math.round(share * 100)} %`;
