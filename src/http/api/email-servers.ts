// Email servers over HTTP: read by viewers, changed by administrators. Each change says which revision it means (ETag, If-Match), so that of
// two people editing at once nobody's change is lost. Secrets go in and never come out.

import { z } from 'zod';
import type { AuditEntry } from '../../domain/audit.ts';
import { MailroomError } from '../../domain/errors.ts';
import { problemAnswer as problem } from '../problem.ts';
import { type Route, route } from '../routes.ts';
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
  /** The copy is disabled; an equal password goes with it. */
  copy(name: string, newName: string, by: string): Promise<EmailServerView>;
  setEnabled(name: string, revision: string, enabled: boolean, by: string): Promise<EmailServerView>;
  remove(name: string, revision: string, by: string): Promise<void>;
  /** Changes of a server after it had this revision, newest first; only the newest one when that is too long ago. */
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

const etag = (revision: string): string => `"${revision}"`;

/** @throws MailroomError EMAIL_SERVER_REVISION_REQUIRED; `*` would be a way around the comparison and is refused as well */
function revisionOf(ifMatch: string | undefined): string {
  const [, revision] = /^\s*"([\w-]{1,100})"\s*$/.exec(ifMatch ?? '') ?? [];
  if (revision === undefined) throw new MailroomError('EMAIL_SERVER_REVISION_REQUIRED');
  return revision;
}

export function emailServerRoutes(api: EmailServersApi): Route[] {
  const tag = 'Email servers';
  const params = { name: 'Name of the email server, percent-encoded UTF-8' };
  const read = { tag, permission: 'email-servers:read' } as const;
  const write = { tag, permission: 'email-servers:write' } as const;
  const one = { description: 'The email server', schema: emailServerSchema };

  const answer = (reply: { header(name: string, value: string): unknown }, view: EmailServerView) => {
    reply.header('cache-control', 'no-store');
    if (view.revision !== undefined) reply.header('etag', etag(view.revision));
    return view;
  };
  const toggle = (enabled: boolean) =>
    route({
      ...write,
      method: 'POST',
      path: `/v1/email-servers/:name/${enabled ? 'enable' : 'disable'}`,
      operationId: enabled ? 'enableEmailServer' : 'disableEmailServer',
      summary: enabled ? 'Start its connection' : 'Stop its connection; its jobs stay',
      params,
      answers: { 200: one, ...conflict },
      handle: async ({ params: { name = '' }, request, reply, principal }) =>
        answer(reply, await api.setEnabled(name, revisionOf(request.headers['if-match']), enabled, principal.name)),
    });

  return [
    route({
      ...read,
      method: 'GET',
      path: '/v1/email-servers',
      operationId: 'listEmailServers',
      summary: 'All email servers of files and portal, with live state, invalid ones among them',
      answers: { 200: { description: 'All', schema: z.object({ emailServers: z.array(emailServerSchema) }) } },
      handle: async ({ reply }) => {
        reply.header('cache-control', 'no-store');
        return { emailServers: await api.list() };
      },
    }),
    route({
      ...read,
      method: 'GET',
      path: '/v1/email-servers/:name',
      operationId: 'getEmailServer',
      summary: 'One email server; its ETag is needed to change it',
      params,
      answers: { 200: one, 404: problem('EMAIL_SERVER_NOT_FOUND') },
      handle: async ({ params: { name = '' }, reply }) => {
        const view = await api.get(name);
        if (view === undefined) throw new MailroomError('EMAIL_SERVER_NOT_FOUND', { field: 'name' });
        return answer(reply, view);
      },
    }),
    route({
      ...write,
      method: 'POST',
      path: '/v1/email-servers',
      operationId: 'createEmailServer',
      summary: 'Define an email server; it is live on all replicas within two seconds',
      body: definitionSchema,
      answers: { 201: one, 412: problem('EMAIL_SERVER_CHANGED'), 422: problem('Each field that is wrong') },
      handle: async ({ body, reply, principal }) => {
        const view = await api.create(body, principal.name);
        reply.code(201).header('location', `/v1/email-servers/${encodeURIComponent(view.name)}`);
        return answer(reply, view);
      },
    }),
    route({
      ...write,
      method: 'PUT',
      path: '/v1/email-servers/:name',
      operationId: 'replaceEmailServer',
      summary: 'Replace a definition (its Name stays)',
      params,
      body: definitionSchema,
      answers: { 200: one, ...conflict, 422: problem('Each field that is wrong') },
      handle: async ({ params: { name = '' }, body, request, reply, principal }) =>
        answer(reply, await api.replace(name, revisionOf(request.headers['if-match']), body, principal.name)),
    }),
    route({
      ...write,
      method: 'POST',
      path: '/v1/email-servers/:name/copy',
      operationId: 'copyEmailServer',
      summary: 'Copy under another name; the copy is disabled',
      params,
      body: z.strictObject({ name: z.string().min(1).max(400) }),
      answers: { 201: one, 404: problem('EMAIL_SERVER_NOT_FOUND'), 422: problem('The name is wrong or taken') },
      handle: async ({ params: { name = '' }, body, reply, principal }) => {
        const view = await api.copy(name, body.name, principal.name);
        reply.code(201).header('location', `/v1/email-servers/${encodeURIComponent(view.name)}`);
        return answer(reply, view);
      },
    }),
    toggle(true),
    toggle(false),
    route({
      ...write,
      method: 'DELETE',
      path: '/v1/email-servers/:name',
      operationId: 'deleteEmailServer',
      summary: 'Delete a definition; mailbox, queue and jobs stay as they are',
      params,
      answers: { 204: { description: 'Deleted' }, ...conflict },
      handle: async ({ params: { name = '' }, request, reply, principal }) => {
        await api.remove(name, revisionOf(request.headers['if-match']), principal.name);
        reply.code(204);
        return reply.send();
      },
    }),
    route({
      ...write,
      method: 'POST',
      path: '/v1/email-servers-reload',
      operationId: 'reloadEmailServers',
      summary: 'Read files and portal again at once',
      answers: { 204: { description: 'Read' } },
      handle: async ({ reply }) => {
        await api.reload();
        reply.code(204);
        return reply.send();
      },
    }),
  ];
}
