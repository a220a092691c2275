// The body of a function: the last argument takes `{ compared, failures }`.
const done = arguments[arguments.length - 1];
const names = ['format', 'operations', 'order', 'scale', 'view', 'words', 'store', 'live', 'history'];
let compared = 0;
const failures = [];

function is(what, got, wanted) {
  compared += 1;
  const [left, right] = [JSON.stringify(got), JSON.stringify(wanted)];
  if (left !== right) failures.push(`${what}: ${left}, not ${right}`);
}

function numbersAndTimes({ percent, bytes, rate, percentAxis, bytesAxis, rateAxis, duration, count, shortId }) {
  for (const [value, words] of [
    [0, '0.0 %'],
    [44, '44.0 %'],
    [99.94, '99.9 %'],
    [99.96, '100 %'],
    [1234.5, '1235 %'],
    [undefined, 'not measured'],
    [null, 'not measured'],
    [NaN, 'not measured'],
  ]) is('percent', percent(value), words);
  for (const [value, words] of [
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1536, '1.5 KiB'],
    [102400, '100 KiB'],
    [1048575, '1.0 MiB'],
    [1048576, '1.0 MiB'],
    [20930560, '20.0 MiB'],
    [2 ** 50 * 5000, '5000 PiB'],
    [undefined, 'not measured'],
  ]) is('bytes', bytes(value), words);
  for (const [value, words] of [
    [0, '0 B/s'],
    [0.4, '0 B/s'],
    [999, '999 B/s'],
    [999.6, '1.0 kB/s'],
    [54633, '54.6 kB/s'],
    [125000000, '125 MB/s'],
    [null, 'not measured'],
  ]) is('rate', rate(value), words);
  for (const [ms, words] of [
    [-5, '0 s'],
    [119_999, '119 s'],
    [120_000, '2 min'],
    [7_199_999, '119 min'],
    [7_200_000, '2 h'],
    [172_800_000, '2 d'],
    [null, 'not known'],
  ]) is('duration', duration(ms), words);
  const GIB = 2 ** 30;
  is('one unit on an axis', bytesAxis([0, GIB / 2, GIB, 1.5 * GIB]), ['0', '0.5 GiB', '1.0 GiB', '1.5 GiB']);
  is('no needless digits', bytesAxis([0, 16 * GIB]), ['0', '16 GiB']);
  is('quarters', bytesAxis([0, 256, 512, 768, 1024]), ['0', '0.25 KiB', '0.50 KiB', '0.75 KiB', '1.00 KiB']);
  is('rates', rateAxis([0, 500, 1000]), ['0', '0.5 kB/s', '1.0 kB/s']);
  is('percent', percentAxis([0, 50, 100, 5000]), ['0', '50 %', '100 %', '5000 %']);
  is('steps that are no binary fractions', percentAxis([0, 0.1, 0.2, 0.1 * 3]), ['0', '0.1 %', '0.2 %', '0.3 %']);
  is('one', count(1, 'tick'), 'one tick');
  is('some', count(2, 'task switch', 'task switches'), '2 task switches');
  is('id', shortId('0123456789abcdef'), '0123456789ab');
}

function order({ filtered, sorted, held, isInOrder, services, firstDirection }) {
  const row = (name, service, cpu) => ({ name, service, cpu, memory: null, rx: null, tx: null, started_at_ms: null });
  const [a, b, c, d] = [row('web-10', 'web', 5), row('web-2', 'web', null), row('Cache', '', 50), row('db', 'db', 5)];
  const all = [a, b, c, d];
  for (const [rows, shown, inOrder] of [
    [[], all, true],
    [all, [], true],
    [all, all, true],
    [[b, d], all, true],
    [all, [b, d], true],
    [[c, a], [b, d], true],
    [[b, a], all, false],
    [[d, c, a], [a, b, d], false],
  ]) is('in order', isInOrder(rows, shown), inOrder);
  const by = (key, direction) => sorted(all, { key, direction }).map(({ name }) => name);
  is('names as people number', by('name', 'ascending'), ['Cache', 'db', 'web-2', 'web-10']);
  is('names from the end', by('name', 'descending'), ['web-10', 'web-2', 'db', 'Cache']);
  is('what is not measured is last from the top', by('cpu', 'descending'), ['Cache', 'web-10', 'db', 'web-2']);
  is('and from the bottom', by('cpu', 'ascending'), ['web-10', 'db', 'Cache', 'web-2']);
  is('nothing known', by('memory', 'descending'), all.map(({ name }) => name));
  is('the list is not changed', all[0], a);
  const young = { ...a, name: 'young', started_at_ms: 9 };
  const old = { ...a, name: 'old', started_at_ms: 1 };
  is('age', sorted([old, young], { key: 'age', direction: 'ascending' })[0].name, 'young');
  is('numbers from the top', [firstDirection('cpu'), firstDirection('name')], ['descending', 'ascending']);
  const passing = (filter) => filtered(all, filter).map(({ name }) => name);
  is('no filter', passing({}), all.map(({ name }) => name));
  is('part of a name', passing({ name: ' WEB ' }), ['web-10', 'web-2']);
  is('service', passing({ service: 'db' }), ['db']);
  is('both', passing({ service: 'web', name: '2' }), ['web-2']);
  is('held', held([a, b, d], [d, c, b]).map(({ name }) => name), ['db', 'web-2', 'web-10']);
  is('services', services(all), [['', 1], ['db', 1], ['web', 2]]);
}

