// All that the page shows, as one plain object. `next(state, event)` gives the one after; the address is a part of it.
// Pure: no page, no network.

export const VIEW = Object.freeze({
  home: null, up: 'auto', down: 'auto', scope: 'direct', types: [], jobTypes: [], out: [], hide: [], more: [],
  asOf: null, selected: null, path: null, compare: null,
});
const ROUTE = Object.freeze({ page: 'projects', project: null, tab: 'graph', sidebar: 'artifacts' });

export const initial = () => ({
  route: ROUTE, view: VIEW,
  data: {
    me: null, projects: null, artifacts: null, runs: null, lineage: null, card: null, cluster: null, paths: null, diff: null,
    search: null, versions: {},
  },
  positions: {}, bends: {}, pinned: {}, warm: false, hover: null,
  ui: {
    loading: null, problem: null, offline: false, message: '', panel: null, theme: 'auto', helpOpen: false, loginOpen: false, sideOpen: false,
    pathFrom: null,
  },
});

// ── names ──

const isRun = name => /\/runs\/[^/]+$/.test(name ?? '');

/** The project of a full name: 'team/zoo/photos:v3' and 'team/zoo/runs/x' are of 'team/zoo'. */
export function projectOf(name) {
  const run = /^(.+)\/runs\/[^/]+$/.exec(name ?? '');
  if (run) return run[1];
  const cut = (name ?? '').lastIndexOf('/');
  return cut < 0 ? null : name.slice(0, cut);
}

// ── the address ──

const part = text => encodeURIComponent(text).replace(/%2F/gi, '/').replace(/%3A/gi, ':').replace(/%40/g, '@');
const LISTS = [['type', 'types'], ['job', 'jobTypes'], ['out', 'out'], ['hide', 'hide'], ['more', 'more']];

export function toHash({ route, view }) {
  const words = new URLSearchParams();
  if (route.page === 'projects') return '#/';
  if (route.page === 'project') {
    if (route.sidebar === 'runs') words.set('tab', 'runs');
    return `#/${part(route.project)}${question(words)}`;
  }
  for (const key of ['up', 'down']) if (view[key] !== 'auto') words.set(key, view[key]);
  if (view.scope !== 'direct') words.set('scope', view.scope);
  for (const [key, list] of LISTS) for (const one of view[list]) words.append(key, one);
  if (view.asOf) words.set('at', view.asOf);
  if (view.path) for (const one of view.path) words.append('path', one);
  if (view.compare) for (const one of view.compare) words.append('vs', one);
  if (view.selected) words.set('sel', view.selected);
  if (route.tab === 'table') words.set('tab', 'table');
  if (route.sidebar === 'runs') words.set('side', 'runs');
  return `#/lineage/${part(view.home)}${question(words)}`;
}

const question = words => (words.size ? `?${words}` : '');

