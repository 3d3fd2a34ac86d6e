// What happened: one line each, by kind; a line leads to its place in the music.

import { find, make } from "./dom.js";

const KINDS = [["", "all"], ["flag", "flags"], ["member", "band"], ["steer", "steering"], ["rating", "ratings"], ["notice", "notices"]];
const KIND_OF = { info: "notice", warning: "notice", error: "notice", control: "notice" };
const KEPT_LINES = 300;

export class Log {
  constructor(stage) {
    Object.assign(this, stage);
    this.stage = stage;
    this.lines = make("ol", { class: "lines", tabindex: 0, "aria-label": "Events" });
    this.filters = make("div", { class: "segments", role: "radiogroup", "aria-label": "Which events" }, ...KINDS.map(([kind, text]) =>
      make("button", { role: "radio", "aria-checked": String(!kind), text, onclick: (event) => this.filter(kind, event.currentTarget) })));
    find("log").append(make("div", { class: "panel-head" }, make("h2", { text: "Events" }), this.filters), this.lines);
    this.store.onReset(() => this.lines.replaceChildren());
    this.store.onStream("events", (event) => this.say(event));
  }

  filter(kind, button) {
    for (const other of this.filters.children) other.setAttribute("aria-checked", String(other === button));
    this.lines.dataset.only = kind;
  }

  say({ kind, bot, words, tick }) {
    const { bar, into } = this.time.position(Math.max(0, tick ?? this.time.now ?? 0));
    const where = tick === undefined || tick < 0 ? "" : `${bar + 1}.${Math.floor(into / 480) + 1}`;
    const line = make("li", { "data-kind": KIND_OF[kind] ?? kind, "data-level": kind },
      make("button", { onclick: () => where && this.stage.look?.(tick), disabled: !where }, make("span", { class: "where", text: where }),
        ...(bot ? [make("b", { colour: this.band.bots.get(bot)?.colour, text: bot })] : []), ` ${words}`));
    const isAtEnd = this.lines.scrollTop + this.lines.clientHeight > this.lines.scrollHeight - 30;
    this.lines.append(line);
    while (this.lines.children.length > KEPT_LINES) this.lines.firstChild.remove();
    if (isAtEnd) this.lines.scrollTop = this.lines.scrollHeight;
  }
}
