// The plots of a container or of the node: CPU, memory and network over a time that the reader chooses.

import { el } from './dom.js';
import { bytes, bytesAxis, percent, percentAxis, rate, rateAxis } from './format.js';
import { Plot } from './plot.js';
import { timesOf } from './scale.js';

/** The windows, how long each is, and how often it is fetched anew while it is looked at. */
const WINDOWS = [
  { key: '5m', name: '5 min', span_ms: 300_000, every_ms: 5_000 },
  { key: '1h', name: '1 h', span_ms: 3_600_000, every_ms: 10_000 },
  { key: '24h', name: '24 h', span_ms: 86_400_000, every_ms: 60_000 },
];
const KEYS = ['cpu', 'memory', 'rx', 'tx'];
const PATIENCE_MS = 10_000;

export class History {
  element;
  #fetch;
  #window = WINDOWS[0];
  #buttons;
  #plots;
  #problem;
  #data = null;
  #fetched_at = -Infinity;
  #request = null;

  /** `fetch` is given a window and a signal; `networkTitle` says what the network figures are of. */
  constructor({ fetch, label, networkTitle }) {
    this.#fetch = fetch;
    this.#buttons = WINDOWS.map((window) => {
      const click = () => this.#choose(window);
      return el('button', { type: 'button', 'aria-pressed': String(window === this.#window), click }, window.name);
    });
    this.#plots = [
      new Plot({
        title: 'CPU, percent of one',
        format: percent,
        labels: percentAxis,
        least: 1,
        lines: [{ key: 'cpu', name: '', style: 'cpu' }],
      }),
      new Plot({
        title: 'Memory in use',
        format: bytes,
        labels: bytesAxis,
        base: 1024,
        least: 1024,
        lines: [{ key: 'memory', name: '', style: 'memory' }],
      }),
      new Plot({
        title: networkTitle,
        format: rate,
        labels: rateAxis,
        least: 1000,
        lines: [
          { key: 'rx', name: 'received', style: 'rx' },
          { key: 'tx', name: 'sent', style: 'tx' },
        ],
      }),
    ];
    this.#problem = el('p', { class: 'problem', hidden: true });
    this.element = el(
      'div',
      { class: 'history' },
      el('div', { class: 'windows', role: 'group', 'aria-label': `Time shown: ${label}` }, ...this.#buttons),
      this.#problem,
      el('div', { class: 'plots' }, ...this.#plots.map((plot) => plot.element)),
    );
  }

  /** Called with each new state of the agent: fetches what has become old, and in the shortest window adds the points
   * that came with it. */
  refresh(time_ms, figures) {
    if (performance.now() - this.#fetched_at >= this.#window.every_ms) {
      this.#load();
    } else if (this.#data !== null && this.#window === WINDOWS[0]) {
      this.#append(time_ms, figures);
    }
  }

  /** Stops what is under way. */
  close() {
    this.#request?.abort();
  }

  #choose(window) {
    this.#window = window;
    for (const [at, button] of this.#buttons.entries()) {
      button.setAttribute('aria-pressed', String(WINDOWS[at] === window));
    }
    this.#data = null;
    this.#load();
  }

  async #load() {
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    this.#fetched_at = performance.now();
    const window = this.#window;
    try {
      const signal = AbortSignal.any([request.signal, AbortSignal.timeout(PATIENCE_MS)]);
      const history = await this.#fetch(window.key, signal);
      if (this.#request !== request) return;
      this.#problem.hidden = true;
      this.#data = dataOf(history, window.span_ms);
      this.#draw();
    } catch (error) {
      if (this.#request !== request || error.name === 'AbortError') return;
      this.#problem.textContent = `The past could not be fetched: ${error.message}.`;
      this.#problem.hidden = false;
    }
  }

  #append(time_ms, figures) {
    const data = this.#data;
    if (data.times.length > 0 && time_ms < data.times.at(-1) + data.step_ms / 2) return;
    data.times.push(time_ms);
    for (const key of KEYS) data[key].push(figures[key]);
    data.to_ms = time_ms;
    data.from_ms = time_ms - this.#window.span_ms;
    while (data.times[0] < data.from_ms) {
      data.times.shift();
      for (const key of KEYS) data[key].shift();
    }
    this.#draw();
  }

  #draw() {
    for (const plot of this.#plots) plot.set(this.#data);
  }
}

/** A reply with a time for each point; its last point is the right edge of the plot. */
export function dataOf(history, span_ms) {
  const times = timesOf(history);
  const to_ms = times.at(-1) ?? history.from_ms;
  const data = { times, step_ms: history.step_ms, gap_ms: history.step_ms * 2.5, from_ms: to_ms - span_ms, to_ms };
  for (const key of KEYS) data[key] = [...(history[key] ?? times.map(() => null))];
  return data;
}
