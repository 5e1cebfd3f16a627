// The files of a version as a tree that is searched.

import { el, fill, later } from './dom.js';
import { section } from './details.js';

/** files: [{path, size, digest}] or null; count: how many there are; reason: why there is no list. */
export function files(listed, count, reason, ctx) {
  const { words } = ctx;
  if (!listed) return reason ? section('Files', 'files', true, el('p', { class: 'quiet' }, `Not listed: ${reason}`)) : null;
  if (!listed.length) return null;
  const tree = el('div', { class: 'files' }), said = el('p', { class: 'quiet', role: 'status' });
  const paint = text => {
    const found = text ? listed.filter(file => file.path.toLowerCase().includes(text.toLowerCase())) : listed;
    fill(tree, branch(words.tree(found), Boolean(text) || listed.length <= 12, words));
    said.textContent = text ? `${words.counted(found.length, 'file')} with this in the path` : '';
  };
  const field = listed.length > 8 && el('input', {
    type: 'search', placeholder: 'Find a file', 'aria-label': 'Find a file by its path', 'data-key': 'find file',
    oninput: later(120, () => paint(field.value.trim())),
  });
  paint('');
  return section(`Files (${words.number(count ?? listed.length)})`, 'files', true, field, tree, said,
    count > listed.length && el('p', { class: 'quiet' }, `The first ${words.number(listed.length)} of ${words.number(count)}.`));
}

function branch(at, open, words) {
  const row = (name, size, props = {}) => [el('span', { class: 'fills', ...props }, name), el('small', {}, words.size(size))];
  return el('ul', {},
    at.folders.map(folder => el('li', {}, el('details', { open, 'data-key': `folder ${folder.path}` },
      el('summary', {}, row(`${folder.name}/`, folder.size), el('small', {}, words.counted(folder.count, 'file'))), branch(folder, open, words)))),
    at.files.map(file => el('li', { class: 'file' }, row(file.name, file.size, { title: `${file.path}\n${file.digest ?? ''}` }))));
}
