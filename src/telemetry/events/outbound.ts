// Named events, section outbound. Noun + past verb.
import { events } from './event.ts';

export const outboundEvents = events({
  ReplyQueued: { level: 'debug', message: 'Reply was put on its server’s queue', labels: ['server'] },
  ReplyKeysUnknown: {
    level: 'warn',
    message: 'Reply has keys that are not known here; they were not obeyed',
    labels: ['server'],
  },
  ReplyPrepared: { level: 'debug', message: 'Reply was composed, its Message-ID is fixed', labels: ['server'] },
  ReplyAccepted: { level: 'info', message: 'Server accepted the reply', labels: ['server'] },
  ReplyRejected: { level: 'warn', message: 'Reply ended rejected', labels: ['server', 'code', 'class'] },
  ReplyRetried: {
    level: 'info',
    message: 'Reply was not taken and is tried again',
    labels: ['server', 'code', 'class'],
  },
  ReplyForgotten: {
    level: 'error',
    message: 'Redis has lost that DATA of this reply began: looked up in Sent, not sent again',
    labels: ['server'],
  },
  ReplyUncertain: {
    level: 'warn',
    message: 'No answer after DATA: looked up in Sent, not sent again',
    labels: ['server'],
  },
  ReplySettled: { level: 'info', message: 'Uncertain reply was found in Sent', labels: ['server', 'reason'] },
  ReplyHeld: { level: 'error', message: 'Reply stayed uncertain: a person must decide', labels: ['server'] },
  ReplyHeldForSender: {
    level: 'error',
    message: 'Reply is held because of its sender: a person must decide',
    labels: ['server', 'code'],
  },
  ReplyNotComposed: {
    level: 'error',
    message: 'Reply is held because composing it exceeded its bounds or ended processes: a person must decide',
    labels: ['server', 'code'],
  },
  ReplySenderChanged: {
    level: 'info',
    message: 'Server was changed while the reply waited: prepared again under its new sender',
    labels: ['server'],
  },
  ReplyResent: {
    level: 'warn',
    message: 'Uncertain reply was not found in Sent and is sent again by policy',
    labels: ['server'],
  },
  ReplyReleased: { level: 'warn', message: 'A person released a held reply: it is sent again', labels: ['server'] },
  ReplyDropped: { level: 'warn', message: 'A person dropped a held reply', labels: ['server'] },
  ReplyGateClosed: {
    level: 'info',
    message: 'A second run of a reply met the journal and did not send',
    labels: ['server', 'state'],
  },
  ReplyTakenUp: {
    level: 'warn',
    message: 'Reply at work had no job any more and was given one',
    labels: ['server', 'state'],
  },
  ReplyFenced: { level: 'warn', message: 'A worker that lost its claim was kept from sending', labels: ['server'] },
  ReplySentFromPersonalAddress: {
    level: 'warn',
    message: 'Reply leaves from the personal address: the shared address is not permitted on this server',
    labels: ['server'],
  },
  ReplyPartlyRefused: {
    level: 'warn',
    message: 'Server refused some recipients of an accepted reply',
    labels: ['server'],
  },
  ReplyPartlyDeferred: {
    level: 'info',
    message: 'Server took the reply for some recipients and deferred others: these are tried again alone',
    labels: ['server'],
  },
  RepliesWaitForServer: {
    level: 'error',
    message: 'SMTP server was deleted or renamed while replies wait for it: they are kept, and wait',
    labels: ['server'],
  },
  SmtpServerPaused: {
    level: 'error',
    message: 'Sending through this server is paused, its replies are kept',
    labels: ['server', 'code', 'class'],
  },
  SmtpServerResumed: { level: 'info', message: 'Sending through this server goes on', labels: ['server'] },
  SmtpServerStarted: { level: 'info', message: 'Worker of this SMTP server started', labels: ['server'] },
  SmtpServerStopped: { level: 'info', message: 'Worker of this SMTP server stopped', labels: ['server'] },
  SubmissionSlowed: { level: 'warn', message: 'Server asks for a slower pace', labels: ['server', 'code'] },
  SentCopyStored: { level: 'debug', message: 'Copy of the reply was stored in Sent', labels: ['server'] },
  SentCopyFailed: { level: 'warn', message: 'Copy of the reply could not be stored in Sent', labels: ['server'] },
  SentSearchFailed: {
    level: 'warn',
    message: 'Sent folder could not be searched, tried again later',
    labels: ['server'],
  },
  ReplyWorkerFailed: {
    level: 'error',
    message: 'Unexpected fault in a reply’s worker; the reply is tried again',
    labels: ['server', 'code'],
    repeats: true,
  },
});
