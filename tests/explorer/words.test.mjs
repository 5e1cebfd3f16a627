import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as words from '../../lineage_graph/service/static/words.js';

test('numbers and plurals', () => {
  assert.equal(words.number(4000), '4,000');
  assert.equal(words.number(null), '');
  assert.equal(words.number(0), '0');
  assert.equal(words.counted(1, 'run'), '1 run');
  assert.equal(words.counted(62, 'model'), '62 models');
  assert.deepEqual(['class', 'entry', 'key', 'batch', 'box', 'run'].map(words.plural), ['classes', 'entries', 'keys', 'batches', 'boxes', 'runs']);
  assert.equal(words.list(['a', 'b', 'c']), 'a, b and c');
  assert.equal(words.list([]), '');
});

test('sizes', () => {
  assert.equal(words.size(null), '');
  assert.equal(words.size(1), '1 byte');
  assert.equal(words.size(999), '999 bytes');
  assert.equal(words.size(1200), '1.2 kB');
  assert.equal(words.size(999_960), '1.0 MB');
  assert.equal(words.size(5e18), '5000.0 PB');
});

test('durations change their unit where the next one begins', () => {
  const s = 1000, min = 60 * s, h = 60 * min, d = 24 * h;
  assert.equal(words.lasting(400), '0.4 s');
  assert.equal(words.lasting(59_949), '59.9 s');
  assert.equal(words.lasting(59_950), '1 min 0 s');
  assert.equal(words.lasting(3 * min + 20 * s), '3 min 20 s');
  assert.equal(words.lasting(2 * h + 5 * min), '2 h 5 min');
  assert.equal(words.lasting(3 * d + 4 * h), '3 d 4 h');
  assert.equal(words.lasting(-5), '0.0 s');
  assert.equal(words.took('2026-01-01T00:00:00Z', '2026-01-01T00:00:02Z'), '2.0 s');
  assert.equal(words.took('2026-01-01T00:00:00Z', null), '');
  assert.equal(words.took('2026-01-01T00:00:00Z', null, Date.parse('2026-01-01T01:00:00Z')), '1 h 0 min');
});

test('times are in UTC, also in an input', () => {
  assert.equal(words.moment('2026-11-03T12:00:00Z'), '3 Nov 2026, 12:00 UTC');
  assert.equal(words.moment('2026-11-03T01:30:00+02:00'), '2 Nov 2026, 23:30 UTC');
  assert.equal(words.moment('nonsense'), 'nonsense');
  assert.equal(words.fromInput('2026-11-03T12:00'), '2026-11-03T12:00:00Z');
  assert.equal(words.fromInput('2026-11-03T12:00:30'), '2026-11-03T12:00:30Z');
  assert.equal(words.fromInput(''), null);
  assert.equal(words.fromInput('soon'), null);
  assert.equal(words.toInput(words.fromInput('2026-11-03T12:00')), '2026-11-03T12:00:00');
  assert.equal(words.toInput('2026-11-03T12:00:30.123Z'), '2026-11-03T12:00:30');
  const now = Date.parse('2026-11-03T12:00:00Z');
  assert.deepEqual(['2026-11-03T11:59:30Z', '2026-11-03T11:59:00Z', '2026-11-03T10:00:00Z', '2026-11-02T11:00:00Z', '2026-10-01T00:00:00Z'].map(at => words.ago(at, now)),
    ['just now', '1 minute ago', '2 hours ago', 'yesterday', '1 Oct 2026']);
});

test('names in parts', () => {
  assert.deepEqual(words.parts('team/zoo/photos:v3'), { kind: 'version', project: 'team/zoo', artifact: 'team/zoo/photos', label: 'photos:v3', version: 'v3' });
  assert.deepEqual(words.parts('zoo/runs/ab12'), { kind: 'run', project: 'zoo', artifact: null, label: 'ab12', version: null });
  assert.equal(words.parts('zoo/photos').artifact, 'zoo/photos');
  assert.equal(words.parts(null).label, '');
  assert.equal(words.short('sha256:0123456789abcdef'), '0123456789ab');
});

test('a card is of the name it was asked by', () => {
  const card = { kind: 'version', name: 'zoo/photos:v3' };
  assert.ok(words.isOf(card, 'zoo/photos:v3'));
  assert.ok(words.isOf(card, 'zoo/photos:latest') && words.isOf(card, 'zoo/photos'));
  assert.ok(!words.isOf(card, 'zoo/photos:v2') && !words.isOf(card, 'zoo/others') && !words.isOf(null, 'zoo/photos'));
});

const card = more => ({ kind: 'version', type: 'model', label: 'm:v0', count: 1, aliases: [], states: {}, state: null, group: null, artifact: null, loop: null, more: { up: 0, down: 0 }, ...more });