function scale({ ticks, timeTicks, path, nearest, largest, timesOf }) {
  is('decimal', ticks(87), [0, 50, 100]);
  is('decimal, exact', ticks(100), [0, 50, 100]);
  is('small', ticks(0.3).length >= 3 && ticks(0.3).at(-1) >= 0.3, true);
  is('nothing', ticks(0), [0, 0.5, 1]);
  is('binary', ticks(3 * 2 ** 20, 1024), [0, 1, 2, 3].map((at) => at * 2 ** 20));
  is('binary, a byte', ticks(1, 1024), [0, 1]);
  is('no number', ticks(NaN), [0, 0.5, 1]);
  for (const most of [1e-9, 0.1, 7, 99.9, 1e3, 123456, 1e12]) {
    for (const base of [1000, 1024]) {
      const all = ticks(most, base);
      is(`ticks of ${most}`, all.length >= 2 && all.length <= 6 && all.at(-1) >= most && all[0] === 0, true);
    }
  }
  is('round times', timeTicks(90_000, 200_000, 60_000, 0), [120_000, 180_000]);
  is('hours of the reader', timeTicks(0, 4 * 3_600_000, 4 * 3_600_000, -90), [9_000_000]);
  const line = (times, values) => path(times, values, (x) => x, (y) => y, 2.5);
  is('a line', line([0, 1, 2], [5, 6, 7]), 'M0.0 5.0h0L1.0 6.0L2.0 7.0');
  is('null is a gap', line([0, 1, 2], [5, null, 7]), 'M0.0 5.0h0M2.0 7.0h0');
  is('a hole is a gap', line([0, 9], [5, 7]), 'M0.0 5.0h0M9.0 7.0h0');
  is('nothing', line([0, 1], [null, undefined]), '');
  is('zero is measured', line([0, 1], [0, 0]), 'M0.0 0.0h0L1.0 0.0');
  is('nearest', [-5, 0, 4, 5.1, 99].map((wanted) => nearest([0, 5, 10], wanted)), [0, 0, 1, 1, 2]);
  is('nearest of one', nearest([3], 99), 0);
  is('nearest of none', nearest([], 1), -1);
  is('largest', largest([[1, null, 3], [2]]), 3);
  is('largest of zeros', largest([[0]]), 0);
  is('largest of nothing', largest([[null], []]), null);
  is('times', timesOf({ from_ms: 10, step_ms: 5, cpu: [1, 2] }), [10, 15]);
}

function view({ inSight, heightBefore }) {
  const seen = (opened, top, bottom, count = 100) => inSight({ count, rowHeight: 10, opened, top, bottom });
  is('all of few', seen([], 0, 500, 3), { first: 0, last: 3, above: 0, below: 0 });
  is('none', seen([], 0, 500, 0), { first: 0, last: 0, above: 0, below: 0 });
  is('the middle', seen([], 400, 450), { first: 38, last: 48, above: 380, below: 520 });
  is('above the table', seen([], -500, -100), { first: 0, last: 3, above: 0, below: 970 });
  is('past the table', seen([], 2000, 2100), { first: 98, last: 100, above: 980, below: 0 });
  const open = [{ at: 10, height: 300 }];
  is('an open row above', seen(open, 700, 750), { first: 38, last: 48, above: 680, below: 520 });
  is('inside of an open row', seen(open, 200, 250), { first: 8, last: 13, above: 80, below: 870 });
  is('before', [10, 11].map((at) => heightBefore(at, 10, open)), [100, 410]);
  for (let top = 0; top < 1300; top += 7) {
    const { first, last, above, below } = seen([{ at: 3, height: 55 }, { at: 70, height: 99 }], top, top + 90);
    const shown = heightBefore(last, 10, [{ at: 3, height: 55 }, { at: 70, height: 99 }]) - above;
    is(`covers ${top}`, above <= top && (above + shown >= Math.min(top + 90, 1154)) && above + shown + below === 1154 && first < last, true);
  }
}

