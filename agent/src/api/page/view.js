// Which rows of a long table are in sight, when all have one height but those that are opened have more below them.

/** Rows beyond the edges that are drawn too, so that scrolling does not show the paper. */
const SPARE = 2;

/**
 * `opened` are `{ at, height }` in order of `at`: below row `at` there is so much more. `top` and `bottom` are the edges of
 * the view, from the top of the first row. Gives the rows `first` to `last` (not included) and the heights `above` and
 * `below` that stand for the others.
 */
export function inSight({ count, rowHeight, opened, top, bottom }) {
  const first = Math.max(0, indexAt(top, count, rowHeight, opened) - SPARE);
  const last = Math.max(first, Math.min(count, indexAt(bottom, count, rowHeight, opened) + 1 + SPARE));
  const above = heightBefore(first, rowHeight, opened);
  const all = heightBefore(count, rowHeight, opened);
  return { first, last, above, below: all - heightBefore(last, rowHeight, opened) };
}

/** How far below the top row `at` begins. */
export function heightBefore(at, rowHeight, opened) {
  let height = at * rowHeight;
  for (const open of opened) if (open.at < at) height += open.height;
  return height;
}

/** The row that covers `y`. */
function indexAt(y, count, rowHeight, opened) {
  let from = 0;
  let y_from = 0;
  for (const open of opened) {
    const end = y_from + (open.at + 1 - from) * rowHeight + open.height;
    if (y < end) {
      const rows = Math.floor((y - y_from) / rowHeight);
      return Math.min(from + Math.max(0, rows), open.at);
    }
    from = open.at + 1;
    y_from = end;
  }
  return Math.min(count, from + Math.max(0, Math.floor((y - y_from) / rowHeight)));
}
