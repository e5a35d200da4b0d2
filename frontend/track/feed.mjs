// The way to the server: the live socket with the link's token, and one question by REST where the end came before.
//
// `on` hears { state, seen }: state is connecting, live, reconnecting, ended, over or unknown; seen is the last that was told
// of the delivery, with its way.

const API = "/api/v1";
const PING_EVERY = 20_000;
/** Longest silence that is believed: the server answers pings. */
const SILENCE = 45_000;

/** The token's claims, unverified: only to ask for the right delivery and to say why a link is refused. */
export function claimsOf(token) {
  try {
    const middle = token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    const claims = JSON.parse(atob(middle));
    return typeof claims.delivery === "string" && Number.isFinite(claims.exp) ? claims : null;
  } catch {
    return null;
  }
}

/** Follows the delivery of a token until its end. */
export class Feed {
  #socket = null;
  #tries = 0;
  #heard = 0;
  #timer = 0;
  #slow = false;

  /** Server time minus this phone's, ms. */
  offset = 0;
  seen = null;
  state = "connecting";

  constructor(token, on) {
    this.token = token;
    this.claims = claimsOf(token);
    this.on = on;
    if (!this.claims) return this.#tell("unknown");
    // A phone that was asleep, or without a network, tries at once when it is back.
    addEventListener("online", () => this.#again());
    addEventListener("visibilitychange", () => document.hidden || this.#again());
    setInterval(() => this.#beat(), PING_EVERY);
    this.#connect();
  }

  now() {
    return Date.now() + this.offset;
  }

  #tell(state) {
    this.state = state;
    this.on(this);
  }

  #isOver() {
    return ["ended", "over", "unknown"].includes(this.state);
  }

  #connect() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${API}/live`;
    const socket = new WebSocket(url, "code-delivery.v1");
    this.#socket = socket;
    this.#heard = Date.now();
    socket.onopen = () => socket.send(JSON.stringify({ type: "hello", token: this.token, cursor: null }));
    socket.onmessage = ({ data }) => socket === this.#socket && typeof data === "string" && this.#hear(JSON.parse(data));
    socket.onclose = ({ code }) => {
      if (socket === this.#socket) this.#closed(code);
    };
  }

  #hear(message) {
    this.#heard = Date.now();
    if (message.type === "welcome") {
      this.offset = message.now - Date.now();
      this.#tries = 0;
    } else if (message.type === "delivery") {
      this.#see(message);
      // The end is told by the close that follows; what it says is shown at once.
      this.#tell("live");
    }
  }

  #see({ delivery, position, eta }) {
    // The way comes once a connection.
    const path = delivery.path || this.seen?.delivery.path || "";
    this.seen = { delivery: { ...delivery, path }, position: position ?? this.seen?.position ?? null, eta };
  }

  #closed(code) {
    this.#socket = null;
    if (code === 4410) return this.#finish();
    if (code === 4401 || code === 4403) return this.#tell(this.claims.exp * 1000 <= this.now() ? "over" : "unknown");
    if (code === 4406 && !sessionStorage.getItem("cd-reloaded")) {
      sessionStorage.setItem("cd-reloaded", "1");
      return location.reload();
    }
    if (code === 1009 || code === 4400) return this.#tell("unknown");
    this.#slow = code === 1013 || code === 4429;
    const restart = code === 1001 || code === 1012;
    const wait = restart ? 5_000 * Math.random() : this.#backoff();
    this.#timer = setTimeout(() => this.#connect(), wait);
    this.#tell(this.seen ? "reconnecting" : "connecting");
  }

  /** From 0.5 s (5 s where the server asked for peace), doubling to 30 s, with jitter. */
  #backoff() {
    const first = this.#slow ? 5_000 : 500;
    return Math.min(30_000, first * 2 ** this.#tries++) * (0.5 + Math.random() / 2);
  }

  #again() {
    if (this.#timer && !this.#isOver()) this.#connect();
  }

  /** Asks whether the other end is there, and gives it up where it has not answered. */
  #beat() {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) return;
    if (Date.now() - this.#heard > SILENCE) {
      this.#socket = null;
      socket.close();
      return this.#closed(1006);
    }
    socket.send(JSON.stringify({ type: "ping", t: Date.now() }));
  }

  /** The delivery is over. Where its end was not told here, the store knows it. */
  async #finish() {
    if (this.seen && !["requested", "in_transit"].includes(this.seen.delivery.status)) return this.#tell("ended");
    try {
      const answer = await fetch(`${API}/deliveries/${this.claims.delivery}`, { headers: { authorization: `Bearer ${this.token}` } });
      if (answer.status === 200) {
        this.#see({ delivery: await answer.json(), position: null, eta: null });
        return this.#tell("ended");
      }
      if (answer.status < 500 && answer.status !== 429) return this.#tell(answer.status === 404 ? "unknown" : "over");
    } catch {
      // No network: as below.
    }
    this.#timer = setTimeout(() => this.#finish(), this.#backoff());
  }
}
