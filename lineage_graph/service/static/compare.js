// In what two versions or two runs differ, and the choice of what to compare with.

import { button, el, fill, icon, whenChanged } from './dom.js';
import { section, thing } from './details.js';
import { finder } from './search.js';

export function create(root, ctx) {
  const { dispatch, words } = ctx;
  const body = el('section', { id: 'compare', 'aria-label': 'Comparison' });
  root.append(body);
  const close = () => dispatch(ctx.state.view.compare ? { type: 'clearCompare' } : { type: 'panel', panel: ctx.state.view.selected ? 'card' : null });

  const head = what => el('div', { class: 'panel-head' }, el('div', { class: 'fills' }, el('small', {}, 'compare'), el('h2', { tabindex: '-1' }, what)),
    button('×', close, { class: 'quiet', 'aria-label': 'Close the comparison', 'data-key': 'close compare' }));

  function choose(state) {
    const a = state.view.selected ?? state.data.lineage?.name ?? state.view.home, card = words.isOf(state.data.card, a) ? state.data.card : null;
    const siblings = card?.siblings?.items ?? [];
    const compare = name => dispatch({ type: 'compare', name, with: a });
    const rest = (state.data.lineage?.cards ?? []).filter(one => one.name && one.name !== a && words.parts(one.name).kind === words.parts(a).kind).slice(0, 30);
    const offer = (name, label) => el('li', { class: 'thing' }, icon(words.parts(name).kind), button(label, () => compare(name), { class: 'link fills', title: name, 'data-key': `with ${name}` }));
    fill(body, head(`${words.parts(a).label} with …`),
      finder(ctx, { label: 'Compare with', only: words.parts(a).kind, choose: hit => compare(hit.name) }),
      siblings.length > 0 && [el('h3', {}, 'Other versions'), el('ul', { class: 'things' }, siblings.map(one => offer(one.name, words.parts(one.name).label)))],
      rest.length > 0 && [el('h3', {}, 'On the picture'), el('ul', { class: 'things' }, rest.map(one => offer(one.name, one.label)))]);
  }

  function show(diff, [a, b]) {
    const [ours, theirs] = [words.parts(a).label, words.parts(b).label];
    if (!diff) return fill(body, head(`${ours} and ${theirs}`), el('p', { class: 'quiet', 'aria-busy': 'true' }, 'Comparing …'));
    const given = side => (side ? `${words.parts(side.name).label}${side.used_as ? ` as ${side.used_as}` : ''}` : null);
    const changes = (title, key, list) => table(title, key, list.map(one => [one.key, one.change, one.a, one.b]));
    const pairs = (title, key, list) => table(title, key, list.map(one => [words.parts(one.artifact).label, one.change, given(one.a), given(one.b)]));
    const table = (title, key, rows) => (rows.length ? section(`${title} (${words.number(rows.length)})`, `diff ${key}`, true,
      el('div', { class: 'wide' }, el('table', { class: 'settings diff' },
        el('thead', {}, el('tr', {}, ['What', ours, theirs].map(text => el('th', { scope: 'col' }, text)))),
        el('tbody', {}, rows.map(([what, change, old, now]) => el('tr', { class: change }, el('th', { scope: 'row' }, what),
          el('td', {}, change === 'added' ? '–' : words.value(old)), el('td', {}, change === 'removed' ? '–' : words.value(now)))))))) : null);
    const nodes = (title, key, found) => {
      const all = [...found.runs, ...found.versions], count = found.counts.runs + found.counts.versions;
      return section(`${title} (${words.number(count)})`, `diff ${key}`, false,
        el('ul', { class: 'things' }, all.slice(0, 50).map(one => thing(one, ctx))),
        count > Math.min(50, all.length) && el('p', { class: 'quiet' }, `The nearest ${words.number(Math.min(50, all.length))} of ${words.number(count)}.`));
    };
    const same = !diff.differ && el('p', {}, 'They do not differ: the same inputs, settings, code and content.');
    const both = diff.both.counts.runs + diff.both.counts.versions;
    fill(body, head(`${ours} and ${theirs}`),
      el('div', { class: 'actions' }, button('Swap', () => dispatch({ type: 'compare', name: a, with: b }), { 'data-key': 'swap' }),
        button('Path between them', () => { dispatch({ type: 'pathFrom', name: a }); dispatch({ type: 'pathTo', name: b }); }, { 'data-key': 'between' })),
      same, pairs('Inputs', 'inputs', diff.inputs), changes('Config', 'config', diff.config), changes('Code', 'code', diff.code), changes('Command', 'command', diff.command),
      changes('Metadata', 'metadata', diff.metadata), pairs('Outputs', 'outputs', diff.outputs),
      diff.files && table('Files', 'files', diff.files.changes.map(one => [one.path, one.change, file(one.a_size, one.a_digest, words), file(one.b_size, one.b_digest, words)])),
      diff.files?.problem && el('p', { class: 'quiet' }, `Files were not compared: ${diff.files.problem}`),
      changes('Environment', 'environment', diff.environment),
      table('Other versions of the same artifacts upstream', 'replaced', diff.replaced.map(one => [words.parts(one.artifact).label, 'changed', versions(one.a), versions(one.b)])),
      nodes(`Ancestors of ${ours} only`, 'only a', diff.only_a), nodes(`Ancestors of ${theirs} only`, 'only b', diff.only_b),
      both > 0 && el('p', { class: 'quiet' }, `${words.counted(both, 'ancestor')} in both.`), diff.truncated && el('p', { class: 'quiet' }, words.cutShort(diff.truncated)));
  }
  const versions = names => names.slice(0, 5).map(name => words.parts(name).version).join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : '');
  const matching = (diff, pair) => (diff && diff.a && (diff.a.name === pair[0] || diff.b.name === pair[1]) ? diff : null);

  const paint = whenChanged(s => [s.ui.panel === 'compare', s.view.compare, s.data.diff, s.view.selected, s.data.card], (open, pair, diff) => {
    body.hidden = !open;
    if (!open) return;
    if (pair) show(matching(diff, pair), pair); else choose(ctx.state);
  });
  return { render: paint };
}

const file = (size, digest, words) => [words.size(size), digest && words.short(digest, 8)].filter(Boolean).join(' · ');
