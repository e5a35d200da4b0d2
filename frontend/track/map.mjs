// The map: streets, the way, the courier and the destination. MapLibre comes with this part and not before.

import { Map } from "/vendor/maplibre-gl.mjs";
import { split } from "./way.mjs";
import { courierName } from "./words.mjs";

/** Below this zoom coastlines are needed; they are large. */
const LAND_BELOW = 11;
const NEAREST = 16.5;
const CAMERA_MS = 450;
/** Longest slide from one fix to the next, ms; and above this many metres a second it is none. */
const SLIDE_MS = 1_500;
const JUMP_MPS = 70;

const still = matchMedia("(prefers-reduced-motion: reduce)");
const dark = () => document.documentElement.dataset.theme === "dark";
const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const line = (points) => ({ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: points } });
const NOTHING = { type: "FeatureCollection", features: [] };

const ARROW = '<svg><circle r="24" fill="var(--mark)" opacity=".22"/><path transform="scale(1.35)" d="M0-10.2 7.6 8.2Q0 3.9-7.6 8.2Z" fill="var(--mark)" stroke="var(--casing)" stroke-width="2" stroke-linejoin="round"/></svg>';
const DISC = '<svg><circle r="24" fill="var(--mark)" opacity=".22"/><circle r="8" fill="var(--mark)" stroke="var(--casing)" stroke-width="2.7"/></svg>';
const pin = (fill, sign) => `<svg><g transform="scale(1.35)"><path d="M0 0C-3.2-5.6-10-9.6-10-17a10 10 0 0 1 20 0c0 7.4-6.8 11.4-10 17Z" fill="${fill}" stroke="var(--casing)" stroke-width="2"/>${sign}</g></svg>`;
const PIN = pin("var(--ink)", '<rect x="-3.4" y="-20.4" width="6.800" height="6.800" rx="1" fill="var(--on-ink)"/>');
const PIN_DONE = pin("var(--idle)", '<path d="m-4.2-17 3 3 5.4-6" fill="none" stroke="var(--on-status)" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/>');

/** A sign on the map: an element that is moved, so that the ground need not be drawn again. */
class Mark {
  constructor(frame, className) {
    this.element = document.createElement("div");
    this.element.className = `mark ${className}`;
    this.element.setAttribute("aria-hidden", "true");
    this.sign = document.createElement("div");
    this.name = document.createElement("span");
    this.element.append(this.sign, this.name);
    frame.append(this.element);
    this.place = null;
    this.drawn = "";
  }

  draw(svg, name) {
    if (this.drawn !== svg) this.sign.innerHTML = this.drawn = svg;
    this.name.textContent = name;
  }

  put(map) {
    this.element.hidden = !this.place;
    if (!this.place) return;
    const { x, y } = map.project(this.place);
    this.element.style.transform = `translate(${x}px, ${y}px)`;
  }
}

export class MapPane {
  #map;
  #where;
  #words;
  #courier;
  #you;
  #held = false;
  #slide = null;
  #last = null;
  #fitted = null;
  #ended = false;

