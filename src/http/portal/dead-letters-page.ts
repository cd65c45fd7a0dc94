// Dead letters: messages that the consumer of their email flow has given up, with its words; tried again, moved to another flow or deleted, one or many,
// after one question that counts.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { MailroomError } from '../../domain/errors.ts';
import { FIND_DAYS } from '../../domain/found.ts';
import type { DeadLetter, DeadLetterAction, DeadLetterFilter } from '../api/dead-letters.ts';
import type { ListPage } from '../ports.ts';
import { bulkBar, bulkBox, bulkOf, bulkPage, decideAll, MOST_AT_ONCE } from './bulk.ts';
import type { PortalDeps } from './deps.ts';
import {
  type Column,
  filterFor,
  filterForm,
  filterIn,
  isNarrow,
  type ListFilter,
  listRangeOf,
  lookedAtNote,
  pageAt,
  queryText,
  sortHeads,
} from './filter.ts';
import { timelineUrl } from './find-page.ts';
import { formOf, needs, queryOf, type RequestContext, seeOther, send } from './gate.ts';
import { type Html, html } from './html.ts';
import { type Done, doneNote, doneOf, doneUrl, type Frame, frameMay, page, pageOf, pager, since } from './layout.ts';
import { personalLines } from './personal.ts';

const PATH = '/portal/dead-letters';
const PER_PAGE = 40;
const ACTS = ['retry', 'move', 'delete'] as const satisfies readonly DeadLetterAction[];

const COLUMNS: readonly Column[] = [
  { word: 'message', by: 'server' },
  { word: 'flow', by: 'flow' },
  { word: 'gaveUp', by: 'when' },
  { word: 'attempts', by: 'attempts' },
  { word: 'reason', by: 'reason' },
];

/** Of a job: no job id has a slash. */
const idOf = ({ emailFlow, jobId }: Pick<DeadLetter, 'emailFlow' | 'jobId'>): string => `${jobId}/${emailFlow}`;
const jobIn = (id: string): { jobId: string; emailFlow: string } => {
  const slash = id.indexOf('/');
  return { jobId: id.slice(0, Math.max(0, slash)), emailFlow: id.slice(slash + 1) };
};

const wantedOf = (filter: ListFilter): DeadLetterFilter => ({
  ...listRangeOf(filter),
  ...(filter.flow === '' ? {} : { emailFlow: filter.flow }),
  ...(filter.server === '' ? {} : { server: filter.server }),
  ...(filter.code === '' ? {} : { reason: filter.code }),
  ...(filter.person === '' ? {} : { person: filter.person }),
});

interface DeadLettersView {
  letters: ListPage<DeadLetter>;
  filter: ListFilter;
  flows: readonly string[];
  servers: readonly string[];
  /** From 1. */
  at: number;
  done: Done | undefined;
}

function deadLettersPage(frame: Frame, view: DeadLettersView): string {
  const { filter, flows, servers, at, done } = view;
  const { entries, total, lookedAt } = view.letters;
  const { say } = frame;
  const pages = Math.max(1, Math.ceil(total / PER_PAGE));
  const url = (next: number) => `${PATH}?${queryText(filter, { page: String(next) })}`;
  const may = frameMay(frame, 'dead-letters:decide');
  const person = frameMay(frame, 'addresses:read') && ({ person: 'sender' } as const);
  const none = isNarrow(filter)
    ? html`<div class="card empty"><h2>${say('noMatch')}</h2></div>`
    : html`<div class="card empty"><h2>${say('noneDead')}</h2><p>${say('noneDeadHelp')}</p></div>`;
  return page(
    frame,
    say('deadLetters'),
    'deadLetters',
    html`<h1>${say('deadLetters')}</h1><p class="lead">${say('deadLettersLead')}</p>${doneNote(frame, done)}${(total > 0 || isNarrow(filter)) && filterForm(frame, { filter, flows, servers, codeLabel: 'reason', columns: COLUMNS, ...person })}${filter.person !== '' && html`<p class="dim">${say('personReach', { days: FIND_DAYS })}</p>`}${lookedAtNote(frame, lookedAt)}<div data-live="dead">${
      entries.length === 0
        ? none
        : html`<div class="table stack"><table class="rows w-dead" aria-label="${say('deadLetters')}"><thead><tr>${sortHeads(frame, filter, COLUMNS, (next) => `${PATH}?${queryText(next)}`)}</tr></thead><tbody>
${entries.map((letter) => row(frame, letter, may))}</tbody></table></div>${pager(frame, { at, pages, total, word: 'entries', url })}${may && bulkBar(frame, { action: `${PATH}/bulk`, back: url(at), acts: ACTS.map((act) => [act, say(`dead-${act}`)] as const), total })}`
    }</div>`,
  );
}

