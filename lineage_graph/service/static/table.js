// The lineage as a table: the view for screen readers, for paper, and for who likes lists.

import { button, el, fill, icon, whenChanged } from './dom.js';
import { state as stateOf } from './details.js';

const FEW = 3;

export function create(root, ctx) {
  const { dispatch, words } = ctx;
  let by = 'level', down = false;

  const COLUMNS = [
    ['kind', 'Kind', row => words.kindOf(row.card.kind)],
    ['type', 'Type', row => row.card.type ?? ''],
    ['name', 'Name', row => row.label],
    ['level', 'Level', row => row.level],
    ['state', 'State', row => row.card.state ?? words.statesOf(row.card.states)],
    ['count', 'Count', row => row.card.count],
    ['from', 'From', row => row.from.length],
    ['to', 'To', row => row.to.length],
  ];

  function rowsOf(lineage) {
    const label = new Map(lineage.cards.map(card => [card.id, words.labelOf(card)])), from = new Map(), to = new Map();
    const note = (map, key, other) => map.set(key, [...(map.get(key) ?? []), label.get(other)]);
    for (const { source, target } of lineage.edges) { note(from, target, source); note(to, source, target); }
    const home = lineage.cards.find(card => card.id === lineage.home)?.level ?? 0;
    return lineage.cards.map(card => ({ card, label: label.get(card.id), level: card.level - home, from: from.get(card.id) ?? [], to: to.get(card.id) ?? [] }));
  }

  const neighbours = names => (names.length ? el('td', { title: names.slice(0, 40).join(', ') }, names.slice(0, FEW).join(', '), names.length > FEW && ` and ${words.number(names.length - FEW)} more`) : el('td', {}, '–'));

  function row({ card, label, level, from, to }, lineage, selected) {
    const name = card.group
      ? button(label, () => dispatch({ type: 'openCluster', group: card.group }), { class: 'link', 'data-key': `row ${card.id}` })
      : button(label, () => dispatch({ type: 'select', name: card.name }), { class: 'link', title: card.name, 'data-key': `row ${card.id}` });
    return el('tr', { class: card.name && card.name === selected ? 'shown' : null }, el('td', {}, icon(card.kind), ' ', words.kindOf(card.kind)), el('td', {}, card.type ?? '–'),
      el('th', { scope: 'row' }, name, card.id === lineage.home && el('span', { class: 'chip still' }, 'home'), card.aliases.slice(0, 3).map(alias => el('span', { class: 'chip still' }, alias))),
      el('td', { class: 'number' }, level > 0 ? `+${level}` : String(level).replace('-', '−')), el('td', {}, card.group ? words.statesOf(card.states) || '–' : stateOf(card.state) || '–'),
      el('td', { class: 'number' }, words.number(card.count)), neighbours(from), neighbours(to));
  }

  function again() {
    const { lineage } = ctx.state.data;
    if (!lineage) return fill(root);
    const value = COLUMNS.find(([key]) => key === by)[2];
    const rows = rowsOf(lineage).sort((a, b) => {
      const [x, y] = [value(a), value(b)], order = typeof x === 'number' ? x - y : String(x).localeCompare(String(y), 'en', { numeric: true });
      return (down ? -order : order) || a.level - b.level || a.label.localeCompare(b.label, 'en', { numeric: true });
    });
    const sort = key => { if (by === key) down = !down; else { by = key; down = false; } again(); };
    const omitted = words.omitted(lineage);
    fill(root, el('div', { class: 'table-head' }, el('h2', {}, `Lineage of ${words.parts(lineage.name).label}`), button('Print', () => print(), { class: 'quiet', 'data-key': 'print' })),
      el('table', { class: 'lineage' },
        el('caption', {}, words.picture(lineage), omitted && ` Not as rows of their own: ${omitted}.`, lineage.as_of && ` As of ${words.moment(lineage.as_of)}.`, ' Levels count from home: below 0 is upstream.'),
        el('thead', {}, el('tr', {}, COLUMNS.map(([key, label]) => el('th', { scope: 'col', 'aria-sort': by === key ? (down ? 'descending' : 'ascending') : 'none' },
          button([label, el('span', { 'aria-hidden': 'true' }, by === key ? (down ? ' ▾' : ' ▴') : '')], () => sort(key), { class: 'link', 'data-key': `sort ${key}` }))))),
        el('tbody', {}, rows.map(one => row(one, lineage, ctx.state.view.selected)))));
  }
  const render = whenChanged(s => [s.data.lineage, s.view.selected, s.route.tab, s.route.page], (lineage, selected, tab) => { if (tab === 'table') again(); });
  // Paper has the table, whichever tab is open.
  addEventListener('beforeprint', again);
  return { render };
}
