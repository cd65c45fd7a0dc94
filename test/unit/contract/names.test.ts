// Names of queues and jobs, and the keys of messages and mailboxes: any name of a flow or server makes a valid one, and can be read back.
import { describe, expect, it } from 'vitest';
import {
  emailFlowQueue,
  mailboxId,
  mailboxOfMessageKey,
  messageKey,
  repliesQueue,
  replyJobId,
} from '../../../src/contract/names.ts';

describe('names', () => {
  it.each(['Support', 'Rechnungen & Zahlung', 'a:b', '100%', '%3A', '営業部 🚀', 'Ä'.normalize('NFD'), '.', '{x}'])(
    'the queue of flow %s has no colon, and its flow can be read back',
    (flow) => {
      const queue = emailFlowQueue(flow);
      expect(queue).not.toContain(':');
      expect(decodeURIComponent(queue)).toBe(`email-flow.${flow.normalize('NFC')}`);
      expect(decodeURIComponent(repliesQueue(flow))).toBe(`replies.${flow.normalize('NFC')}`);
    },
  );

  it('job ids follow BullMQ’s rules: no colon, not all digits', () => {
    const id = mailboxId({ host: 'outlook.office365.com', user: 'support@contoso.example', folder: 'INBOX' });
    for (const key of [messageKey(id, '12345', 7), messageKey(id, '1', 2, '.3'), replyJobId('1234')]) {
      expect(key).not.toContain(':');
      expect(key).not.toMatch(/^\d+$/);
    }
    expect(mailboxOfMessageKey(messageKey(id, '1', 2, '.3'))).toBe(id);
    expect(mailboxOfMessageKey('nonsense')).toBeUndefined();
  });

  it('a mailbox is identified by host, user and folder, in any case', () => {
    const base = { host: 'outlook.office365.com', user: 'support@contoso.example', folder: 'INBOX' };
    expect(mailboxId({ host: 'Outlook.Office365.com', user: 'Support@Contoso.example', folder: 'inbox' })).toBe(
      mailboxId(base),
    );
    expect(mailboxId({ ...base, folder: 'Archiv' })).not.toBe(mailboxId(base));
    expect(mailboxId({ ...base, folder: 'archiv' })).not.toBe(mailboxId({ ...base, folder: 'Archiv' }));
  });
});
