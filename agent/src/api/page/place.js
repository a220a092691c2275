// Puts elements into an order with as few moves as it takes.

/**
 * Makes `elements` the children of `parent` between `above` and `below`. The one that has the focus is never moved, the
 * others go around it: a moved element loses it.
 */
export function place(parent, above, below, elements) {
  const active = document.activeElement;
  let cursor = above.nextSibling;
  for (const element of elements) {
    if (cursor !== element && element.contains(active)) {
      while (cursor !== element && cursor !== below) cursor = withdraw(cursor);
    }
    if (cursor === element) cursor = cursor.nextSibling;
    else parent.insertBefore(element, cursor);
  }
  while (cursor !== below) cursor = withdraw(cursor);
}

function withdraw(element) {
  const next = element.nextSibling;
  element.remove();
  return next;
}
