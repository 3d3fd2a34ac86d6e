// The Listen key: the band's sound in this browser, and how late it is heard here.

import { find, remember, remembered, setText } from "./dom.js";
import { Listener } from "./listen.js";

const SMOOTHING = 0.2;

export function mountListen(stage) {
  return new ListenKey(stage);
}

class ListenKey {
  constructor({ time }) {
    this.time = time;
    this.key = find("listen");
    this.volume = find("volume");
    this.listener = new Listener({ onChange: (listener) => this.show(listener) });
    this.key.addEventListener("click", () => this.listener.toggle().catch(() => {}));
    this.volume.value = remembered("volume", "1");
    this.volume.addEventListener("input", () => {
      this.listener.setVolume(Number(this.volume.value));
      remember("volume", this.volume.value);
    });
    this.listener.setVolume(Number(this.volume.value));
    this.show(this.listener);
  }

  // What is drawn follows what is heard: notes light up when they sound here.
  show({ state, words, latencySeconds }) {
    const isOn = state !== "off";
    this.key.classList.toggle("listen-on", state === "playing");
    this.key.classList.toggle("listen-waiting", isOn && state !== "playing");
    this.key.setAttribute("aria-pressed", String(isOn));
    setText(this.key.lastElementChild, state === "refused" ? "Click to hear" : isOn ? "Listening" : "Listen");
    this.volume.hidden = !isOn;
    const delay = state === "playing" && latencySeconds !== null ? Math.min(2, Math.max(0, latencySeconds)) : 0;
    const gap = delay - this.time.listenDelaySeconds;
    this.time.listenDelaySeconds = Math.abs(gap) > 0.3 ? delay : this.time.listenDelaySeconds + gap * SMOOTHING;
    this.key.dataset.tip = words || (state === "playing" && latencySeconds !== null
      ? `heard ${Math.round(1000 * latencySeconds)} ms after it was played; the picture waits for it`
      : "hear the band in this browser (key L)");
  }
}
