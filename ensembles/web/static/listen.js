// Listen: the band's sound in this browser. `start` must be called by a click or a key press,
// since browsers let nothing sound before that.
//
//   const listener = new Listener({ onChange: (state) => ... });
//   await listener.start();

const STATIC = new URL(".", import.meta.url);
const FADE_SECONDS = 0.05;
const REFUSED_MS = 400; // a browser that lets nothing sound yet leaves us waiting, and says nothing
const GESTURES = ["click", "keydown"];

export class Listener {
  // `onChange` hears this object four times a second while it listens, and whenever it changes.
  constructor({ url = audioUrl(), onChange = () => {} } = {}) {
    this.url = url;
    this.onChange = onChange;
    this.state = "off"; // off, starting, refused (until somebody clicks), waiting, playing
    this.words = "";
    this.figures = null;
    this.latencySeconds = null; // from when a note was to sound to when it is heard here
    this.roundTripSeconds = null;
    this.volume = 1;
    this.context = null;
    this.offset = null;
  }

  get isListening() {
    return this.state !== "off";
  }

  async start() {
    if (this.isListening) return;
    this.change("starting");
    try {
      await this.open();
    } catch (error) {
      if (!this.isListening) return; // stopped meanwhile
      await this.stop();
      this.words = `no sound in this browser: ${error.message}`;
      this.onChange(this);
      throw error;
    }
  }

  async open() {
    this.context = new AudioContext({ latencyHint: "interactive", sampleRate: 44100 });
    const woken = this.wake();
    await this.context.audioWorklet.addModule(new URL("worklet.js", STATIC));
    this.node = new AudioWorkletNode(this.context, "musebots-listen", {
      numberOfInputs: 0, outputChannelCount: [2],
    });
    this.gain = new GainNode(this.context, { gain: this.volume });
    this.meter = new AnalyserNode(this.context, { fftSize: 2048, smoothingTimeConstant: 0 });
    this.node.connect(this.gain).connect(this.meter).connect(this.context.destination);
    this.node.port.onmessage = ({ data }) => this.hear(data);

    const channel = new MessageChannel();
    this.worker = new Worker(new URL("packets.js", STATIC), { type: "module" });
    this.worker.onmessage = ({ data }) => this.take(data);
    this.node.port.postMessage({ packets: channel.port2 }, [channel.port2]);
    const listen = { url: this.url, packets: channel.port1 };
    this.worker.postMessage({ listen }, [channel.port1]);
    await woken;
    this.change("waiting");
  }

  // Let it sound: at once, or, where the browser refuses that, with the next click or key.
  async wake() {
    const { context } = this;
    const again = () => context.resume().catch(() => {});
    const refused = setTimeout(() => {
      this.words = "this browser lets nothing sound before you click or press a key";
      this.change("refused");
    }, REFUSED_MS);
    for (const gesture of GESTURES) addEventListener(gesture, again);
    try {
      await context.resume();
      this.words = "";
    } finally {
      clearTimeout(refused);
      for (const gesture of GESTURES) removeEventListener(gesture, again);
    }
  }

  async stop() {
    this.worker?.postMessage({ end: true });
    this.node?.port.postMessage({ end: true });
    this.worker = this.node = this.gain = this.meter = null;
    const { context } = this;
    this.context = this.figures = this.latencySeconds = null;
    this.change("off");
    if (context && context.state !== "closed") await context.close();
  }

  toggle() {
    if (this.state === "refused") return this.context.resume();
    return this.isListening ? this.stop() : this.start();
  }

  // 0 is silent, 1 as it comes; only here, the band's own faders are on the mixer.
  setVolume(volume) {
    this.volume = Math.min(1, Math.max(0, volume));
    this.gain?.gain.setTargetAtTime(this.volume, this.context.currentTime, FADE_SECONDS / 3);
  }

  // The level of the last 46 ms, as a root of the mean square, 0..1.
  level() {
    if (!this.meter) return 0;
    this.samples ??= new Float32Array(this.meter.fftSize);
    this.meter.getFloatTimeDomainData(this.samples);
    return Math.sqrt(this.samples.reduce((sum, x) => sum + x * x, 0) / this.samples.length);
  }

  // From the audio thread: how it fares.
  hear(figures) {
    if (!this.context) return;
    this.figures = figures;
    if (this.offset !== null && figures.isPlaying) {
      const { contextTime, performanceTime } = this.context.getOutputTimestamp();
      if (contextTime > 0) {
        const ahead = figures.contextSeconds - contextTime;
        const heard = (performance.timeOrigin + performanceTime) / 1000 + ahead;
        this.latencySeconds = heard + this.offset - figures.readSeconds;
      }
    }
    this.change(figures.isPlaying ? "playing" : "waiting");
  }

  // From the worker: connections, clocks.
  take(news) {
    if (news.offset !== undefined) {
      this.offset = news.offset;
      this.roundTripSeconds = news.roundTrip;
    }
    if (this.state === "refused") return; // which is what there is to say
    if (news.state === "connected") this.words = "";
    if (news.state === "waiting") this.words = news.reason || "waiting for the band's sound";
    if (news.sound !== undefined) this.words = news.sound;
    this.onChange(this);
  }

  change(state) {
    this.state = state;
    this.onChange(this);
  }
}

function audioUrl() {
  const url = new URL("/audio", location.href);
  url.protocol = url.protocol.replace("http", "ws");
  url.search = "";
  return url.href;
}
