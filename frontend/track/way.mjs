// The way: an encoded polyline as points with the metres before each, and where on it a place lies.

const PRECISION = 1e6;
const EARTH_M = 6_371_008.8;
const rad = (degrees) => (degrees * Math.PI) / 180;

/** Points [lon, lat] of an encoded polyline of precision 6. What is broken ends it. */
export function decode(text) {
  const points = [];
  let [at, lat, lon] = [0, 0, 0];
  const next = () => {
    let [value, shift, byte] = [0, 0, 0];
    do {
      byte = text.charCodeAt(at++) - 63;
      value += (byte & 31) * 2 ** shift;
      shift += 5;
    } while (byte >= 32 && at < text.length);
    return value % 2 ? -(value + 1) / 2 : value / 2;
  };
  while (at < text.length) {
    lat += next();
    lon += next();
    points.push([lon / PRECISION, lat / PRECISION]);
  }
  return points;
}

/** Metres between two points [lon, lat] that are near each other. */
function metres([lonA, latA], [lonB, latB]) {
  const x = rad(lonB - lonA) * Math.cos(rad((latA + latB) / 2));
  return Math.hypot(x, rad(latB - latA)) * EARTH_M;
}

/** A way that can be asked. */
export function wayOf(polyline) {
  const points = decode(polyline);
  const before = [0];
  for (let i = 1; i < points.length; i++) before.push(before[i - 1] + metres(points[i - 1], points[i]));
  return { points, before, length: before.at(-1) };
}

/**
 * How far along the way a place is, metres. Of several stretches that pass nearby the one nearest to `guess` counts: a
 * street may be driven twice.
 */
export function along(way, [lon, lat], guess) {
  let best = { cost: Infinity, at: 0 };
  for (let i = 1; i < way.points.length; i++) {
    const [a, b] = [way.points[i - 1], way.points[i]];
    const scale = Math.cos(rad(a[1]));
    const [dx, dy] = [(b[0] - a[0]) * scale, b[1] - a[1]];
    const square = dx * dx + dy * dy;
    const share = square ? Math.min(1, Math.max(0, ((lon - a[0]) * scale * dx + (lat - a[1]) * dy) / square)) : 0;
    const off = metres([lon, lat], [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share]);
    const at = way.before[i - 1] + (way.before[i] - way.before[i - 1]) * share;
    const cost = off + Math.abs(at - guess) / 20;
    if (cost < best.cost) best = { cost, at };
  }
  return best.at;
}

/** The way up to a distance and from there on, each a list of points. */
export function split(way, at) {
  const i = way.before.findIndex((before) => before > at);
  if (i <= 0) return i === 0 ? [[], way.points] : [way.points, []];
  const share = (at - way.before[i - 1]) / (way.before[i] - way.before[i - 1]);
  const [a, b] = [way.points[i - 1], way.points[i]];
  const point = [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share];
  return [[...way.points.slice(0, i), point], [point, ...way.points.slice(i)]];
}
