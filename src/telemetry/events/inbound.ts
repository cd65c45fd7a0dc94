// Named events, section inbound: mailboxes, messages, ledger. Noun + past verb.
import { debug, type EventDefinition, error, info, warn } from './event.ts';

export const inboundEvents = {
  MailboxConnected: info('mailbox connected, folder open', ['server']),
  MailboxDisconnected: warn('mailbox connection lost; reconnecting', ['server', 'code', 'class']),
  FetchSlowed: warn(
    'messages are fetched by imapflow alone, which takes more CPU; this imapflow is not the one that Mailroom was written against',
    ['server'],
  ),
  MailboxTraced: info('line of the IMAP protocol, as long as a trace is on; names, numbers and outcomes only', [
    'server',
  ]),
  MailboxRenewed: info('connection replaced by one with a newer token; the mailbox was watched throughout', ['server']),
  MailboxRenewalFailed: warn(
    'connection could not be renewed with a newer token; the current one stays in use, retrying',
    ['server', 'code', 'class'],
  ),
  MailboxStopped: info('this process stopped watching the mailbox', ['server', 'reason']),
  MailboxStarted: info('this process started watching the mailbox', ['server']),
  MailboxPaused: warn('fetching paused; mail is safe in the mailbox', ['server', 'reason']),
  MailboxResumed: info('fetching resumed', ['server']),
  MailboxBlinded: warn('mailbox was not provably watched for a while', ['server']),
  MailboxSilent: warn(
    'mailbox is watched and healthy but has received no mail for a long time; check forwarding and mail flow rules',
    ['server'],
  ),
  MailboxStartChosen: info('first connection: start point recorded', ['server']),
  MailboxRescanned: warn('UIDs of the folder were reset; messages matched by fingerprint', ['server', 'reason']),
  EmailFlowMoved: info('messages of an email flow without a server moved to this one by a person', ['emailFlow']),
  MessageEnqueued: info('message enqueued', ['server', 'emailFlow']),
  MessagePending: warn('message exists but cannot be read yet; retrying', ['server', 'reason']),
  MessageMatched: info('message recognised by its fingerprint under another UID; not enqueued again', ['server']),
  MessageVanished: info('message was removed from the folder before it could be fetched', ['server']),
  MessageQuarantined: error(
    'message quarantined because it could not be read or parsed; a job with its raw bytes is on the queue',
    ['server', 'reason'],
  ),
  ParserWorkerEnded: error('parser worker ended because of a message; the rest of its batch is parsed again', [
    'reason',
  ]),
  MessageTooLarge: warn('message exceeds the maximum size; only headers and a reference are enqueued', ['server']),
  MessageAfterCareFailed: warn('queued message could not be flagged or moved; retrying', ['server', 'code']),
  MailboxEventReported: debug('what a person did in the mailbox was reported on the queue of mailbox events', [
    'server',
    'emailFlow',
    'kind',
  ]),
  MailboxEventsDropped: warn('queue of mailbox events is full because nobody takes from it; changes are only counted', [
    'server',
    'emailFlow',
    'reason',
  ]),
  MailboxLookFailed: warn('flags of the mailbox or its Sent folder could not be read; mail still comes in; retrying', [
    'server',
    'code',
  ]),
  MessageMarked: debug('answered message marked as answered in its mailbox', ['server']),
  MessageMarkFailed: warn(
    'answered message could not be marked as answered in its mailbox; the reply is not affected',
    ['server', 'code', 'reason'],
  ),
  MailboxDoubted: warn(
    'server gives contradictory answers about the folder; the mailbox counts as blind until they agree',
    ['server', 'reason'],
  ),
  LedgerSetBack: error('Redis lost commits that it had confirmed; ledger reloaded, messages are fetched again', [
    'server',
  ]),
  LedgerReloaded: warn('ledger version conflict; reloaded', ['server', 'code']),
  LeaseLost: warn('mailbox lease lost; another replica may take it', ['server']),
  LeaseRoundFailed: warn('mailbox leases could not be renewed or acquired; retrying every second', ['code']),
  LeaseRoundSucceeded: info('mailbox leases are being renewed again'),
  LeaseHandedOver: info('mailbox handed over to the replica assigned to it', ['server']),
} satisfies Record<string, EventDefinition>;
