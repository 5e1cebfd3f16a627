// The panel beside the picture: what is recorded of the selected run or version, and what can be done with it.

import { button, el, fill, icon, whenChanged } from './dom.js';
import { queries, runFacts, settings, things, versionFacts } from './details.js';
import { files } from './files.js';

/** ctx: {dispatch, api, words, state}. Returns {render(state)}. */
export function create(root, ctx) {
  const body = el('section', { id: 'card', 'aria-label': 'Details' });
  root.append(body);
  const paint = (state, card, lineage, shown) => {
    const name = state.view.selected;
    body.hidden = !shown || !name;
    if (body.hidden) return;
    if (!ctx.words.isOf(card, name)) fill(body, head({ kind: ctx.words.parts(name).kind, name }, state, ctx), waiting(state, ctx));
    else fill(body, head(card, state, ctx), actions(card, lineage, state, ctx), sections(card, ctx));
  };
  const render = whenChanged(state => {
    const { view, data, ui } = state;
    return [view, data.card, data.lineage, ui.panel, ui.problem, ui.loading];
  }, (view, card, lineage, panel) => paint(ctx.state, card, lineage, panel === 'card'));
  return { render };
}

/** All that is recorded, as sections. */
export function sections(card, ctx) {
  if (card.kind === 'run') {
    const { run } = card;
    return [
      runFacts(run, ctx),
      things('Inputs', 'inputs', card.inputs, ctx, 'It used nothing that is recorded.'),
      things('Outputs', 'outputs', card.outputs, ctx, 'It logged nothing.'),
      settings('Config', 'config', run.config, ctx, true), settings('Summary', 'summary', run.summary, ctx, true),
      relations(card.relations, ctx), settings('Environment', 'environment', run.environment, ctx), queries(card.queries, ctx),
    ];
  }
  const { version } = card;
  return [
    versionFacts(version, card.artifact, ctx),
    things('Produced by', 'producers', card.producers, ctx, 'No run is recorded that made it.'),
    things('Used by', 'consumers', card.consumers, ctx, 'Nothing has used it yet.'),
    files(card.files, card.file_count, card.files_reason, ctx),
    settings('Metadata', 'metadata', version.metadata, ctx, true),
    things('Other versions', 'siblings', card.siblings, ctx), queries(card.queries, ctx),
  ];
}

const RELATIONS = {
  parent: 'Part of', child: 'Parts', retry_of: 'Another try of', retried_by: 'Tried again as', resumed_from: 'Goes on from', resumed_by: 'Gone on with',
};
const relations = (found, ctx) => Object.entries(found ?? {}).map(([key, some]) => things(RELATIONS[key] ?? key, key, some, ctx));

function head(card, state, ctx) {
  const { words, dispatch } = ctx, said = words.parts(card.name);
  const label = card.kind === 'run' ? card.run?.name || said.label : said.label;
  const kind = [card.kind === 'run' ? card.run?.job_type : card.version?.type, words.kindOf(card.kind)].filter(Boolean).join(' ');
  return el('div', { class: 'panel-head' }, icon(card.kind),
    el('div', { class: 'fills' }, el('small', {}, card.name === (state.data.lineage?.name ?? state.view.home) ? `${kind} · home` : kind),
      el('h2', { tabindex: '-1', 'data-key': 'panel title', title: card.name }, label), el('small', { class: 'full' }, card.name)),
    button('×', () => dispatch({ type: 'closePanel' }), { class: 'quiet', 'aria-label': 'Close the details', 'data-key': 'close panel' }));
}

function waiting(state, ctx) {
  const { problem } = state.ui;
  if (!problem) return el('p', { class: 'quiet', 'aria-busy': 'true' }, 'Asking what is recorded …');
  const said = ctx.words.problem(problem);
  return el('p', { class: 'quiet' }, `${said.title}. ${said.detail}`);
}

function actions(card, lineage, state, ctx) {
  const { dispatch, words } = ctx, { view, ui } = state, { name } = card, home = lineage?.name ?? view.home;
  const onPicture = lineage?.cards.find(one => one.name === name), more = onPicture?.more;
  const act = (label, event, props = {}) => button(label, () => dispatch(event), { 'data-key': `act ${label}`, ...props });
  const from = ui.pathFrom && ui.pathFrom !== name ? ui.pathFrom : null;
  return el('div', { class: 'actions', role: 'group', 'aria-label': 'What to do with it' },
    name !== home && act('Make home', { type: 'home', name }, { class: 'first' }),
    more?.up > 0 && act(`Expand upstream (${words.number(more.up)})`, { type: 'expand', name, direction: 'up' }),
    more?.down > 0 && act(`Expand downstream (${words.number(more.down)})`, { type: 'expand', name, direction: 'down' }),
    name !== home && act('Compare with home', { type: 'compare', name, with: home }),
    act('Compare with …', { type: 'panel', panel: 'compare' }),
    from ? act(`Path from ${words.parts(from).label} to here`, { type: 'pathTo', name }) : act('Path from here', { type: 'pathFrom', name }),
    name !== home && !from && act('Path from home', { type: 'pathTo', name }),
    view.out.includes(name) && act('Put back into its group', { type: 'putBack', name }),
    onPicture && name !== home && act('Hide', { type: 'hide', name, label: onPicture.label ?? name }));
}