test('cards and groups', () => {
  const group = more => card({ label: null, count: 62, group: 'g:1', ...more });
  assert.equal(words.labelOf(card()), 'm:v0');
  assert.equal(words.labelOf(group()), '62 models');
  assert.equal(words.labelOf(group({ type: null })), '62 versions');
  assert.equal(words.labelOf(group({ artifact: 'zoo/classifier', count: 4000 })), '4,000 versions of classifier');
  assert.equal(words.labelOf(group({ kind: 'run', type: 'train' })), '62 train runs');
  assert.equal(words.labelOf(group({ kind: 'mixed', type: null })), '62 runs and versions');
  assert.equal(words.statesOf({ failed: 2, finished: 60 }), '60 finished, 2 failed');
});

test('what a screen reader says of a card', () => {
  assert.equal(words.spoken(card({ aliases: ['best'], more: { up: 0, down: 12 } }), true), 'home, model version m:v0, alias best, 12 more downstream');
  assert.equal(words.spoken(card({ kind: 'run', type: 'train', label: 'r', state: 'failed', loop: 0 })), 'train run r, failed, in a circle');
  assert.equal(words.spoken(card({ kind: 'run', type: 'train', count: 5, group: 'g:1', label: null, states: { finished: 5 }, more: { up: null, down: null } })), '5 train runs, 5 finished');
});

test('nothing is left out silently', () => {
  const view = { cards: [card(), card({ group: 'g:1' }), card({ group: 'g:2' })], omitted: [
    { reason: 'filtered', count: 212 }, { reason: 'hidden', count: 3 }, { reason: 'grouped', count: 4000 }, { reason: 'beyond', count: 7, at_least: true }, { reason: 'new', count: 1 }] };
  assert.equal(words.omitted(view), '212 filtered out, 3 hidden, 4,000 in 2 groups, at least 7 beyond the depth shown, 1 new');
  assert.equal(words.omitted({ cards: [], omitted: [{ reason: 'hidden', count: 0 }] }), '');
  assert.equal(words.coarsened({ coarsened: ['neighbours', 'type'] }), 'To stay readable, groups no longer tell apart groups of equal neighbours and types.');
  assert.equal(words.coarsened({ coarsened: [] }), '');
  assert.match(words.cutShort({ reason: 'time', limit: 30, cursor: '4' }), /time ran out after 30 s/);
  assert.equal(words.cutShort(null), '');
});

test('what changed on the picture', () => {
  const view = (...ids) => ({ cards: ids.map(id => ({ id })) });
  assert.equal(words.changed(view('a'), view('a', 'b', 'c')), '2 cards added.');
  assert.equal(words.changed(view('a', 'b'), view('b', 'c')), '1 card added, 1 card gone.');
  assert.equal(words.changed(view('a'), view('a')), 'Nothing changed on the picture.');
});

test('problems say what, and what to do', () => {
  assert.deepEqual(words.problem({ status: 404, detail: 'no run is called x' }), { title: 'Not recorded', detail: 'No run is called x', advice: 'Look for it with the search, or go back.' });
  assert.equal(words.problem({ status: 503 }).title, 'Neo4j does not answer');
  assert.equal(words.problem({ status: 0 }).title, 'The service does not answer');
  assert.equal(words.problem({ status: 418, title: 'Teapot' }).title, 'Teapot');
});

test('a query as it pastes into Neo4j Browser', () => {
  assert.equal(words.cypher({ text: 'RETURN $a', parameters: { a: "it's\\\n", b: null, c: [1, 'x'], d: { 'k`': true } } }),
    ":param a => 'it\\'s\\\\\\n'\n:param b => null\n:param c => [1, 'x']\n:param d => {`k```: true}\nRETURN $a");
});

test('settings and files', () => {
  assert.deepEqual(words.leaves({ a: { b: 1, c: {} }, d: [1] }), [['a.b', 1], ['a.c', {}], ['d', [1]]]);
  assert.deepEqual(words.leaves(null), []);
  assert.equal(words.value(null), '–');
  assert.equal(words.value('<b>'), '<b>');
  assert.equal(words.value([1, 'x']), '[1,"x"]');
  const tree = words.tree([{ path: 'b/y', size: 2 }, { path: 'a', size: 1 }, { path: 'b/c/z', size: null }]);
  assert.equal(tree.count, 3);
  assert.equal(tree.size, 3);
  assert.deepEqual(tree.files.map(file => file.name), ['a']);
  assert.deepEqual([tree.folders[0].path, tree.folders[0].count, tree.folders[0].folders[0].path], ['b/', 2, 'b/c/']);
  assert.equal(words.tree([{ path: '__proto__/x', size: 1 }]).folders[0].name, '__proto__');
});
