// The page: its parts, put together; and the one loop that draws.

import { Band } from "./band.js";
import { Character } from "./character.js";
import { forgetColours, find, remember, remembered, setText } from "./dom.js";
import { Downloads } from "./downloads.js";
import { Keys } from "./keys.js";
import { mountListen } from "./listenkey.js";
import { Log } from "./log.js";
import { Minds } from "./minds.js";
import { Mixer } from "./mixer.js";
import { Rating } from "./rating.js";
import { Rolls } from "./rolls.js";
import { Scores } from "./scores.js";
import { Store } from "./store.js";
import { MusicalTime } from "./time.js";
import { Tips } from "./tips.js";
import { Transport } from "./transport.js";

const store = new Store();
const time = new MusicalTime(store);
const band = new Band(store, time);
const tips = new Tips();
const stage = { store, time, band, tips };

const log = new Log(stage);
const rating = new Rating(stage);
const rolls = new Rolls(stage, { onPhrase: (phrase) => rating.choose(phrase) });
stage.listen = mountListen(stage);
const parts = [
  new Transport(stage), rolls, new Mixer(stage), new Character(stage), new Minds(stage),
  new Scores(stage), rating, log, stage.listen, new Downloads(stage),
];
stage.look = (tick) => rolls.look(tick);
new Keys(stage, { rating });

// --- light and dark -----------------------------------------------------------------------------

function dress(theme) {
  document.documentElement.dataset.theme = theme;
  forgetColours();
  for (const part of parts) part?.redress?.();
}
const prefersLight = matchMedia("(prefers-color-scheme: light)");
const chosen = () => remembered("theme", prefersLight.matches ? "light" : "dark");
prefersLight.addEventListener("change", () => dress(chosen()));
find("theme").addEventListener("click", () => {
  const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  remember("theme", theme);
  dress(theme);
});
dress(chosen());

// --- the connection -----------------------------------------------------------------------------

store.onLink((isConnected) => {
  const badge = find("link");
  badge.className = `badge ${isConnected ? "good" : "bad"}`;
  setText(badge, isConnected ? "live" : "no link");
  find("veil").hidden = isConnected || store.nTries === 0;
  setText(find("veil-words"), "The band has ended, or its page has. This page comes back by itself as soon as there is one: musebots play trio --page");
});
store.onRefusal((words) => log.say({ kind: "warning", words }));
setInterval(() => {
  if (!store.isConnected) return;
  setText(find("link"), store.roundTripMs === null ? "live" : `live · ${store.roundTripMs.toFixed(1)} ms`);
}, 1000);

// --- drawing ------------------------------------------------------------------------------------

const N_TIMED = 600;
const frames = { n: 0, perSecond: 0, took: [], since: performance.now(), nSince: 0 };
function draw() {
  const start = performance.now();
  time.advance();
  for (const part of parts) part?.draw?.();
  const now = performance.now();
  frames.took[frames.n++ % N_TIMED] = now - start;
  if (now - frames.since >= 1000) {
    frames.perSecond = (1000 * (frames.n - frames.nSince)) / (now - frames.since);
    Object.assign(frames, { since: now, nSince: frames.n });
  }
  requestAnimationFrame(draw);
}
requestAnimationFrame(draw);
store.connect();

// For whoever looks from the console, or drives the page in a test.
window.musebots = { store, time, band, frames, stage };
