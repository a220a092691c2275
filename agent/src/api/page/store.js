// What the page knows: the last state of the agent, a row a container, and the points that it has seen itself.

import { isKnown } from './format.js';

/** So many points a container are kept: two minutes at the usual interval. */
export const SEEN = 120;

/** Points that were seen, the oldest first; the oldest make room. */
export class Seen {
  times = new Float64Array(SEEN);
  values = new Float64Array(SEEN);
  length = 0;
  #next = 0;

  push(time_ms, value) {
    this.times[this.#next] = time_ms;
    this.values[this.#next] = value;
    this.#next = (this.#next + 1) % SEEN;
    this.length = Math.min(SEEN, this.length + 1);
  }

  /** Where point `at` is in the arrays. */
  index(at) {
    return (this.#next - this.length + at + SEEN) % SEEN;
  }
}

/** What was not measured is null, whatever form its absence has. */
function known(value) {
  return isKnown(value) ? value : null;
}

export class Store {
  run = null;
  seq = null;
  interval_ms = 1000;
  sampled_at_ms = null;
  node = null;
  /** In the order of the agent: by name. */
  rows = [];
  #byId = new Map();

  /** Takes a reply of `GET /containers/status`. Rows keep their identity as long as their container is there. */
  take(reply) {
    const isNew = reply.run !== this.run || reply.seq !== this.seq;
    this.run = reply.run;
    this.seq = reply.seq;
    this.interval_ms = reply.interval_ms;
    this.sampled_at_ms = reply.sampled_at_ms;
    this.node = reply.node;
    const byId = new Map();
    this.rows = reply.containers.map((container) => {
      const row = this.#byId.get(container.id) ?? { id: container.id, seen: new Seen() };
      fill(row, container);
      if (isNew && row.cpu !== null) row.seen.push(row.sampled_at_ms ?? reply.sampled_at_ms, row.cpu);
      byId.set(row.id, row);
      return row;
    });
    this.#byId = byId;
    return isNew;
  }

  row(id) {
    return this.#byId.get(id);
  }
}

function fill(row, container) {
  row.name = String(container.name ?? '');
  row.service = String(container.service ?? '');
  row.image = String(container.image ?? '');
  row.managed = container.managed === true;
  row.network_mode = container.network_mode ?? null;
  row.started_at_ms = known(container.started_at_ms);
  row.sampled_at_ms = known(container.sampled_at_ms);
  row.source = container.source ?? null;
  row.error = container.error ?? null;
  row.cpu = known(container.cpu);
  row.memory = known(container.memory);
  row.free_memory = known(container.free_memory);
  row.rx = known(container.net?.rx);
  row.tx = known(container.net?.tx);
}

/** The node's figures in the units of its plots: percent of one CPU over all of them, bytes. */
export function nodeFigures(node) {
  const cpus = node.cpus ? Object.values(node.cpus) : null;
  const hasMemory = isKnown(node.memory) && isKnown(node.free_memory);
  return {
    cpu: cpus ? cpus.reduce((sum, percent) => sum + percent, 0) : null,
    cpus: cpus ? cpus.length : null,
    memory: hasMemory ? (node.memory - node.free_memory) * 1024 : null,
    total_memory: isKnown(node.memory) ? node.memory * 1024 : null,
    rx: overUplinks(node, 'rx'),
    tx: overUplinks(node, 'tx'),
  };
}

/** Bytes a second over the interfaces that lead away from the node, as its history has them. */
function overUplinks({ network, uplinks }, direction) {
  const rates = (uplinks ?? []).map((name) => network?.[name]?.[direction]).filter(isKnown);
  return rates.length === 0 ? null : rates.reduce((sum, rate) => sum + rate, 0);
}
