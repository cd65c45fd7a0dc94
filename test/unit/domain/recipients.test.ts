// Recipients over submissions: who is final stays so and is never named again.
import { describe, expect, it } from 'vitest';
import { afterRcpt, moveRecipients, openRecipients, some } from '../../../src/domain/recipients.ts';

const envelope = { to: ['a@x.example', 'b@x.example', 'c@x.example'] };
const remote = { system: 'smtp' as const, code: '450' };

describe('recipients', () => {
  it('are all open before any submission', () => {
    expect(openRecipients({ envelope })).toEqual(envelope.to);
  });

  it('are recorded one by one at RCPT, with attempts; accepted ones are uncertain until the dot is answered', () => {
    const said = afterRcpt({ envelope }, [
      { address: 'a@x.example', state: 'accepted' },
      { address: 'b@x.example', state: 'deferred', code: 'SMTP_TRANSIENT', retryAfterMs: 5, remote },
      { address: 'c@x.example', state: 'rejected', code: 'RECIPIENT_UNKNOWN' },
    ]);
    expect(said).toEqual([
      { address: 'a@x.example', state: 'uncertain', attempts: 1 },
      { address: 'b@x.example', state: 'deferred', attempts: 1, code: 'SMTP_TRANSIENT', remote },
      { address: 'c@x.example', state: 'rejected', attempts: 1, code: 'RECIPIENT_UNKNOWN' },
    ]);
    const accepted = moveRecipients(said, ['uncertain'], { state: 'accepted' });
    expect(openRecipients({ envelope, recipients: accepted })).toEqual(['b@x.example']);
    const again = afterRcpt({ envelope, recipients: accepted }, [{ address: 'b@x.example', state: 'accepted' }]);
    expect(again[1]).toEqual({ address: 'b@x.example', state: 'uncertain', attempts: 2 });
    expect(again[0]).toEqual(accepted[0]);
    expect(some(again, 'deferred')).toBe(false);
  });

  it('are not changed by an answer once they are final', () => {
    const recipients = [{ address: 'a@x.example', state: 'accepted' as const, attempts: 1 }];
    expect(afterRcpt({ envelope, recipients }, [{ address: 'a@x.example', state: 'rejected' }])).toEqual(recipients);
  });
});
