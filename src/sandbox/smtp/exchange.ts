// What happens to a message after its dot: permission check, Sent copy, delivery, non-delivery report, record of the submission.
import { randomUUID } from 'node:crypto';
import { headerFields, headerLength, headerValue, normalise, parseAddresses, splitFields } from '../addresses.ts';
import type { Principal } from '../directory.ts';
import { HOSTNAME, mailDate, type Tenant } from '../tenant.ts';
import { deliveryReport, type Report } from './ndr.ts';
import { SMTP_REPLIES } from './replies.ts';
import type { Reply } from './state.ts';

/** One accepted submission. */
export interface Submission {
  id: string;
  /** Mailbox in the AUTH string. */
  authenticatedAs: string;
  principal: Principal;
  envelope: { from: string; to: string[] };
  /** Addresses of the From header. */
  headerFrom: string[];
  subject: string;
  /** As it left: rewritten when rewriting is on. */
  messageId: string;
  originalMessageId: string;
  at: Date;
  raw: Buffer;
}

export interface SignedIn {
  user: string;
  principal: Principal;
}

export interface Envelope {
  from: string;
  to: string[];
  /** The reports that RCPT requested for each recipient (RFC 3461 NOTIFY). */
  notify: Map<string, readonly string[]>;
}

export type Exchange = ReturnType<typeof createExchange>;

