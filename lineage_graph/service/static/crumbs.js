// Where one is: all projects, a project, a run or version.

import { el, fill, whenChanged } from './dom.js';
import { projectHash } from './state.js';

export function create(root, ctx) {
  const render = whenChanged(s => [s.route.page, s.route.project, s.data.lineage?.name ?? s.view.home], (page, project, name) => {
    const steps = [['#/', 'Lineage', page === 'projects'], page !== 'projects' && [projectHash(project), project, page === 'project']].filter(Boolean);
    fill(root, el('ol', {}, steps.map(([href, label, here]) => el('li', {}, el('a', { href, 'aria-current': here ? 'page' : null, 'data-key': `crumb ${href}` }, label))),
      page === 'lineage' && el('li', { 'aria-current': 'page', title: name }, el('h1', {}, ctx.words.parts(name).label))));
  });
  return { render };
}
