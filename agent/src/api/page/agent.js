// Requests to the agent that served this page. The token lives in this module's memory and nowhere else: it is gone with
// the page.

/** A reply that is not what was asked for, in the words of the agent where it has any. */
export class Refusal extends Error {
  constructor(status, why, field = null, retryAfter_ms = null) {
    super(why);
    this.status = status;
    this.field = field;
    this.retryAfter_ms = retryAfter_ms;
  }
}

/** The agent did not answer at all. */
export class Unreachable extends Error {}

let token = null;

export function useToken(text) {
  token = text;
}

export function hasToken() {
  return token !== null;
}

/**
 * The state of the node and all containers, and by `age_ms` how old it was when it was sent. With `seq` the agent answers once
 * it has one that is newer.
 */
export async function status(seq, signal) {
  const query = seq === null ? '' : `?wait=${seq}`;
  const reply = await send(`/containers/status${query}`, { signal });
  const told = await read(reply);
  // by the agent's own clock at both ends; its `Date` has whole seconds
  const age_ms = Date.parse(reply.headers.get('date') ?? '') - told.sampled_at_ms;
  return { ...told, age_ms: age_ms > 0 ? age_ms : 0 };
}

/** Figures of the past: of a container, or of the node for `id` null. */
export function history(id, window, signal) {
  const path = id === null ? '/status/history' : `/container/${encodeURIComponent(id)}/history`;
  return json(`${path}?window=${window}`, { signal });
}

/** Creates and starts a container; gives what Docker's inspect says of it. */
export function create(fields) {
  return json('/containers', { method: 'POST', body: new URLSearchParams(fields) });
}

/** Stops and deletes a container. */
export async function remove(id) {
  await send(`/container/${encodeURIComponent(id)}`, { method: 'DELETE' });
}

async function json(path, options) {
  return read(await send(path, options));
}

async function read(reply) {
  try {
    return await reply.json();
  } catch (error) {
    if (isEnded(error)) throw error;
    throw new Unreachable('the reply broke off');
  }
}

/** Whether this page itself ended the request. */
function isEnded(error) {
  return error.name === 'AbortError' || error.name === 'TimeoutError';
}

/** Sends a request with the token, if there is one, and gives the reply whatever its status. */
export async function call(path, options) {
  const headers = { ...options.headers };
  if (token !== null) headers.authorization = `Bearer ${token}`;
  try {
    // so a certificate is shown to an agent that asks for one
    return await fetch(path, { ...options, headers, credentials: 'same-origin', cache: 'no-store', redirect: 'error' });
  } catch (error) {
    if (isEnded(error)) throw error;
    throw new Unreachable('no answer');
  }
}

async function send(path, options) {
  const reply = await call(path, { ...options, headers: { accept: 'application/json' } });
  if (reply.ok) return reply;
  const told = await reply.json().catch(() => ({}));
  const why = typeof told.error === 'string' ? told.error : `status ${reply.status}`;
  const seconds = Number.parseInt(reply.headers.get('retry-after') ?? '', 10);
  throw new Refusal(reply.status, why, told.field ?? null, Number.isNaN(seconds) ? null : seconds * 1000);
}
