// Downloads of the session, in #downloads; where there are none, nothing is shown.

import { find, make } from "./dom.js";

export class Downloads {
  constructor(stage) {
    Object.assign(this, stage);
    this.store.on("session", () => this.lay());
  }

  async lay() {
    const answer = await fetch("/downloads.json");
    const listed = answer.ok ? await answer.json() : [];
    find("downloads").replaceChildren(...listed.map(({ kind, title, words }) => make("a", { class: "key plain", id: `download-${kind}`, href: `/download/${kind}`, download: true, "data-tip": words, text: title })));
  }
}
