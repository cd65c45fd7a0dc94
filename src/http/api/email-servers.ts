// Email servers over HTTP: read by viewers, changed by administrators. Each change names the revision that it replaces (ETag, If-Match), so two
// people who edit at once cannot overwrite each other. Secrets are written and never read.

import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { AuditEntry } from '../../domain/audit.ts';
import { MailroomError } from '../../domain/errors.ts';
import { problemAnswer as problem } from '../problem.ts';
import { get, post, put, type Route, remove, serverParam } from '../routes.ts';
import type { AuditApi } from './audit.ts';

const parametersSchema = z.record(z.string(), z.union([z.string(), z.number()])).describe('What the message is about');

export const emailServerSchema = z.object({
  name: z.string(),
  serverType: z.enum(['IMAP', 'SMTP']).optional(),
  source: z.enum(['file', 'portal']).describe('Servers of a file are read-only here'),
  editable: z.boolean(),
  valid: z.boolean(),
  enabled: z.boolean(),
  revision: z.string().optional().describe('Only of the portal; also the ETag'),
  definition: z.record(z.string(), z.unknown()).describe('As in email-servers.yaml, without secrets'),
  hasPassword: z.boolean().describe('A password is stored; it is never shown'),
  problems: z
    .array(
      z.object({
        field: z.string(),
        message: z.string(),
        code: z.string().optional(),
        parameters: parametersSchema.optional(),
        got: z.string().optional(),
      }),
    )
    .describe('Why it is not valid'),
  findings: z
    .array(
      z.object({
        code: z.string(),
        severity: z.enum(['warning', 'note']),
        parameters: parametersSchema,
        message: z.string(),
        hint: z.object({ en: z.string(), de: z.string() }),
      }),
    )
    .describe('Valid, but will not work as meant (warning), or worth knowing (note)'),
  live: z.object({
    state: z
      .string()
      .describe(
        'IMAP: connecting, connected, catching-up, idle, backing-off, paused, stopped, unknown. SMTP: unproven (no sign-in succeeded yet), sending, retrying, sign-in-needed, paused (by a person). Any: disabled, invalid',
      ),
    code: z.string().optional(),
    reason: z.string().optional(),
    said: z.string().optional().describe('The server’s own words of its last refusal'),
    since: z.number().optional().describe('Epoch milliseconds'),
    lastProvenAt: z
      .number()
      .optional()
      .describe('Epoch milliseconds. IMAP: the mailbox was last proven to be watched; SMTP: a sign-in last succeeded'),
    blindSeconds: z.number().optional(),
    waiting: z.number().optional().describe('Jobs that wait on its queue'),
    held: z.number().optional().describe('Replies that wait for a person'),
    pausedBy: z.string().optional().describe('The person who paused it; it continues when a person resumes it'),
    expectedAt: z.number().optional().describe('Epoch milliseconds: next try'),
    lastMessageAt: z
      .number()
      .optional()
      .describe('Epoch milliseconds. IMAP: arrival of the newest message; SMTP: when the last reply was accepted'),
    pace: z
      .object({
        minute: z.number(),
        perMinute: z.number(),
        recipients: z.number(),
        recipientsPerDay: z.number(),
        recipientsLimitAt: z
          .number()
          .optional()
          .describe('Epoch milliseconds: when recipientsPerDay is reached at the present rate, if within a day'),
      })
      .optional()
      .describe('Submissions of this minute and recipients of 24 hours of the sending mailbox, each with its limit'),
  }),
});
export type EmailServerView = z.infer<typeof emailServerSchema>;

export type Definition = Record<string, unknown>;

export interface EmailServersApi extends AuditApi {
  list(): Promise<EmailServerView[]>;
  get(name: string): Promise<EmailServerView | undefined>;
  /** @throws RequestInvalid, MailroomError EMAIL_SERVER_CHANGED when the name was taken meanwhile */
  create(definition: Definition, by: string): Promise<EmailServerView>;
  /** @throws RequestInvalid, MailroomError EMAIL_SERVER_NOT_FOUND, EMAIL_SERVER_READ_ONLY, EMAIL_SERVER_CHANGED */
  replace(name: string, revision: string, definition: Definition, by: string): Promise<EmailServerView>;
  /** The copy is disabled and has the same password. */
  copy(name: string, newName: string, by: string): Promise<EmailServerView>;
  setEnabled(name: string, revision: string, enabled: boolean, by: string): Promise<EmailServerView>;
  remove(name: string, revision: string, by: string): Promise<void>;
  /** Changes of a server since this revision, newest first; only the newest one when the revision is too old. */
  changesSince(name: string, revision: string): Promise<AuditEntry[]>;
  reload(): Promise<void>;
}

const field = (text: string) => z.unknown().optional().describe(text);
export const definitionSchema = z
  .looseObject({
    serverType: field('IMAP or SMTP'),
    name: field('Unique, up to 100 characters'),
    host: field('outlook.office365.com, smtp.office365.com'),
    port: field('993, 587, or any other'),
    tls: field(
      'enabled (by the port: implicit, STARTTLS on 143 and 587), implicit, starttls, or none (to this machine, else with allowPlainText); disabled: as none, anywhere, with a warning',
    ),
    allowPlainText: field('true: tls none is meant for another machine too'),
    authenticationType: field('OAuth2, Password, or None (SMTP: a relay that knows this machine by its address)'),
    user: field('Account that signs in'),
    emailFlow: field('IMAP: the email flow'),
    aliases: field('IMAP: further addresses of the mailbox'),
    flowByRecipient: field(
      'IMAP: one mailbox, several flows: { address, address+tag or +tag: email flow }; what matches none goes to emailFlow',
    ),
    trustedAuthservIds: field(
      'IMAP: authserv-ids whose Authentication-Results count, instead of the provider’s own: mx.example.com, *.example.com',
    ),
    additionalEmailFromAddresses: field('SMTP: what agents may pick as From besides the User'),
    enabled: field('true or false'),
    application: field('OAuth2: name of the application'),
    password: field('Password; write-only. Left out in a replacement for the same host and user: the stored one stays'),
  })
  .describe('Definition as in email-servers.yaml; checked by the same rules');

