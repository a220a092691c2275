// The page of the API: all calls that the agent describes, to be tried at this agent.

import { call, useToken } from './agent.js';
import { callElement } from './call.js';
import { operations } from './operations.js';
import { theme } from './theme.js';

const said = document.querySelector('#said');
const place = document.querySelector('#operations');
const form = document.querySelector('#token');

async function load() {
  said.textContent = '';
  try {
    const reply = await call('/openapi.json', { headers: { accept: 'application/json' } });
    if (reply.status === 401) {
      said.textContent = 'This agent asks for a token.';
      form.elements.token.focus();
      return;
    }
    if (!reply.ok) throw new Error(`status ${reply.status}`);
    place.replaceChildren(...operations(await reply.json()).map(callElement));
    place.hidden = false;
  } catch (error) {
    said.textContent = `The agent does not tell of its API: ${error.message}.`;
  }
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  const token = form.elements.token.value.trim();
  useToken(token === '' ? null : token);
  // it is not left in the document
  form.reset();
  said.textContent = token === '' ? '' : 'The token is used from now on.';
  if (place.hidden) load();
});
theme(document.querySelector('#theme'), () => {});
load();
