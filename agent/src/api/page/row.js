// One row that is in sight. It is bound to a container, and to another one when that has left the view.

import { el, setAttribute, texts } from './dom.js';
import { bytes, duration, isKnown, percent, rate } from './format.js';
import { Spark } from './spark.js';

/** What stands in place of a figure while the container has not run for an interval. */
const NOT_YET = 'not yet';

const FIGURES = [
  ['cpu', percent],
  ['memory', bytes],
  ['rx', rate],
  ['tx', rate],
];

export class RowView {
  element;
  button;
  canvas = el('canvas', { class: 'spark', 'aria-hidden': 'true' });
  row = null;
  #spark = new Spark(this.canvas);
  #texts = texts(['name', 'image', 'service', 'cpu', 'memory', 'rx', 'tx', 'age']);
  #cells = {};
  #image;
  #service;

  constructor() {
    const shown = this.#texts;
    this.button = el('button', { type: 'button', class: 'open', 'aria-expanded': 'false' }, shown.name.node);
    this.#image = el('span', { class: 'image' }, shown.image.node);
    const cell = (key, ...children) => {
      this.#cells[key] = el('td', { role: 'cell', class: key }, ...children);
      return this.#cells[key];
    };
    this.#service = cell('service', shown.service.node);
    this.element = el(
      'tr',
      { class: 'row', role: 'row' },
      el('th', { role: 'rowheader', scope: 'row', class: 'name' }, this.button, this.#image),
      this.#service,
      cell('cpu', this.canvas, el('span', {}, shown.cpu.node)),
      cell('memory', shown.memory.node),
      cell('rx', shown.rx.node),
      cell('tx', shown.tx.node),
      cell('age', shown.age.node),
    );
  }

  /** Shows this container at this place of the list. */
  bind(row, at, isOpen) {
    if (this.row !== row) {
      this.row = row;
      this.#spark.forget();
    }
    setAttribute(this.element, 'aria-rowindex', String(at + 2));
    setAttribute(this.button, 'aria-expanded', String(isOpen));
    this.element.classList.toggle('is-open', isOpen);
  }

  /** Changes what differs. */
  update({ sampled_at_ms, interval_ms }, look) {
    const { row } = this;
    if (this.#texts.name.set(row.name)) this.button.title = row.name;
    if (this.#texts.image.set(row.image)) this.#image.title = row.image;
    if (this.#texts.service.set(row.service)) this.#service.title = row.service;
    for (const [key, format] of FIGURES) {
      const value = row[key];
      const isUnknown = !isKnown(value);
      this.#texts[key].set(isUnknown && row.error !== null ? NOT_YET : format(value));
      this.#cells[key].classList.toggle('unknown', isUnknown);
    }
    const age_ms = row.started_at_ms === null ? null : sampled_at_ms - row.started_at_ms;
    this.#texts.age.set(duration(age_ms));
    if (look !== null) this.#spark.draw(row.seen, sampled_at_ms, interval_ms, look);
  }

  /** Colours or sizes are others. */
  restyle() {
    this.#spark.forget();
  }
}
