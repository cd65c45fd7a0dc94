// Dead letters: messages that the consumer of their email flow has given up, with its words. They are retried, moved to another flow or deleted, after
// one confirmation.
import type { DeadLetter, DeadLetterAction } from '../api/dead-letters.ts';
import { addBulk, bulkBox, MOST_AT_ONCE } from './bulk.ts';
import type { PortalDeps } from './deps.ts';
import { filterFor, pageAt, wantedOf } from './filter.ts';
import { timelineUrl } from './find-page.ts';
import type { Routes } from './gate.ts';
import { html } from './html.ts';
import { type Frame, frameMay } from './layout.ts';
import { listView, personalLines } from './list-view.ts';
import { pageOf, same, selectField, since } from './parts.ts';
import type { Column } from './table.ts';

const PATH = '/portal/dead-letters';
const PER_PAGE = 40;
const ACTS = ['retry', 'move', 'delete'] as const satisfies readonly DeadLetterAction[];

/** Identifies a job; job ids contain no slash. */
const idOf = ({ emailFlow, jobId }: Pick<DeadLetter, 'emailFlow' | 'jobId'>): string => `${jobId}/${emailFlow}`;
const jobIn = (id: string): { jobId: string; emailFlow: string } => {
  const slash = id.indexOf('/');
  return { jobId: id.slice(0, Math.max(0, slash)), emailFlow: id.slice(slash + 1) };
};

const columnsOf = (frame: Frame): Column<DeadLetter>[] => [
  {
    word: 'message',
    by: 'server',
    width: 28,
    isName: true,
    cell: (letter) =>
      html`${frameMay(frame, 'dead-letters:decide') && bulkBox(frame, idOf(letter), letter.messageKey)}<a href="${timelineUrl('message', letter.messageKey)}"><code>${letter.messageKey}</code></a><div class="dim">${letter.server}</div>${personalLines(frame, letter)}`,
  },
  { word: 'flow', by: 'flow', width: 16, cell: ({ emailFlow }) => emailFlow },
  { word: 'gaveUp', by: 'when', width: 10, cell: ({ failedAt }) => since(frame, failedAt) },
  { word: 'attempts', by: 'attempts', width: 10, cell: ({ attempts }) => attempts },
  { word: 'reason', by: 'reason', cell: ({ reason }) => html`<q>${reason}</q>` },
];

export function addDeadLetters(
  routes: Routes,
  { operations, servers }: Pick<PortalDeps, 'operations' | 'servers'>,
): void {
  routes.get(PATH, 'dead-letters:read', async ({ frame, query }) => {
    const filter = filterFor(frame, query);
    const [found, views] = await Promise.all([
      pageAt(pageOf(query.page), PER_PAGE, (page) => operations.deadLetters(wantedOf(filter, 'reason'), page)),
      servers.list(),
    ]);
    // Including flows that no server feeds any more.
    const flows = new Set([...operations.flowNames(), ...found.entries.map(({ emailFlow }) => emailFlow), filter.flow]);
    flows.delete('');
    return listView(frame, {
      ...found,
      path: PATH,
      title: 'deadLetters',
      lead: 'deadLettersLead',
      live: 'dead',
      perPage: PER_PAGE,
      filter,
      fields: {
        flows: [...flows].sort(),
        servers: views.filter(({ serverType }) => serverType === 'IMAP').map(({ name }) => name),
        codeLabel: 'reason',
        person: frameMay(frame, 'addresses:read') && 'sender',
      },
      columns: () => columnsOf(frame),
      none: ['noneDead', 'noneDeadHelp'],
      acts: frameMay(frame, 'dead-letters:decide') && ACTS.map((act) => [act, frame.say(`dead-${act}`)]),
    });
  });

  addBulk(routes, {
    path: PATH,
    current: 'deadLetters',
    access: 'dead-letters:decide',
    acts: ACTS,
    async idsOf(filter, until) {
      const wanted = wantedOf(filter, 'reason', until);
      return (await operations.deadLetters(wanted, { offset: 0, limit: MOST_AT_ONCE })).entries.map(idOf);
    },
    question: ({ say }, act) => ({
      act: say(`dead-${act}`),
      what: html`<p class="${act === 'delete' && 'note warn'}">${say(`dead-${act}What`)}</p>`,
      danger: act === 'delete',
      fields: act === 'move' && html`<p>${selectField('to', say('moveFlowTo'), same(operations.flowNames()))}</p>`,
    }),
    decide: (act, id, by, form) => operations.decideDeadLetter(act, { ...jobIn(id), to: form.get('to') ?? '' }, by),
  });
}