export function createExchange(tenant: Tenant) {
  const { settings, directory, store, faults } = tenant;
  const submissions: Submission[] = [];
  const listeners = new Set<(submission: Submission) => void>();
  const timers = new Set<NodeJS.Timeout>();

  const deliver = (recipients: readonly string[], given: Buffer, returnPath = '', internal = false): string[] => {
    const undelivered: string[] = [];
    const raw = internal ? given : withoutOwnMarks(given);
    for (const recipient of recipients) {
      const mailbox = store.mailbox(recipient);
      if (mailbox) store.append(store.folder(mailbox.address), Buffer.concat([trace(recipient, returnPath), raw]));
      else if (directory.isInternal(recipient)) undelivered.push(recipient);
    }
    return undelivered;
  };

  const report = (to: string, said: Report, raw: Buffer): void => {
    if (to !== '') deliver([to], deliveryReport(settings.domain, to, said, raw), '', true);
  };

  const later = (milliseconds: number, act: () => void): void => {
    if (milliseconds <= 0) {
      act();
      return;
    }
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
    }, milliseconds);
    timers.add(timer);
  };

  /** Reports on this mail: of unknown recipients, of the fault `bounce`, and of success where it was requested. */
  const reportBack = (envelope: Envelope, raw: Buffer, undelivered: string[]): void => {
    const { from, to, notify } = envelope;
    const failed = new Set(undelivered);
    if (undelivered.length > 0)
      report(from, { recipients: undelivered, action: 'failed', bounce: 'recipientNotFound' }, raw);
    const fault = faults.take('bounce', { mailbox: normalise(from) });
    if (fault !== undefined) {
      const bounce = fault.bounce ?? 'userUnknown';
      const recipients = fault.recipient === undefined ? to : to.filter((one) => one === fault.recipient);
      for (const one of recipients) failed.add(one);
      if (fault.delayedFirst === true) report(from, { recipients, action: 'delayed', bounce }, raw);
      later(fault.milliseconds ?? 0, () => report(from, { recipients, action: 'failed', bounce }, raw));
    }
    const delivered = to.filter((one) => !failed.has(one) && notify.get(one)?.includes('SUCCESS'));
    if (delivered.length > 0) report(from, { recipients: delivered, action: 'delivered', bounce: 'other' }, raw);
  };

  return {
    submissions,
    deliver,
    /** Refusal of the message, by the header's From and the envelope's; undefined when it may go. */
    refuse(who: SignedIn, mailFrom: string, raw: Buffer): Reply | undefined {
      const { from, sender } = senderOf(raw);
      if (from.length === 0) return SMTP_REPLIES.fromInvalid;
      if (from.length > 1 && sender === undefined) return SMTP_REPLIES.multipleFrom;
      const used = [...from, ...(mailFrom === '' ? [] : [mailFrom])];
      const isDenied = used.some((address) => !directory.maySendFrom(who.principal, who.user, address, sender));
      return isDenied ? { code: 554, text: `${SMTP_REPLIES.sendAsDenied.text} [Hostname=${HOSTNAME}]` } : undefined;
    },
    /** Takes the message over and returns its record. */
    accept(who: SignedIn, envelope: Envelope, given: Buffer): Submission {
      const mailbox = normalise(who.user);
      const always = settings.smtp.rewriteMessageId ? {} : undefined;
      const { raw, ...ids } = withMessageId(given, always ?? faults.take('rewriteMessageId', { mailbox }));
      const submission: Submission = {
        id: randomUUID(),
        authenticatedAs: mailbox,
        principal: who.principal,
        envelope: { from: envelope.from, to: [...envelope.to] },
        headerFrom: senderOf(raw).from,
        subject: headerValue(headerFields(raw), 'subject') ?? '',
        ...ids,
        at: new Date(),
        raw,
      };
      submissions.push(submission);
      for (const listener of listeners) listener(submission);

      const late = faults.take('lateSentCopy', { mailbox });
      const delay = late ? (late.milliseconds ?? 1000) : settings.smtp.sentCopyDelay;
      const save = () => store.append(store.folder(mailbox, settings.sentFolder), raw, { flags: ['\\Seen'] });
      if (settings.smtp.sentCopy && !faults.take('noSentCopy', { mailbox })) later(delay, save);
      reportBack(envelope, raw, deliver(envelope.to, raw, envelope.from));
      return submission;
    },
    /** A report for a submission, as if a server had refused it later. */
    bounce(
      submission: Submission,
      recipients: readonly string[] = submission.envelope.to,
      { bounce = 'recipientNotFound', action = 'failed' }: Partial<Omit<Report, 'recipients'>> = {},
    ): void {
      report(submission.envelope.from, { recipients, action, bounce }, submission.raw);
    },
    /** Calls back for each accepted submission. @returns the un-subscriber */
    onSubmission(listener: (submission: Submission) => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop(): void {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

/** Addresses of From, and the first one of Sender. */
function senderOf(raw: Buffer): { from: string[]; sender: string | undefined } {
  const fields = headerFields(raw);
  const addresses = (name: string) => parseAddresses(headerValue(fields, name) ?? '').map(({ address }) => address);
  return { from: addresses('from'), sender: addresses('sender')[0] };
}

/** The message without the header fields that match, and with `added` ones; unchanged when there are neither. */
function withFields(raw: Buffer, removed: RegExp, added = ''): Buffer {
  const split = headerLength(raw);
  const fields = splitFields(raw.toString('latin1', 0, split));
  const kept = fields.filter((field) => !removed.test(field));
  if (kept.length === fields.length && added === '') return raw;
  return Buffer.concat([Buffer.from(`${kept.join('')}${added}\r\n`, 'latin1'), raw.subarray(split)]);
}

/** The header firewall: no mail from outside keeps the marks of this organisation. */
const withoutOwnMarks = (raw: Buffer): Buffer => withFields(raw, /^x-ms-exchange-organization-/i);

function trace(recipient: string, returnPath: string): Buffer {
  return Buffer.from(
    `Return-Path: <${returnPath}>\r\nReceived: from ${HOSTNAME} (127.0.0.1) by ${HOSTNAME} with HTTPS for <${recipient}>; ${mailDate()}\r\n`,
  );
}

/** Adds a missing Message-ID, or replaces it when the tenant rewrites (background: git-send-email's --outlook-id-fix). */
function withMessageId(
  raw: Buffer,
  rewrite: { keepOriginal?: boolean } | undefined,
): { raw: Buffer; messageId: string; originalMessageId: string } {
  const original = headerValue(headerFields(raw), 'message-id') ?? '';
  if (original !== '' && !rewrite) return { raw, messageId: original, originalMessageId: original };
  const messageId = `<${randomUUID().toUpperCase()}@${HOSTNAME}>`;
  const isKept = original !== '' && rewrite?.keepOriginal !== false;
  const added = `${isKept ? `X-Microsoft-Original-Message-ID: ${original}\r\n` : ''}Message-ID: ${messageId}\r\n`;
  return { raw: withFields(raw, /^message-id[ \t]*:/i, added), messageId, originalMessageId: original };
}
