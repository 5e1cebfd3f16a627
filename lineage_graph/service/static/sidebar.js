// The side: a project's artifacts by type, each with its versions, and its runs by job type.

import { button, el, fill, icon, later, whenChanged } from './dom.js';
import { lineageOf, state as stateOf } from './details.js';
import { projectHash } from './state.js';

const FIRST = 50;

export function create(root, ctx) {
  const { api, dispatch, words } = ctx;
  const opened = new Set(), shown = new Map();
  let search = '';
  const tab = (name, label) => el('button', {
    type: 'button', role: 'tab', id: `tab-${name}`, 'aria-controls': 'side-list', onclick: () => dispatch({ type: 'sidebar', tab: name }),
  }, label);
  const tabs = [tab('artifacts', 'Artifacts'), tab('runs', 'Runs')];
  const bar = el('div', {
    role: 'tablist', class: 'tabs', 'aria-label': 'What is listed', onkeydown: event => {
      if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
      const other = tabs.find(one => one.getAttribute('aria-selected') === 'false');
      other.click(); other.focus(); event.preventDefault();
    },
  }, tabs);
  const head = el('div', { class: 'side-head' });
  const field = el('input', { type: 'search', placeholder: 'Filter by name', 'aria-label': 'Filter the list by name', oninput: later(120, () => { search = field.value.trim().toLowerCase(); again(); }) });
  const body = el('div', { id: 'side-list', role: 'tabpanel', tabindex: '0' });
  fill(root, head, bar, el('div', { class: 'row pad' }, field), body);

  /** The first ones of a list and a button for the next. */
  function some(key, items, row, heading = null) {
    const n = shown.get(key) ?? FIRST;
    return [el('ul', { class: 'things', 'aria-label': heading }, items.slice(0, n).map(row)),
      items.length > n && button(`Show ${words.number(Math.min(FIRST, items.length - n))} more of ${words.number(items.length - n)}`, () => { shown.set(key, n + FIRST); again(); }, { class: 'quiet', 'data-key': `more ${key}` })];
  }

  const link = (name, label, props = {}) => el('a', { class: 'fills', href: lineageOf(name, ctx.state), title: name, 'data-key': `open ${name}`, ...props }, label);
  const current = name => (name === (ctx.state.view.selected ?? ctx.state.data.lineage?.name) ? 'true' : null);

  function artifacts(found, versions) {
    if (!found) return el('p', { class: 'quiet pad', 'aria-busy': 'true' }, 'Asking for the artifacts …');
    const left = search ? found.filter(one => one.name.toLowerCase().includes(search)) : found;
    if (!left.length) return el('p', { class: 'quiet pad' }, search ? `No artifact has “${search}” in its name.` : 'No artifact is recorded in this project yet.');
    const types = [...new Set(left.map(one => one.type))].sort();
    return types.map(type => {
      const of = left.filter(one => one.type === type);
      return el('section', {}, el('h2', { class: 'pad' }, words.typeOf(type), el('small', {}, words.number(of.length))), some(`type ${type}`, of, one => artifact(one, versions)));
    });
  }

  function artifact(one, versions) {
    const name = `${one.project}/${one.name}`, open = opened.has(name);
    return el('li', {}, el('div', { class: 'thing' },
      button(open ? '▾' : '▸', () => toggle(name), { class: 'quiet fold', 'aria-expanded': String(open), 'aria-label': `Versions of ${one.name}`, 'data-key': `fold ${name}` }),
      icon('version'), link(name, one.name), el('small', { title: words.counted(one.versions, 'version') }, words.number(one.versions))),
    open && list(name, versions[name]));
  }

  function list(name, known) {
    if (!known) return el('p', { class: 'quiet pad', 'aria-busy': 'true' }, 'Asking …');
    if (known.problem) return el('p', { class: 'quiet pad' }, words.problem(known.problem).title, ' ', button('Try again', () => fetchVersions(name), { class: 'link' }));
    return el('div', { class: 'versions' }, some(`versions ${name}`, known.items, v => el('li', { class: 'thing', 'aria-current': current(v.name) },
      link(v.name, `v${v.version}`), el('span', { class: 'chips' }, v.aliases.slice(0, 3).map(alias => el('span', { class: 'chip still' }, alias))),
      el('small', { title: words.moment(v.created_at) }, words.day(v.created_at))), `Versions of ${name}`),
    known.cursor && button('Load more versions', () => fetchVersions(name, known), { class: 'quiet', 'data-key': `more versions ${name}` }));
  }

  function toggle(name) {
    if (!opened.delete(name)) { opened.add(name); if (!ctx.state.data.versions[name]) fetchVersions(name); }
    again();
  }
  async function fetchVersions(name, known = null) {
    const page = await api.versions(name, known?.cursor).catch(problem => ({ problem }));
    const value = known && page.items ? { ...page, items: [...known.items, ...page.items] } : page;
    dispatch({ type: 'loaded', what: 'versions', key: name, value });
  }

  function runs(found) {
    if (!found) return el('p', { class: 'quiet pad', 'aria-busy': 'true' }, 'Asking for the runs …');
    const left = search ? found.items.filter(run => `${run.name} ${run.job_type ?? ''}`.toLowerCase().includes(search)) : found.items;
    const jobs = [...new Set(left.map(run => run.job_type ?? ''))].sort();
    return [
      !left.length && el('p', { class: 'quiet pad' }, search ? `None of the runs listed has “${search}” in its name; the search at the top looks at all.` : 'No run is recorded in this project yet.'),
      jobs.map(job => {
        const of = left.filter(run => (run.job_type ?? '') === job);
        return el('section', {}, el('h2', { class: 'pad' }, words.typeOf(job, 'run'), el('small', {}, words.number(of.length))),
          some(`job ${job}`, of, run => {
            const name = `${run.project}/runs/${run.id}`, took = words.took(run.started_at, run.ended_at, run.state === 'running' ? Date.now() : null);
            return el('li', { class: 'thing', 'aria-current': current(name) }, icon('run'), link(name, run.name || run.id), stateOf(run.state), el('small', {}, took));
          }));
      }),
      found.cursor && button('Load more runs', loadRuns, { class: 'quiet', 'data-key': 'more runs' }),
    ];
  }
  async function loadRuns() {
    const known = ctx.state.data.runs, { project } = ctx.state.route;
    try {
      const page = await api.runs(project, known.cursor);
      if (ctx.state.route.project === project) dispatch({ type: 'loaded', what: 'runs', value: { ...page, items: [...known.items, ...page.items] } });
    } catch (problem) { dispatch({ type: 'failed', what: 'runs', problem }); }
  }

  function chosen(state) {
    const { view, data, route } = state, name = view.selected ?? data.lineage?.name ?? view.home;
    if (route.page !== 'lineage' || !name) return null;
    const card = words.isOf(data.card, name) ? data.card : null, on = data.lineage?.cards.find(one => one.name === name), said = words.parts(name);
    const type = card?.run?.job_type ?? card?.version?.type ?? on?.type;
    return el('p', { class: 'chosen' }, icon(said.kind), el('span', {}, el('small', {}, type || words.kindOf(said.kind)), el('strong', {}, card?.run?.name ?? on?.label ?? said.label)));
  }

  const paint = whenChanged(s => [s.route, s.data.artifacts, s.data.runs, s.data.versions, s.view.selected, s.view.asOf, s.data.lineage, s.data.card], () => again());
  function again() {
    const { state } = ctx, { route, data } = state;
    root.hidden = route.page === 'projects';
    if (root.hidden) return;
    fill(head, route.project && el('a', { href: projectHash(route.project), class: 'project' }, route.project), chosen(state));
    for (const one of tabs) {
      const on = one.id === `tab-${route.sidebar}`;
      one.setAttribute('aria-selected', String(on));
      one.tabIndex = on ? 0 : -1;
      if (on) body.setAttribute('aria-labelledby', one.id);
    }
    fill(body, route.sidebar === 'runs' ? runs(data.runs) : artifacts(data.artifacts, data.versions));
  }
  const openHome = whenChanged(s => [s.data.lineage?.name, s.data.artifacts], name => {
    const { artifact } = words.parts(name ?? '');
    if (artifact && !opened.has(artifact) && (ctx.state.data.artifacts ?? []).some(one => `${one.project}/${one.name}` === artifact)) toggle(artifact);
  });
  return { render(state) { paint(state); openHome(state); } };
}
