// The way from one thing to another, while one is chosen or shown.

import { button, el, fill, whenChanged } from './dom.js';

const WHICH = [['shortest', 'one shortest path'], ['all-shortest', 'all shortest paths'], ['any', 'all paths']];

export function create(root, ctx) {
  const { api, dispatch, words } = ctx;
  const clear = label => button(label, () => dispatch({ type: 'clearPath' }), { class: 'link', 'data-key': 'clear path' });
  const name = full => button(words.parts(full).label, () => dispatch({ type: 'select', name: full }), { class: 'link', title: full, 'data-key': `end ${full}` });

  async function ask(which, [a, b]) {
    try {
      const value = await api.path(a, b, ctx.state.view.asOf, undefined, which);
      if (ctx.state.view.path?.join() === [a, b].join()) dispatch({ type: 'loaded', what: 'paths', value });
    } catch (problem) { dispatch({ type: 'failed', what: 'paths', problem }); }
  }

  const render = whenChanged(s => [s.ui.pathFrom, s.view.path, s.data.paths], (from, ends, paths) => {
    root.hidden = !from && !ends;
    if (from) return fill(root, el('span', {}, 'Path from ', el('strong', {}, words.parts(from).label), ': choose where it leads, on the picture with P or in the details. '), clear('Cancel'));
    if (!ends) return fill(root);
    const begin = [el('span', {}, 'Path from ', name(ends[0]), ' to ', name(ends[1]), ': ')];
    if (!paths) return fill(root, begin, el('span', {}, 'looking … '), clear('Cancel'));
    if (!paths.found) return fill(root, begin, el('span', {}, 'there is none; neither was made from the other. '), clear('Close'));
    const count = paths.runs.length + paths.versions.length;
    fill(root, begin, el('span', {}, `${words.counted(paths.distance, 'step')} ${paths.direction}, ${words.number(count)} on it. `),
      el('select', { 'aria-label': 'Which paths', 'data-key': 'which', onchange: event => ask(event.target.value, ends) },
        WHICH.map(([value, label]) => el('option', { value, selected: value === paths.which }, label))),
      paths.truncated && el('span', {}, words.cutShort(paths.truncated)), clear('Clear'));
  });
  return { render };
}