function words({ health, connection, announcement, nothing }) {
  const node = (change) => ({ source: 'ebpf', docker: 'connected', agent: { ticks_missed: 0, lost_updates: 0, missed_switches: 0 }, ...change });
  const levels = (change) => health(node(change)).map(({ level }) => level);
  is('all is well', levels({}), ['good', 'good', 'good']);
  const fallen = health(node({ source: 'docker', source_reason: 'no BTF' }))[0];
  is('fallen back', [fallen.level, fallen.text.endsWith('Why: no BTF')], ['warn', true]);
  is('Docker away', levels({ docker: 'away' }), ['good', 'bad', 'good']);
  is('Docker never', levels({ docker: 'never_reached' }), ['good', 'bad', 'good']);
  is('not told', levels({ docker: undefined, agent: undefined }), ['good']);
  const lost = health(node({ agent: { ticks_missed: 1, lost_updates: 2, missed_switches: 0 } })).map(({ text }) => text);
  is('one tick', lost.some((text) => text.startsWith('One tick was missed')), true);
  is('of no kernel counter', health(node({ source: 'docker', agent: { ticks_missed: 0 } })).at(-1).text, 'No tick was missed.');
  is('no rows', [nothing(0, 'connected'), nothing(0, 'away')], ['No container is running.', 'No container is running.']);
  is('nothing known', nothing(0, 'never_reached'), 'Docker has not answered yet: no container is known.');
  is('all left out', nothing(3, 'connected'), 'No container fits the filter.');
  is('two updates', lost.some((text) => text.startsWith('2 updates could not be counted')), true);
  is('live', connection({ kind: 'live' }), { level: 'good', label: 'live', text: '' });
  is('gone', connection({ kind: 'away' }).level, 'bad');
  const said = (before, now) => announcement({ kind: before }, { kind: now }) !== '';
  is('changes are said', [said('live', 'away'), said('away', 'live'), said('starting', 'live'), said('live', 'token')], [true, true, true, true]);
  is('the rest is not', [said('live', 'live'), said('live', 'paused'), said('paused', 'live')], [false, false, false]);
}

function store({ Store, Seen, SEEN, nodeFigures }) {
  const seen = new Seen();
  for (let at = 0; at < SEEN + 5; at += 1) seen.push(at, at * 2);
  const all = Array.from({ length: seen.length }, (_, at) => seen.values[seen.index(at)]);
  is('the oldest make room', [seen.length, all[0], all.at(-1)], [SEEN, 10, (SEEN + 4) * 2]);
  const reply = (seq, run, containers) => ({ seq, run, sampled_at_ms: seq * 1000, interval_ms: 1000, node: {}, containers });
  const known = { id: 'a', name: 'n', service: 's', image: 'i', cpu: 0, memory: 1, net: { rx: 2, tx: 3 } };
  const it = new Store();
  is('new', it.take(reply(7, 'x', [known, { id: 'b', name: 'm', service: 's', image: 'i', error: 'data not ready' }])), true);
  const [a, b] = it.rows;
  is('figures', [a.cpu, a.memory, a.rx, a.tx], [0, 1, 2, 3]);
  is('no figures', [b.cpu, b.memory, b.rx, b.tx, b.error, b.seen.length], [null, null, null, null, 'data not ready', 0]);
  is('the same again', [it.take(reply(7, 'x', [known])), a.seen.length], [false, 1]);
  is('a restart is new', [it.take(reply(7, 'y', [known])), a.seen.length, it.rows[0] === a], [true, 2, true]);
  it.take(reply(8, 'y', [{ id: 'a', name: 'n', service: 's', image: 'i', cpu: 1 }]));
  is('a figure that is not measured any more', [it.rows[0].memory, it.rows[0].rx], [null, null]);
  is('gone', it.row('b'), undefined);
  is('node', nodeFigures({ cpus: { cpu0: 1, cpu1: 2 }, memory: 10, free_memory: 4 }), { cpu: 3, cpus: 2, memory: 6144, total_memory: 10240, rx: null, tx: null });
  is('node without', nodeFigures({}), { cpu: null, cpus: null, memory: null, total_memory: null, rx: null, tx: null });
  const network = { eth0: { rx: 1, tx: 2 }, eth1: { rx: 3, tx: 4 }, docker0: { rx: 5, tx: 6 } };
  const uplinks = nodeFigures({ network, uplinks: ['eth0', 'eth1', 'gone'] });
  is('network of uplinks', [uplinks.rx, uplinks.tx], [4, 6]);
  is('no uplink', nodeFigures({ network, uplinks: [] }).rx, null);
}

