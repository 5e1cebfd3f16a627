import assert from 'node:assert/strict';
import { test } from 'node:test';
import { layout } from '../../lineage_graph/service/static/layout.js';
import { lineage } from './made.mjs';

const graphs = [1, 2, 3, 4].map(seed => lineage(120 * seed, 8 + seed, seed));

test('edges run left to right', () => {
  for (const { cards, edges } of graphs) {
    const found = layout(cards, edges);
    for (const { source, target } of edges) assert.ok(found.cards[source].x < found.cards[target].x);
  }
});

test('cards never overlap, and lines have a lane of their own between them', () => {
  for (const { cards, edges } of graphs) {
    const found = layout(cards, edges), columns = new Map();
    for (const place of [...Object.values(found.cards), ...Object.values(found.bends).flat()])
      columns.set(place.x, [...(columns.get(place.x) ?? []), place.y]);
    for (const ys of columns.values()) {
      ys.sort((a, b) => a - b);
      for (let i = 1; i < ys.length; i++) assert.ok(ys[i] - ys[i - 1] >= 56 - 1e-6, `${ys[i - 1]} and ${ys[i]}`);
    }
  }
});

test('a line has a bend in each layer that it crosses', () => {
  for (const { cards, edges } of graphs) {
    const found = layout(cards, edges);
    for (const { id, source, target } of edges)
      assert.equal(found.bends[id].length, (found.cards[target].x - found.cards[source].x) / 250 - 1);
  }
});

test('a circle is refused: the service marks what closes one', () => {
  const cards = ['a', 'b'].map(id => ({ id }));
  assert.throws(() => layout(cards, [{ id: '1', source: 'a', target: 'b' }, { id: '2', source: 'b', target: 'a' }]), /cycle/);
});

test('nothing, and cards alone', () => {
  assert.deepEqual(layout([], []), { cards: {}, bends: {} });
  const found = layout([{ id: 'a' }, { id: 'b' }], []);
  assert.notEqual(found.cards.a.y, found.cards.b.y);
});

test('the same input is the same picture', () => {
  for (const { cards, edges } of graphs) assert.deepEqual(layout(cards, edges), layout(structuredClone(cards), structuredClone(edges)));
});

test('what comes later moves nothing that is there, and overlaps nothing', () => {
  for (const { cards, edges } of graphs) {
    const old = new Set(cards.filter(({ id }) => Number(id.slice(1).split('-')[0]) < 6).map(({ id }) => id));
    const first = layout(cards.filter(({ id }) => old.has(id)), edges.filter(e => old.has(e.source) && old.has(e.target)));
    const then = layout(cards, edges, { before: first.cards });
    const there = [...old].filter(id => then.cards[id].x === first.cards[id].x);
    for (const id of there) assert.equal(then.cards[id].y, first.cards[id].y);
    assert.ok(there.length >= 0.9 * old.size, `${there.length} of ${old.size}`);
    const places = Object.values(then.cards);
    places.forEach((a, i) => places.slice(i + 1).forEach(b => assert.ok(a.x !== b.x || Math.abs(a.y - b.y) >= 55.9)));
  }
});

test('four times the cards cost less than ten times as much', () => {
  const took = size => {
    const { cards, edges } = lineage(size, size === 500 ? 16 : 24, 7);
    // The processor's time, which does not grow when others are busy too.
    return Math.min(...[1, 2, 3, 4, 5].map(() => { const start = process.cpuUsage(); layout(cards, edges); return process.cpuUsage(start).user; }));
  };
  took(500);
  const ratio = took(2000) / took(500);
  assert.ok(ratio < 10, `${ratio}`);
});
