import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VIEW, asked, effects, fromHash, initial, isStep, lineageHash, near, next, onPath, placeOf, projectHash, projectOf, toHash } from '../../lineage_graph/service/static/state.js';
import { towards } from '../../lineage_graph/service/static/keys.js';
import { view } from './made.mjs';

const at = (hash, ...events) => events.reduce(next, next(initial(), { type: 'navigate', hash }));
const loaded = value => ({ type: 'loaded', what: 'lineage', value });

test('an address and its view are one', () => {
  for (const hash of [
    '#/', '#/digits', '#/team/zoo', '#/lineage', '#/team/zoo?tab=runs', '#/lineage/zoo/photos:v3', '#/lineage/team/zoo/runs/train-1',
    '#/lineage/zoo/photos:v3?up=3&down=all&scope=full&type=model&type=&job=train&out=zoo%2Fa%3Av1&hide=g%3Aabc&more=zoo%2Fa%3Av1%3E&at=2026-01-05T08%3A00%3A00Z&path=zoo%2Fa%3Av1&path=zoo%2Fb%3Av2&vs=a&vs=b&sel=zoo%2Fruns%2Fx&tab=table',
    `#/lineage/${encodeURIComponent('zoo/<img onerror=x>&?#%:v1').replaceAll('%2F', '/').replaceAll('%3A', ':')}`,
  ]) {
    const { route, view } = fromHash(hash);
    assert.equal(toHash({ route, view }), hash);
    assert.deepEqual(fromHash(toHash({ route, view })), { route, view });
  }
});

test('what an address does not say, or says wrongly, is as if it were not there', () => {
  assert.deepEqual(fromHash('').route.page, 'projects');
  assert.deepEqual(fromHash('#/lineage/zoo/a:v1?up=-3&down=x&scope=none&path=only-one').view, { ...VIEW, home: 'zoo/a:v1' });
  assert.equal(fromHash('#/lineage/zoo/%E0%A4%A').view.home, 'zoo/%E0%A4%A');
});

test('links', () => {
  assert.equal(lineageHash('zoo/photos:v3'), '#/lineage/zoo/photos:v3');
  assert.equal(projectHash('team/zoo'), '#/team/zoo');
  assert.equal(projectOf('team/zoo/runs/x'), 'team/zoo');
  assert.equal(projectOf('zoo/photos:v3'), 'zoo');
});

test('taking out, hiding, expanding and filtering are in the address, and can be undone', () => {
  const s = at('#/lineage/zoo/a:v1', { type: 'takeOut', name: 'zoo/b:v1' }, { type: 'takeOut', name: 'zoo/b:v1' }, { type: 'hide', name: 'zoo/c:v1' },
    { type: 'expand', name: 'zoo/a:v1', direction: 'down' }, { type: 'expand', name: 'zoo/a:v1', direction: 'down' }, { type: 'filter', types: ['model'] });
  assert.deepEqual([s.view.out, s.view.hide, s.view.more, s.view.types], [['zoo/b:v1'], ['zoo/c:v1'], ['zoo/a:v1>', 'zoo/a:v1>'], ['model']]);
  const back = [{ type: 'putBack', name: 'zoo/b:v1' }, { type: 'unhide', name: 'zoo/c:v1' }, { type: 'collapse', name: 'zoo/a:v1', direction: 'down' }].reduce(next, s);
  assert.deepEqual([back.view.out, back.view.hide, back.view.more], [[], [], ['zoo/a:v1>']]);
});

test('Back undoes what the picture shows, and not what is chosen on it', () => {
  const s = at('#/lineage/zoo/a:v1');
  for (const [event, step] of [
    [{ type: 'takeOut', name: 'x/b:v1' }, true], [{ type: 'asOf', at: '2026-01-05T08:00:00Z' }, true], [{ type: 'home', name: 'zoo/b:v1' }, true],
    [{ type: 'select', name: 'zoo/b:v1' }, false], [{ type: 'tab', tab: 'table' }, false], [{ type: 'hover', id: 'x' }, false],
  ]) assert.equal(isStep(s, next(s, event)), step, event.type);
});

