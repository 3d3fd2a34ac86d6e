// The listening test: two clips, two questions, and not a word about which is which.

import { colour, find, fitted, make, remember, remembered, setText } from "./dom.js";

const QUESTIONS = ["creative", "hear on"];
const CHOICES = [["first", "the first"], ["tie", "equal"], ["second", "the second"]];
const ENOUGH_SECONDS = 5; // of each must be heard, or the whole of a shorter one

document.documentElement.dataset.theme = remembered("theme", matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark");

const decks = [...document.querySelectorAll(".deck")].map((element) => ({
  element, audio: element.querySelector("audio"), canvas: element.querySelector("canvas"), button: element.querySelector("button"),
}));
let [sitting, number, answers] = [null, 0, {}];

for (const [index, deck] of decks.entries()) {
  deck.button.addEventListener("click", () => toggle(index));
  deck.canvas.addEventListener("click", ({ offsetX }) => {
    if (deck.audio.duration) deck.audio.currentTime = (offsetX / deck.canvas.clientWidth) * deck.audio.duration;
    if (deck.audio.paused) toggle(index);
  });
  deck.audio.addEventListener("play", () => deck.element.classList.add("on"));
  deck.audio.addEventListener("pause", () => { deck.element.classList.remove("on"); check(); });
  deck.audio.addEventListener("timeupdate", check);
}
for (const field of document.querySelectorAll("fieldset")) {
  const box = field.querySelector(".choices");
  box.setAttribute("role", "radiogroup");
  const { question } = field.dataset;
  const digit = CHOICES.length * QUESTIONS.indexOf(question) + 1;
  box.append(...CHOICES.map(([answer, text], index) => make("button", { class: "key", role: "radio", "aria-checked": "false", "data-answer": answer, onclick: () => choose(question, answer) }, make("kbd", { text: digit + index }), text)));
}
find("listener").value = remembered("listener", "");
find("begin").addEventListener("click", begin);
find("again").addEventListener("click", begin);
find("next").addEventListener("click", next);
find("listener").addEventListener("keydown", (event) => event.key === "Enter" && begin());
addEventListener("keydown", (event) => {
  if (event.target.matches("input") || event.ctrlKey || event.metaKey || event.altKey || find("pair").hidden) return;
  const key = event.key.toLowerCase();
  const digit = Number(key) - 1;
  if (key === "a" || key === "b") toggle(key === "a" ? 0 : 1);
  else if (digit >= 0 && digit < CHOICES.length * QUESTIONS.length) choose(QUESTIONS[Math.floor(digit / CHOICES.length)], CHOICES[digit % CHOICES.length][0]);
  else if (key === "n" && !find("next").disabled) next();
});

// What the server says to it; null, and a word on the page, where it refuses or is not there.
async function ask(path, body) {
  let words = "the test does not answer: is 'musebots listen' still running?";
  try {
    const answer = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    const told = await answer.json();
    if (!told.refused) { setText(find("trouble"), ""); return told; }
    words = told.refused;
  } catch { /* nobody there */ }
  setText(find("trouble"), words);
  return null;
}

async function begin() {
  const told = await ask("/listen/begin", { listener: find("listener").value.trim() });
  if (!told) return;
  sitting = told.sitting;
  remember("listener", told.listener);
  find("listener").value = told.listener;
  show(told);
}

function show(told) {
  find("welcome").hidden = true;
  find("thanks").hidden = !told.is_over;
  find("pair").hidden = Boolean(told.is_over);
  setText(find("progress"), told.is_over ? "" : `pair ${told.number} of ${told.of}`);
  if (told.is_over) return;
  number = told.number;
  answers = {};
  for (const button of document.querySelectorAll("[role=radio]")) button.setAttribute("aria-checked", "false");
  for (const [index, deck] of decks.entries()) {
    deck.audio.src = `/listen/clip/${sitting}/${told.sides[index]}`;
  }
  check();
}

function toggle(index) {
  const deck = decks[index];
  decks[1 - index].audio.pause();
  if (deck.audio.paused) deck.audio.play().catch(() => {});
  else deck.audio.pause();
}

function choose(question, answer) {
  answers[question] = answer;
  for (const button of document.querySelectorAll(`[data-question="${question}"] button`)) button.setAttribute("aria-checked", String(button.dataset.answer === answer));
  check();
}

// Seconds of the clip that have sounded, whichever.
function heardOf({ audio: { played } }) {
  let seconds = 0;
  for (let index = 0; index < played.length; index++) seconds += played.end(index) - played.start(index);
  return seconds;
}

const isEnough = (deck) => heardOf(deck) >= Math.min(ENOUGH_SECONDS, (deck.audio.duration || ENOUGH_SECONDS) * 0.9);

function check() {
  const isHeard = decks.every(isEnough);
  const isAnswered = QUESTIONS.every((question) => answers[question]);
  find("next").disabled = !(isHeard && isAnswered);
  setText(find("hint"), isHeard ? (isAnswered ? "" : "two questions") : `listen to both, ${ENOUGH_SECONDS} seconds at least`);
}

async function next() {
  find("next").disabled = true;
  for (const deck of decks) deck.audio.pause();
  const told = await ask("/listen/answer", { sitting, number, answers, heard: decks.map((deck) => Math.round(heardOf(deck) * 100) / 100) });
  if (told) show(told);
  else check(); // which was given stays, to be sent again
}

// A moving picture that gives nothing away: only how far the clip has come.
function draw() {
  for (const deck of decks) {
    const { audio } = deck;
    const { context: c, width, height } = fitted(deck.canvas);
    if (!width) continue;
    const share = audio.duration ? audio.currentTime / audio.duration : 0;
    const n = 48;
    for (let bar = 0; bar < n; bar++) {
      const swell = 0.35 + 0.3 * Math.abs(Math.sin(bar * 1.7)) + (audio.paused ? 0 : 0.2 * Math.sin(performance.now() / 170 + bar));
      c.fillStyle = colour(bar / n < share ? "coral" : "glass-line");
      c.fillRect(10 + (bar * (width - 20)) / n, (height - swell * height) / 2, Math.max(2, (width - 20) / n - 3), swell * height);
    }
  }
  requestAnimationFrame(draw);
}
requestAnimationFrame(draw);
