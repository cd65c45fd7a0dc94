// Named events, section outbound. Noun + past verb.
import { events } from './event.ts';

export const outboundEvents = events({
  SubmissionTraced: {
    level: 'info',
    message: 'line of the SMTP protocol, as long as a trace is on; verbs, codes and outcomes only',
    labels: ['server'],
  },
  ReplyQueued: { level: 'info', message: 'reply added to its server’s queue', labels: ['server'] },
  ReplyKeysUnknown: {
    level: 'warn',
    message: 'reply contains unknown keys; they were ignored',
    labels: ['server'],
  },
  ReplyPrepared: { level: 'debug', message: 'reply composed; its Message-ID is final', labels: ['server'] },
  ReplyAccepted: {
    level: 'info',
    message: 'reply accepted by the server',
    labels: ['server'],
    times: 'mailroom_reply_accepted_seconds',
  },
  ReplyRejected: { level: 'warn', message: 'reply rejected', labels: ['server', 'code', 'class'] },
  ReplyOutcomesRemoved: {
    level: 'warn',
    message: 'outcomes older than their retention removed; no backend took them',
  },
  ReplyBounced: {
    level: 'warn',
    message: 'accepted reply did not reach a recipient; its result says why',
    labels: ['server', 'kind'],
  },
  ReplyDeliveryLearned: {
    level: 'info',
    message: 'report of an accepted reply arrived',
    labels: ['server', 'state'],
  },
  ReplyRetried: {
    level: 'info',
    message: 'reply not accepted; retrying',
    labels: ['server', 'code', 'class'],
  },
  ReplyForgotten: {
    level: 'error',
    message: 'Redis lost the record that DATA of this reply had begun; searching Sent instead of sending again',
    labels: ['server'],
  },
  ReplyUncertain: {
    level: 'warn',
    message: 'no answer after DATA; searching Sent instead of sending again',
    labels: ['server'],
  },
  ReplySettled: { level: 'info', message: 'uncertain reply found in Sent', labels: ['server', 'reason'] },
  ReplyHeld: { level: 'error', message: 'reply is still uncertain; held for a person’s decision', labels: ['server'] },
  ReplyHeldForSender: {
    level: 'error',
    message: 'reply held because of its sender; a person must decide',
    labels: ['server', 'code'],
  },
  ReplyHeldForAnswer: {
    level: 'warn',
    message: 'reply held because a colleague has answered the message in Outlook; a person must decide',
    labels: ['server', 'code'],
  },
  AnswerLookFailed: {
    level: 'warn',
    message: 'mailbox could not be searched for a colleague’s answer; the reply is sent without it',
    labels: ['server', 'code'],
    repeats: true,
  },
  ReplyMarkFailed: {
    level: 'warn',
    message: 'answered message could not be noted for marking; the accepted reply is not affected',
    labels: ['server', 'code'],
  },
  ReplyNotComposed: {
    level: 'error',
    message: 'reply held because composing it exceeded its limits or crashed processes; a person must decide',
    labels: ['server', 'code'],
  },
  ReplySenderChanged: {
    level: 'info',
    message: 'server changed while the reply was waiting; reply prepared again with its new sender',
    labels: ['server'],
  },
  ReplyResent: {
    level: 'warn',
    message: 'uncertain reply not found in Sent; sent again as the policy requires',
    labels: ['server'],
  },
  ReplyReleased: {
    level: 'warn',
    message: 'held reply released by a person; it will be sent again',
    labels: ['server'],
  },
  ReplyDropped: { level: 'warn', message: 'held reply dropped by a person', labels: ['server'] },
  ReplyCancelled: { level: 'info', message: 'reply cancelled before it was sent', labels: ['server'] },
  ReplyExpired: {
    level: 'warn',
    message: 'reply not sent before its expiresAt; it is dropped',
    labels: ['server'],
  },
  ReplyGateClosed: {
    level: 'info',
    message: 'second run of a reply stopped by the journal; nothing sent',
    labels: ['server', 'state'],
  },
  ReplyTakenUp: {
    level: 'warn',
    message: 'reply in progress had no job; a job was added',
    labels: ['server', 'state'],
  },
  ReplyFenced: {
    level: 'warn',
    message: 'worker without a valid claim was prevented from sending',
    labels: ['server'],
  },
  ReplySentFromPersonalAddress: {
    level: 'warn',
    message: 'reply sent from the personal address because this server does not permit the shared address',
    labels: ['server'],
  },
  ReplyPartlyRefused: {
    level: 'warn',
    message: 'server refused some recipients of an accepted reply',
    labels: ['server'],
  },
  ReplyPartlyDeferred: {
    level: 'info',
    message: 'server accepted the reply for some recipients and deferred others; retrying only those',
    labels: ['server'],
  },
  RepliesWaitForServer: {
    level: 'error',
    message: 'SMTP server deleted or renamed while replies were queued for it; they are kept and wait',
    labels: ['server'],
  },
  SmtpServerPaused: {
    level: 'error',
    message: 'sending through this server paused; its replies are kept',
    labels: ['server', 'code', 'class'],
  },
  SmtpServerResumed: { level: 'info', message: 'sending through this server resumed', labels: ['server'] },
  SmtpServerStarted: { level: 'info', message: 'worker of this SMTP server started', labels: ['server'] },
  SmtpServerStopped: { level: 'info', message: 'worker of this SMTP server stopped', labels: ['server'] },
  SmtpSignInSucceeded: { level: 'info', message: 'signed in at this SMTP server', labels: ['server'] },
  SmtpSignInFailed: {
    level: 'warn',
    message: 'sign-in at this SMTP server failed; retrying later',
    labels: ['server', 'code', 'class'],
  },
  RecipientsNearLimit: {
    level: 'warn',
    message: 'recipients of 24 hours come near the limit of this sending mailbox; replies wait once it is reached',
    labels: ['server'],
  },
  SubmissionSlowed: { level: 'warn', message: 'server asks for a slower pace', labels: ['server', 'code'] },
  SentCopyStored: { level: 'debug', message: 'copy of the reply stored in Sent', labels: ['server'] },
  SentCopyFailed: { level: 'warn', message: 'copy of the reply could not be stored in Sent', labels: ['server'] },
  SentSearchFailed: {
    level: 'warn',
    message: 'Sent folder could not be searched; retrying later',
    labels: ['server'],
  },
  ReplyWorkerFailed: {
    level: 'error',
    message: 'unexpected error in a reply worker; the reply is retried',
    labels: ['server', 'code'],
    repeats: true,
  },
});
