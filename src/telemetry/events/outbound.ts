// Named events, section outbound. Noun + past verb.
import { debug, type EventDefinition, error, info, warn } from './event.ts';

export const outboundEvents = {
  SubmissionTraced: info('line of the SMTP protocol, as long as a trace is on; verbs, codes and outcomes only', [
    'server',
  ]),
  ReplyQueued: info('reply added to its server’s queue', ['server']),
  ReplyKeysUnknown: warn('reply contains unknown keys; they were ignored', ['server']),
  ReplyPrepared: debug('reply composed; its Message-ID is final', ['server']),
  ReplyAccepted: info('reply accepted by the server', ['server'], { times: 'mailroom_reply_accepted_seconds' }),
  ReplyRejected: warn('reply rejected', ['server', 'code', 'class']),
  ReplyOutcomesRemoved: warn('outcomes older than their retention removed; no backend took them'),
  ReplyBounced: warn('accepted reply did not reach a recipient; its result says why', ['server', 'kind']),
  ReplyDeliveryLearned: info('report of an accepted reply arrived', ['server', 'state']),
  ReplyRetried: info('reply not accepted; retrying', ['server', 'code', 'class']),
  ReplyForgotten: error(
    'Redis lost the record that DATA of this reply had begun; searching Sent instead of sending again',
    ['server'],
  ),
  ReplyUncertain: warn('no answer after DATA; searching Sent instead of sending again', ['server']),
  ReplySettled: info('uncertain reply found in Sent', ['server', 'reason']),
  ReplyHeld: error('reply is still uncertain; held for a person’s decision', ['server']),
  ReplyHeldForSender: error('reply held because of its sender; a person must decide', ['server', 'code']),
  ReplyHeldForAnswer: warn('reply held because a colleague has answered the message in Outlook; a person must decide', [
    'server',
    'code',
  ]),
  AnswerLookFailed: warn(
    'mailbox could not be searched for a colleague’s answer; the reply is sent without it',
    ['server', 'code'],
    { repeats: true },
  ),
  ReplyMarkFailed: warn('answered message could not be noted for marking; the accepted reply is not affected', [
    'server',
    'code',
  ]),
  ReplyNotComposed: error(
    'reply held because composing it exceeded its limits or crashed processes; a person must decide',
    ['server', 'code'],
  ),
  ReplySenderChanged: info('server changed while the reply was waiting; reply prepared again with its new sender', [
    'server',
  ]),
  ReplyResent: warn('uncertain reply not found in Sent; sent again as the policy requires', ['server']),
  ReplyReleased: warn('held reply released by a person; it will be sent again', ['server']),
  ReplyDropped: warn('held reply dropped by a person', ['server']),
  ReplyCancelled: info('reply cancelled before it was sent', ['server']),
  ReplyExpired: warn('reply not sent before its expiresAt; it is dropped', ['server']),
  ReplyGateClosed: info('second run of a reply stopped by the journal; nothing sent', ['server', 'state']),
  ReplyTakenUp: warn('reply in progress had no job; a job was added', ['server', 'state']),
  ReplyFenced: warn('worker without a valid claim was prevented from sending', ['server']),
  ReplySentFromPersonalAddress: warn(
    'reply sent from the personal address because this server does not permit the shared address',
    ['server'],
  ),
  ReplyPartlyRefused: warn('server refused some recipients of an accepted reply', ['server']),
  ReplyPartlyDeferred: info('server accepted the reply for some recipients and deferred others; retrying only those', [
    'server',
  ]),
  RepliesWaitForServer: error(
    'SMTP server deleted or renamed while replies were queued for it; they are kept and wait',
    ['server'],
  ),
  SmtpServerPaused: error('sending through this server paused; its replies are kept', ['server', 'code', 'class']),
  SmtpServerResumed: info('sending through this server resumed', ['server']),
  SmtpServerStarted: info('worker of this SMTP server started', ['server']),
  SmtpServerStopped: info('worker of this SMTP server stopped', ['server']),
  SmtpSignInSucceeded: info('signed in at this SMTP server', ['server']),
  SmtpSignInFailed: warn('sign-in at this SMTP server failed; retrying later', ['server', 'code', 'class']),
  RecipientsNearLimit: warn(
    'recipients of 24 hours come near the limit of this sending mailbox; replies wait once it is reached',
    ['server'],
  ),
  SubmissionSlowed: warn('server asks for a slower pace', ['server', 'code']),
  SentCopyStored: debug('copy of the reply stored in Sent', ['server']),
  SentCopyFailed: warn('copy of the reply could not be stored in Sent', ['server']),
  SentSearchFailed: warn('Sent folder could not be searched; retrying later', ['server']),
  ReplyWorkerFailed: error('unexpected error in a reply worker; the reply is retried', ['server', 'code'], {
    repeats: true,
  }),
} satisfies Record<string, EventDefinition>;