/** {route, view} of an address; what is not understood in it is left at its default. */
export function fromHash(hash) {
  const [path, query = ''] = cutAt(hash.replace(/^#\/?/, ''), '?');
  const words = new URLSearchParams(query);
  const where = decoded(path);
  const lineage = /^lineage\/(.+\/.+)$/.exec(where);
  if (!where) return { route: ROUTE, view: VIEW };
  if (!lineage) {
    const sidebar = words.get('tab') === 'runs' ? 'runs' : 'artifacts';
    return { route: { ...ROUTE, page: 'project', project: where, sidebar }, view: VIEW };
  }
  const two = key => (words.getAll(key).length === 2 ? words.getAll(key) : null);
  const view = {
    ...VIEW, home: lineage[1], up: reach(words.get('up')), down: reach(words.get('down')),
    scope: words.get('scope') === 'full' ? 'full' : 'direct',
    asOf: words.get('at'), selected: words.get('sel'), path: two('path'), compare: two('vs'),
  };
  for (const [key, list] of LISTS) view[list] = words.getAll(key);
  const route = {
    page: 'lineage', project: projectOf(lineage[1]), tab: words.get('tab') === 'table' ? 'table' : 'graph',
    sidebar: words.get('side') === 'runs' ? 'runs' : 'artifacts',
  };
  return { route, view };
}

const reach = text => (text === 'all' ? 'all' : /^\d{1,6}$/.test(text ?? '') ? Number(text) : 'auto');
const cutAt = (text, sign) => { const i = text.indexOf(sign); return i < 0 ? [text] : [text.slice(0, i), text.slice(i + 1)]; };
const decoded = text => { try { return decodeURIComponent(text); } catch { return text; } };

/** The address of a lineage, for links. */
export const lineageHash = home => toHash({ route: { ...ROUTE, page: 'lineage' }, view: { ...VIEW, home } });
export const projectHash = project => toHash({ route: { ...ROUTE, page: 'project', project }, view: VIEW });

/** Whether going from one state to another is a step that Back undoes; what is chosen and shown beside it is not. */
export function isStep(before, after) {
  const bare = ({ route, view }) => toHash({
    route: { ...route, tab: 'graph', sidebar: route.page === 'project' ? route.sidebar : 'artifacts' },
    view: { ...view, selected: null },
  });
  return bare(before) !== bare(after);
}

// ── events ──

const added = (list, one) => (list.includes(one) ? list : [...list, one]);
const without = (list, one) => list.filter(other => other !== one);

const EVENTS = {
  navigate: (s, { hash }) => {
    const { route, view } = fromHash(hash);
    const ui = { ...s.ui, problem: null, panel: view.compare ? 'compare' : view.selected ? 'card' : null, pathFrom: null, sideOpen: false };
    const fresh = view.home !== s.view.home;
    const lost = fresh ? { lineage: null, cluster: null, paths: null, diff: null } : {};
    const other = route.project !== s.route.project ? { artifacts: null, runs: null, versions: {} } : {};
    return {
      ...s, route, view, ui, data: { ...s.data, ...lost, ...other },
      ...(fresh ? { positions: {}, bends: {}, pinned: {}, warm: false } : { warm: true }),
    };
  },
  // The lineage is what the page waits for; what else is asked meanwhile does not hide that.
  loading: (s, { what }) => (s.ui.loading === 'lineage' ? s : ui(s, { loading: what })),
  loaded: (s, { what, value, key }) => {
    const data = { ...s.data };
    if (what === 'versions') data.versions = { ...data.versions, [key]: value };
    else data[what] = value;
    if (what === 'paths' && !s.view.path) data.paths = null;
    const done = s.ui.loading === what ? { loading: null } : {};
    return ui({ ...s, data }, { ...done, offline: false, ...(what === 'me' ? { loginOpen: false } : {}), problem: null });
  },
  failed: (s, { what, problem }) => ui(s, {
    loading: s.ui.loading === what ? null : s.ui.loading, problem: { ...problem, what },
    ...(problem.status === 401 ? { loginOpen: true } : {}),
    ...(problem.status === 0 || problem.status === 503 ? { offline: true } : {}),
  }),
  select: (s, { name }) => ui(look(s, { selected: name }), { panel: name ? 'card' : null }),
  openCluster: (s, { group, search = '' }) =>
    ui({ ...s, data: { ...s.data, cluster: { ...s.data.cluster, group, search } } }, { panel: 'cluster' }),
  clusterPage: (s, event) => {
    const { type, ...page } = event;
    return { ...s, data: { ...s.data, cluster: { ...s.data.cluster, ...page } } };
  },
  closePanel: s => ui(look(s, { selected: null, compare: null }), { panel: null }),
  takeOut: (s, { name }) => look(s, { out: added(s.view.out, name) }),
  putBack: (s, { name }) => look(s, { out: without(s.view.out, name) }),
  hide: (s, { name, group }) => look(s, {
    hide: added(s.view.hide, name ?? group), selected: s.view.selected === name ? null : s.view.selected,
  }),
  unhide: (s, { name, group, all }) => look(s, { hide: all ? [] : without(s.view.hide, name ?? group) }),
  expand: (s, { name, direction }) => look(s, { more: [...s.view.more, `${name}${direction === 'up' ? '<' : '>'}`] }),
  collapse: (s, { name, direction }) => {
    const last = s.view.more.lastIndexOf(`${name}${direction === 'up' ? '<' : '>'}`);
    return look(s, { more: s.view.more.filter((_, i) => i !== last) });
  },
  depth: (s, { up = s.view.up, down = s.view.down }) => look(s, { up, down }),
  scope: (s, { scope }) => look(s, { scope }),
  filter: (s, { types = s.view.types, jobTypes = s.view.jobTypes }) => look(s, { types, jobTypes }),
  clearFilters: s => look(s, { types: [], jobTypes: [], scope: 'direct', up: 'auto', down: 'auto', more: [], out: [] }),
  asOf: (s, { at }) => look(s, { asOf: at }),
  home: (s, { name }) => EVENTS.navigate(s, {
    hash: toHash({ route: { ...s.route, page: 'lineage' }, view: { ...VIEW, home: name, asOf: s.view.asOf, selected: name } }),
  }),
  pathFrom: (s, { name }) => ui(s, { pathFrom: name, message: `Path from ${name}: choose where it goes.` }),
  pathTo: (s, { name }) => ui(look(s, { path: [s.ui.pathFrom ?? s.view.home, name] }), { pathFrom: null }),
  clearPath: s => ui(look({ ...s, data: { ...s.data, paths: null } }, { path: null }), { pathFrom: null }),
  compare: (s, { name, with: other }) => {
    const first = other ?? s.view.selected ?? s.view.home;
    if (isRun(first) !== isRun(name)) return ui(s, { message: 'A run is compared with a run, a version with a version.' });
    return ui(look(s, { compare: [first, name] }), { panel: 'compare' });
  },
  clearCompare: s => ui(look({ ...s, data: { ...s.data, diff: null } }, { compare: null }), { panel: s.view.selected ? 'card' : null }),
  tab: (s, { tab }) => ({ ...s, route: { ...s.route, tab } }),
  sidebar: (s, { tab }) => ({ ...s, route: { ...s.route, sidebar: tab } }),
  panel: (s, { panel }) => ui(s, { panel }),
  hover: (s, { id }) => (s.hover === id ? s : { ...s, hover: id }),
  placed: (s, { positions, bends = {} }) => ({ ...s, positions, bends }),
  dragged: (s, { id, x, y }) => ({ ...s, pinned: { ...s.pinned, [id]: { x, y } } }),
  unpin: s => ({ ...s, pinned: {} }),
  tidy: s => ({ ...s, pinned: {}, warm: false, positions: { ...s.positions } }),
  theme: (s, { theme }) => ui(s, { theme }),
  message: (s, { text }) => ui(s, { message: text }),
  offline: (s, { offline }) => ui(s, { offline }),
  side: (s, { open }) => ui(s, { sideOpen: open }),
  help: (s, { open }) => ui(s, { helpOpen: open }),
  login: (s, { open }) => ui(s, { loginOpen: open }),
};

const ui = (s, more) => ({ ...s, ui: { ...s.ui, ...more } });
const look = (s, more) => ({ ...s, view: { ...s.view, ...more }, warm: true });

/** The state after an event. An event that nothing knows is a mistake in the page. */
export function next(state, event) {
  const change = EVENTS[event.type];
  if (!change) throw new Error(`no event ${event.type}`);
  return change(state, event);
}

// ── what has to be asked for ──

/** What a lineage is asked by: the view, and what lies on the path that is shown, each as a card of its own. */
export function asked({ view, data }) {
  const { selected, path, compare, ...of } = view;
  if (!path || !data.paths) return of;
  const names = [...(data.paths.runs ?? []).map(run => `${run.project}/runs/${run.id}`), ...(data.paths.versions ?? []).map(v => v.name)];
  return { ...of, out: [...new Set([...of.out, ...names.slice(0, 100)])] };
}

/** The requests that lead from one state to another: [{what, …}]. before: null at the beginning. */
export function effects(before, after) {
  const found = [];
  const { route, view } = after;
  const changed = of => !before || JSON.stringify(of(before) ?? null) !== JSON.stringify(of(after) ?? null);
  if (!before) found.push({ what: 'me' });
  if (route.page === 'projects' && changed(s => s.route.page)) found.push({ what: 'projects' });
  if (route.project && changed(s => s.route.project)) found.push({ what: 'artifacts', project: route.project });
  if (route.project && route.sidebar === 'runs' && changed(s => [s.route.project, s.route.sidebar]))
    found.push({ what: 'runs', project: route.project });
  if (route.page !== 'lineage') return found;
  if (changed(s => (s.route.page === 'lineage' ? asked(s) : null))) found.push({ what: 'lineage', view: asked(after) });
  if (view.selected && changed(s => [s.view.selected, s.view.asOf]))
    found.push({ what: 'card', name: view.selected, asOf: view.asOf });
  if (view.path && changed(s => [s.view.path, s.view.asOf]))
    found.push({ what: 'paths', a: view.path[0], b: view.path[1], asOf: view.asOf });
  if (view.compare && changed(s => s.view.compare)) found.push({ what: 'diff', a: view.compare[0], b: view.compare[1] });
  return found;
}

// ── what follows from the state ──

/** Where each card stands: where it was dragged to, else where it was placed. */
export const placeOf = (state, id) => state.pinned[id] ?? state.positions[id];

/** The ids of cards that lie on the path shown; null while there is none. */
export function onPath({ view, data }) {
  if (!view.path || !data.paths || !data.lineage) return null;
  const names = new Set([...(data.paths.runs ?? []).map(run => `${run.project}/runs/${run.id}`), ...(data.paths.versions ?? []).map(v => v.name)]);
  return new Set(data.lineage.cards.filter(card => names.has(card.name)).map(card => card.id));
}

/** A card's neighbours, itself included. */
export function near(lineage, id) {
  const found = new Set([id]);
  for (const { source, target } of lineage.edges) {
    if (source === id) found.add(target);
    if (target === id) found.add(source);
  }
  return found;
}