  /** Opens the map in its section; resolves when its streets are there. */
  static async open(where, words) {
    const pane = new MapPane();
    where.classList.add("drawn");
    where.hidden = false;
    const frame = document.getElementById("map");
    frame.hidden = false;
    const style = await (await fetch(`/map/style-${dark() ? "dark" : "light"}.json`)).json();
    const map = new Map({
      container: frame, style, center: [0, 0], zoom: 1, maxZoom: 20, maxPitch: 0, attributionControl: false,
      dragRotate: false, pitchWithRotate: false, touchPitch: false, fadeDuration: still.matches ? 0 : 150,
    });
    map.touchZoomRotate.disableRotation();
    map.keyboard.disableRotation();
    // A file that does not come leaves its part of the ground empty.
    map.on("error", () => {});
    pane.#map = map;
    pane.#where = where;
    pane.#words = words;
    pane.#you = new Mark(frame, "you");
    pane.#courier = new Mark(frame, "courier");
    map.getCanvas().setAttribute("aria-label", words.mapLabel);
    const place = () => (pane.#you.put(map), pane.#courier.put(map));
    map.on("move", place);
    map.on("resize", place);
    // Whoever moves the map keeps it; the button gives it back.
    map.on("movestart", ({ originalEvent }) => originalEvent && pane.#hold(true));
    const fit = document.getElementById("fit");
    fit.setAttribute("aria-label", words.fit);
    fit.hidden = false;
    fit.addEventListener("click", () => (pane.#hold(false), pane.#fit(true)));
    await new Promise((resolve) => map.on("style.load", resolve));
    pane.#layers();
    document.getElementById("credit").hidden = false;
    return pane;
  }

  #layers() {
    const map = this.#map;
    const add = (id, source, colour, width, opacity = 1) => map.addLayer({
      id, type: "line", source, layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": colour, "line-width": width, "line-opacity": opacity },
    });
    for (const source of ["ahead", "done"]) map.addSource(source, { type: "geojson", data: NOTHING, tolerance: 0.2 });
    add("ahead-casing", "ahead", token("casing"), 7.5);
    add("done-casing", "done", token("casing"), 8);
    add("ahead", "ahead", dark() ? "#4c79bb" : "#5f8ee6", 3);
    add("done", "done", token("delivery"), 5);
  }

  #hold(held) {
    this.#held = held;
  }

  /** Shows where the delivery is. */
  show(seen, way, done, connection) {
    const { delivery, position } = seen;
    const ended = !["requested", "in_transit"].includes(delivery.status);
    const arrived = delivery.status === "delivered";
    const [behind, ahead] = split(way, done);
    const set = (source, points) => this.#map.getSource(source).setData(points.length > 1 ? line(points) : NOTHING);
    set("done", behind);
    set("ahead", ended && !arrived ? [] : ahead);
    if (arrived) {
      this.#map.setPaintProperty("done", "line-color", token("idle"));
      this.#map.setPaintProperty("done", "line-width", 4);
    }
    this.#you.place = way.points.at(-1);
    this.#you.draw(arrived ? PIN_DONE : PIN, this.#words.you);
    this.#you.put(this.#map);
    const shown = position && !ended;
    this.#courier.element.classList.toggle("aged", connection === "reconnecting");
    if (shown) {
      this.#courier.draw(position.heading_deg == null ? DISC : ARROW, courierName(delivery.courier));
      this.#courier.sign.style.transform = `rotate(${position.heading_deg ?? 0}deg)`;
      if (position.at !== this.#last?.at) this.#move(position);
    } else {
      this.#courier.place = null;
      this.#courier.put(this.#map);
    }
    this.#where.dataset.courier = shown ? `${position.lat},${position.lon}` : "";
    // What is ahead of the courier, with its end; before the start and after the end the whole way.
    // The end shows the whole way once more.
    const over = ended && !this.#ended && !this.#held;
    this.#ended = ended;
    this.#fit(over, shown ? [position.lon, position.lat] : null, shown ? [...ahead, way.points.at(-1)] : way.points);
    this.#where.dataset.ready = "true";
  }

  /** From the last fix to this one, as long as that took; at once where it is no drive. */
  #move(position) {
    const [from, to] = [this.#courier.place, [position.lon, position.lat]];
    const took = this.#last ? position.at - this.#last.at : 0;
    this.#last = position;
    const metres = from ? Math.hypot((to[0] - from[0]) * Math.cos((to[1] * Math.PI) / 180), to[1] - from[1]) * 111_195 : 0;
    cancelAnimationFrame(this.#slide);
    const implausible = took <= 0 || took > 60_000 || metres / (took / 1000) > JUMP_MPS;
    if (!from || still.matches || document.hidden || implausible) {
      this.#courier.place = to;
      return this.#courier.put(this.#map);
    }
    const [began, ms] = [performance.now(), Math.min(took, SLIDE_MS)];
    const step = (now) => {
      const share = Math.min(1, Math.max(0, (now - began) / ms));
      this.#courier.place = [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share];
      this.#courier.put(this.#map);
      if (share < 1) this.#slide = requestAnimationFrame(step);
    };
    this.#slide = requestAnimationFrame(step);
  }

  /** Courier and destination in sight: at first, when the courier would leave, and when both have come much nearer. */
  #fit(asked, place = this.#fitted?.place, points = this.#fitted?.points) {
    if (!points) return;
    const first = !this.#fitted;
    this.#fitted = { place, points };
    if (!first && (this.#held || this.#map.isMoving()) && !asked) return;
    const bounds = around(place ? [place, ...points] : points);
    const { clientWidth: width, clientHeight: height } = this.#map.getContainer();
    const side = Math.min(56, width / 5);
    const padding = { left: side, right: side, top: Math.min(76, height / 4), bottom: Math.min(64, height / 6) };
    const options = { padding, maxZoom: NEAREST };
    const camera = this.#map.cameraForBounds(bounds, options);
    if (!camera) return;
    if (!asked && !first) {
      const { x, y } = place ? this.#map.project(place) : { x: width / 2, y: height / 2 };
      const inside = x > 24 && x < width - 24 && y > 56 && y < height - 24;
      if (inside && camera.zoom - this.#map.getZoom() < 0.8) return;
    }
    if (camera.zoom >= LAND_BELOW) this.#forgetLand();
    this.#map.fitBounds(bounds, { ...options, duration: first || still.matches ? 0 : CAMERA_MS });
  }

  /** A way within a city needs no coastlines. */
  #forgetLand() {
    if (!this.#map.getSource("land") || !this.#map.getLayer("land")) return;
    this.#map.removeLayer("land");
    this.#map.removeSource("land");
  }
}

function around(points) {
  const [lons, lats] = [points.map(([lon]) => lon), points.map(([, lat]) => lat)];
  return [[Math.min(...lons), Math.min(...lats)], [Math.max(...lons), Math.max(...lats)]];
}
