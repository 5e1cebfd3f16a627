// What is recorded of one run or version, as sections: used by the panel and by the preview in a group.

import { button, copyButton, el, icon } from './dom.js';
import { VIEW, toHash } from './state.js';

export const nameOf = node => (node.id && node.project ? `${node.project}/runs/${node.id}` : node.name);

/** The address of a lineage, at the time that is looked at. */
export const lineageOf = (name, state) =>
  toHash({ route: { ...state.route, page: 'lineage', tab: 'graph' }, view: { ...VIEW, home: name, asOf: state.view.asOf } });

/** A section with a heading; folded when `open` is false. Nothing where there is nothing to show. */
export function section(title, key, open, ...children) {
  const inside = children.flat().filter(Boolean);
  return inside.length ? el('details', { class: 'part', 'data-key': `part ${key}`, open }, el('summary', {}, el('h3', {}, title)), inside) : null;
}

/** [[term, value, …extra]] as a list; a row without a value is left out. */
export const facts = rows => el('dl', { class: 'facts' }, rows
  .filter(([, value]) => value !== null && value !== undefined && value !== '')
  .map(([term, value, ...more]) => el('div', {}, el('dt', {}, term), el('dd', {}, value, more))));

/** A state: a dot whose shape differs as well, and the word. */
export const state = text => (text ? el('span', { class: `state ${text}` }, el('span', { class: 'dot', 'aria-hidden': 'true' }), text) : '');

export const chips = (items, label) => (items?.length
  ? el('ul', { class: 'chips', 'aria-label': label }, items.map(item => el('li', { class: 'chip still' }, item))) : '');

/** A run or version as a row: its name selects it, the arrow makes it home. */
export function thing(node, ctx) {
  const { words } = ctx, name = nameOf(node), run = Boolean(node.id && node.project);
  const label = run ? node.name || node.id : words.parts(name).label;
  const about = run ? [node.job_type, node.state] : [node.type, node.used_as?.length && `as ${node.used_as.join(', ')}`, node.aliases?.length && node.aliases.join(', ')];
  return el('li', { class: 'thing' }, icon(run ? 'run' : 'version'),
    button(label, () => ctx.dispatch({ type: 'select', name }), { class: 'link fills', title: name, 'data-key': `thing ${name}` }),
    el('small', {}, about.filter(Boolean).join(' · ')),
    el('a', { class: 'go', href: lineageOf(name, ctx.state), 'aria-label': `Lineage of ${label}`, title: 'Show its lineage' }, '→'));
}

/** A list of them, the first ones, and how many more there are. */
export function things(title, key, found, ctx, none) {
  const { words } = ctx, { items, count } = found ?? { items: [], count: 0 };
  if (!items.length) return none ? section(`${title} (0)`, key, true, el('p', { class: 'quiet' }, none)) : null;
  return section(`${title} (${words.number(count)})`, key, true,
    el('ul', { class: 'things' }, items.map(node => thing(node, ctx))),
    count > items.length && el('p', { class: 'quiet' }, `The first ${words.number(items.length)} of ${words.number(count)}. Expand the card to see them on the picture.`));
}

/** Nested settings as a table that folds by its first key. */
export function settings(title, key, values, ctx, open = false) {
  const rows = ctx.words.leaves(values);
  if (!rows.length) return null;
  const table = el('table', { class: 'settings' }, el('tbody', {}, rows.map(([name, value]) =>
    el('tr', {}, el('th', { scope: 'row' }, name), el('td', {}, ctx.words.value(value))))));
  return section(`${title} (${ctx.words.number(rows.length)})`, key, open, el('div', { class: 'wide' }, table));
}

/** The questions that were asked of Neo4j, to ask again there. */
export function queries(asked, ctx, title = 'Cypher') {
  if (!asked?.length) return null;
  const say = text => ctx.dispatch({ type: 'message', text });
  return section(title, `cypher ${title}`, false, asked.map(query => {
    const text = ctx.words.cypher(query);
    return el('article', { class: 'query' },
      el('div', { class: 'row' }, el('code', { class: 'fills' }, query.name), copyButton(`Query ${query.name}`, text, say),
        query.browser && el('a', { class: 'small', href: query.browser, target: '_blank', rel: 'noopener noreferrer' }, 'Open in Neo4j Browser')),
      el('pre', { tabindex: '0', 'aria-label': `Text of ${query.name}` }, text));
  }));
}

/** A run's rows. */
export function runFacts(run, ctx) {
  const { words } = ctx, say = text => ctx.dispatch({ type: 'message', text });
  return facts([
    ['State', state(run.state)],
    ['Started', run.started_at && words.moment(run.started_at)],
    ['Duration', words.took(run.started_at, run.ended_at, run.state === 'running' ? Date.now() : null)],
    ['Job type', run.job_type], ['Step', run.step], ['Group', run.group],
    ['Author', run.author, run.email && run.email !== run.author ? ` <${run.email}>` : null], ['Host', run.host],
    ['Command', run.command && el('code', { class: 'long', tabindex: '0' }, run.command), run.command && copyButton('Command', run.command, say)],
    ['Commit', run.commit && el('code', { title: run.commit }, words.short(run.commit)), run.commit && copyButton('Commit', run.commit, say)],
    ['Code', run.dirty === null || run.dirty === undefined ? '' : run.dirty ? 'changed since the commit' : 'as committed'],
    ['Exit code', run.exit_code],
    ['Description', run.description], ['Tags', chips(run.tags, 'Tags')],
    ['Imported as', run.source_id], ['Note', run.stub ? 'Only spoken of so far; nothing of its own is recorded.' : ''],
  ]);
}

/** A version's rows. */
export function versionFacts(version, artifact, ctx) {
  const { words } = ctx, say = text => ctx.dispatch({ type: 'message', text });
  const content = { stored: 'stored', pending: 'not there yet', elsewhere: 'only pointed to', erased: 'erased', none: 'none' };
  return facts([
    ['Aliases', chips(version.aliases, 'Aliases')],
    ['Created', words.moment(version.created_at)],
    ['Type', version.type], ['Version', `v${version.version}`],
    ['Description', version.description || artifact?.description], ['Tags', chips(version.tags, 'Tags')],
    ['Size', words.size(version.size)], ['Files', version.file_count !== null && words.number(version.file_count)],
    ['Content', content[version.content] ?? version.content],
    ['Digest', el('code', { title: version.digest }, words.short(version.digest)), copyButton('Digest', version.digest, say)],
    ['Imported as', version.source_id],
  ]);
}
