// The worker between server and audio thread: the page may be busy drawing, the sound goes on.

const RETRY_MS = 500;
const PING_MS = 1000;

let socket = null;
let packets = null;
let url = "";
let isWanted = false;
let best = Infinity; // the shortest round trip of late: its clock reading is the truest

function now() {
  return (performance.timeOrigin + performance.now()) / 1000;
}

function connect() {
  socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  socket.onmessage = ({ data }) => {
    if (typeof data === "string") hear(JSON.parse(data));
    else packets.postMessage(data, [data]);
  };
  socket.onopen = () => {
    postMessage({ state: "connected" });
    ping();
  };
  socket.onclose = ({ code, reason }) => {
    if (!isWanted) return;
    postMessage({ state: "waiting", code, reason });
    setTimeout(() => isWanted && connect(), RETRY_MS);
  };
}

// How far the server's clock is ahead of ours, from its answer halfway through the round trip.
function hear({ pong, now: there, ...news }) {
  if (pong !== undefined) {
    const here = now();
    const roundTrip = here - pong;
    best *= 1.05;
    if (roundTrip <= best) {
      best = roundTrip;
      postMessage({ offset: there - (here + pong) / 2, roundTrip });
    }
  }
  if (Object.keys(news).length) postMessage(news);
}

function ping() {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ ping: now() }));
}

setInterval(ping, PING_MS);

onmessage = ({ data }) => {
  if (data.listen) {
    ({ url, packets } = data.listen);
    isWanted = true;
    connect();
  }
  if (data.end) {
    isWanted = false;
    socket?.close();
    close();
  }
};
