// Port of a submission: one rendered mail handed to an SMTP server, and what came of it. adapters/smtp implements it, outbound acts on it.
import type { Remote } from '../contract/result.ts';
import type { Action } from './catalogue/entry.ts';
import type { ErrorCode, FailureClass } from './errors.ts';
import type { ReplyEnvelope } from './reply-journal.ts';

export interface SubmissionVerdict {
  code: ErrorCode;
  class: FailureClass;
  action: Action;
  /** Milliseconds. */
  retryAfterMs: number;
  hint: string;
}

export interface Submission {
  envelope: ReplyEnvelope;
  /** Header From, for hints. */
  from: string;
  bytes: () => AsyncIterable<Uint8Array>;
  size: number;
  /** Submissions of this reply so far, this one included. */
  tries: number;
  /** Called after 354 with what RCPT said of each recipient, awaited before the first byte leaves. A rejection lets not a byte out. */
  onDataBegin: (recipients: RecipientOutcome[]) => Promise<void>;
  /** Asked before each piece and before the final dot; false: the mail breaks off here, without the dot. */
  mayGoOn?: () => boolean;
}

export interface RecipientOutcome {
  address: string;
  /** `deferred`: not taken for now; tried again alone. */
  state: 'accepted' | 'rejected' | 'deferred';
  /** Of one that was not accepted. */
  code?: ErrorCode;
  /** With `deferred`, ms. */
  retryAfterMs?: number;
  remote?: Remote;
}

export type SubmissionOutcome =
  | {
      kind: 'accepted';
      remote: Remote;
      serverMessageId?: string;
      recipients: RecipientOutcome[];
      maxSize?: number;
      /** Reports were asked for, and the server does not offer them (RFC 3461). */
      dsnIgnored?: true;
    }
  | {
      kind: 'failed';
      verdict: SubmissionVerdict;
      remote: Remote;
      /** `none`: not a byte of the mail left. `unfinished`: the final dot was never sent. `whole`: it was, or may have been. */
      sent: 'none' | 'unfinished' | 'whole';
      recipients?: RecipientOutcome[];
    }
  /** onDataBegin refused, or the mail could not be read. Not a byte left. */
  | { kind: 'withheld'; error: unknown };

export interface Submitter {
  submit(submission: Submission): Promise<SubmissionOutcome>;
  /** Largest message the server said it takes (EHLO SIZE), in bytes, once known. */
  maxSize(): number | undefined;
  /** Whether the server takes addresses whose local part is not ASCII (RFC 6531); undefined: it could not be asked. */
  offersSmtpUtf8(): Promise<boolean | undefined>;
  close(): Promise<void>;
}
