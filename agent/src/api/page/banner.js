// How the page is connected: a word in the head, a sentence while it is not, how old the figures are. What changes is said
// once to those who listen; the seconds that pass are not.

import { duration } from './format.js';
import { announcement, connection } from './words.js';

/** Figures are old when so many intervals have passed without new ones, and at least so much time. */
const OLD_INTERVALS = 3;
const OLD_MS = 3000;

export class Banner {
  #parts;
  #state = { kind: 'starting' };
  #fresh_at = null;
  #interval_ms = 1000;
  #shown = '';

  /** `parts` are the elements of the document: state, banner, text, age, said, give. */
  constructor(parts) {
    this.#parts = parts;
    setInterval(() => this.#show(), 1000);
    this.#show();
  }

  become(state, before) {
    this.#state = state;
    this.say(announcement(before, state));
    this.#show();
  }

  /** New figures came, which were so old when they were sent. */
  fresh(interval_ms, age_ms) {
    this.#fresh_at = performance.now() - age_ms;
    this.#interval_ms = interval_ms;
    this.#show();
  }

  /** Tells those who listen, and shows it to those who look, until something else is said. */
  say(text) {
    if (text !== '') this.#parts.said.textContent = text;
  }

  #show() {
    const { level, label, text } = connection(this.#state);
    const age_ms = this.#fresh_at === null ? null : performance.now() - this.#fresh_at;
    const isOld = age_ms !== null && age_ms > Math.max(OLD_MS, OLD_INTERVALS * this.#interval_ms);
    const age = isOld ? `Figures are ${duration(age_ms)} old.` : '';
    const all = [level, label, text, age, isOld].join('|');
    if (all === this.#shown) return;
    this.#shown = all;
    const { state, banner, give } = this.#parts;
    state.className = `state ${isOld ? 'bad' : level}`;
    state.textContent = isOld && this.#state.kind === 'live' ? 'stale' : label;
    banner.hidden = text === '' && age === '';
    this.#parts.text.textContent = text;
    this.#parts.age.textContent = age;
    give.hidden = this.#state.kind !== 'token';
    document.documentElement.classList.toggle('is-old', isOld);
  }
}
