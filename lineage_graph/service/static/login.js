// Asks for a token when the service wants one; the service keeps it in a cookie that no script reads.

import { el, fill, openDialog } from './dom.js';

export function create(dialog, ctx) {
  const { api, dispatch, words } = ctx;
  const field = el('input', { type: 'password', id: 'token', autocomplete: 'current-password', required: true, 'aria-describedby': 'login-said' });
  const said = el('p', { id: 'login-said', class: 'bad', role: 'alert' });
  const enter = el('button', { type: 'submit', class: 'first' }, 'Log in');
  const form = el('form', {
    method: 'dialog', onsubmit: async event => {
      event.preventDefault();
      said.textContent = '';
      enter.disabled = true;
      try {
        await api.session(field.value.trim());
        field.value = '';
        dispatch({ type: 'login', open: false });
        ctx.again?.();
      } catch (problem) {
        said.textContent = problem.status === 401 || problem.status === 403 ? `This token is not accepted. ${words.problem(problem).detail}` : [words.problem(problem).title, words.problem(problem).detail].join('. ');
        field.focus(); field.select();
      } finally { enter.disabled = false; }
    },
  }, el('h2', { id: 'login-title' }, 'Log in'), el('p', {}, 'This service asks who you are. Paste a token; ', el('code', {}, 'lineage-graph token create'), ' makes one.'),
  el('label', { for: 'token' }, 'Token'), field, said, el('div', { class: 'actions' }, enter));
  fill(dialog, form);
  dialog.addEventListener('cancel', event => { if (ctx.state.ui.loginOpen) { event.preventDefault(); dispatch({ type: 'login', open: false }); } });
  return {
    render(state) {
      if (state.ui.loginOpen) openDialog(dialog, field);
      else if (dialog.open) dialog.close();
    },
  };
}
