// Numbers and times in words. What is not known has words of its own and is never a number.

export const NOT_MEASURED = 'not measured';

const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const DECIMAL = ['B/s', 'kB/s', 'MB/s', 'GB/s', 'TB/s'];

/** A number that was measured. JSON has no other kind, a missing field is undefined. */
export function isKnown(value) {
  return typeof value === 'number' && Number.isFinite(value);
}

/** Percent of one CPU: 200 % are two busy CPUs. */
export function percent(value) {
  if (!isKnown(value)) return NOT_MEASURED;
  return `${value.toFixed(value < 99.95 ? 1 : 0)} %`;
}

/** Bytes that are held: KiB, MiB and so on. */
export function bytes(value) {
  return isKnown(value) ? scaled(value, 1024, BINARY) : NOT_MEASURED;
}

/** Bytes that flow: kB/s, MB/s and so on, as links are rated. */
export function rate(value) {
  return isKnown(value) ? scaled(value, 1000, DECIMAL) : NOT_MEASURED;
}

function scaled(value, step, units) {
  let at = 0;
  // what would be rounded up to the next unit is written in it
  while (at < units.length - 1 && value >= step - 0.5) {
    value /= step;
    at += 1;
  }
  const digits = at === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[at]}`;
}

/** Labels of the ticks of an axis, all in the unit of its last and with the digits that the steps have. */
export const percentAxis = (ticks) => axis(ticks, Infinity, ['%']);
export const bytesAxis = (ticks) => axis(ticks, 1024, BINARY);
export const rateAxis = (ticks) => axis(ticks, 1000, DECIMAL);

function axis(ticks, step, units) {
  let size = 1;
  let at = 0;
  while (at < units.length - 1 && ticks.at(-1) >= step * size) {
    size *= step;
    at += 1;
  }
  const isWritten = (digits) => ticks.every((tick) => Math.abs(tick / size - Number((tick / size).toFixed(digits))) < 1e-6);
  const digits = [0, 1].find(isWritten) ?? 2;
  return ticks.map((tick) => (tick === 0 ? '0' : `${(tick / size).toFixed(digits)} ${units[at]}`));
}

/** How long something has run: the two largest units would jump, the largest alone does not. */
export function duration(ms) {
  if (!isKnown(ms)) return 'not known';
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 120 * 60) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

/** `one thing`, `2 things`. */
export function count(number, thing, things = `${thing}s`) {
  return number === 1 ? `one ${thing}` : `${number} ${things}`;
}

/** Time of day where the reader is. */
export function clock(ms, withSeconds = true) {
  const time = new Date(ms);
  const two = (number) => String(number).padStart(2, '0');
  const minutes = `${two(time.getHours())}:${two(time.getMinutes())}`;
  return withSeconds ? `${minutes}:${two(time.getSeconds())}` : minutes;
}

/** The short form of a container's id, as Docker writes it. */
export function shortId(id) {
  return id.slice(0, 12);
}
