// The table of everything the sandbox can do wrong on command. docs/sandbox-faults.md is generated from it; faults.ts keeps the active ones.

interface FaultEntry<Protocol> {
  protocol: Protocol;
  /** What happens, for the reference. */
  description: string;
  /** Parameters besides mailbox, times and forMilliseconds. */
  parameters: Readonly<Record<string, string>>;
}

function faultsOf<Protocol extends string, Name extends string>(
  protocol: Protocol,
  rows: Record<Name, [description: string, parameters?: Record<string, string>]>,
): Record<Name, FaultEntry<Protocol>> {
  const entries = Object.entries<[string, Record<string, string>?]>(rows).map(
    ([name, [description, parameters = {}]]) => [name, { protocol, description, parameters }] as const,
  );
  return Object.fromEntries(entries) as Record<Name, FaultEntry<Protocol>>;
}

const uid = 'UID of the message; every message when missing';
const forMilliseconds = 'milliseconds after which the fault ends, counted from when it is set';
const at = 'connect | ehlo | auth | mail | rcpt | data | afterDot';

export const FAULTS = {
  ...faultsOf('imap', {
    // Sign-in
    authFailed: ['AUTHENTICATE and LOGIN are answered `NO AUTHENTICATE failed.`'],
    notConnected: ['Sign-in succeeds, then every command is answered `BAD User is authenticated but not connected.`'],
    commandError: ['`Command Error. N` on AUTHENTICATE and SELECT', { number: '10 (default) or 12' }],
    dropAfterLogin: ['The connection is closed, without BYE, right after a successful sign-in'],
    tokenExpiredNow: [
      '`* BYE Session invalidated - AccessTokenExpired` to every open session, at once',
      { refuseOldTokens: 'true: tokens issued before are refused from now on' },
    ],
    serverUnavailable15: [
      '`Server Unavailable. 15`',
      { at: 'login | select (default) | raw (untagged line, then BYE)' },
    ],
    imap4rev2FrontEnd: [
      'New front end: greeting with tcpproxy, LOGINDISABLED, offers IMAP4rev2 and then refuses SEARCH UNSEEN under it',
    ],
    throttleImap: [
      '`Request is throttled. Suggested Backoff Time: N milliseconds` on the next commands after sign-in',
      {
        milliseconds: 'N, default 92415',
        answer: 'BAD (default) | NO',
        bye: 'true: BYE follows',
        command: 'only on this command',
      },
    ],
    imapReply: [
      'Any tagged answer on one command',
      { command: 'FETCH, APPEND, …', text: 'e.g. `NO Command Argument Error. 11`' },
    ],
    // Connection
    muteIdle: ['Nothing is pushed during IDLE; the next NOOP or SELECT shows it'],
    dropIdle: [
      'Connections in IDLE are closed without BYE, and those that enter IDLE',
      { reset: 'true: by TCP reset' },
    ],
    halfOpen: [
      'Open sessions are neither read nor written any more, for good, and stay open',
      { newSessions: 'true: sessions that sign in later, too' },
    ],
    drop: ['Every open session is closed without BYE, at once', { reset: 'true: by TCP reset' }],
    closed13: ['`* BYE Connection is closed. 13` at the next command'],
    closed14: ['`* BYE Connection is closed. 14` at the next command'],
    refuseConnections: ['New connections are closed before the greeting'],
    slowBytes: ['What the server sends trickles, a few bytes at a time', { bytesPerSecond: 'default 1000' }],
    slowCommand: ['A command is answered late', { command: 'all when missing', milliseconds: 'default 1000' }],
    // Messages
    emptyFetch: ['`OK` without data for the message', { uid, times: 'tries that stay empty' }],
    lateReadable: [
      'SEARCH and FETCH FLAGS show the message, fetching its content gives `OK` without data, until the time is over',
      { uid, forMilliseconds },
    ],
    lateVisible: [
      'The message exists, but neither SEARCH nor FETCH shows it until the time is over',
      { uid, forMilliseconds },
    ],
    poisonText: [
      'Content is replaced by "Retrieval using the IMAP4 protocol failed for the following message: N"',
      { uid },
    ],
    shortFetch: [
      'FETCH ends early with `NO Some of the requested messages no longer exist.`',
      { after: 'rows that are still sent, default 1' },
    ],
    truncateFetch: ['The connection is cut in the middle of a literal', { uid }],
    expungeWhileFetch: [
      'The message is removed by another client while the FETCH that asks for it runs: NO after the other rows',
      { uid },
    ],
    wrongSize: ['RFC822.SIZE is an estimate: three times the real size', { uid }],
    uidValidityChange: [
      'The folder gets a new UIDVALIDITY and new UIDs, at once; sessions that have it open are closed',
      { folder: 'default INBOX' },
    ],
    uidNextBack: ['UIDNEXT is reported lower than it is', { by: 'default 10' }],
  }),
  ...faultsOf('smtp', {
    smtpReply: [
      'Any answer at any stage',
      {
        reply: 'name out of SMTP_REPLIES',
        at,
        code: 'three digits',
        text: 'enhanced code and text',
        recipient: 'at rcpt: only this one',
      },
    ],
    dropBeforeData: ['The connection is cut at a stage before DATA', { at: `${at}; default rcpt` }],
    dropInData: ['The connection is cut while the message is transferred', { after: 'bytes, default 1' }],
    dropAfterDot: ['The message is **accepted**, then the connection is cut without an answer'],
    dropAfterDotUnaccepted: ['The message is thrown away after the dot, and the connection is cut without an answer'],
    stallSmtp: [
      'No answer comes at a stage; the connection stays open. At afterDot the message is accepted unless unaccepted is true',
      { at, unaccepted: 'true: thrown away' },
    ],
    slowSmtp: ['Answers at a stage come late', { at, milliseconds: 'default 1000' }],
    noSentCopy: ['No copy is saved in Sent'],
    lateSentCopy: ['The copy in Sent appears late', { milliseconds: 'default 1000' }],
    bounce: [
      'The message is accepted, and a report comes back to MAIL FROM that it was not delivered',
      {
        bounce: 'name out of BOUNCES, default userUnknown',
        recipient: 'only this one',
        delayedFirst: 'true: a report of a delay comes at once',
        milliseconds: 'until the report comes, default 0',
      },
    ],
    rewriteMessageId: [
      'Message-ID is rewritten on submission',
      { keepOriginal: 'false: without X-Microsoft-Original-Message-ID' },
    ],
  }),
  ...faultsOf('oauth', {
    aadsts: [
      'The token endpoint answers with an AADSTS error',
      {
        number: 'any AADSTS number',
        text: 'instead of the usual text',
        client: 'client id; all when missing',
        at: 'token (default) | authorize',
      },
    ],
    http429: ['The token endpoint answers 429', { retryAfter: 'seconds, default 1' }],
    http5xx: ['The token endpoint answers 5xx', { status: 'default 503' }],
    slowToken: ['The token endpoint answers late', { milliseconds: 'default 1000' }],
    dropToken: ['The token endpoint closes the connection without an answer'],
  }),
};
