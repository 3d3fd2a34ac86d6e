// Who plays, in order, each with a colour; and the notes of each, those to come included.

const COLOURS = { melody: "coral", bass: "teal", drums: "amber" };
const OTHERS = ["violet", "lime", "rose", "sky", "sand"];
const KEPT_BEFORE = 12 * 4 * 480;

export class Band {
  constructor(store, time) {
    this.store = store;
    this.time = time;
    this.bots = new Map(); // id -> { id, role, colour, strip, member, notes }
    this.hearers = [];
    store.onReset(() => this.bots.forEach((bot) => { bot.notes = []; }));
    store.on("strip/", (strip, key) => this.strip(key.slice(6), strip));
    store.on("member/", (member, key) => this.member(key.slice(7), member));
    store.onStream("notes", (item) => this.play(item));
  }

  onChange(hear) {
    this.hearers.push(hear);
    hear();
  }

  list() { return [...this.bots.values()]; }

  strip(id, strip) {
    if (!id) return;
    if (!strip) this.bots.delete(id);
    else {
      const isNew = !this.bots.has(id);
      const bot = this.bots.get(id) ?? { id, notes: [], member: this.store.fact(`member/${id}`) };
      bot.strip = strip;
      bot.role = strip.role;
      bot.isDrums = strip.channel % 16 === 10;
      bot.colour ??= this.colour(strip.role);
      this.bots.set(id, bot);
      if (!isNew) return;
    }
    for (const hear of this.hearers) hear();
  }

  member(id, member) {
    const bot = this.bots.get(id);
    if (bot) bot.member = member;
  }

  colour(role) {
    const taken = new Set(this.list().map((bot) => bot.colour));
    const wanted = COLOURS[role];
    if (wanted && !taken.has(wanted)) return wanted;
    return OTHERS.find((name) => !taken.has(name)) ?? OTHERS[this.bots.size % OTHERS.length];
  }

  play({ bot: id, notes, cancel }) {
    const bot = this.bots.get(id);
    if (!bot) return;
    if (cancel !== undefined) {
      bot.notes = bot.notes.filter((note) => note.tick < cancel);
      return;
    }
    for (const [tick, pitch, duration, velocity] of notes) {
      const start = this.time.swung(tick);
      const note = { tick, start, end: Math.max(start + 1, this.time.swung(tick + duration)), pitch, velocity };
      let at = bot.notes.length;
      while (at && bot.notes[at - 1].start > start) at--;
      const before = bot.notes[at - 1];
      if (before && before.start === start && before.pitch === pitch) bot.notes[at - 1] = note;
      else bot.notes.splice(at, 0, note);
    }
    const oldest = this.time.now - KEPT_BEFORE;
    let nOld = 0;
    while (nOld < bot.notes.length && bot.notes[nOld].end < oldest) nOld++;
    if (nOld > 200) bot.notes.splice(0, nOld);
  }
}
