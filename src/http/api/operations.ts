// Operation over HTTP: email flows with their queues, the state of everything, pause and resume of an SMTP server, tests of a connection.
import { z } from 'zod';
import type { Attention } from '../../domain/attention.ts';
import { attentionText } from '../../domain/attention-words.ts';
import { type CheckStep, passed } from '../../domain/doctor.ts';
import { sendLines } from '../downloads.ts';
import { problemAnswer as problem } from '../problem.ts';
import { flowParam, get, post, type Route, serverParam } from '../routes.ts';
import { type Definition, definitionSchema, type EmailServerView, emailServerSchema } from './email-servers.ts';
import type { LogLevelApi } from './log-level.ts';

const emailFlowSchema = z.object({
  emailFlow: z.string(),
  servers: z.array(z.string()).describe('Enabled IMAP email servers that feed it'),
  waiting: z.int().describe('Messages that wait to be consumed'),
  oldestAt: z.number().optional().describe('Epoch milliseconds: arrival of the oldest that waits'),
  jobs: z.record(z.string(), z.int()).describe('Jobs by state, as BullMQ counts them'),
  consumers: z
    .int()
    .optional()
    .describe('Consumers (BullMQ workers) connected to its queue; absent where Redis does not permit CLIENT LIST'),
  problem: z.string().optional().describe('Why its queue cannot be read; the counts say nothing then'),
});
export type EmailFlowView = z.infer<typeof emailFlowSchema>;

const quarantinedKeySchema = z.object({
  key: z.string(),
  item: z.string().optional().describe('Field or member, when the rest of the key is sound'),
  what: z.string(),
  mailbox: z.string().optional(),
  server: z.string().optional(),
  reason: z.string(),
  movedTo: z
    .string()
    .optional()
    .describe('Where its content is kept for 30 days; absent: it stays in its place, and what needs it waits'),
  at: z.string(),
});
type QuarantinedKeyView = z.infer<typeof quarantinedKeySchema>;

const attentionSchema = z.object({
  code: z.string(),
  urgency: z
    .enum(['now', 'soon', 'note'])
    .describe('now: mail or replies wait for a person; soon: they will; note: Mailroom is at it'),
  server: z.string().optional().describe('Email server that it is about'),
  emailFlow: z.string().optional().describe('Email flow that it is about'),
  since: z.number().optional().describe('Epoch milliseconds'),
  parameters: z.record(z.string(), z.union([z.string(), z.number()])).describe('What title and hint are made of'),
  title: z.string(),
  hint: z.string().describe('What to do'),
  link: z.string().describe('Page of the portal where it is dealt with'),
  alert: z.string().optional().describe('Rule of mailroom.rules.yaml that watches the same thing'),
});

const statusSchema = z.object({
  attention: z
    .array(attentionSchema)
    .describe('What needs a person, most urgent first; the portal shows the same list. Empty: all is well'),
  quarantinedKeys: z.array(quarantinedKeySchema).describe('Keys in Redis that held something else than they must'),
  emailFlows: z.array(emailFlowSchema),
  emailServers: z.array(
    emailServerSchema.pick({ name: true, serverType: true, source: true, enabled: true, valid: true, live: true }),
  ),
});

export interface TestOptions {
  /** Sends a real mail from each permitted From to the mailbox that signs in. Default false. */
  sendProbe?: boolean;
}

export interface OperationsApi extends LogLevelApi {
  /** Flows of defined servers, and flows without a server that have unconsumed messages. */
  emailFlows(): Promise<EmailFlowView[]>;
  /** Names of the email flows of all defined IMAP servers. */
  flowNames(): string[];
  /**
   * Moves the waiting messages of a flow without a server to another one, in the same order; messages that are being consumed stay.
   * @returns the number moved
   * @throws MailroomError EMAIL_FLOW_UNKNOWN, EMAIL_FLOW_IN_USE
   */
  moveFlow(from: string, to: string, by: string): Promise<number>;
  /** Redis keys that held an unexpected value, newest first. */
  quarantinedKeys(): Promise<QuarantinedKeyView[]>;
  /**
   * Until it is resumed: jobs stay on the queue, running ones end.
   * @throws MailroomError EMAIL_SERVER_NOT_FOUND, EMAIL_SERVER_CANNOT_PAUSE
   */
  pause(name: string, by: string): Promise<EmailServerView>;
  resume(name: string, by: string): Promise<EmailServerView>;
  /** The doctor's steps as they end. To stop iterating is to end the test. @throws MailroomError EMAIL_SERVER_NOT_FOUND */
  test(name: string, options?: TestOptions): Promise<AsyncGenerator<CheckStep>>;
  /** The same for a definition that is not stored. @param existing the server that is edited: its password is used when none is given @throws RequestInvalid */
  testDefinition(definition: Definition, existing?: string, options?: TestOptions): Promise<AsyncGenerator<CheckStep>>;
  /** Folders of the mailbox that an IMAP definition signs in to. @throws RequestInvalid, MailroomError of the imap and oauth sections */
  folders(definition: Definition, existing?: string): Promise<string[]>;
}

