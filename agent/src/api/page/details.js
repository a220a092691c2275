// What an opened row shows: facts of the container, its past, and the way to delete it.

import { history } from './agent.js';
import { el, texts } from './dom.js';
import { bytes, clock, shortId } from './format.js';
import { History } from './history.js';

const NETWORKS = { own: 'its own', host: 'that of the host', shared: 'that of another container' };
const SOURCES = { ebpf: 'counted in the kernel (eBPF)', docker: 'Docker’s stats' };

export class Details {
  element;
  /** With the space around it, in pixels; 0 until it was drawn. */
  height = 0;
  #history;
  #texts = texts(['image', 'id', 'network', 'source', 'free', 'since', 'made']);

  /** `onHeight` is called when the height has become another, `onDelete` when somebody wants the container gone. */
  constructor(row, { onHeight, onDelete }) {
    this.#history = new History({
      fetch: (window, signal) => history(row.id, window, signal),
      label: row.name,
      networkTitle: 'Network',
    });
    const fact = (name, key) => el('div', {}, el('dt', {}, name), el('dd', {}, this.#texts[key].node));
    const facts = el(
      'dl',
      { class: 'facts' },
      fact('Image', 'image'),
      fact('Id', 'id'),
      fact('Running since', 'since'),
      fact('Network', 'network'),
      fact('Figures', 'source'),
      fact('Memory left', 'free'),
      fact('Created by', 'made'),
    );
    const remove = el('button', { type: 'button', class: 'delete', click: () => onDelete(row) }, 'Delete…');
    const inside = el('div', { class: 'inside' }, facts, this.#history.element, el('div', { class: 'actions' }, remove));
    this.element = el('tr', { class: 'details', role: 'row' }, el('td', { role: 'cell', colspan: 7 }, inside));
    new ResizeObserver(() => {
      const height = this.element.getBoundingClientRect().height;
      // out of sight it has none, and keeps the one it had
      if (height === 0 || height === this.height) return;
      this.height = height;
      onHeight();
    }).observe(inside);
    this.update(row);
  }

  /** With each state of the agent. */
  update(row, time_ms = null) {
    const facts = this.#texts;
    facts.image.set(row.image);
    facts.id.set(shortId(row.id));
    facts.since.set(row.started_at_ms === null ? 'not known' : since(row.started_at_ms));
    facts.network.set(NETWORKS[row.network_mode] ?? 'not known');
    facts.source.set(row.error ?? SOURCES[row.source] ?? 'not known');
    facts.free.set(bytes(row.free_memory));
    facts.made.set(row.managed ? 'this agent' : 'somebody else');
    if (time_ms !== null) {
      this.#history.refresh(time_ms, { cpu: row.cpu, memory: row.memory, rx: row.rx, tx: row.tx });
    }
  }

  close() {
    this.#history.close();
  }
}

function since(ms) {
  const two = (number) => String(number).padStart(2, '0');
  const day = new Date(ms);
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())} ${clock(ms)}`;
}
