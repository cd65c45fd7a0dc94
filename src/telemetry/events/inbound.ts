// Named events, section inbound: mailboxes, messages, ledger. Noun + past verb.
import { events } from './event.ts';

export const inboundEvents = events({
  MailboxConnected: { level: 'info', message: 'mailbox connected, folder open', labels: ['server'] },
  MailboxDisconnected: {
    level: 'warn',
    message: 'mailbox connection lost; reconnecting',
    labels: ['server', 'code', 'class'],
  },
  FetchSlowed: {
    level: 'warn',
    message:
      'messages are fetched by imapflow alone, which takes more CPU; this imapflow is not the one that Mailroom was written against',
    labels: ['server'],
  },
  MailboxTraced: {
    level: 'info',
    message: 'line of the IMAP protocol, as long as a trace is on; names, numbers and outcomes only',
    labels: ['server'],
  },
  MailboxRenewed: {
    level: 'info',
    message: 'connection replaced by one with a newer token; the mailbox was watched throughout',
    labels: ['server'],
  },
  MailboxRenewalFailed: {
    level: 'warn',
    message: 'connection could not be renewed with a newer token; the current one stays in use, retrying',
    labels: ['server', 'code', 'class'],
  },
  MailboxStopped: { level: 'info', message: 'this process stopped watching the mailbox', labels: ['server', 'reason'] },
  MailboxStarted: { level: 'info', message: 'this process started watching the mailbox', labels: ['server'] },
  MailboxPaused: {
    level: 'warn',
    message: 'fetching paused; mail is safe in the mailbox',
    labels: ['server', 'reason'],
  },
  MailboxResumed: { level: 'info', message: 'fetching resumed', labels: ['server'] },
  MailboxBlinded: { level: 'warn', message: 'mailbox was not provably watched for a while', labels: ['server'] },
  MailboxSilent: {
    level: 'warn',
    message:
      'mailbox is watched and healthy but has received no mail for a long time; check forwarding and mail flow rules',
    labels: ['server'],
  },
  MailboxStartChosen: { level: 'info', message: 'first connection: start point recorded', labels: ['server'] },
  MailboxRescanned: {
    level: 'warn',
    message: 'UIDs of the folder were reset; messages matched by fingerprint',
    labels: ['server', 'reason'],
  },
  EmailFlowMoved: {
    level: 'info',
    message: 'messages of an email flow without a server moved to this one by a person',
    labels: ['emailFlow'],
  },
  MessageEnqueued: { level: 'info', message: 'message enqueued', labels: ['server', 'emailFlow'] },
  MessagePending: {
    level: 'warn',
    message: 'message exists but cannot be read yet; retrying',
    labels: ['server', 'reason'],
  },
  MessageMatched: {
    level: 'info',
    message: 'message recognised by its fingerprint under another UID; not enqueued again',
    labels: ['server'],
  },
  MessageVanished: {
    level: 'info',
    message: 'message was removed from the folder before it could be fetched',
    labels: ['server'],
  },
  MessageQuarantined: {
    level: 'error',
    message: 'message quarantined because it could not be read or parsed; a job with its raw bytes is on the queue',
    labels: ['server', 'reason'],
  },
  ParserWorkerEnded: {
    level: 'error',
    message: 'parser worker ended because of a message; the rest of its batch is parsed again',
    labels: ['reason'],
  },
  MessageTooLarge: {
    level: 'warn',
    message: 'message exceeds the maximum size; only headers and a reference are enqueued',
    labels: ['server'],
  },
  MessageAfterCareFailed: {
    level: 'warn',
    message: 'queued message could not be flagged or moved; retrying',
    labels: ['server', 'code'],
  },
  MailboxEventReported: {
    level: 'debug',
    message: 'what a person did in the mailbox was reported on the queue of mailbox events',
    labels: ['server', 'emailFlow', 'kind'],
  },
  MailboxEventsDropped: {
    level: 'warn',
    message: 'queue of mailbox events is full because nobody takes from it; changes are only counted',
    labels: ['server', 'emailFlow', 'reason'],
  },
  MailboxLookFailed: {
    level: 'warn',
    message: 'flags of the mailbox or its Sent folder could not be read; mail still comes in; retrying',
    labels: ['server', 'code'],
  },
  MessageMarked: { level: 'debug', message: 'answered message marked as answered in its mailbox', labels: ['server'] },
  MessageMarkFailed: {
    level: 'warn',
    message: 'answered message could not be marked as answered in its mailbox; the reply is not affected',
    labels: ['server', 'code', 'reason'],
  },
  MailboxDoubted: {
    level: 'warn',
    message: 'server gives contradictory answers about the folder; the mailbox counts as blind until they agree',
    labels: ['server', 'reason'],
  },
  LedgerSetBack: {
    level: 'error',
    message: 'Redis lost commits that it had confirmed; ledger reloaded, messages are fetched again',
    labels: ['server'],
  },
  LedgerReloaded: { level: 'warn', message: 'ledger version conflict; reloaded', labels: ['server', 'code'] },
  LeaseLost: { level: 'warn', message: 'mailbox lease lost; another replica may take it', labels: ['server'] },
  LeaseRoundFailed: {
    level: 'warn',
    message: 'mailbox leases could not be renewed or acquired; retrying every second',
    labels: ['code'],
  },
  LeaseRoundSucceeded: { level: 'info', message: 'mailbox leases are being renewed again' },
  LeaseHandedOver: {
    level: 'info',
    message: 'mailbox handed over to the replica assigned to it',
    labels: ['server'],
  },
});
