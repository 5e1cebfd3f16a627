import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as draw from '../../lineage_graph/service/static/edges.js';
import { boxOf, mermaid, svg } from '../../lineage_graph/service/static/picture.js';
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
