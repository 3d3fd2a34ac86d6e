// The audio thread: takes packets from the worker's port, gives sound, and says how it fares.

import { Stream } from "./stream.js";

const REPORT_SECONDS = 0.25;

class Listen extends AudioWorkletProcessor {
  constructor() {
    super();
    this.stream = new Stream(sampleRate);
    this.reportAt = 0;
    this.isOver = false;
    this.port.onmessage = ({ data }) => {
      if (data.packets) data.packets.onmessage = (packet) => this.stream.push(packet.data);
      if (data.end) this.isOver = true;
    };
  }

  process(inputs, [[left, right]]) {
    this.stream.pull(left, right);
    if (currentTime >= this.reportAt) {
      this.reportAt = currentTime + REPORT_SECONDS;
      const { stream } = this;
      this.port.postMessage({
        ...stream.counts,
        contextSeconds: currentTime,
        readSeconds: stream.readSeconds,
        reserve: stream.reserve,
        target: stream.follower.target,
        speed: stream.speed,
        isPlaying: stream.isPlaying,
      });
    }
    return !this.isOver;
  }
}

registerProcessor("musebots-listen", Listen);
