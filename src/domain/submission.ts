// Port of a submission: one rendered mail handed to an SMTP server, and its outcome. adapters/smtp implements it, outbound acts on it.
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
  /** Called after 354 with the result of RCPT for each recipient, and awaited before the first byte is sent. If it rejects, no byte is sent. */
  onDataBegin: (recipients: RecipientOutcome[]) => Promise<void>;
  /** Called before each piece and before the final dot; false: the submission ends here, without the dot. */
  mayContinue?: () => boolean;
}

export interface RecipientOutcome {
  address: string;
  /** `deferred`: not accepted for now; tried again alone. */
  state: 'accepted' | 'rejected' | 'deferred';
  /** For a recipient that was not accepted. */
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
      /** Reports were requested, and the server does not support them (RFC 3461). */
      dsnIgnored?: true;
    }
  | {
      kind: 'failed';
      verdict: SubmissionVerdict;
      remote: Remote;
      /** `none`: no byte of the mail was sent. `unfinished`: the final dot was never sent. `whole`: it was, or may have been. */
      sent: 'none' | 'unfinished' | 'whole';
      recipients?: RecipientOutcome[];
    }
  /** onDataBegin refused, or the mail could not be read (to its end). The final dot was never sent. */
  | { kind: 'withheld'; error: unknown; sent: 'none' | 'unfinished' };

export interface Submitter {
  submit(submission: Submission): Promise<SubmissionOutcome>;
  /** Largest message that the server announced (EHLO SIZE), in bytes, once known. */
  maxSize(): number | undefined;
  /** Whether the server accepts addresses with a local part that is not ASCII (RFC 6531); undefined if it could not be asked. */
  offersSmtpUtf8(): Promise<boolean | undefined>;
  close(): Promise<void>;
}