function rests({ pause_ms }) {
  is('longer and longer', [1, 2, 3, 4, 5, 6, 99].map((failures) => pause_ms(failures, 0.5)), [500, 1000, 2000, 4000, 8000, 10000, 10000]);
  is('with some chance', [pause_ms(1, 0), pause_ms(1, 1)], [375, 625]);
}

function past({ dataOf }) {
  const data = dataOf({ from_ms: 1000, step_ms: 1000, cpu: [1, null], memory: [2, 3], rx: [4, 5] }, 300_000);
  is('the last point is the edge', [data.from_ms, data.to_ms, data.times], [-298_000, 2000, [1000, 2000]]);
  is('gaps stay', [data.cpu, data.tx], [[1, null], [null, null]]);
  is('no points', dataOf({ from_ms: 5, step_ms: 1, cpu: [], memory: [], rx: [], tx: [] }, 10).times, []);
}

function calls({ operations, missing, address, headers, shellLine, readable, LONGEST }) {
  const all = operations({
    paths: {
      '/thing/{id}': {
        delete: {
          summary: 'Delete it',
          parameters: [
            { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
            { name: 'window', in: 'query', schema: { $ref: '#/components/schemas/Window' } },
            { name: 'X-Request-Id', in: 'header', schema: { type: 'string' } },
            { name: 'Accept-Encoding', in: 'header', schema: { type: 'string' } },
          ],
          responses: { 204: { description: 'gone' }, 404: { $ref: '#/components/responses/None' } },
        },
      },
      '/things': { post: { requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/New' } } } } } },
    },
    components: {
      schemas: {
        Window: { enum: ['5m', '1h'] },
        New: { required: ['image', 'count'], properties: { image: { type: 'string' }, count: { type: 'integer' }, port: { type: 'integer' } } },
      },
      responses: { None: { description: 'no such thing' } },
    },
  });
  const [doomed, made] = all;
  is('in their order', all.map(({ method, path }) => `${method} ${path}`), ['DELETE /thing/{id}', 'POST /things']);
  is('what the browser sets itself is left out', doomed.parameters.map(({ name }) => name), ['id', 'window', 'X-Request-Id']);
  is('choices are found', doomed.parameters[1].choices, ['5m', '1h']);
  is('replies are found', doomed.replies, [{ status: '204', description: 'gone' }, { status: '404', description: 'no such thing' }]);
  is('no body', doomed.body, null);
  is('a body has what it must have', JSON.parse(made.body), { image: '', count: 0 });
  is('lacking', [missing(doomed, {}), missing(doomed, { id: '' }), missing(doomed, { id: 'x' })], [['id'], ['id'], []]);
  is('a path is written so that it stays one', address(doomed, { id: '../a b?c', window: '' }), '/thing/..%2Fa%20b%3Fc');
  is('a query', address(doomed, { id: 'x', window: '1h&a' }), '/thing/x?window=1h%26a');
  is('headers', [headers(doomed, { 'X-Request-Id': 'r' }, null), headers(made, {}, '{}')], [{ 'X-Request-Id': 'r' }, { 'Content-Type': 'application/json' }]);
  is('curl', shellLine('http:' + '//h:1', doomed, { id: 'x', window: '1h' }, null, true), 'curl -X DELETE -H "Authorization: Bearer $TOKEN" \'http:' + '//h:1/thing/x?window=1h\'');
  is('curl keeps quotes', shellLine('', made, {}, "it's", false), "curl -X POST -H 'Content-Type: application/json' -d 'it'\\''s' /things");
  is('JSON', readable('{"a":1}', 'application/json'), '{\n  "a": 1\n}');
  is('broken JSON', readable('{"a":', 'application/json'), '{"a":');
  is('text', readable('{"a":1}', 'text/plain'), '{"a":1}');
  is('long', readable('x'.repeat(LONGEST + 5), null).endsWith('\n… 5 characters more'), true);
}

const tests = { format: numbersAndTimes, operations: calls, order, scale, view, words, store, live: rests, history: past };
Promise.all(names.map((name) => import(`/page/${name}.js`)))
  .then((modules) => names.forEach((name, at) => tests[name](modules[at])))
  .catch((error) => failures.push(String(error.stack ?? error)))
  .then(() => done({ compared, failures }));
