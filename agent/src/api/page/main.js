// Puts the page together.

import { hasToken, status } from './agent.js';
import { Banner } from './banner.js';
import { dialogs } from './dialogs.js';
import { Live } from './live.js';
import { NodePanel } from './node.js';
import { Store } from './store.js';
import { Table } from './table.js';
import { theme } from './theme.js';

const find = (selector) => document.querySelector(selector);

const store = new Store();
const banner = new Banner({
  state: find('#state'),
  banner: find('#banner'),
  text: find('#banner-text'),
  age: find('#age'),
  said: find('#said'),
  give: find('#give-token'),
});
const ask = dialogs(find, {
  onToken: () => live.retry(),
  onDone: (sentence) => banner.say(sentence),
});
const node = new NodePanel({ tiles: find('#tiles'), plots: find('#node-plots'), list: find('#health'), parts: find('#parts') });
const table = new Table(
  store,
  {
    table: find('#containers'),
    body: find('#containers tbody'),
    heads: [...document.querySelectorAll('#containers th[data-key]')],
    service: find('#service'),
    name: find('#name'),
    shown: find('#shown'),
    empty: find('#empty'),
  },
  { onDelete: (row) => ask.askDeletion(row) },
);
const live = new Live({
  ask: status,
  onReply: (reply) => {
    if (!store.take(reply)) return;
    banner.fresh(store.interval_ms, reply.age_ms);
    find('#node-name').textContent = store.node.name ?? location.hostname;
    document.title = `${store.node.name ?? location.hostname}: containers`;
    const page = find('main');
    page.hidden = false;
    // the table asks for its place: before anything above it has changed that costs nothing
    table.update();
    node.update(store);
    // which state of the agent is drawn, for whoever looks at this page with a program
    page.dataset.run = store.run;
    page.dataset.seq = store.seq;
  },
  onState: (state, before) => {
    banner.become(state, before);
    if (state.kind === 'token') ask.askToken(hasToken() ? 'The agent does not take this token.' : '');
  },
});

find('#give-token').addEventListener('click', () => ask.askToken());
find('#create').addEventListener('click', () => ask.askCreation());
theme(find('#theme'), () => table.restyle());
live.run();