const conflict = {
  404: problem('EMAIL_SERVER_NOT_FOUND'),
  409: problem('EMAIL_SERVER_READ_ONLY: defined in a file'),
  412: problem('EMAIL_SERVER_CHANGED: somebody else was faster'),
  428: problem('EMAIL_SERVER_REVISION_REQUIRED: If-Match is missing'),
};

/** @throws MailroomError EMAIL_SERVER_REVISION_REQUIRED, also for `*`, which would avoid the comparison */
function revisionOf(ifMatch: string | undefined): string {
  const [, revision] = /^\s*"([\w-]{1,100})"\s*$/.exec(ifMatch ?? '') ?? [];
  if (revision === undefined) throw new MailroomError('EMAIL_SERVER_REVISION_REQUIRED');
  return revision;
}

export function emailServerRoutes(api: EmailServersApi): Route[] {
  const tag = 'Email servers';
  const read = { tag, permission: 'email-servers:read' } as const;
  const write = { tag, permission: 'email-servers:write' } as const;
  const one = { description: 'The email server', schema: emailServerSchema };

  const answer = (reply: FastifyReply, view: EmailServerView) => {
    if (view.revision !== undefined) reply.header('etag', `"${view.revision}"`);
    return view;
  };
  const created = (reply: FastifyReply, view: EmailServerView) =>
    answer(reply.header('location', `/v1/email-servers/${encodeURIComponent(view.name)}`), view);
  const toggle = (verb: 'enable' | 'disable', summary: string) =>
    post(`/v1/email-servers/:name/${verb}`, {
      ...write,
      operationId: `${verb}EmailServer`,
      summary,
      params: serverParam,
      answers: { 200: one, ...conflict },
      handle: async ({ params: { name }, request, reply, principal }) =>
        answer(
          reply,
          await api.setEnabled(name, revisionOf(request.headers['if-match']), verb === 'enable', principal.name),
        ),
    });

  return [
    get('/v1/email-servers', {
      ...read,
      operationId: 'listEmailServers',
      summary: 'All email servers of files and portal, with live state, invalid ones among them',
      answers: { 200: { description: 'All', schema: z.object({ emailServers: z.array(emailServerSchema) }) } },
      handle: async () => ({ emailServers: await api.list() }),
    }),
    get('/v1/email-servers/:name', {
      ...read,
      operationId: 'getEmailServer',
      summary: 'One email server; its ETag is needed to change it',
      params: serverParam,
      answers: { 200: one, 404: problem('EMAIL_SERVER_NOT_FOUND') },
      handle: async ({ params, reply }) => {
        const view = await api.get(params.name);
        if (view === undefined) throw new MailroomError('EMAIL_SERVER_NOT_FOUND', { field: 'name' });
        return answer(reply, view);
      },
    }),
    post('/v1/email-servers', {
      ...write,
      operationId: 'createEmailServer',
      summary: 'Define an email server; it is live on all replicas within two seconds',
      body: definitionSchema,
      answers: { 201: one, 412: problem('EMAIL_SERVER_CHANGED'), 422: problem('Each field that is wrong') },
      handle: async ({ body, reply, principal }) => created(reply, await api.create(body, principal.name)),
    }),
    put('/v1/email-servers/:name', {
      ...write,
      operationId: 'replaceEmailServer',
      summary: 'Replace a definition (its Name stays)',
      params: serverParam,
      body: definitionSchema,
      answers: { 200: one, ...conflict, 422: problem('Each field that is wrong') },
      handle: async ({ params: { name }, body, request, reply, principal }) =>
        answer(reply, await api.replace(name, revisionOf(request.headers['if-match']), body, principal.name)),
    }),
    post('/v1/email-servers/:name/copy', {
      ...write,
      operationId: 'copyEmailServer',
      summary: 'Copy under another name; the copy is disabled',
      params: serverParam,
      body: z.strictObject({ name: z.string().min(1).max(400) }),
      answers: { 201: one, 404: problem('EMAIL_SERVER_NOT_FOUND'), 422: problem('The name is wrong or taken') },
      handle: async ({ params, body, reply, principal }) =>
        created(reply, await api.copy(params.name, body.name, principal.name)),
    }),
    toggle('enable', 'Start its connection'),
    toggle('disable', 'Stop its connection; its jobs stay'),
    remove('/v1/email-servers/:name', {
      ...write,
      operationId: 'deleteEmailServer',
      summary: 'Delete a definition; mailbox, queue and jobs stay as they are',
      params: serverParam,
      answers: { 204: { description: 'Deleted' }, ...conflict },
      handle: async ({ params, request, principal }) =>
        api.remove(params.name, revisionOf(request.headers['if-match']), principal.name),
    }),
    post('/v1/email-servers-reload', {
      ...write,
      operationId: 'reloadEmailServers',
      summary: 'Read files and portal again at once',
      answers: { 204: { description: 'Read' } },
      handle: () => api.reload(),
    }),
  ];
}
