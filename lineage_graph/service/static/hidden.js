// What was hidden, to show it again.

import { button, el, fill, icon, whenChanged } from './dom.js';

export function create(root, ctx) {
  const { dispatch, words } = ctx;
  document.getElementById('panel').append(root);
  const render = whenChanged(s => [s.view.hide, s.data.lineage, s.ui.panel === 'hidden', s.route.page], (hide, lineage, open, page) => {
    root.hidden = !open || page !== 'lineage';
    if (root.hidden) return;
    const known = new Map((lineage?.hidden ?? []).map(one => [one.name ?? one.group, one]));
    const rows = hide.map(what => {
      const one = known.get(what) ?? { label: words.parts(what).label, kind: words.parts(what).kind, count: null };
      return el('li', { class: 'thing' }, icon(one.kind ?? 'mixed'), el('span', { class: 'fills', title: what }, one.label || what),
        el('small', {}, one.count === 0 ? 'not on this picture' : one.count > 1 ? words.number(one.count) : ''),
        button('Show', () => dispatch({ type: 'unhide', name: what }), { class: 'quiet', 'aria-label': `Show ${one.label || what} again`, 'data-key': `show ${what}` }));
    });
    fill(root, el('div', { class: 'panel-head' }, el('div', { class: 'fills' }, el('small', {}, 'left out by hand'), el('h2', { tabindex: '-1' }, `Hidden (${words.number(hide.length)})`)),
      button('×', () => dispatch({ type: 'panel', panel: ctx.state.view.selected ? 'card' : null }), { class: 'quiet', 'aria-label': 'Close the hidden list', 'data-key': 'close hidden' })),
    rows.length ? [el('ul', { class: 'things' }, rows), el('div', { class: 'actions' }, button('Show all again', () => dispatch({ type: 'unhide', all: true }), { 'data-key': 'show all' }))]
      : el('p', { class: 'quiet' }, 'Nothing is hidden. H hides the card that has the focus.'));
  });
  return { render };
}
