// The keys, and what the signs mean.

import { button, el, fill, icon, openDialog } from './dom.js';

const KEYS = [
  ['← →', 'nearest card upstream or downstream'], ['↑ ↓', 'card above or below'], ['Home', 'the home card'], ['Enter', 'details of the card'],
  ['E', 'expand downstream'], ['Shift E', 'expand upstream'], ['H', 'hide the card'], ['T', 'make it the home'], ['O', 'take out of its group, put back'],
  ['P', 'path: from the first card to the second'], ['C', 'compare with what is selected'], ['/', 'search'], ['+ − 0', 'zoom in, out, fit'], ['?', 'this list'], ['Esc', 'back'],
];

export function create(dialog, ctx) {
  const close = () => ctx.dispatch({ type: 'help', open: false });
  const done = button('Close', close, { class: 'first' });
  fill(dialog, el('div', { class: 'panel-head' }, el('h2', { class: 'fills' }, 'Keys and signs'), button('×', close, { class: 'quiet', 'aria-label': 'Close' })),
    el('dl', { class: 'keys' }, KEYS.map(([key, what]) => el('div', {}, el('dt', {}, el('kbd', {}, key)), el('dd', {}, what)))),
    el('ul', { class: 'signs' }, el('li', {}, icon('run'), 'a run'), el('li', {}, icon('version'), 'an artifact version'), el('li', {}, icon('mixed'), 'a group of several, on a stacked card'),
      el('li', {}, 'Arrows run with the data, from left to right. A dashed one goes through what is filtered out, or closes a circle.')),
    el('div', { class: 'actions' }, done));
  dialog.addEventListener('cancel', event => { event.preventDefault(); close(); });
  return {
    render(state) {
      if (state.ui.helpOpen) openDialog(dialog, done);
      else if (dialog.open) dialog.close();
    },
  };
}
