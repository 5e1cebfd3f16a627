// The search: a combobox whose list is grouped by kind. Used in the header and wherever something is to be chosen.

import { el, fill, icon, later } from './dom.js';
import { projectHash } from './state.js';

const KINDS = [['project', 'Projects'], ['artifact', 'Artifacts'], ['alias', 'Aliases'], ['version', 'Versions'], ['run', 'Runs']];
let count = 0;

export function create(root, ctx) {
  const { dispatch } = ctx;
  const go = hit => dispatch(hit.kind === 'project' ? { type: 'navigate', hash: projectHash(hit.name) } : { type: 'home', name: hit.name });
  const box = finder(ctx, { label: 'Search runs, artifacts, aliases', hint: '/', choose: go });
  fill(root, box);
  return { render() {} };
}

/** label: of the field; only: 'run' or 'version', the kind that can be chosen; choose(hit): what is done with one. */
export function finder(ctx, { label, hint = null, only = null, choose }) {
  const { api, words } = ctx, id = `found-${++count}`;
  let hits = [], at = -1, running = null;
  const list = el('div', { id, role: 'listbox', 'aria-label': 'Found', class: 'found', hidden: true });
  const said = el('p', { class: 'found quiet', role: 'status', hidden: true });
  const field = el('input', {
    type: 'search', role: 'combobox', 'aria-label': label, placeholder: label, 'aria-expanded': 'false', 'aria-controls': id,
    'aria-autocomplete': 'list', autocomplete: 'off', spellcheck: 'false', 'data-key': `find ${label}`,
    oninput: () => { if (!field.value.trim()) close(); soon(); }, onkeydown: key, onfocus: () => { if (hits.length) open(); },
  });
  const box = el('div', { class: 'finder', onfocusout: event => { if (!box.contains(event.relatedTarget)) close(); } },
    field, hint && el('kbd', { 'aria-hidden': 'true' }, hint), list, said);
  const soon = later(160, ask);

  async function ask() {
    const q = field.value.trim();
    running?.abort();
    if (!q) return close();
    const mine = running = new AbortController();
    try {
      const answer = await api.search(q, mine.signal);
      if (field.value.trim() !== q) return;
      const order = kind => KINDS.findIndex(([one]) => one === kind);
      hits = answer.hits.filter(hit => !only || hit.kind === only || (only === 'version' && hit.kind === 'alias')).sort((a, b) => order(a.kind) - order(b.kind));
      at = -1;
      paint(q, answer.truncated);
    } catch (error) {
      if (error.name === 'AbortError') return;
      const what = words.problem(error);
      hits = [];
      say(`${what.title}. ${what.detail}`);
    }
  }

  function paint(q, truncated) {
    if (!hits.length) return say(`Nothing is called like “${q}”.`);
    fill(list, KINDS.flatMap(([kind, heading]) => {
      const some = hits.filter(hit => hit.kind === kind);
      return some.length ? el('div', { role: 'group', 'aria-label': heading },
        el('span', { class: 'heading', 'aria-hidden': 'true' }, heading), some.map(option)) : [];
    }));
    said.textContent = truncated ? 'There are more; type more of the name.' : '';
    said.hidden = !truncated;
    ctx.dispatch({ type: 'message', text: `${words.counted(hits.length, 'hit')} for ${q}` });
    open();
  }

  const option = hit => el('div', {
    role: 'option', id: `${id}-${hits.indexOf(hit)}`, 'aria-selected': 'false', class: 'thing', title: hit.name,
    onmousedown: event => event.preventDefault(), onclick: () => take(hit),
  }, icon(hit.kind === 'run' ? 'run' : hit.kind === 'project' ? 'mixed' : 'version'), el('span', { class: 'fills' }, hit.label || hit.name),
  el('small', {}, [hit.type, hit.kind !== 'project' && hit.project].filter(Boolean).join(' · ')));

  function key(event) {
    if (event.key === 'Escape' && !list.hidden) { close(); event.preventDefault(); event.stopPropagation(); return; }
    if (event.key === 'Escape') { field.value = ''; field.blur(); return; }
    if (event.key === 'Enter') { if (hits[at] ?? hits[0]) take(hits[at] ?? hits[0]); event.preventDefault(); return; }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !hits.length) return;
    event.preventDefault();
    open();
    at = (at + step + hits.length) % hits.length;
    list.querySelectorAll('[role=option]').forEach(one => one.setAttribute('aria-selected', String(one.id === `${id}-${at}`)));
    field.setAttribute('aria-activedescendant', `${id}-${at}`);
    document.getElementById(`${id}-${at}`)?.scrollIntoView({ block: 'nearest' });
  }

  function take(hit) { field.value = ''; hits = []; close(); choose(hit); }
  function say(text) { fill(list); close(); said.textContent = text; said.hidden = false; }
  function open() { list.hidden = false; field.setAttribute('aria-expanded', 'true'); }
  function close() {
    list.hidden = said.hidden = true; at = -1;
    field.setAttribute('aria-expanded', 'false');
    field.removeAttribute('aria-activedescendant');
  }
  return box;
}
