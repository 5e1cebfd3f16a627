// As of when the lineage is looked at.

import { button, drop, el, fill, whenChanged } from './dom.js';

export function create(root, ctx) {
  const { dispatch, words } = ctx;
  const field = el('input', { type: 'datetime-local', step: '1', id: 'as-of' });
  const said = el('p', { class: 'bad', role: 'status' });
  const go = at => { said.textContent = ''; menu.close(); dispatch({ type: 'asOf', at }); };
  const show = () => {
    const at = words.fromInput(field.value);
    if (at) go(at); else said.textContent = 'Give a day and a time.';
  };
  const menu = drop('Now', 'time', el('form', { onsubmit: event => { event.preventDefault(); show(); } },
    el('label', { for: 'as-of' }, 'The lineage as it was, in UTC'), field, said,
    el('div', { class: 'actions' }, el('button', { type: 'submit', class: 'first' }, 'Show'), button('Now', () => go(null)))));
  fill(root, menu.box);
  const render = whenChanged(s => [s.view.asOf, s.route.page], (at, page) => {
    root.hidden = page !== 'lineage';
    menu.label(at ? `As of ${words.moment(at)}` : 'As of now');
    menu.mark(Boolean(at));
    field.value = at ? words.toInput(at) : '';
  });
  return { render };
}
