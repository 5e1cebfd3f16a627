import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { address, api, membersOf, problemOf, viewParams } from '../../lineage_graph/service/static/api.js';
import { VIEW } from '../../lineage_graph/service/static/state.js';

const real = globalThis.fetch;
afterEach(() => { globalThis.fetch = real; });
const answers = (body, status = 200, headers = {}) => { globalThis.fetch = async url => { asked.push(url); return new Response(body, { status, headers }); }; };
const asked = [];

test('an address repeats lists and leaves out what is not said', () => {
  assert.equal(address('lineage', { home: 'zoo/a:v1', up: null, type: ['model', ''], out: [], depth: 0, search: '' }), '/api/lineage?home=zoo%2Fa%3Av1&type=model&type=&depth=0');
  assert.equal(address('me'), '/api/me');
});

test('a view asks only for what is not the default', () => {
  assert.equal(address('lineage', viewParams({ ...VIEW, home: 'zoo/a:v1' })), '/api/lineage?home=zoo%2Fa%3Av1');
  const other = { ...VIEW, home: 'h', up: 0, down: 'all', scope: 'full', types: ['model'], jobTypes: [''], out: ['a'], hide: ['b'], more: ['c<', 'c<'], asOf: '2026-11-03T12:00:00Z' };
  assert.equal(address('lineage', viewParams(other)), '/api/lineage?home=h&up=0&down=all&scope=full&type=model&job_type=&out=a&hide=b&more=c%3C&more=c%3C&as_of=2026-11-03T12%3A00%3A00Z');
});

test('members are one list, runs first, with names in full', () => {
  const page = membersOf({ count: 9, found: 2, runs: [{ id: 'x', project: 'zoo', name: 'train' }], versions: [{ name: 'zoo/m:v1' }], truncated: { cursor: '50' } });
  assert.deepEqual(page.items.map(one => [one.kind, one.name, one.label]), [['run', 'zoo/runs/x', 'train'], ['version', 'zoo/m:v1', 'm:v1']]);
  assert.deepEqual([page.count, page.found, page.cursor], [9, 2, '50']);
});

test('a problem is thrown in the words of the service, with its request id', async () => {
  answers('{"title":"Not Found","detail":"no run is called x","request_id":"r1"}', 404);
  await assert.rejects(api.card('x'), { status: 404, title: 'Not Found', detail: 'no run is called x', request_id: 'r1' });
  answers('<html>', 502, { 'X-Request-ID': 'r2' });
  await assert.rejects(api.me(), { status: 502, title: '', detail: '', request_id: 'r2' });
  assert.deepEqual(problemOf(500, null), { status: 500, title: '', detail: '', request_id: null });
});

test('no answer at all is status 0, an aborted question stays one', async () => {
  globalThis.fetch = async () => { throw new TypeError('failed'); };
  await assert.rejects(api.projects(), { status: 0 });
  globalThis.fetch = async () => { throw new DOMException('gone', 'AbortError'); };
  await assert.rejects(api.projects(), { name: 'AbortError' });
});

test('runs come in pages until one is not full', async () => {
  answers(JSON.stringify(Array(50).fill({})));
  assert.equal((await api.runs('zoo', '100')).cursor, '150');
  assert.equal(asked.at(-1), '/api/runs?project=zoo&limit=50&after=100');
  answers('[{}]');
  assert.equal((await api.runs('zoo')).cursor, null);
});

test('where files are', () => {
  assert.equal(api.exportUrl('zoo/a:v1', 'upstream', 'csv', { asOf: null }), '/api/upstream?name=zoo%2Fa%3Av1&format=csv');
});