export interface StatusApi extends OperationsApi {
  /** State of everything, and what needs attention. */
  overview(): Promise<{
    attention: readonly Attention[];
    flows: readonly EmailFlowView[];
    mailboxes: readonly EmailServerView[];
    senders: readonly EmailServerView[];
  }>;
}

const steps = {
  200: {
    description: 'One JSON object a line: each step as it ends, at last `{"ok": true | false}`',
    contentType: 'application/x-ndjson',
  },
  404: problem('EMAIL_SERVER_NOT_FOUND'),
};

/** One line for each step, sent when it ends; a caller that disconnects ends the test. */
async function* stepLines(all: AsyncGenerator<CheckStep>): AsyncGenerator<string> {
  const found: CheckStep[] = [];
  try {
    for await (const step of all) {
      found.push(step);
      yield `${JSON.stringify(step)}\n`;
    }
    yield `${JSON.stringify({ ok: passed(found) })}\n`;
  } finally {
    await all.return(undefined);
  }
}

export function operationRoutes(api: StatusApi): Route[] {
  const toggle = (action: 'pause' | 'resume', summary: string) =>
    post(`/v1/email-servers/:name/${action}`, {
      operationId: `${action}EmailServer`,
      summary,
      tag: 'Email servers',
      permission: 'email-servers:pause',
      params: serverParam,
      answers: {
        200: { description: 'The email server', schema: emailServerSchema },
        404: problem('EMAIL_SERVER_NOT_FOUND'),
        422: problem('EMAIL_SERVER_CANNOT_PAUSE: only SMTP servers that are enabled'),
      },
      handle: ({ params, principal }) => api[action](params.name, principal.name),
    });

  return [
    get('/v1/email-flows', {
      operationId: 'listEmailFlows',
      summary: 'Email flows with what waits on their queues',
      tag: 'Email flows',
      permission: 'email-flows:read',
      answers: { 200: { description: 'All', schema: z.object({ emailFlows: z.array(emailFlowSchema) }) } },
      handle: async () => ({ emailFlows: await api.emailFlows() }),
    }),
    get('/v1/status', {
      operationId: 'getStatus',
      summary: 'What needs attention, and the state of all email servers and flows, without definitions',
      tag: 'Operation',
      permission: 'status:read',
      answers: { 200: { description: 'Status', schema: statusSchema } },
      handle: async () => {
        const [overview, quarantinedKeys] = await Promise.all([api.overview(), api.quarantinedKeys()]);
        const servers = [...overview.mailboxes, ...overview.senders].sort((left, right) =>
          left.name.localeCompare(right.name, 'en', { numeric: true }),
        );
        return {
          attention: overview.attention.map((one) => ({ ...one, ...attentionText(one.code, one.parameters, 'en') })),
          quarantinedKeys,
          emailFlows: overview.flows,
          emailServers: servers.map(({ name, serverType, source, enabled, valid, live }) => ({
            name,
            serverType,
            source,
            enabled,
            valid,
            live,
          })),
        };
      },
    }),
    post('/v1/email-flows/:flow/move', {
      operationId: 'moveEmailFlow',
      summary: 'What waits in a flow that no server feeds goes to another one; what is being consumed stays',
      tag: 'Email flows',
      permission: 'email-servers:write',
      params: flowParam,
      body: z.strictObject({ to: z.string().min(1).max(400).describe('An email flow of a defined IMAP server') }),
      answers: {
        200: { description: 'How many', schema: z.object({ moved: z.int() }) },
        404: problem('EMAIL_FLOW_UNKNOWN'),
        409: problem('EMAIL_FLOW_IN_USE: a server feeds it'),
      },
      handle: async ({ params, body, principal }) => ({
        moved: await api.moveFlow(params.flow, body.to, principal.name),
      }),
    }),
    toggle('pause', 'SMTP: send nothing until it is resumed; replies wait on the queue'),
    toggle('resume', 'SMTP: resume sending, regardless of who or what paused it'),
    post('/v1/email-servers/:name/test', {
      operationId: 'testEmailServer',
      stream: true,
      summary: 'Test its connection, sign-in and permissions; read-only, nothing is sent or changed',
      tag: 'Email servers',
      permission: 'email-servers:test',
      params: serverParam,
      answers: steps,
      handle: async ({ params, reply }) => sendLines(reply, stepLines(await api.test(params.name))),
    }),
    post('/v1/email-servers-test', {
      operationId: 'testEmailServerDefinition',
      stream: true,
      summary: 'Test a definition that is not stored yet, or is being changed',
      tag: 'Email servers',
      permission: 'email-servers:write',
      body: z.strictObject({
        definition: definitionSchema,
        existing: z.string().max(400).optional().describe('Name of the stored server that is being changed'),
      }),
      answers: { ...steps, 422: problem('Each field that is wrong') },
      handle: async ({ body, reply }) =>
        sendLines(reply, stepLines(await api.testDefinition(body.definition, body.existing))),
    }),
  ];
}
