// The arithmetic of plots: ticks, lines with gaps, the point nearest to a place. Nothing of the document.

/** Ticks from 0 to the first that is not under `most`, in steps of 1, 2 or 5 times a power of ten; for `base` 1024 in
 * powers of two, so that they are whole KiB and MiB. */
export function ticks(most, base = 1000, about = 4) {
  const top = most > 0 && Number.isFinite(most) ? most : 1;
  const step = base === 1024 ? binaryStep(top / about) : decimalStep(top / about);
  const all = [];
  for (let at = 0; ; at += 1) {
    all.push(at * step);
    // a step that is no binary fraction may fall short by the last bit
    if (at > 0 && at * step >= top * (1 - 1e-12)) return all;
  }
}

function decimalStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((factor) => factor * power >= rough * (1 - 1e-12));
  return factor * power;
}

function binaryStep(rough) {
  return 2 ** Math.ceil(Math.log2(Math.max(rough, 1)));
}

/** Round times between two, in ms: multiples of `step_ms` of the reader's own clock. */
export function timeTicks(from_ms, to_ms, step_ms, zone_minutes = new Date(to_ms).getTimezoneOffset()) {
  const zone_ms = zone_minutes * 60_000;
  const all = [];
  for (let at = Math.ceil((from_ms - zone_ms) / step_ms) * step_ms + zone_ms; at <= to_ms; at += step_ms) all.push(at);
  return all;
}

/** The largest known value of several arrays; null where nothing is known. */
export function largest(arrays) {
  let most = null;
  for (const values of arrays) {
    for (const value of values) if (value !== null && (most === null || value > most)) most = value;
  }
  return most;
}

/**
 * The `d` of a path through the points that are known. A null is a gap, and so is a hole in the times that is wider than
 * `gap_ms`. A point between two gaps is a dot (a line of no length with round ends).
 */
export function path(times, values, x, y, gap_ms) {
  const parts = [];
  let last_ms = null;
  for (let at = 0; at < times.length; at += 1) {
    const value = values[at];
    if (value === null || value === undefined) {
      last_ms = null;
      continue;
    }
    const place = `${x(times[at]).toFixed(1)} ${y(value).toFixed(1)}`;
    const joins = last_ms !== null && times[at] - last_ms <= gap_ms;
    parts.push(joins ? `L${place}` : `M${place}h0`);
    last_ms = times[at];
  }
  return parts.join('');
}

/** Index of the time that is nearest; times rise. -1 if there are none. */
export function nearest(times, wanted) {
  let low = 0;
  let high = times.length - 1;
  if (high < 0) return -1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (times[middle] <= wanted) low = middle;
    else high = middle;
  }
  return wanted - times[low] <= times[high] - wanted ? low : high;
}

/** Times of points that come at a fixed step. */
export function timesOf(history) {
  return Array.from({ length: history.cpu?.length ?? 0 }, (_, at) => history.from_ms + at * history.step_ms);
}
