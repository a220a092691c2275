// Which containers are shown, and in which order. Pure: lists in, a list out.

/** Keys by which the table is sorted, and how a row gives its value. Text is compared as people number things: web-2
 * before web-10. */
export const KEYS = {
  name: (row) => row.name,
  service: (row) => row.service,
  cpu: (row) => row.cpu,
  memory: (row) => row.memory,
  rx: (row) => row.rx,
  tx: (row) => row.tx,
  // the youngest has run for the shortest time
  age: (row) => (row.started_at_ms === null ? null : -row.started_at_ms),
};

const collator = new Intl.Collator('en', { numeric: true });

/** Numbers are first looked at from the top, names from the beginning. */
export function firstDirection(key) {
  return key === 'name' || key === 'service' ? 'ascending' : 'descending';
}

/** The rows that pass the filter. `service` is exact, empty for all; `name` is any part of the name. */
export function filtered(rows, { service = '', name = '' }) {
  const part = name.trim().toLowerCase();
  if (service === '' && part === '') return rows;
  return rows.filter(
    (row) => (service === '' || row.service === service) && (part === '' || row.name.toLowerCase().includes(part)),
  );
}

/** Rows in order; what is not known comes last in either direction, equals keep the order in which they came. */
export function sorted(rows, { key, direction }) {
  const value = KEYS[key];
  const sign = direction === 'descending' ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [left, right] = [value(a), value(b)];
    if (left === null || right === null) return (left === null) - (right === null);
    if (typeof left === 'string') return sign * collator.compare(left, right);
    return sign * (left - right);
  });
}

/** While somebody is at a row it must not run away: rows stay as they stand, those that are gone leave, new ones come
 * last. */
export function held(rows, shown) {
  const present = new Set(rows);
  const stood = shown.filter((row) => present.has(row));
  const known = new Set(stood);
  return [...stood, ...rows.filter((row) => !known.has(row))];
}

/** Whether those of `rows` that are among `shown` come there in the same order. */
export function isInOrder(rows, shown) {
  const places = new Map(shown.map((row, at) => [row, at]));
  const kept = rows.map((row) => places.get(row)).filter((at) => at !== undefined);
  return kept.every((at, index) => index === 0 || at > kept[index - 1]);
}

/** Services with how many containers each has, by name. */
export function services(rows) {
  const counts = new Map();
  for (const row of rows) counts.set(row.service, (counts.get(row.service) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => collator.compare(a, b));
}
