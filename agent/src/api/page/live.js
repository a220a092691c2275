// Keeps asking for the next state of the agent: one request at a time, none while the page is hidden, less and less often
// while there is no answer. Says what it is doing.

import { Refusal } from './agent.js';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** An agent that samples faster than this is not drawn faster. */
const SHORTEST_TURN_MS = 250;
/** So much longer than its interval an agent may take to answer: it has nothing newer, or is no more. */
const SPARE_WAIT_MS = 9_000;

/** How long to rest after so many failures in a row, with some chance in it: pages that lost one agent do not come back as one. */
export function pause_ms(failures, chance = Math.random()) {
  const full = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 10));
  return full * (0.75 + chance / 2);
}

export class Live {
  #ask;
  #onReply;
  #onState;
  #state = { kind: 'starting' };
  #seq = null;
  /** Which figures came last. */
  #shown = '';
  #interval_ms = 1000;
  #failures = 0;
  #request = null;
  #wake = () => {};

  constructor({ ask, onReply, onState }) {
    this.#ask = ask;
    this.#onReply = onReply;
    this.#onState = onState;
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) this.#request?.abort();
      this.#wake();
    });
    globalThis.addEventListener('online', () => this.retry());
  }

  get state() {
    return this.#state;
  }

  /** Asks at once, whatever pause there is. */
  retry() {
    this.#failures = 0;
    // the answer to another token is worth telling, also if it is the same
    if (this.#state.kind === 'token') this.#become({ kind: 'starting' });
    this.#wake();
  }

  async run() {
    for (;;) {
      if (document.hidden) {
        this.#become({ kind: 'paused' });
        await this.#rest(Infinity);
        continue;
      }
      const began = performance.now();
      await this.#rest(await this.#turn());
      const left = SHORTEST_TURN_MS - (performance.now() - began);
      if (left > 0) await this.#rest(left);
    }
  }

  /** One request; gives how long to rest after it. */
  async #turn() {
    this.#request = new AbortController();
    const late = AbortSignal.timeout(this.#interval_ms + SPARE_WAIT_MS);
    try {
      const reply = await this.#ask(this.#seq, AbortSignal.any([this.#request.signal, late]));
      this.#failures = 0;
      const isNew = reply.seq !== this.#seq;
      this.#seq = reply.seq;
      this.#interval_ms = reply.interval_ms;
      this.#onReply(reply);
      // the same figures again, after the agent said that it has no newer ones, are no sign of life
      const shown = `${reply.run}/${reply.seq}`;
      if (this.#state.kind !== 'not-ready' || shown !== this.#shown) this.#become({ kind: 'live' });
      this.#shown = shown;
      return isNew ? 0 : Math.min(this.#interval_ms, 1000);
    } catch (error) {
      const asked = this.#seq;
      this.#seq = null;
      if (error.name === 'AbortError') return 0;
      // the first silence after an answer may be about the number: it is asked without one at once
      if (error.name === 'TimeoutError' && asked !== null) return 0;
      return this.#failed(error);
    } finally {
      this.#request = null;
    }
  }

  #failed(error) {
    this.#failures += 1;
    const pause = pause_ms(this.#failures);
    if (!(error instanceof Refusal)) {
      this.#become({ kind: 'away', why: error.message });
      return pause;
    }
    if (error.status === 401) {
      this.#become({ kind: 'token', why: error.message });
      return Infinity;
    }
    const kind = error.status === 503 ? 'not-ready' : 'refused';
    this.#become({ kind, why: error.message });
    return kind === 'not-ready' && error.retryAfter_ms !== null ? error.retryAfter_ms : pause;
  }

  #become(state) {
    const before = this.#state;
    this.#state = state;
    if (before.kind !== state.kind || before.why !== state.why) this.#onState(state, before);
  }

  /** Until the time is over or somebody wakes it. */
  #rest(ms) {
    if (ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = Number.isFinite(ms) ? setTimeout(resolve, ms) : null;
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
