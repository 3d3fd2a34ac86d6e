// The keyboard: everything that is done often has a key.

import { find, make } from "./dom.js";

export const KEYS = [
  ["1", "more like this"], ["2", "fine"], ["3", "less like this"], ["U", "take the last word back"],
  ["T", "tap the tempo"], ["[  ]", "slower, faster"], ["L", "listen"], ["F", "freeze the activations"],
  ["A", "add a bot"], ["Space", "hold the music, go on"], ["Esc", "panic: silence now"], ["Shift + S", "stop the band"], ["?", "these keys"],
  ["Tab", "from control to control; arrows move it"],
];

export class Keys {
  constructor(stage, { rating }) {
    const { store } = stage;
    const press = (id) => find(id)?.click();
    this.actions = {
      1: () => rating.rate(1), 2: () => rating.rate(0), 3: () => rating.rate(-1), u: () => rating.undo(),
      t: () => press("tap"), "[": () => nudge(-1), "]": () => nudge(1), l: () => press("listen"),
      " ": () => press("hold"), f: () => press("freeze"), a: () => press("add-bot"), Escape: () => store.send("panic"),
      S: () => press("stop"), "?": () => press("help"),
    };
    const nudge = (by) => document.querySelector(`[data-nudge="${by}"]`).click();
    addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || find("dialog").open) return;
      if (event.target.matches("input:not([type=range]):not([type=checkbox]), textarea, select")) return;
      if (event.key === " " && event.target.matches("button, a, [tabindex]:not([tabindex='-1'])")) return; // it presses that
      const action = this.actions[event.key] ?? (event.key === "S" ? null : this.actions[event.key.toLowerCase()]);
      if (!action || (event.key === "s")) return;
      event.preventDefault();
      action();
    });
    // What was pressed by a pointer does not keep the keyboard: space is for the transport.
    addEventListener("click", ({ detail, target }) => { if (detail) target.closest?.("button")?.blur(); });
    find("help").addEventListener("click", () => this.show());
  }

  show() {
    const dialog = find("dialog");
    dialog.replaceChildren(
      make("h2", { text: "Keys" }),
      make("dl", { class: "keylist" }, ...KEYS.flatMap(([key, words]) => [make("dt", {}, make("kbd", { text: key })), make("dd", { text: words })])),
      make("p", { class: "small quiet", text: "Every control is an OSC message, too: hover over it to see which, or read /controls.json." }),
      make("form", { method: "dialog" }, make("button", { class: "key plain", text: "Close" })),
    );
    dialog.showModal();
  }
}