test('another home forgets where cards were; the same one keeps them', () => {
  const s = at('#/lineage/zoo/a:v1', loaded(view([['a', 'version', 0]], [])), { type: 'placed', positions: { a: { x: 0, y: 0 } } });
  assert.deepEqual(next(s, { type: 'navigate', hash: '#/lineage/zoo/b:v1' }).positions, {});
  assert.equal(next(s, { type: 'navigate', hash: '#/lineage/zoo/b:v1' }).data.lineage, null);
  const same = next(s, { type: 'navigate', hash: '#/lineage/zoo/a:v1?up=3' });
  assert.deepEqual([same.positions, same.warm, same.data.lineage !== null], [{ a: { x: 0, y: 0 } }, true, true]);
});

test('what has to be asked for follows from what changed', () => {
  const s = at('#/lineage/zoo/a:v1');
  const of = (before, after) => effects(before, after).map(one => one.what);
  assert.deepEqual(of(null, s), ['me', 'artifacts', 'lineage']);
  assert.deepEqual(of(s, next(s, { type: 'hover', id: 'x' })), []);
  assert.deepEqual(of(s, next(s, { type: 'select', name: 'zoo/b:v1' })), ['card']);
  assert.deepEqual(of(s, next(s, { type: 'hide', name: 'zoo/b:v1' })), ['lineage']);
  assert.deepEqual(of(s, next(s, { type: 'compare', name: 'zoo/b:v1' })), ['diff']);
  assert.deepEqual(of(s, next(s, { type: 'sidebar', tab: 'runs' })), ['runs']);
  assert.deepEqual(of(s, next(s, { type: 'asOf', at: '2026-01-05T08:00:00Z' })), ['lineage']);
  assert.deepEqual(of(s, next(s, { type: 'navigate', hash: '#/' })), ['projects']);
});

test('what is on a path is asked for as cards of its own, and known', () => {
  const lineage = view([['a', 'version', 0], ['r', 'run', 1], ['b', 'version', 2]], [['a', 'r'], ['r', 'b']]);
  const s = at('#/lineage/zoo/a:v1', loaded(lineage), { type: 'pathTo', name: 'zoo/b:v1' });
  assert.deepEqual(s.view.path, ['zoo/a:v1', 'zoo/b:v1']);
  assert.equal(onPath(s), null);
  const then = next(s, { type: 'loaded', what: 'paths', value: { runs: [{ project: 'zoo', id: 'r' }], versions: [{ name: 'zoo/b:v1' }] } });
  assert.deepEqual(asked(then).out, ['zoo/runs/r', 'zoo/b:v1']);
  assert.deepEqual([...onPath(then)], ['r', 'b']);
  assert.equal(onPath(next(then, { type: 'clearPath' })), null);
  assert.deepEqual([...near(lineage, 'r')].sort(), ['a', 'b', 'r']);
});

test('what fails is said, and what is there stays', () => {
  const s = at('#/lineage/zoo/a:v1', loaded(view([['a', 'version', 0]], [])), { type: 'failed', what: 'lineage', problem: { status: 503, title: 'x', detail: 'y' } });
  assert.ok(s.ui.offline && s.ui.problem && s.data.lineage);
  const well = next(s, loaded(s.data.lineage));
  assert.ok(!well.ui.offline && !well.ui.problem);
  assert.ok(at('#/', { type: 'failed', what: 'me', problem: { status: 401 } }).ui.loginOpen);
});

test('a run is compared with a run, a version with a version', () => {
  const s = at('#/lineage/zoo/a:v1');
  assert.equal(next(s, { type: 'compare', name: 'zoo/runs/x' }).view.compare, null);
  assert.match(next(s, { type: 'compare', name: 'zoo/runs/x' }).ui.message, /with a run/);
  assert.deepEqual(next(s, { type: 'compare', name: 'zoo/b:v1' }).view.compare, ['zoo/a:v1', 'zoo/b:v1']);
});

