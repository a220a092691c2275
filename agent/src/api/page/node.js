// The node: its figures now, their past, and what the agent says of itself.

import { history } from './agent.js';
import { el, Text, texts } from './dom.js';
import { bytes, NOT_MEASURED, percent, rate } from './format.js';
import { History } from './history.js';
import { nodeFigures } from './store.js';
import { health } from './words.js';

export class NodePanel {
  #figures = texts(['cpu', 'memory', 'network', 'containers'].flatMap((key) => [key, `${key}Note`]));
  #history = new History({
    fetch: (window, signal) => history(null, window, signal),
    label: 'the node',
    networkTitle: 'Network, uplinks',
  });
  #health = '';
  #list;
  #parts;
  #cpus;
  #interfaces;

  constructor({ tiles, plots, list, parts }) {
    const tile = (title, key) =>
      el(
        'div',
        {},
        el('dt', {}, title),
        el('dd', {}, this.#figures[key].node),
        el('dd', { class: 'note' }, this.#figures[`${key}Note`].node),
      );
    tiles.append(tile('CPU', 'cpu'), tile('Memory', 'memory'), tile('Network', 'network'), tile('Containers', 'containers'));
    plots.append(this.#history.element);
    this.#list = list;
    this.#parts = parts;
    this.#cpus = new Parts('CPU', ['in use']);
    this.#interfaces = new Parts('Interface', ['received', 'sent']);
    parts.append(this.#cpus.element, this.#interfaces.element);
  }

  update(store) {
    const { node } = store;
    const now = nodeFigures(node);
    this.#figures.cpu.set(percent(now.cpu));
    this.#figures.cpuNote.set(now.cpus === null ? '' : `of ${now.cpus * 100} %`);
    this.#figures.memory.set(bytes(now.memory));
    this.#figures.memoryNote.set(now.total_memory === null ? '' : `of ${bytes(now.total_memory)}`);
    this.#figures.network.set(rate(now.rx));
    this.#figures.networkNote.set(now.rx === null ? '' : `received; ${rate(now.tx)} sent`);
    this.#figures.containers.set(node.nb_containers === undefined ? 'not known' : String(node.nb_containers));
    this.#figures.containersNote.set(node.nb_containers === undefined ? '' : 'running');
    this.#history.refresh(store.sampled_at_ms, now);
    this.#tellHealth(node);
    if (this.#parts.open) this.#updateParts(node);
  }

  #updateParts(node) {
    this.#cpus.set(Object.entries(node.cpus ?? {}).map(([name, value]) => [name, percent(value)]));
    this.#interfaces.set(Object.entries(node.network ?? {}).map(([name, { rx, tx }]) => [name, rate(rx), rate(tx)]));
  }

  #tellHealth(node) {
    const items = health(node);
    const all = JSON.stringify(items);
    if (all === this.#health) return;
    this.#health = all;
    this.#list.replaceChildren(...items.map(({ level, text }) => el('li', { class: level }, text)));
  }
}

/** A small table whose rows come and go seldom and whose figures change always. */
class Parts {
  element;
  #body = el('tbody');
  #names = '';
  #texts = [];

  constructor(what, columns) {
    const heads = [what, ...columns].map((name) => el('th', { scope: 'col' }, name));
    this.element = el('table', { class: 'parts' }, el('thead', {}, el('tr', {}, ...heads)), this.#body);
  }

  set(rows) {
    if (rows.length === 0) rows = [[NOT_MEASURED]];
    const names = rows.map(([name]) => name).join('\n');
    if (names !== this.#names) {
      this.#names = names;
      this.#texts = rows.map(([, ...values]) => values.map(() => new Text()));
      this.#body.replaceChildren(
        ...rows.map(([name], at) =>
          el('tr', {}, el('th', { scope: 'row' }, name), ...this.#texts[at].map((text) => el('td', {}, text.node))),
        ),
      );
    }
    for (const [at, [, ...values]] of rows.entries()) values.forEach((value, column) => this.#texts[at][column].set(value));
  }
}
