// What is wrong, in words, while it is: away, not allowed, not understood.

import { button, el, fill, whenChanged } from './dom.js';

export function create(root, ctx) {
  const { dispatch, words } = ctx;
  let seen = null, put = null;
  const render = whenChanged(s => [s.ui.offline, s.ui.problem, s.ui.loginOpen, s.data], (away, problem, login, data) => {
    if (!away && !problem && data.me) seen = new Date().toISOString();
    if (problem !== put) put = null;
    // Where there is no picture at all, the stage itself says why.
    const onStage = problem?.what === 'lineage' && !data.lineage && !away;
    const show = Boolean((problem && put === null) || away) && !login && !onStage;
    root.hidden = !show;
    root.classList.toggle('away', away);
    if (!show) return fill(root);
    const what = words.problem(problem ?? { status: 503 });
    fill(root, el('p', {}, el('strong', {}, `${what.title}. `), what.detail && `${what.detail.replace(/\.?$/, '.')} `, `${what.advice} `,
      away && seen && el('span', {}, `Last seen ${words.moment(seen)}. `), problem?.request_id && el('small', {}, `Request ${problem.request_id}`)),
    el('div', { class: 'actions' }, problem?.status === 401 && button('Log in', () => dispatch({ type: 'login', open: true }), { 'data-key': 'log in' }),
      problem?.status !== 401 && button(away ? 'Try now' : 'Try again', () => ctx.again?.(), { 'data-key': 'try again' }),
      !away && button('×', () => { put = problem; root.hidden = true; }, { class: 'quiet', 'aria-label': 'Close this message', 'data-key': 'close banner' })));
  });
  return { render };
}
