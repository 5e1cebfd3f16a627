// What is on the picture: by type and job type, how far, how wide; and what is therefore not on it.

import { button, el, fill, whenChanged } from './dom.js';
import { create as pathRow } from './path.js';

const FEW = 6, DEEPEST = 12;

export function create(root, ctx) {
  const { dispatch, words } = ctx;
  const controls = el('div', { class: 'controls' }), said = el('div', { class: 'omitted' }), path = el('div', { class: 'path-row' });
  fill(root, controls, said, path);
  const way = pathRow(path, ctx);

  function chips(label, field, counts, chosen, none) {
    const names = [...new Set([...Object.keys(counts ?? {}), ...chosen])].sort((a, b) => (counts?.[b] ?? 0) - (counts?.[a] ?? 0) || (a < b ? -1 : 1));
    if (!names.length) return null;
    const flip = name => dispatch({ type: 'filter', [field]: chosen.includes(name) ? chosen.filter(one => one !== name) : [...chosen, name] });
    const chip = name => button([name || none, ' ', el('small', {}, words.number(counts?.[name] ?? 0))], () => flip(name), { class: 'chip', 'aria-pressed': String(chosen.includes(name)), 'data-key': `${field} ${name}` });
    const first = names.filter((name, i) => i < FEW || chosen.includes(name)), rest = names.filter(name => !first.includes(name));
    return el('div', { class: 'set', role: 'group', 'aria-label': label }, el('span', { class: 'label', 'aria-hidden': 'true' }, label), first.map(chip),
      rest.length > 0 && el('details', { class: 'rest', 'data-key': `rest ${field}` }, el('summary', {}, `${words.number(rest.length)} more`), el('div', { class: 'drop' }, rest.map(chip))));
  }

  /** How far one side is looked: automatic, a number of steps, all. */
  function depth(label, side, asked, found, reached) {
    const go = value => dispatch({ type: 'depth', [side]: value });
    const now = asked === 'auto' ? found : asked === 'all' ? null : asked, deepest = Math.max(DEEPEST, now ?? 0);
    const step = by => go(now === null ? Math.max(0, reached - 1) : Math.max(0, now + by));
    const option = (value, text) => el('option', { value: String(value), selected: String(value) === String(asked) }, text);
    return el('div', { class: 'set', role: 'group', 'aria-label': `${label}: how far` }, el('span', { class: 'label', 'aria-hidden': 'true' }, label),
      button('−', () => step(-1), { class: 'step', 'aria-label': `One step less ${side}stream`, disabled: now === 0, 'data-key': `less ${side}` }),
      el('select', { 'aria-label': `Steps ${side}stream`, 'data-key': `depth ${side}`, onchange: event => go(/^\d+$/.test(event.target.value) ? Number(event.target.value) : event.target.value) },
        option('auto', found === undefined ? 'auto' : asked === 'auto' ? `auto: ${words.depthOf(found)}` : 'auto'), Array.from({ length: deepest + 1 }, (_, n) => option(n, words.number(n))), option('all', 'all')),
      button('+', () => step(1), { class: 'step', 'aria-label': `One step more ${side}stream`, disabled: now === null, 'data-key': `further ${side}` }));
  }

  const paint = whenChanged(s => [s.view, s.data.lineage, s.ui.loading === 'lineage', s.route], (view, lineage, loading, route) => {
    const changed = view.types.length || view.jobTypes.length || view.scope !== 'direct' || view.up !== 'auto' || view.down !== 'auto' || view.more.length || view.out.length;
    const tab = (name, label) => button(label, () => dispatch({ type: 'tab', tab: name }), { class: 'chip', 'aria-pressed': String(route.tab === name), 'data-key': `tab ${name}` });
    const levels = (lineage?.cards ?? []).map(card => card.level), home = lineage?.cards.find(card => card.id === lineage.home)?.level ?? 0;
    fill(controls,
      el('div', { class: 'set', role: 'group', 'aria-label': 'Shown as' }, tab('graph', 'Graph'), tab('table', 'Table')),
      depth('Up', 'up', view.up, lineage?.up, home - Math.min(home, ...levels)), depth('Down', 'down', view.down, lineage?.down, Math.max(home, ...levels) - home),
      button('Full lineage', () => dispatch({ type: 'scope', scope: view.scope === 'full' ? 'direct' : 'full' }), {
        class: 'chip', 'aria-pressed': String(view.scope === 'full'), title: 'Also whatever else the runs on the picture used and logged', 'data-key': 'scope',
      }),
      chips('Types', 'types', lineage?.facets.types, view.types, words.typeOf('')), chips('Job types', 'jobTypes', lineage?.facets.job_types, view.jobTypes, words.typeOf('', 'run')),
      Boolean(changed) && button('Clear all', () => dispatch({ type: 'clearFilters' }), { class: 'link', 'data-key': 'clear filters' }));
    const left = lineage ? words.omitted(lineage) : '';
    fill(said, lineage && el('span', {}, `${words.counted(lineage.runs, 'run')}, ${words.counted(lineage.versions, 'version')}. `),
      left && el('span', {}, `Not as cards of their own: ${left}. `),
      lineage && words.coarsened(lineage) && el('span', {}, words.coarsened(lineage), ' '),
      lineage?.truncated && el('strong', {}, words.cutShort(lineage.truncated), ' '),
      view.asOf && el('strong', { class: 'past' }, `As of ${words.moment(view.asOf)}. `),
      view.hide.length > 0 && button(`Hidden: ${words.number(view.hide.length)}`, () => dispatch({ type: 'panel', panel: 'hidden' }), { class: 'link', 'data-key': 'see hidden' }),
      loading && el('span', { class: 'busy' }, ' Asking …'));
  });
  return { render(state) { paint(state); way.render(state); } };
}
