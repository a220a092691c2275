// What the agent's description of its API says of each call, and what a call is made of. Knows nothing of a document on
// a screen.

/** Headers that only the browser itself can set. */
const ITS_OWN = ['accept-encoding'];
/** More of a reply than this is not shown, in characters. */
export const LONGEST = 200_000;

/** All calls, in the order of the description. */
export function operations(description) {
  const resolve = (part) => (part?.$ref === undefined ? part : part.$ref.split('/').slice(1).reduce((at, key) => at?.[key], description));
  const all = [];
  for (const [path, methods] of Object.entries(description.paths)) {
    for (const [method, told] of Object.entries(methods)) {
      all.push({
        method: method.toUpperCase(),
        path,
        summary: told.summary ?? '',
        description: told.description ?? '',
        parameters: (told.parameters ?? []).map(resolve).filter((given) => !ITS_OWN.includes(given.name.toLowerCase())).map((given) => ({
          name: given.name,
          place: given.in,
          isRequired: given.required === true,
          description: given.description ?? '',
          choices: resolve(given.schema)?.enum ?? [],
        })),
        body: skeleton(resolve(told.requestBody?.content?.['application/json']?.schema), resolve),
        replies: Object.entries(told.responses ?? {}).map(([status, reply]) => ({ status, description: resolve(reply).description ?? '' })),
      });
    }
  }
  return all;
}

/** JSON with the fields of an object that must be there, empty; null for a call without a body. */
function skeleton(schema, resolve) {
  if (schema === undefined) return null;
  const fields = Object.entries(schema.properties ?? {}).filter(([name]) => (schema.required ?? []).includes(name));
  const empty = (field) => ({ integer: 0, number: 0, boolean: false, array: [], object: {} })[[resolve(field)?.type].flat()[0]] ?? '';
  return JSON.stringify(Object.fromEntries(fields.map(([name, field]) => [name, empty(field)])), null, 2);
}

/** Names of parameters that must be given and are not. */
export function missing(operation, values) {
  const isMissing = ({ name, isRequired }) => isRequired && (values[name] ?? '') === '';
  return operation.parameters.filter(isMissing).map(({ name }) => name);
}

/** Path and query of a call. What is empty is left out. */
export function address(operation, values) {
  const given = (place) => operation.parameters.filter((parameter) => parameter.place === place && (values[parameter.name] ?? '') !== '');
  const path = given('path').reduce((text, { name }) => text.replace(`{${name}}`, encodeURIComponent(values[name])), operation.path);
  const query = given('query').map(({ name }) => `${encodeURIComponent(name)}=${encodeURIComponent(values[name])}`);
  return query.length === 0 ? path : `${path}?${query.join('&')}`;
}

/** Headers of a call, without that of the token. */
export function headers(operation, values, body) {
  const given = operation.parameters.filter(({ name, place }) => place === 'header' && (values[name] ?? '') !== '');
  const all = Object.fromEntries(given.map(({ name }) => [name, values[name]]));
  if (body !== null) all['Content-Type'] = 'application/json';
  return all;
}

/** The same call for a shell. The token is a variable: it is to be seen on no screen. */
export function shellLine(origin, operation, values, body, hasToken) {
  const words = ['curl'];
  if (operation.method !== 'GET') words.push('-X', operation.method);
  if (hasToken) words.push('-H', '"Authorization: Bearer $TOKEN"');
  for (const [name, value] of Object.entries(headers(operation, values, body))) words.push('-H', quoted(`${name}: ${value}`));
  if (body !== null) words.push('-d', quoted(body));
  words.push(quoted(origin + address(operation, values)));
  return words.join(' ');
}

/** As a shell takes it as it is. */
function quoted(text) {
  return /^[\w./:=@%-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** A reply for readers: JSON with a field a line, all else as it came; cut where it is too long. */
export function readable(text, contentType) {
  let shown = text;
  if (/^application\/json\b/.test(contentType ?? '')) {
    try {
      shown = JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      // a reply that broke off is shown as it is
    }
  }
  return shown.length <= LONGEST ? shown : `${shown.slice(0, LONGEST)}\n… ${shown.length - LONGEST} characters more`;
}
