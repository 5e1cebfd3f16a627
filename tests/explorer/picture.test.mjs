import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as draw from '../../lineage_graph/service/static/edges.js';
import { boxOf, face, mermaid, svg } from '../../lineage_graph/service/static/picture.js';
import { initial, next } from '../../lineage_graph/service/static/state.js';
import * as words from '../../lineage_graph/service/static/words.js';
import { view } from './made.mjs';

function drawn(change = lineage => lineage) {
  const lineage = change(view([['a', 'version', 0], ['r', 'run', 1], ['b', 'version', 2]], [['a', 'r'], ['r', 'b']]));
  const positions = { a: { x: 0, y: 0 }, r: { x: 270, y: 0 }, b: { x: 540, y: 56 } };
  return [{ type: 'navigate', hash: '#/lineage/zoo/a:v1' }, { type: 'loaded', what: 'lineage', value: lineage }, { type: 'placed', positions }].reduce(next, initial());
}

test('the box is around all cards', () => assert.deepEqual(boxOf(drawn()), { x: 0, y: 0, width: 720, height: 100 }));

test('every card and every edge is in the file, in each theme', () => {
  for (const theme of ['light', 'dark', 'print']) {
    const text = svg(drawn(), { theme, draw, words });
    assert.equal(text.match(/<g transform/g).length, 3);
    assert.equal(text.match(/marker-end/g).length, 2);
    assert.ok(text.startsWith('<svg xmlns=') && text.includes('a:v1'));
  }
});

test('a name is text, whatever is in it', () => {
  const nasty = '<img src=x onerror="alert(1)">&\u0000';
  const state = drawn(lineage => ({ ...lineage, cards: lineage.cards.map(card => ({ ...card, label: nasty, name: nasty, type: nasty })) }));
  const text = svg(state, { theme: 'light', draw, words });
  assert.ok(!text.includes('<img') && !text.includes('\u0000'));
  assert.ok(!/[<>](?!br)/.test(mermaid(state, { words }).replaceAll('-->', '').replaceAll('-.->', '')));
});

test('what closes a circle is dashed', () => {
  const state = drawn(lineage => ({ ...lineage, edges: [...lineage.edges, { source: 'b', target: 'a', count: 1, back: true, via: false }] }));
  assert.equal(svg(state, { theme: 'light', draw, words }).match(/stroke-dasharray/g).length, 1);
  assert.ok(mermaid(state, { words }).includes('n2 -.-> n0'));
});

test('a line goes through its bends, level where it passes between cards', () => {
  assert.equal(draw.curve({ x: 0, y: 0 }, { x: 270, y: 0 }), 'M180 22C221 22 221 22 262 22');
  const way = draw.curve({ x: 0, y: 0 }, { x: 540, y: 0 }, [{ x: 270, y: 56 }]);
  assert.ok(way.includes('270 78H450'), way);
});

test('what closes a circle goes back through its own lane, and never below a card', () => {
  const [right, left] = [{ x: 540, y: 0 }, { x: 0, y: 0 }];
  const points = way => way.match(/-?[\d.]+/g).map(Number);
  const way = points(draw.backCurve(right, left, [{ x: 270, y: 56 }]));
  assert.deepEqual(way.slice(0, 2), [540, 35]);
  assert.deepEqual(way.slice(-2), [188, 35]);
  assert.ok(draw.backCurve(right, left, [{ x: 270, y: 56 }]).includes('450 78H270'));
  assert.ok(points(draw.backCurve(left, left)).every(Number.isFinite));
});

test('a card keeps the end of its name; a group says how many, of what, and how they ended', () => {
  const { lineage } = drawn().data, [version] = lineage.cards;
  const long = face({ ...version, label: 'a-classifier-with-a-long-name:v12' }, words);
  assert.deepEqual([long.name, long.tail], ['a-classifier-with-a-long-name', ':v12']);
  assert.deepEqual(face({ ...version, label: 'short:v1' }, words), { top: 'model', name: 'short:v1', tail: '' });
  const group = { ...version, name: null, label: null, count: 62, group: 'g:1', artifact: 'zoo/classifier', samples: ['classifier:v1'] };
  assert.deepEqual(face(group, words), { top: 'model · classifier', name: '62 versions', tail: '' });
  assert.equal(face({ ...group, artifact: null }, words).name, '62 models');
  const runs = face({ ...group, artifact: null, kind: 'run', type: 'train', states: { finished: 58, failed: 4 } }, words);
  assert.deepEqual([runs.top, runs.name], ['58 finished, 4 failed', '62 train runs']);
});

test('how a run ended is a shape, not only a colour', () => {
  const state = drawn(lineage => ({ ...lineage, cards: lineage.cards.map(card => (card.kind === 'run' ? { ...card, state: 'failed' } : card)) }));
  assert.ok(svg(state, { theme: 'light', draw, words }).includes('l5 5m0 -5l-5 5'));
});

test('thicker for more, and never a wall', () => {
  assert.ok(draw.thickness(1) < draw.thickness(62) && draw.thickness(62) < draw.thickness(10_000));
  assert.equal(draw.thickness(10 ** 9), 6);
});

test('the lanes of edges are in the box, as they are on the picture', () => {
  const state = next(drawn(), { type: 'placed', positions: drawn().positions, bends: { 'a r': [{ x: 270, y: -112 }] } });
  assert.deepEqual(boxOf(state), { x: 0, y: -112, width: 720, height: 212 });
  assert.deepEqual(boxOf(state, new Set(['a'])), { x: 0, y: 0, width: 180, height: 44 });
});
