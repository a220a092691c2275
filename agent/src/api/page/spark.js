// The small line in a row: what the page has seen of a container, against time. Where nothing was seen there is no line.

import { SEEN } from './store.js';

/** Less than this share of a CPU, in percent, is drawn near the bottom: noise of an idle container is no mountain range. */
const LEAST_TOP_PERCENT = 2;

export class Spark {
  canvas;
  #context;
  #ratio = 0;
  #drawnTo = null;

  constructor(canvas) {
    this.canvas = canvas;
    this.#context = canvas.getContext('2d');
  }

  /** Draws anew even if nothing was added. */
  forget() {
    this.#drawnTo = null;
  }

  /** `look` has the size in CSS pixels, the pixels of one of them, and the colours. */
  draw(seen, now_ms, interval_ms, look) {
    if (this.#drawnTo === now_ms) return;
    this.#drawnTo = now_ms;
    const { width, height, ratio } = look;
    const context = this.#context;
    if (this.#ratio !== ratio) {
      this.#ratio = ratio;
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    if (seen.length === 0) return;
    let top = LEAST_TOP_PERCENT;
    for (let at = 0; at < seen.length; at += 1) top = Math.max(top, seen.values[seen.index(at)]);
    const span_ms = SEEN * interval_ms;
    const x = (time_ms) => width - 1.5 - ((now_ms - time_ms) / span_ms) * (width - 3);
    const y = (value) => height - 1.5 - (value / top) * (height - 3);
    context.beginPath();
    let last_ms = -Infinity;
    for (let at = 0; at < seen.length; at += 1) {
      const index = seen.index(at);
      const time_ms = seen.times[index];
      if (now_ms - time_ms > span_ms) continue;
      const [left, up] = [x(time_ms), y(seen.values[index])];
      if (time_ms - last_ms <= 2.5 * interval_ms) {
        context.lineTo(left, up);
      } else {
        context.moveTo(left, up);
        context.lineTo(left + 0.01, up);
      }
      last_ms = time_ms;
    }
    context.strokeStyle = look.line;
    context.lineWidth = 1.25;
    context.lineJoin = 'round';
    context.lineCap = 'round';
    context.stroke();
  }
}
