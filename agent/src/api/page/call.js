// One call on the page: what it takes, a button, and what the agent answers.

import { call, hasToken } from './agent.js';
import { el } from './dom.js';
import { LONGEST, address, headers, missing, readable, shellLine } from './operations.js';

/** The element of a call. */
export function callElement(operation) {
  const inputs = operation.parameters.map((parameter) => [parameter, input(parameter)]);
  const body = operation.body === null ? null : el('textarea', { name: 'body', rows: 6, spellcheck: 'false', autocomplete: 'off' }, operation.body);
  const line = el('code', { class: 'line' });
  const problem = el('p', { class: 'problem', role: 'alert', hidden: true });
  const reply = el('div', { class: 'reply', hidden: true, 'aria-live': 'polite' });
  const send = el('button', { type: 'submit', class: 'main' }, `Send ${operation.method}`);
  const stop = el('button', { type: 'button', hidden: true }, 'Stop');
  const values = () => Object.fromEntries(inputs.map(([{ name }, field]) => [name, field.value.trim()]));
  const content = () => (body === null ? null : body.value);
  const tell = () => {
    line.textContent = shellLine(location.origin, operation, values(), content(), hasToken());
  };
  const say = (text) => {
    problem.textContent = text;
    problem.hidden = text === '';
  };
  let sent = null;
  const form = el(
    'form',
    {
      input: tell,
      submit: async (event) => {
        event.preventDefault();
        if (sent !== null) return;
        const lacking = missing(operation, values());
        say(lacking.length === 0 ? '' : `${lacking.join(', ')} must be given.`);
        if (lacking.length > 0) return;
        tell();
        sent = new AbortController();
        send.disabled = true;
        stop.hidden = false;
        try {
          await answer(operation, values(), content(), reply, sent.signal);
        } catch (error) {
          if (error.name !== 'AbortError') say(`The agent does not answer: ${error.message}.`);
        } finally {
          sent = null;
          send.disabled = false;
          stop.hidden = true;
        }
      },
    },
    ...inputs.map(([parameter, field]) => labelled(parameter, field)),
    body === null ? null : el('label', {}, 'Body, JSON ', body),
    el('p', { class: 'note' }, line),
    problem,
    el('div', { class: 'buttons' }, send, stop),
  );
  stop.addEventListener('click', () => sent?.abort());
  const details = el(
    'details',
    { class: 'call', toggle: tell },
    el('summary', {}, el('b', { class: operation.method.toLowerCase() }, operation.method), ' ', el('code', {}, operation.path), ' ', el('span', { class: 'note' }, operation.summary)),
    operation.description === '' ? null : el('p', {}, operation.description),
    form,
    reply,
    el('h3', {}, 'Replies'),
    el('dl', { class: 'replies' }, ...operation.replies.flatMap(({ status, description }) => [el('dt', {}, status), el('dd', {}, description)])),
  );
  return details;
}

function input({ name, choices, isRequired }) {
  if (choices.length > 0) return el('select', { name }, el('option', { value: '' }, isRequired ? '' : 'not given'), ...choices.map((choice) => el('option', { value: choice }, String(choice))));
  return el('input', { name, autocomplete: 'off', spellcheck: 'false', autocapitalize: 'none', maxlength: 4096 });
}

function labelled({ name, place, isRequired, description }, field) {
  return el('label', {}, el('code', {}, name), ` ${place}${isRequired ? ', must be given' : ''} `, field, el('span', { class: 'note' }, description));
}

/** Sends it and shows what comes as it comes: events have no end. */
async function answer(operation, values, body, place, signal) {
  const start = performance.now();
  const options = { method: operation.method, headers: headers(operation, values, body), signal };
  if (body !== null) options.body = body;
  const reply = await call(address(operation, values), options);
  const took = el('span', { class: 'note' }, ` after ${Math.round(performance.now() - start)} ms, ${reply.headers.get('content-type') ?? 'without a body'}`);
  const text = el('pre', { tabindex: 0, 'aria-label': 'Body of the reply' });
  place.hidden = false;
  place.replaceChildren(el('p', {}, el('b', { class: reply.ok ? 'good' : 'bad' }, String(reply.status)), took), text);
  const type = reply.headers.get('content-type');
  const isStream = /^text\/event-stream\b/.test(type ?? '');
  const reader = reply.body?.pipeThrough(new TextDecoderStream()).getReader();
  let whole = '';
  for (let part = await reader?.read(); part !== undefined && !part.done; part = await reader.read()) {
    whole += part.value;
    // of a stream without end the latest is kept
    if (isStream) text.textContent = whole = whole.slice(-LONGEST);
  }
  if (!isStream) text.textContent = readable(whole, type);
}
