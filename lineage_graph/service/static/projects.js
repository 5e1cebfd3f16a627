// Where one begins: all projects; and a project before anything in it was chosen.

import { el, fill, whenChanged } from './dom.js';
import { projectHash } from './state.js';

export function create(root, ctx) {
  const { words } = ctx;
  const card = one => el('li', {}, el('a', { class: 'project-card', href: projectHash(one.project) }, el('strong', {}, one.project),
    el('span', {}, words.counted(one.runs, 'run')),
    el('span', {}, words.counted(one.artifacts, 'artifact')),
    one.versions !== undefined && el('span', {}, words.counted(one.versions, 'version'))));
  function all(projects, problem) {
    if (!projects) return problem ? el('p', {}, [words.problem(problem).title, words.problem(problem).detail].join('. ')) : el('p', { 'aria-busy': 'true' }, 'Asking for the projects …');
    if (!projects.length) return el('p', {}, 'Nothing is recorded yet. Record a run with ', el('code', {}, 'lineage_graph.init(project=…)'), ', and it is here.');
    return el('ul', { class: 'cards' }, projects.map(card));
  }
  const render = whenChanged(s => [s.route.page, s.route.project, s.data.projects, s.data.artifacts, s.ui.problem], (page, project, projects, artifacts, problem) => {
    if (page === 'projects') fill(root, el('h1', {}, 'Projects'), all(projects, problem));
    else if (page === 'project') {
      const versions = (artifacts ?? []).reduce((sum, one) => sum + one.versions, 0);
      fill(root, el('h1', {}, project), problem?.status === 404 ? el('p', {}, `${words.problem(problem).detail}.`) : [
        artifacts && el('p', {}, `${words.counted(artifacts.length, 'artifact')}, ${words.counted(versions, 'version')}.`),
        el('p', { class: 'quiet' }, 'Choose an artifact, a version or a run at the side, or search with ', el('kbd', {}, '/'), ': its lineage is drawn here.')]);
    }
  });
  return { render };
}
