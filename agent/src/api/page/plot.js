// A plot of one or more lines against time: axes with units, gaps where nothing was measured, and a readout by pointer or
// by arrow keys.

import { el, svg } from './dom.js';
import { clock } from './format.js';
import { largest, nearest, path, ticks, timeTicks } from './scale.js';

const HEIGHT = 150;
const EDGE = { top: 12, right: 10, bottom: 22, left: 64 };
/** A label of the time axis takes so much. */
const LABEL_WIDTH = 56;
/** Steps of the time axis: round ones, in ms. */
const TIME_STEPS = [60_000, 120_000, 300_000, 600_000, 1_200_000, 3_600_000, 7_200_000, 14_400_000, 21_600_000];

let plots = 0;

export class Plot {
  element;
  #format;
  #labels;
  #base;
  #least;
  #lines;
  #svg;
  #readout;
  #width = 0;
  #data = null;
  #at = null;
  #at_ms = null;
  #cursor;
  #x = null;
  #y = null;

  /** `lines` are `{ key, name, style }`; `base` 1024 for bytes that are held; `format` writes a value with its unit, `labels`
   * those of an axis, which ends at `least` or above. */
  constructor({ title, format, labels, base = 1000, least, lines }) {
    plots += 1;
    this.#format = format;
    this.#labels = labels;
    this.#base = base;
    this.#least = least;
    this.#lines = lines;
    const id = `plot-${plots}`;
    this.#readout = el('p', { class: 'readout', 'aria-hidden': 'true' });
    this.#svg = svg('svg', {
      class: 'plot',
      height: HEIGHT,
      tabindex: 0,
      role: 'slider',
      'aria-labelledby': id,
      'aria-valuemin': 0,
      pointermove: (event) => this.#point(event),
      pointerdown: (event) => this.#point(event),
      pointerleave: () => this.#show(null),
      blur: () => this.#show(null),
      focus: () => this.#show(this.#at ?? this.#last()),
      keydown: (event) => this.#key(event),
    });
    this.element = el('figure', {}, el('figcaption', {}, el('span', { id }, title), this.#readout), this.#svg);
    new ResizeObserver(([entry]) => {
      const width = Math.floor(entry.contentRect.width);
      if (width === this.#width) return;
      this.#width = width;
      this.#draw();
    }).observe(this.element);
  }

  /** `data` is `{ times, from_ms, to_ms, gap_ms, step_ms }` with an array of values for each line's key. */
  set(data) {
    this.#data = data;
    // the reader stays at the moment that they look at, wherever it is among the points now
    if (this.#at !== null) this.#at = data.times.length === 0 ? null : nearest(data.times, this.#at_ms);
    this.#draw();
  }

  #draw() {
    const data = this.#data;
    if (data === null || this.#width === 0) return;
    const [width, height] = [this.#width, HEIGHT];
    const [right, low] = [width - EDGE.right, height - EDGE.bottom];
    const most = largest(this.#lines.map((line) => data[line.key]));
    const values = ticks(Math.max(most ?? 0, this.#least), this.#base);
    const top = values.at(-1);
    this.#x = (time) => EDGE.left + ((time - data.from_ms) / (data.to_ms - data.from_ms)) * (right - EDGE.left);
    this.#y = (value) => low - (value / top) * (low - EDGE.top);
    const labels = most === null ? [] : this.#labels(values);
    const parts = values.flatMap((value, at) => this.#valueTick(value, right, labels[at]));
    parts.push(...this.#timeAxis(right, low));
    if (most === null) {
      const nothing = data.times.length === 0 ? 'no points yet' : 'not measured';
      parts.push(text(nothing, (EDGE.left + right) / 2, (EDGE.top + low) / 2, 'none'));
    }
    for (const line of this.#lines) {
      const d = path(data.times, data[line.key], this.#x, this.#y, data.gap_ms);
      parts.push(svg('path', { class: `line ${line.style}`, d }));
    }
    this.#cursor = svg('g', { class: 'cursor' });
    this.#svg.setAttribute('width', width);
    this.#svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    this.#svg.setAttribute('aria-valuemax', Math.max(0, data.times.length - 1));
    this.#svg.replaceChildren(...parts, this.#cursor);
    this.#show(this.#at);
  }

  #valueTick(value, right, label) {
    const y = this.#y(value);
    const rule = svg('path', { class: value === 0 ? 'axis' : 'grid', d: `M${EDGE.left} ${y}H${right}` });
    return label === undefined ? [rule] : [rule, text(label, EDGE.left - 8, y + 4, 'value')];
  }

  #timeAxis(right, low) {
    const { from_ms, to_ms } = this.#data;
    const room = Math.max(1, Math.floor((right - EDGE.left) / LABEL_WIDTH));
    const step = TIME_STEPS.find((step) => (to_ms - from_ms) / step <= room) ?? TIME_STEPS.at(-1);
    return timeTicks(from_ms, to_ms, step).flatMap((time) => {
      const x = this.#x(time);
      const parts = [svg('path', { class: 'axis', d: `M${x.toFixed(1)} ${low}v4` })];
      // one that would be cut off at the edge is left out
      if (x < right - 12) parts.push(text(clock(time, false), x, low + 17, 'time'));
      return parts;
    });
  }

  #last() {
    const length = this.#data?.times.length ?? 0;
    return length === 0 ? null : length - 1;
  }

  #point(event) {
    if (this.#data === null || this.#x === null || this.#data.times.length === 0) return;
    const { from_ms, to_ms } = this.#data;
    const left = event.clientX - this.#svg.getBoundingClientRect().left;
    const share = (left - EDGE.left) / (this.#width - EDGE.right - EDGE.left);
    this.#show(nearest(this.#data.times, from_ms + share * (to_ms - from_ms)));
  }

  #key(event) {
    const last = this.#last();
    if (last === null) return;
    const at = this.#at ?? last;
    const to = {
      ArrowLeft: at - 1,
      ArrowRight: at + 1,
      PageUp: at - 10,
      PageDown: at + 10,
      Home: 0,
      End: last,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.#show(Math.min(last, Math.max(0, to)));
  }

  /** Marks a point and says what it is; without one, the latest is said. */
  #show(at) {
    this.#at = at;
    this.#at_ms = at === null ? null : this.#data.times[at];
    if (this.#data === null || this.#cursor === undefined) return;
    const shown = at ?? this.#last();
    this.#readout.replaceChildren(...(shown === null ? [] : this.#said(shown)));
    this.#svg.setAttribute('aria-valuenow', shown ?? 0);
    this.#svg.setAttribute('aria-valuetext', shown === null ? 'no points yet' : this.#readout.textContent);
    this.#cursor.replaceChildren();
    if (at === null) return;
    const x = this.#x(this.#data.times[at]).toFixed(1);
    this.#cursor.append(svg('path', { d: `M${x} ${EDGE.top}V${HEIGHT - EDGE.bottom}` }));
    for (const line of this.#lines) {
      const value = this.#data[line.key][at];
      if (value === null || value === undefined) continue;
      this.#cursor.append(svg('circle', { class: line.style, cx: x, cy: this.#y(value).toFixed(1), r: 3.5 }));
    }
  }

  #said(at) {
    const parts = this.#lines.flatMap((line) => {
      const value = el('span', { class: `of ${line.style}` }, `${line.name} ${this.#format(this.#data[line.key][at])}`.trim());
      return [value, ' '];
    });
    return [...parts, el('time', {}, clock(this.#data.times[at], this.#data.step_ms < 60_000))];
  }
}

function text(words, x, y, style) {
  return svg('text', { class: style, x: x.toFixed(1), y: y.toFixed(1) }, words);
}
