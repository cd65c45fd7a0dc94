// What the tests of the sending half share when the other end is a whole server (sandbox, Postfix) and not the sink: submitters with a
// token source of the test's own, and a record of every verdict.
import { createSubmitter, type GetToken, submitterDefaults } from '../../../src/adapters/smtp/submitter.ts';
import type { SmtpServer } from '../../../src/domain/email-server.ts';
import type { SubmissionOutcome, Submitter } from '../../../src/domain/submission.ts';

/** The production submitter with short timeouts; `seen` hears of every outcome. */
export function openSubmitterWith(
  getToken: GetToken,
  seen: (server: SmtpServer, outcome: SubmissionOutcome) => void = () => {},
  silenceMs = 5_000,
) {
  return (server: SmtpServer): Submitter => {
    const submitter = createSubmitter(server, getToken, {
      ...submitterDefaults,
      connectionTimeoutMs: 5_000,
      greetingTimeoutMs: 5_000,
      socketTimeoutMs: silenceMs,
      ehloName: 'mailroom.test',
    });
    return {
      ...submitter,
      async submit(submission) {
        const outcome = await submitter.submit(submission);
        seen(server, outcome);
        return outcome;
      },
    };
  };
}
