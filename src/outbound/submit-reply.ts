// Submits a reply: checks it and puts it on its server's queue. The same replyId again returns its state.
import { parseReply, REPLY_SCHEMA, type Reply, type ReplyInput } from '../contract/reply.ts';
import type { Result } from '../contract/result.ts';
import { type SmtpServer, sameName } from '../domain/email-server.ts';
import { MailroomError } from '../domain/errors.ts';
import { expiryOf, replyDigest, settledStates } from '../domain/reply-journal.ts';
import { resolveSender } from '../domain/sender-policy.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import { checkHeaders, readRecipients } from './compose.ts';
import { priorityOf } from './deliver.ts';
import { describeProblems } from './malformed.ts';
import type { OutboundDeps, ReplyLimits } from './ports.ts';
import { traceSend } from './reply-trace.ts';
import type { ReplyView } from './reply-view.ts';
import { resultOf } from './results.ts';

interface SubmitDeps extends Pick<OutboundDeps, 'journal' | 'queues' | 'emit'> {
  smtpServers: () => readonly SmtpServer[];
  view: ReplyView['view'];
  limits?: ReplyLimits;
  tracing?: Tracing | undefined;
}

/** @throws MailroomError REPLY_MALFORMED, REPLY_ID_REUSED, SMTP_SERVER_UNKNOWN, SMTP_SERVER_DISABLED, and the refusals of the From policy */
export async function submitReply(deps: SubmitDeps, input: ReplyInput | unknown): Promise<Result> {
  const { journal, queues, limits } = deps;
  const given = typeof input === 'object' && input !== null ? { schema: REPLY_SCHEMA, ...input } : input;
  const parsed = parseReply(given);
  if ('issues' in parsed) {
    const { message, field } = describeProblems(parsed.issues, given);
    throw new MailroomError('REPLY_MALFORMED', { message, field });
  }
  const server = serverNamed(deps.smtpServers(), parsed.reply.server);
  const reply = { ...parsed.reply, server: server.name };
  const { replyId } = reply;
  const entry = await journal.read(replyId);
  const digest = entry === undefined ? undefined : await journal.digestOf(replyId);
  // Undefined: Redis has forgotten it between the two calls.
  if (entry !== undefined && digest !== undefined) {
    // Same content: the same reply, so the result is its state. Other content is refused by digest.
    if (digest !== replyDigest(reply)) throw new MailroomError('REPLY_ID_REUSED', { field: 'replyId' });
    if (settledStates.includes(entry.state)) return resultOf(entry);
    // Its job may be lost, or may have ended by a fault. A waiting or running job is unchanged.
    await queues.ensure(entry.server, replyId, reply, optionsOf(reply));
    return storedResult(deps, replyId);
  }
  resolveSender(server, reply);
  readRecipients(reply, limits);
  checkHeaders(reply, limits);
  const isAdmitted = await journal.admit({
    replyId,
    digest: replyDigest(reply),
    server: server.name,
    ...expiryOf(reply),
  });
  if (!isAdmitted) throw new MailroomError('REPLY_ID_REUSED', { field: 'replyId' });
  await traceSend(deps.tracing, reply, (payload) => queues.add(server.name, replyId, payload, optionsOf(reply)));
  const result = await storedResult(deps, replyId);
  deps.emit('ReplyQueued', { server: server.name, replyId });
  return result;
}

function serverNamed(servers: readonly SmtpServer[], name: string | undefined): SmtpServer {
  const server = name === undefined ? undefined : servers.find((one) => sameName(one.name, name));
  const field = 'server';
  if (server === undefined) {
    const message = name === undefined ? 'server is missing' : `No SMTP email server is named ${JSON.stringify(name)}`;
    throw new MailroomError('SMTP_SERVER_UNKNOWN', { field, message });
  }
  if (!server.enabled) {
    const message = `The SMTP email server ${server.name} is disabled`;
    throw new MailroomError('SMTP_SERVER_DISABLED', { field, message });
  }
  return server;
}

const optionsOf = (reply: Reply) => ({
  priority: priorityOf(reply),
  delayMs: reply.notBefore === undefined ? 0 : Math.max(0, Date.parse(reply.notBefore) - Date.now()),
});

/** The result of a submission is a promise: it survives a crash of Redis if Redis can confirm that it is on disk. */
async function storedResult({ journal, view }: SubmitDeps, replyId: string): Promise<Result> {
  await journal.onDisk();
  // Read after that: a Redis that crashed and came back in between also reports that everything is on disk.
  const entry = await journal.read(replyId);
  const result = entry === undefined ? undefined : await view(entry);
  if (result !== undefined) return result;
  throw new MailroomError('REDIS_UNREACHABLE', { message: 'Redis forgot this reply before it was on disk' });
}
