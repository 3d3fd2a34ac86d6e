// What is known of the band: facts and streams from the server, and the way back to it.
//
// `store.on(beginning, hear)` hears every fact whose key begins so; `store.onStream(name, hear)`
// each item. A lost connection comes back by itself, with a whole new snapshot.

const RETRY_MS = [250, 500, 1000, 2000, 3000];
const PING_MS = [50, 100, 200, 400, 1000, 2000];
const KEPT_ROUNDS = 8;
const KEPT_ITEMS = 8000;

export class Store {
  constructor(url = socketUrl()) {
    this.url = url;
    this.facts = new Map();
    this.streams = new Map();
    this.offsetSeconds = null; // server clock minus ours
    this.roundTripMs = null;
    this.isConnected = false;
    this.nLost = 0;
    this.hearers = [];
    this.streamHearers = new Map();
    this.frameHearers = [];
    this.linkHearers = [];
    this.resetHearers = [];
    this.refusalHearers = [];
    this.rounds = [];
    this.nTries = 0;
  }

  connect() {
    const socket = new WebSocket(this.url);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.onmessage = ({ data }) => (typeof data === "string" ? this.take(JSON.parse(data)) : this.frame(data));
    socket.onopen = () => {
      this.nTries = 0;
      this.rounds = [];
      this.link(true);
      this.ping(0);
    };
    socket.onclose = () => {
      clearTimeout(this.pinging);
      this.link(false);
      const wait = RETRY_MS[Math.min(this.nTries++, RETRY_MS.length - 1)];
      setTimeout(() => this.connect(), wait);
    };
  }

  link(isConnected) {
    this.isConnected = isConnected;
    for (const hear of this.linkHearers) hear(isConnected);
  }

  // --- hearing -------------------------------------------------------------------------------

  on(beginning, hear) {
    this.hearers.push([beginning, hear]);
    for (const [key, value] of this.facts) if (key.startsWith(beginning)) hear(value, key);
  }

  onStream(name, hear) {
    if (!this.streamHearers.has(name)) this.streamHearers.set(name, []);
    this.streamHearers.get(name).push(hear);
    for (const item of this.stream(name)) hear(item);
  }

  onReset(hear) { this.resetHearers.push(hear); }
  onFrame(hear) { this.frameHearers.push(hear); }
  onLink(hear) { this.linkHearers.push(hear); }
  onRefusal(hear) { this.refusalHearers.push(hear); }

  fact(key) { return this.facts.get(key); }
  stream(name) { return this.streams.get(name) ?? []; }

  take(said) {
    for (const answer of said.answers ?? []) this.answer(answer);
    for (const [key, value] of Object.entries(said.put ?? {})) this.put(key, value);
    for (const key of said.drop ?? []) this.drop(key);
    for (const [name, item] of said.add ?? []) this.add(name, item);
    if (said.lost !== undefined) this.nLost = said.lost;
  }

  answer(answer) {
    if (answer.snapshot) this.restore(answer.snapshot);
    if (answer.pong !== undefined) this.pong(answer.pong, answer.now);
    if (answer.refused) for (const hear of this.refusalHearers) hear(answer.refused);
  }

  restore({ facts, streams }) {
    for (const hear of this.resetHearers) hear();
    for (const key of [...this.facts.keys()]) if (!(key in facts)) this.drop(key);
    this.streams.clear();
    for (const [key, value] of Object.entries(facts)) this.put(key, value);
    for (const [name, items] of Object.entries(streams)) for (const item of items) this.add(name, item);
  }

  put(key, value) {
    this.facts.set(key, value);
    for (const [beginning, hear] of this.hearers) if (key.startsWith(beginning)) hear(value, key);
  }

  drop(key) {
    this.facts.delete(key);
    for (const [beginning, hear] of this.hearers) if (key.startsWith(beginning)) hear(undefined, key);
  }

  add(name, item) {
    if (!this.streams.has(name)) this.streams.set(name, []);
    const items = this.streams.get(name);
    items.push(item);
    if (items.length > KEPT_ITEMS) items.splice(0, items.length - KEPT_ITEMS);
    for (const hear of this.streamHearers.get(name) ?? []) hear(item);
  }

  frame(buffer) {
    const length = new DataView(buffer).getUint32(0, true);
    const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
    const values = new Int8Array(buffer, 4 + length);
    for (const hear of this.frameHearers) hear(head, values);
  }

  // --- saying --------------------------------------------------------------------------------

  send(control, ...values) {
    this.say({ do: control, values });
  }

  say(asked) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(asked));
  }

  // The server's clock, as NTP reads it: the round trip that took least counts.
  ping(index) {
    this.say({ ping: performance.now() });
    this.pinging = setTimeout(() => this.ping(index + 1), PING_MS[Math.min(index, PING_MS.length - 1)]);
  }

  pong(sentMs, serverSeconds) {
    const nowMs = performance.now();
    this.rounds.push({ trip: nowMs - sentMs, offset: serverSeconds - (sentMs + nowMs) / 2000 });
    if (this.rounds.length > KEPT_ROUNDS) this.rounds.shift();
    const best = this.rounds.reduce((a, b) => (b.trip < a.trip ? b : a));
    this.roundTripMs = nowMs - sentMs;
    this.offsetSeconds = best.offset;
  }

  get serverSeconds() {
    return this.offsetSeconds === null ? null : performance.now() / 1000 + this.offsetSeconds;
  }
}

function socketUrl() {
  const url = new URL("/ws", location.href);
  url.protocol = url.protocol.replace("http", "ws");
  url.search = "";
  return url.href;
}
