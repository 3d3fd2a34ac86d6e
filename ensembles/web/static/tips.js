// Tooltips: what a control does, its key, and the OSC message that does the same.
//
// An element says so itself: data-tip (words), data-control (a name in /controls.json), data-osc
// (the leading arguments there, blank-separated).

import { clamp, find, setText } from "./dom.js";

const WAIT_MS = 350;

export class Tips {
  constructor() {
    this.box = find("tip");
    this.controls = new Map();
    fetch("/controls.json").then((answer) => answer.json()).then((rows) => {
      for (const row of rows) this.controls.set(row.name, row);
    }).catch(() => {});
    for (const [on, off] of [["pointerover", "pointerout"], ["focusin", "focusout"]]) {
      document.addEventListener(on, (event) => this.plan(event.target.closest?.("[data-tip],[data-control]")));
      document.addEventListener(off, () => this.hide());
    }
    document.addEventListener("pointerdown", () => this.hide());
    addEventListener("scroll", ({ target }) => this.target && target.contains(this.target) && this.hide(), true);
  }

  plan(element) {
    this.hide();
    this.target = element;
    if (element) this.waiting = setTimeout(() => this.show(element), WAIT_MS);
  }

  osc(element) {
    const control = this.controls.get(element.dataset.control);
    if (!control) return "";
    const given = (element.dataset.osc ?? "").split(" ").filter(Boolean);
    const shown = control.arguments.map((name) => name in control.fixed ? control.fixed[name]
      : given.length && (name === "bot_id" || name === "name") ? given.shift() : `‹${name}›`);
    return `${control.address} ${shown.join(" ")}`;
  }

  show(element) {
    const words = element.dataset.tip ?? this.controls.get(element.dataset.control)?.says ?? "";
    const osc = this.osc(element);
    if (!words && !osc) return;
    this.box.replaceChildren(words);
    if (osc) this.box.append(Object.assign(document.createElement("code"), { textContent: osc }));
    this.box.hidden = false;
    this.place(element.getBoundingClientRect());
  }

  // Words at a point of a canvas.
  at(x, y, words) {
    clearTimeout(this.waiting);
    setText(this.box, words);
    this.box.hidden = false;
    this.place({ left: x, right: x, top: y - 6, bottom: y + 10, width: 0 });
  }

  place({ left, right, top, bottom }) {
    const { offsetWidth: width, offsetHeight: height } = this.box;
    const x = clamp((left + right - width) / 2, 6, innerWidth - width - 6);
    const y = bottom + height + 10 < innerHeight ? bottom + 8 : top - height - 8;
    this.box.style.transform = `translate(${Math.round(x)}px, ${Math.round(Math.max(4, y))}px)`;
  }

  hide() {
    clearTimeout(this.waiting);
    this.box.hidden = true;
  }
}
