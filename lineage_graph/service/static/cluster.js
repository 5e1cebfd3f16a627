// What is in a group: searched and paged by the service, looked at one by one, taken out onto the picture and put back.

import { button, el, fill, icon, later, whenChanged } from './dom.js';
import { sections } from './panel.js';
import { state as stateOf } from './details.js';
import { asked } from './state.js';

const SORTS = [['name', false, 'Name'], ['name', true, 'Name, last first'], ['created', true, 'Newest first'], ['created', false, 'Oldest first'],
  ['started', true, 'Started last'], ['size', true, 'Largest'], ['state', false, 'State']];

export function create(panel, ctx) {
  const { api, dispatch, words } = ctx, root = el('section', { id: 'cluster', 'aria-label': 'Group' });
  panel.append(root);
  const gone = new Set(); // uids of what was taken out here
  let group = null, list = null, running = null, look = null, order = SORTS[0];
  const title = el('h2', { tabindex: '-1' }), about = el('small'), said = el('p', { class: 'quiet', role: 'status' });
  const field = el('input', { type: 'search', placeholder: 'Find in this group', 'aria-label': 'Find in this group', oninput: later(200, () => load(true)) });
  const sort = el('select', { 'aria-label': 'Order', onchange: () => { order = SORTS[sort.selectedIndex]; load(true); } },
    SORTS.map(([, , label]) => el('option', {}, label)));
  const rows = el('ul', { class: 'things members', tabindex: '0', 'aria-label': 'Members', onscroll: () => nearEnd() && load(false) });
  const more = button('Load more', () => load(false), { class: 'quiet' }), preview = el('section', { class: 'preview', 'aria-label': 'Details', hidden: true });
  const out = el('section', { 'aria-label': 'Taken out' });
  const sign = el('span');
  fill(root, el('div', { class: 'panel-head' }, sign, el('div', { class: 'fills' }, about, title),
    button('×', () => dispatch({ type: 'panel', panel: null }), { class: 'quiet', 'aria-label': 'Close the group' })),
  el('div', { class: 'row' }, field, sort), said, rows, more, out, preview);
  root.hidden = true;

  const nearEnd = () => rows.scrollTop + rows.clientHeight > rows.scrollHeight - 120;

  /** A page from the beginning, or the next one. */
  async function load(fresh) {
    if (!group || (!fresh && (running || !list?.cursor))) return;
    running?.abort();
    const mine = running = new AbortController();
    rows.setAttribute('aria-busy', 'true');
    try {
      const [by, descending] = order;
      const page = await api.cluster(asked(ctx.state), group, {
        search: field.value.trim() || null, after: fresh ? null : list.cursor, sort: by, descending,
      }, mine.signal);
      list = fresh ? page : { ...page, items: [...list.items, ...page.items] };
      paint();
      if (fresh) rows.scrollTop = 0;
    } catch (error) {
      if (error.name === 'AbortError') return;
      const what = words.problem(error);
      said.textContent = `${what.title}. ${what.detail} ${what.advice}`;
      if (error.status === 0 || error.status === 503 || error.status === 401) dispatch({ type: 'failed', what: 'cluster', problem: error });
    } finally {
      if (running === mine) { running = null; rows.removeAttribute('aria-busy'); }
    }
  }

  function paint() {
    const { found, count, items, cursor } = list;
    said.textContent = field.value.trim() ? `${words.number(found)} of ${words.number(count)} have this in their name.` : `${words.number(items.length)} of ${words.number(count)} listed.`;
    fill(rows, items.map(row));
    more.hidden = !cursor;
  }

  function row(member) {
    const shown = look?.name === member.name;
    return el('li', { class: shown ? 'thing shown' : 'thing' }, icon(member.kind),
      button(member.label, () => show(member.name), { class: 'link fills', title: member.name, 'aria-expanded': String(shown), 'data-key': `member ${member.name}` }),
      el('small', {}, member.kind === 'run' ? stateOf(member.state) : (member.aliases ?? []).join(', ')),
      button('▸', () => takeOut(member), { class: 'quiet', 'aria-label': `Take ${member.label} out of the group`, title: 'Take out, onto the picture', 'data-key': `out ${member.name}` }));
  }

  function takeOut(member) {
    const at = list.items.indexOf(member);
    gone.add(member.uid);
    list = { ...list, items: list.items.filter(one => one !== member), count: list.count - 1, found: list.found - 1 };
    paint();
    (rows.querySelectorAll('li .quiet')[Math.min(at, list.items.length - 1)] ?? field).focus();
    dispatch({ type: 'takeOut', name: member.name });
    dispatch({ type: 'message', text: `${member.label} taken out; ${words.number(list.count)} left in the group.` });
  }

  async function show(name) {
    if (look?.name === name) { look = null; preview.hidden = true; return paint(); }
    look = { name };
    paint();
    preview.hidden = false;
    fill(preview, el('p', { class: 'quiet', 'aria-busy': 'true' }, 'Asking what is recorded …'));
    try {
      const card = await api.card(name, ctx.state.view.asOf);
      if (look?.name !== name) return;
      fill(preview, el('div', { class: 'panel-head' }, icon(card.kind), el('div', { class: 'fills' }, el('h3', {}, card.run?.name ?? words.parts(name).label), el('small', { class: 'full' }, name)),
        button('Make home', () => dispatch({ type: 'home', name }), { class: 'quiet' })), sections(card, ctx));
      preview.scrollIntoView({ block: 'nearest' });
    } catch (error) {
      fill(preview, el('p', {}, `${words.problem(error).title}. ${words.problem(error).detail}`));
    }
  }

  const paintHead = whenChanged(s => [s.data.lineage, s.view.out, s.data.cluster?.group], (lineage, taken) => {
    const card = lineage?.cards.find(one => one.group === group);
    fill(sign, icon(card?.kind ?? 'mixed'));
    title.textContent = card ? words.groupOf(card) : 'This group is no longer on the picture';
    about.textContent = card ? [words.statesOf(card.states), card.made_by?.length && `made by ${words.list(card.made_by.map(name => words.parts(name).label))}`].filter(Boolean).join(' · ') || 'group' : 'group';
    fill(out, taken.length > 0 && [el('h3', {}, `Taken out (${words.number(taken.length)})`), el('ul', { class: 'things' }, taken.map(name =>
      el('li', { class: 'thing' }, icon(words.parts(name).kind), el('span', { class: 'fills', title: name }, lineage?.cards.find(one => one.name === name)?.label ?? words.parts(name).label),
        button('Put back', () => { field.focus(); dispatch({ type: 'putBack', name }); }, { class: 'quiet', 'data-key': `back ${name}` }))))]);
  });
  // A group is named after its first member: without that one it goes by another name.
  const follow = lineage => {
    const uids = new Set([...list.items.map(one => one.uid), ...gone].map(uid => `g:${uid}`)), card = lineage.cards.find(one => uids.has(one.group));
    if (card) {
      dispatch({ type: 'openCluster', group: group = card.group, search: field.value });
      if (card.count !== list.count) load(true);
    }
    return card;
  };
  // A picture that has changed may have other members in the group: asked again, but for what was just taken out by hand.
  const refresh = whenChanged(s => [s.data.cluster?.group, s.data.lineage, s.ui.panel === 'cluster'], (now, lineage, open) => {
    if (!open || !now) return;
    if (now !== group) {
      group = now; list = null; look = null; gone.clear(); preview.hidden = true;
      fill(rows);
      field.value = ctx.state.data.cluster.search ?? '';
      if (!root.contains(document.activeElement)) field.focus({ preventScroll: true });
      load(true);
    } else if (lineage && list && !lineage.cards.some(one => one.group === group) && follow(lineage)) {
      paintHead(ctx.state);
    } else if (lineage && list && lineage.cards.find(one => one.group === group)?.count !== list.count) load(true);
  });
  return {
    render(state) {
      root.hidden = state.ui.panel !== 'cluster';
      refresh(state);
      paintHead(state);
    },
  };
}