test('an event that nothing knows is a mistake', () => assert.throws(() => next(initial(), { type: 'nonsense' }), /nonsense/));

test('no event changes the state before it', () => {
  const freeze = value => { if (value && typeof value === 'object') { Object.values(value).forEach(freeze); Object.freeze(value); } return value; };
  let s = freeze(at('#/lineage/zoo/a:v1', loaded(view([['a', 'version', 0]], []))));
  for (const event of [
    { type: 'takeOut', name: 'b' }, { type: 'hide', group: 'g:1' }, { type: 'openCluster', group: 'g:1' }, { type: 'clusterPage', items: [] }, { type: 'dragged', id: 'a', x: 1, y: 2 },
    { type: 'placed', positions: {} }, { type: 'tidy' }, { type: 'unpin' }, { type: 'theme', theme: 'dark' }, { type: 'depth', up: 3 }, { type: 'scope', scope: 'full' },
    { type: 'clearFilters' }, { type: 'closePanel' }, { type: 'clearCompare' }, { type: 'help', open: true }, { type: 'login', open: true }, { type: 'offline', offline: true },
    { type: 'loaded', what: 'versions', key: 'zoo/a', value: [] }, { type: 'loading', what: 'card' }, { type: 'panel', panel: 'hidden' }, { type: 'message', text: 'x' },
  ]) s = freeze(next(s, event));
});

test('what is asked meanwhile does not hide that the lineage is waited for', () => {
  const s = at('#/lineage/zoo/a:v1', { type: 'loading', what: 'lineage' }, { type: 'loading', what: 'card' });
  assert.equal(s.ui.loading, 'lineage');
  assert.equal(next(s, { type: 'loaded', what: 'card', value: {} }).ui.loading, 'lineage');
  assert.equal(next(s, loaded(view([['a', 'version', 0]], []))).ui.loading, null);
});

test('the side that is opened in a narrow window closes where it leads', () => {
  const s = at('#/zoo', { type: 'side', open: true });
  assert.ok(s.ui.sideOpen);
  assert.ok(!next(s, { type: 'navigate', hash: '#/lineage/zoo/a:v1' }).ui.sideOpen);
});

test('arrows lead along edges first, and else to what is nearest that way', () => {
  const lineage = view([['a', 'version', 0], ['r', 'run', 1], ['q', 'run', 1], ['b', 'version', 2]], [['a', 'q'], ['q', 'b'], ['r', 'b']]);
  const positions = { a: { x: 0, y: 0 }, r: { x: 270, y: 0 }, q: { x: 270, y: 112 }, b: { x: 540, y: 0 } };
  const s = at('#/lineage/zoo/a:v1', loaded(lineage), { type: 'placed', positions });
  assert.deepEqual(['ArrowRight', 'ArrowLeft', 'ArrowUp'].map(key => towards(key, 'a', s)), ['q', null, null]);
  assert.deepEqual(['ArrowDown', 'ArrowLeft', 'ArrowRight'].map(key => towards(key, 'r', s)), ['q', 'a', 'b']);
  assert.equal(towards('ArrowLeft', 'b', s), 'r');
  assert.equal(towards('ArrowUp', 'q', s), 'r');
});

test('a card that is dragged stays there until all are arranged anew', () => {
  const s = at('#/lineage/zoo/a:v1', loaded(view([['a', 'version', 0]], [])), { type: 'placed', positions: { a: { x: 0, y: 0 } } }, { type: 'dragged', id: 'a', x: 7, y: 9 });
  assert.deepEqual(placeOf(s, 'a'), { x: 7, y: 9 });
  assert.deepEqual(placeOf(next(s, { type: 'placed', positions: { a: { x: 1, y: 1 } } }), 'a'), { x: 7, y: 9 });
  assert.deepEqual([placeOf(next(s, { type: 'tidy' }), 'a'), next(s, { type: 'tidy' }).warm], [{ x: 0, y: 0 }, false]);
});
