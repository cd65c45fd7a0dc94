// Test connection of a stored server: a page that waits for the end, or, for a page with script, the steps as they end.
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { CheckStep } from '../../domain/doctor.ts';
import { MailroomError } from '../../domain/errors.ts';
import { stepLines } from './check-steps.ts';
import type { PortalDeps } from './deps.ts';
import type { Frame } from './layout.ts';
import { testPage } from './test-page.ts';
import { formOf, LIST, needs, queryOf, send, streams, type Visits } from './visit.ts';

/** Whether the page asks for lines as they come. */
export const wantsLines = (request: FastifyRequest): boolean =>
  (request.headers.accept ?? '').includes('application/x-ndjson');

/** Answers with the steps as they end; a page that is closed ends the test. */
export function sendLines(reply: FastifyReply, frame: Frame, type: 'IMAP' | 'SMTP', steps: AsyncGenerator<CheckStep>) {
  reply.header('content-type', 'application/x-ndjson; charset=utf-8').header('x-accel-buffering', 'no');
  return reply.send(Readable.from(stepLines(frame, type, steps), { objectMode: false }));
}

export async function allSteps(steps: AsyncGenerator<CheckStep>): Promise<CheckStep[]> {
  const all: CheckStep[] = [];
  for await (const step of steps) all.push(step);
  return all;
}

export function addTest(
  portal: FastifyInstance,
  { servers, operations }: Pick<PortalDeps, 'servers' | 'operations'>,
  visits: Visits,
): void {
  async function asked(request: FastifyRequest) {
    const view = await servers.get(queryOf(request).name ?? '');
    if (view === undefined) throw new MailroomError('EMAIL_SERVER_NOT_FOUND');
    return view;
  }
  portal.get(`${LIST}/test`, needs('email-servers:test'), async (request, reply) =>
    send(reply, testPage(visits.frame(request), await asked(request), { sendProbe: false })),
  );
  portal.post(`${LIST}/test`, streams('email-servers:test'), async (request, reply) => {
    const view = await asked(request);
    const sendProbe = formOf(request).get('_sendProbe') === 'true';
    const steps = await operations.test(view.name, { sendProbe });
    const frame = visits.frame(request);
    if (wantsLines(request)) return sendLines(reply, frame, view.serverType ?? 'IMAP', steps);
    return send(reply, testPage(frame, view, { all: await allSteps(steps), sendProbe }));
  });
}
