// The table of containers. Only rows in sight are in the document; an update changes the texts that differ.

import { Details } from './details.js';
import { el, setAttribute, Text } from './dom.js';
import { count } from './format.js';
import { filtered, firstDirection, held, isInOrder, services, sorted } from './order.js';
import { place } from './place.js';
import { RowView } from './row.js';
import { inSight } from './view.js';
import { nothing } from './words.js';

/** Until an opened row was measured. */
const GUESSED_HEIGHT = 300;

export class Table {
  #store;
  #parts;
  #onDelete;
  #sort = { key: 'cpu', direction: 'descending' };
  #filter = { service: '', name: '' };
  #list = [];
  #views = new Map();
  #placed = [];
  #free = [];
  #details = new Map();
  #above = el('tr', { class: 'space', 'aria-hidden': 'true' }, el('td', { colspan: 7 }));
  #below = el('tr', { class: 'space', 'aria-hidden': 'true' }, el('td', { colspan: 7 }));
  #shown = new Text();
  #services = '';
  #look = null;
  #rowHeight = 0;
  #isDue = false;

  /** `parts` are the elements of the document: table, body, heads, service, name, shown, empty. */
  constructor(store, parts, { onDelete }) {
    this.#store = store;
    this.#parts = parts;
    this.#onDelete = onDelete;
    parts.body.append(this.#above, this.#below);
    parts.shown.append(this.#shown.node);
    for (const head of parts.heads) {
      head.querySelector('button').addEventListener('click', () => this.#sortBy(head.dataset.key));
    }
    parts.service.addEventListener('change', () => this.#filterBy({ service: parts.service.value }));
    parts.name.addEventListener('input', () => this.#filterBy({ name: parts.name.value }));
    parts.body.addEventListener('click', (event) => this.#click(event));
    parts.body.addEventListener('keydown', (event) => this.#key(event));
    document.addEventListener('scroll', () => this.#soon(), { passive: true });
    let width = 0;
    new ResizeObserver(([entry]) => {
      if (entry.contentRect.width === width) return;
      width = entry.contentRect.width;
      this.restyle();
    }).observe(parts.table);
    this.#tellSort();
  }

  /** A new state of the agent. What it costs, with the layout that it causes, is the measure `table-update`. */
  update() {
    const start = performance.now();
    this.#order();
    this.#render();
    for (const [id, details] of this.#details) {
      if (details.element.isConnected) details.update(this.#store.row(id), this.#store.sampled_at_ms);
    }
    void this.#parts.body.offsetHeight;
    performance.clearMeasures('table-update');
    performance.measure('table-update', { start, end: performance.now() });
  }

  /** Sizes or colours are others. */
  restyle() {
    this.#look = null;
    this.#rowHeight = 0;
    for (const view of [...this.#views.values(), ...this.#free]) view.restyle();
    this.#soon();
  }

  #order() {
    const { rows } = this.#store;
    this.#tellServices(rows);
    const passing = filtered(rows, this.#filter);
    const isHeld = this.#parts.body.contains(document.activeElement);
    this.#list = isHeld ? held(passing, this.#list) : sorted(passing, this.#sort);
    for (const [id, details] of this.#details) {
      if (this.#store.row(id) === undefined) this.#close(id, details);
    }
    const all = count(rows.length, 'container');
    const some = passing.length === rows.length ? all : `${passing.length} of ${all}`;
    this.#shown.set(isHeld ? `${some}; order held` : some);
    this.#parts.empty.hidden = passing.length > 0;
    this.#parts.empty.textContent = nothing(rows.length, this.#store.node?.docker);
    setAttribute(this.#parts.table, 'aria-rowcount', String(passing.length + 1));
  }

  #render() {
    const { body } = this.#parts;
    const { top } = body.getBoundingClientRect();
    this.#rowHeight ||= Number.parseFloat(getComputedStyle(body).getPropertyValue('--row'));
    const list = this.#list;
    const opened = [];
    for (const [id, details] of this.#details) {
      const at = list.indexOf(this.#store.row(id));
      if (at >= 0) opened.push({ at, height: details.height || GUESSED_HEIGHT });
    }
    opened.sort((a, b) => a.at - b.at);
    const edges = { top: -top, bottom: innerHeight - top };
    const { first, last, above, below } = inSight({ count: list.length, rowHeight: this.#rowHeight, opened, ...edges });
    const wanted = list.slice(first, last);
    const views = this.#viewsOf(wanted);
    const elements = views.flatMap((view, at) => {
      const details = this.#details.get(wanted[at].id);
      return details ? [view.element, details.element] : [view.element];
    });
    place(body, this.#above, this.#below, elements);
    this.#above.firstChild.style.height = `${above}px`;
    this.#below.firstChild.style.height = `${below}px`;
    this.#above.hidden = above === 0;
    this.#below.hidden = below === 0;
    for (const [at, view] of views.entries()) {
      view.bind(wanted[at], first + at, this.#details.has(wanted[at].id));
      view.update(this.#store, this.#lookOf(view));
    }
  }

  /**
   * A view for each of these rows. While rows in sight keep their order each has the view that it had, and those that come take the
   * views of those that left. In another order nothing moves: to move an element costs far more than to change its texts.
   */
  #viewsOf(rows) {
    const own = isInOrder(rows, this.#placed.map((view) => view.row)) ? this.#views : new Map();
    const kept = new Set(rows.map((row) => own.get(row)).filter((view) => view !== undefined));
    const free = [...this.#placed.filter((view) => !kept.has(view)), ...this.#free];
    this.#placed = rows.map((row) => own.get(row) ?? free.shift() ?? new RowView());
    this.#views = new Map(rows.map((row, at) => [row, this.#placed[at]]));
    this.#free = free;
    return this.#placed;
  }

  /** Size and colour of the small lines, as the style sheet has them; null while there is nothing to ask. */
  #lookOf(view) {
    if (this.#look === null && view.canvas.isConnected) {
      const { width, height, color } = getComputedStyle(view.canvas);
      this.#look = { width: Number.parseFloat(width), height: Number.parseFloat(height), line: color, ratio: devicePixelRatio };
    }
    return this.#look;
  }

  #soon() {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#render();
    });
  }

  #sortBy(key) {
    const { direction } = this.#sort;
    const opposite = direction === 'ascending' ? 'descending' : 'ascending';
    this.#sort = { key, direction: key === this.#sort.key ? opposite : firstDirection(key) };
    this.#tellSort();
    this.#order();
    this.#render();
  }

  #filterBy(change) {
    Object.assign(this.#filter, change);
    this.#order();
    this.#render();
  }

  #tellSort() {
    for (const head of this.#parts.heads) {
      const isIt = head.dataset.key === this.#sort.key;
      if (isIt) head.setAttribute('aria-sort', this.#sort.direction);
      else head.removeAttribute('aria-sort');
    }
  }

  #tellServices(rows) {
    const all = services(rows);
    const chosen = this.#filter.service;
    // the one that is filtered by stays, also while it has no container
    if (chosen !== '' && !all.some(([service]) => service === chosen)) all.push([chosen, 0]);
    const told = JSON.stringify(all);
    if (told === this.#services) return;
    this.#services = told;
    const options = all.map(([service, number]) => el('option', { value: service }, `${service || '(none)'} (${number})`));
    this.#parts.service.replaceChildren(el('option', { value: '' }, 'all services'), ...options);
    this.#parts.service.value = chosen;
  }

  #click(event) {
    const element = event.target.closest('tr.row');
    if (element === null || isSelecting(element)) return;
    const view = this.#viewAt(element);
    view.button.focus({ preventScroll: true });
    this.#toggle(view.row);
  }

  #key(event) {
    const element = event.target.closest('tr.row');
    const steps = { ArrowUp: -1, ArrowDown: 1 };
    if (element === null || !(event.key in steps)) return;
    const at = this.#list.indexOf(this.#viewAt(element).row) + steps[event.key];
    // keys may come faster than what they scroll into view is drawn
    if (!this.#views.has(this.#list[at])) this.#render();
    const next = this.#views.get(this.#list[at]);
    if (next === undefined) return;
    event.preventDefault();
    next.button.focus();
  }

  #viewAt(element) {
    return [...this.#views.values()].find((view) => view.element === element);
  }

  #toggle(row) {
    const open = this.#details.get(row.id);
    if (open) {
      this.#close(row.id, open);
    } else {
      const details = new Details(row, { onHeight: () => this.#soon(), onDelete: this.#onDelete });
      this.#details.set(row.id, details);
      details.update(row, this.#store.sampled_at_ms);
    }
    this.#render();
  }

  #close(id, details) {
    details.close();
    this.#details.delete(id);
  }
}

/** Who marks text in a row, to copy it, does not mean to open it. */
function isSelecting(element) {
  const selection = getSelection();
  return selection.type === 'Range' && selection.containsNode(element, true);
}
