// Named events, section inbound: mailboxes, messages, ledger. Noun + past verb.
import { events } from './event.ts';

export const inboundEvents = events({
  MailboxConnected: { level: 'info', message: 'mailbox connected, folder open', labels: ['server'] },
  MailboxDisconnected: {
    level: 'warn',
    message: 'mailbox connection lost; reconnecting',
    labels: ['server', 'code', 'class'],
  },
  MailboxRenewed: {
    level: 'info',
    message: 'a connection with a newer token took over from the one before; the mailbox was watched all the time',
    labels: ['server'],
  },
  MailboxRenewalFailed: {
    level: 'warn',
    message: 'no connection with a newer token yet; the one at hand goes on, tried again',
    labels: ['server', 'code', 'class'],
  },
  MailboxStopped: { level: 'info', message: 'mailbox is no longer watched here', labels: ['server', 'reason'] },
  MailboxStarted: { level: 'info', message: 'mailbox is watched here', labels: ['server'] },
  MailboxPaused: {
    level: 'warn',
    message: 'fetching paused; mail is safe in the mailbox',
    labels: ['server', 'reason'],
  },
  MailboxResumed: { level: 'info', message: 'fetching resumed', labels: ['server'] },
  MailboxBlinded: { level: 'warn', message: 'mailbox was not provably watched for a while', labels: ['server'] },
  MailboxSilent: {
    level: 'warn',
    message: 'mailbox is watched and well, but nobody has written to it for long: a forwarding or a mail flow rule?',
    labels: ['server'],
  },
  MailboxStartChosen: { level: 'info', message: 'first connect: the start point is recorded', labels: ['server'] },
  MailboxRescanned: {
    level: 'warn',
    message: 'UIDs of the folder begin anew; messages were matched by fingerprint',
    labels: ['server', 'reason'],
  },
  MessageEnqueued: { level: 'info', message: 'message enqueued', labels: ['server', 'emailFlow'] },
  MessagePending: {
    level: 'warn',
    message: 'message exists but cannot be read yet; tried again',
    labels: ['server', 'reason'],
  },
  MessageMatched: {
    level: 'info',
    message: 'message is known by its fingerprint under another UID; not enqueued again',
    labels: ['server'],
  },
  MessageVanished: {
    level: 'info',
    message: 'message was removed from the folder before it could be fetched',
    labels: ['server'],
  },
  MessageQuarantined: {
    level: 'error',
    message: 'message quarantined: it could not be read or parsed; a job with its raw bytes is on the queue',
    labels: ['server', 'reason'],
  },
  ParserWorkerEnded: {
    level: 'error',
    message: 'a parser worker was ended by what it read; the others of its batch are read again',
    labels: ['reason'],
  },
  MessageTooLarge: {
    level: 'warn',
    message: 'message over the maximum size: headers and reference only',
    labels: ['server'],
  },
  MessageAfterCareFailed: {
    level: 'warn',
    message: 'a queued message could not be flagged or moved; tried again',
    labels: ['server', 'code'],
  },
  MailboxDoubted: {
    level: 'warn',
    message: 'the server contradicts itself about the folder; the mailbox counts as blind until it does not',
    labels: ['server', 'reason'],
  },
  LedgerSetBack: {
    level: 'error',
    message: 'Redis lost commits that it had confirmed; ledger reloaded, messages are fetched again',
    labels: ['server'],
  },
  LedgerReloaded: { level: 'warn', message: 'ledger changed under us and was read again', labels: ['server', 'code'] },
  LeaseLost: { level: 'warn', message: 'lease of a mailbox lost; another replica may take it', labels: ['server'] },
  LeaseRoundFailed: {
    level: 'warn',
    message: 'leases of mailboxes could not be renewed or taken; tried again each second',
    labels: ['code'],
  },
  LeaseRoundSucceeded: { level: 'info', message: 'leases of mailboxes are renewed again' },
  LeaseHandedOver: {
    level: 'info',
    message: 'mailbox handed over to the replica that should have it',
    labels: ['server'],
  },
});