function row(frame: Frame, letter: DeadLetter, may: boolean): Html {
  const { say } = frame;
  const { messageKey, server, emailFlow, failedAt, attempts, reason } = letter;
  return html`<tr><th scope="row" class="wrap">${may && bulkBox(idOf(letter), `${say('select')}: ${messageKey}`)} <a href="${timelineUrl('message', messageKey)}"><code>${messageKey}</code></a><div class="dim">${server}</div>${personalLines(frame, letter)}</th><td class="wrap" data-label="${say('flow')}"><div>${emailFlow}</div></td><td data-label="${say('gaveUp')}"><div>${since(frame, failedAt)}</div></td><td data-label="${say('attempts')}"><div>${attempts}</div></td><td class="wrap" data-label="${say('reason')}"><div><q>${reason}</q></div></td></tr>`;
}

/** Where they go, for a move. */
const targetField = ({ say }: Frame, flows: readonly string[]): Html =>
  html`<p><label for="to">${say('moveFlowTo')}</label><select id="to" name="to">${flows.map((flow) => html`<option value="${flow}">${flow}</option>`)}</select></p>`;

export function addDeadLetters(
  portal: FastifyInstance,
  { operations, servers }: Pick<PortalDeps, 'operations' | 'servers'>,
  requestContext: RequestContext,
): void {
  portal.get(PATH, needs('dead-letters:read'), async (request, reply) => {
    const query = queryOf(request);
    const frame = requestContext.frame(request);
    const filter = filterFor(frame, query);
    const [found, views] = await Promise.all([
      pageAt(pageOf(query.page), PER_PAGE, (page) => operations.deadLetters(wantedOf(filter), page)),
      servers.list(),
    ]);
    const { at, ...letters } = found;
    const names = views.filter(({ serverType }) => serverType === 'IMAP').map(({ name }) => name);
    const done = doneOf(requestContext.session(request), query);
    // Also those that no server feeds any more.
    const flows = new Set([
      ...operations.flowNames(),
      ...letters.entries.map(({ emailFlow }) => emailFlow),
      filter.flow,
    ]);
    flows.delete('');
    const view = { letters, filter, flows: [...flows].sort(), servers: names, at, done };
    return send(reply, deadLettersPage(frame, view));
  });

  async function idsOf(request: FastifyRequest): Promise<readonly string[]> {
    const { scope, ids, back, asked } = bulkOf(formOf(request), PATH);
    if (scope === 'marked') return ids;
    const { to = asked, ...wanted } = wantedOf(filterIn(back));
    const page = { offset: 0, limit: MOST_AT_ONCE };
    return (await operations.deadLetters({ ...wanted, to: Math.min(to, asked) }, page)).entries.map(idOf);
  }

  portal.post(`${PATH}/bulk`, needs('dead-letters:decide'), async (request, reply) => {
    const form = formOf(request);
    const frame = requestContext.frame(request);
    const bulk = bulkOf(form, PATH);
    const act = ACTS.find((one) => one === bulk.act);
    if (act === undefined) throw new MailroomError('HTTP_NOT_FOUND');
    const ids = await idsOf(request);
    if (ids.length === 0) return seeOther(reply, bulk.back);
    if (!bulk.confirmed) {
      const { say } = frame;
      const question = {
        ...({
          bulk,
          count: ids.length,
          act: say(`dead-${act}`),
          current: 'deadLetters',
          action: `${PATH}/bulk`,
        } as const),
        what: html`<p class="${act === 'delete' && 'note warn'}">${say(`dead-${act}What`)}</p>`,
        danger: act === 'delete',
        ...(act === 'move' ? { form: targetField(frame, operations.flowNames()) } : {}),
      };
      return send(reply, bulkPage(frame, question));
    }
    const by = requestContext.who(request);
    const to = form.get('to') ?? '';
    const count = await decideAll(ids, (id) => operations.decideDeadLetter(act, { ...jobIn(id), to }, by));
    return seeOther(reply, doneUrl(requestContext.session(request), bulk.back, 'bulkDone', `${count} / ${ids.length}`));
  });
}
