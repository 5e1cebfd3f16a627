// Wires the rooms: the only file that knows all others. State → rooms; events → state; what is missing → requests.
import * as banner from './banner.js';
import * as cardRoom from './cards.js';
import * as clusterRoom from './cluster.js';
import * as compare from './compare.js';
import * as crumbs from './crumbs.js';
import * as edgeRoom from './edges.js';
import * as filters from './filters.js';
import * as help from './help.js';
import * as hidden from './hidden.js';
import * as login from './login.js';
import * as menu from './menu.js';
import * as panel from './panel.js';
import * as projects from './projects.js';
import * as search from './search.js';
import * as sidebar from './sidebar.js';
import * as table from './table.js';
import * as time from './time.js';
import * as words from './words.js';
import { api } from './api.js';
import { keys } from './keys.js';
import { looking } from './looking.js';
import { effects, fromHash, initial, isStep, next, placeOf, toHash } from './state.js';

const RETRY = [1000, 2000, 4000, 8000, 15000];
const $ = selector => document.querySelector(selector);
const stage = $('#stage'), note = stage.querySelector('.note'), skeleton = stage.querySelector('.skeleton'), side = $('#side');

let state = initial();
let queued = false, tries = 0, retry = 0;
const asking = new Map(); // what → {controller, effect}
const ctx = { dispatch, api, words, again, get state() { return state; } };
const look = looking(stage, ctx);

// ── from event to event ──

function dispatch(event) {
  const before = state;
  state = next(before, event);
  if (state === before) return;
  const address = toHash(state);
  if (event.type !== 'navigate' && address !== toHash(before)) {
    history[isStep(before, state) ? 'pushState' : 'replaceState'](null, '', address);
  }
  effects(before, state).forEach(ask);
  if (event.type === 'expand') anchor = { id: state.data.lineage?.cards.find(card => card.name === event.name)?.id, direction: event.direction };
  if (event.type === 'tidy' || event.type === 'loaded' && event.what === 'lineage') arrange(before);
  if (event.type === 'help' || event.type === 'login' || event.type === 'theme') paint();
  else if (!queued) { queued = true; requestAnimationFrame(paint); }
}

const REQUESTS = {
  me: (_, signal) => api.me(signal),
  projects: (_, signal) => api.projects(signal),
  artifacts: ({ project }, signal) => api.artifacts(project, signal),
  runs: ({ project }, signal) => api.runs(project, null, signal),
  lineage: ({ view }, signal) => api.lineage(view, signal),
  card: ({ name, asOf }, signal) => api.card(name, asOf, signal),
  paths: ({ a, b, asOf }, signal) => api.path(a, b, asOf, signal),
  diff: ({ a, b }, signal) => api.diff(a, b, signal),
};

/** Asks for something; a newer question of the same kind ends an older one. */
async function ask(effect) {
  const { what } = effect;
  asking.get(what)?.controller.abort();
  const controller = new AbortController();
  asking.set(what, { controller, effect });
  if (what !== 'me') dispatch({ type: 'loading', what });
  try {
    const value = await REQUESTS[what](effect, controller.signal);
    if (controller.signal.aborted) return;
    asking.delete(what);
    tries = 0;
    dispatch({ type: 'loaded', what, value });
  } catch (problem) {
    if (controller.signal.aborted || problem.name === 'AbortError') return;
    dispatch({ type: 'failed', what, problem: { title: problem.title, detail: problem.detail ?? problem.message, status: problem.status ?? 0, request_id: problem.request_id } });
    if ([0, 503].includes(problem.status ?? 0)) later();
    else if ([403, 404, 422].includes(problem.status)) asking.delete(what); // asking again would not help
  }
}

/** Asks once more for all that could not be had, after a while; what is on the page stays. */
function later() {
  clearTimeout(retry);
  retry = setTimeout(again, RETRY[Math.min(tries++, RETRY.length - 1)]);
}
function again() {
  clearTimeout(retry);
  for (const { effect } of [...asking.values()]) ask(effect);
}

// ── where cards stand ──

const worker = new Worker(new URL('./layout.worker.js', import.meta.url), { type: 'module' });
let arranged = 0, counting = null;
let anchor = null; // the card whose expansion was asked for: it stays under the pointer
worker.onmessage = ({ data }) => {
  if (data.id !== arranged || !state.data.lineage) return;
  if (data.error) { dispatch({ type: 'message', text: `The picture could not be drawn: ${data.error}.` }); return; }
  const { lineage } = state.data, home = lineage.home;
  // Home stays where it was, so that nothing on screen moves when a level comes before it.
  const old = state.positions[home], dx = old ? old.x - data.cards[home].x : 0, dy = old ? old.y - data.cards[home].y : 0;
  const moved = ({ x, y }) => ({ x: x + dx, y: y + dy });
  const positions = Object.fromEntries(Object.entries(data.cards).map(([id, at]) => [id, moved(at)]));
  const bends = Object.fromEntries(Object.entries(data.bends).map(([id, some]) => [id, some.map(moved)]));
  const stood = anchor && placeOf(state, anchor.id);
  if (!old) look.anew();
  dispatch({ type: 'placed', positions, bends });
  if (counting) dispatch({ type: 'message', text: counting });
  if (stood && positions[anchor.id]) look.moveBy((stood.x - positions[anchor.id].x) * look.scale, (stood.y - positions[anchor.id].y) * look.scale);
  anchor = null;
  paint();
  look.begin();
  performance.mark('drawn');
};

function arrange(before) {
  const { lineage } = state.data;
  if (!lineage) return;
  const old = before.data.lineage?.home === lineage.home ? before.data.lineage : null;
  counting = !old ? words.picture(lineage) : old === lineage ? 'Arranged anew.' : anchor ? added(old, lineage) : words.changed(old, lineage);
  const shown = new Set(lineage.cards.map(card => card.id));
  const known = state.warm ? Object.fromEntries(Object.entries(state.positions).filter(([id]) => shown.has(id))) : {};
  const edges = back => lineage.edges.filter(edge => edge.back === back && edge.source !== edge.target);
  worker.postMessage({
    id: ++arranged,
    cards: lineage.cards.map(({ id }) => ({ id })),
    edges: edges(false).map(({ source, target }) => ({ id: `${source} ${target}`, source, target })),
    // What closes a circle has a lane like all others, from right to left.
    back: edges(true).map(({ source, target }) => ({ id: `${source} ${target}`, source: target, target: source })),
    options: { before: known },
  });
}

function added(old, lineage) {
  const there = new Set(old.cards.map(card => card.id)), count = lineage.cards.filter(card => !there.has(card.id)).length;
  return count ? `${words.counted(count, 'card')} added ${anchor.direction}stream.` : words.changed(old, lineage);
}

// ── painting ──

const cards = cardRoom.create(stage.querySelector('.levels'), ctx);
const edges = edgeRoom.create(stage.querySelector('.edges g'));
const rooms = [
  crumbs.create($('#crumbs'), ctx), projects.create($('#projects'), ctx),
  search.create($('#search'), ctx), time.create($('#time'), ctx), menu.create($('#menu'), ctx),
  sidebar.create($('#sidebar'), ctx), filters.create($('#filters'), ctx), table.create($('#table'), ctx),
  panel.create($('#panel'), ctx), clusterRoom.create($('#panel'), ctx), compare.create($('#panel'), ctx),
  hidden.create($('#hidden'), ctx), banner.create($('#banner'), ctx), help.create($('#help'), ctx), login.create($('#login'), ctx),
  edges, cards,
];

let theme = null, titled = null, said = null;
function paint() {
  queued = false;
  const { route, view, data, ui } = state;
  document.body.dataset.page = route.page;
  document.body.dataset.tab = route.tab;
  if (theme !== ui.theme) { theme = ui.theme; document.documentElement.dataset.theme = theme; }
  stage.hidden = route.page !== 'lineage' || route.tab === 'table';
  $('#table').hidden = route.page !== 'lineage' || route.tab !== 'table';
  $('#filters').hidden = route.page !== 'lineage';
  $('#projects').hidden = route.page === 'lineage';
  $('#panel').hidden = !ui.panel || route.page !== 'lineage';
  stage.setAttribute('aria-busy', ui.loading === 'lineage');
  for (const room of rooms) room.render(state);
  const noted = noteOf(state);
  note.hidden = !noted;
  note.textContent = noted ?? '';
  note.classList.toggle('alone', !data.lineage && ui.loading !== 'lineage');
  skeleton.hidden = ui.loading !== 'lineage' || Boolean(data.lineage);
  document.body.classList.toggle('side-open', ui.sideOpen);
  side.setAttribute('aria-expanded', ui.sideOpen);
  const title = route.page === 'lineage' ? `${view.home} · lineage` : `${route.project ?? 'Projects'} · lineage`;
  if (title !== titled) document.title = titled = title;
  if (ui.message !== said) $('#status').textContent = said = ui.message;
}

/** What stands where no lineage can be drawn. */
function noteOf({ data, ui, view }) {
  if (data.lineage) return data.lineage.cards.length === 1 ? `Nothing else is recorded around ${data.lineage.name}${view.types.length || view.jobTypes.length ? ', or it is filtered out' : ''}.` : null;
  if (ui.problem?.what === 'lineage') { const { title, detail, advice } = words.problem(ui.problem); return [title, detail.replace(/\.$/, ''), advice].filter(Boolean).join('. '); }
  return ui.loading === 'lineage' ? 'Loading the lineage…' : null;
}

// ── begin ──

side.addEventListener('click', () => dispatch({ type: 'side', open: !state.ui.sideOpen }));
keys(stage, {
  cards, look, dispatch, get state() { return state; },
  enterPanel: () => requestAnimationFrame(() => { const panel = $('#panel'); if (!panel.hidden) panel.focus({ preventScroll: true }); }),
  focusSearch: () => $('#search input')?.focus(),
});
addEventListener('popstate', () => dispatch({ type: 'navigate', hash: location.hash }));
addEventListener('hashchange', () => { if (location.hash !== toHash(state)) dispatch({ type: 'navigate', hash: location.hash }); });
addEventListener('online', again);
{
  const { route, view } = fromHash(location.hash);
  state = next(state, { type: 'navigate', hash: location.hash });
  state = { ...state, route, view };
  effects(null, state).forEach(ask);
  paint();
}
