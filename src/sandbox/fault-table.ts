// The table of everything the sandbox can be told to do wrong. The documentation is generated from it; faults.ts keeps what is switched on.

interface FaultEntry {
  protocol: 'imap' | 'smtp' | 'oauth';
  /** What happens, for the reference. */
  description: string;
  /** Parameters it reads besides mailbox and times. */
  parameters: Readonly<Record<string, string>>;
}

const uid = 'UID of the message; every message when missing';
const duration = 'milliseconds after which the fault ends, counted from when it is set';
const stage = 'connect | ehlo | auth | mail | rcpt | data | afterDot';

export const FAULTS = {
  // IMAP, sign-in
  authFailed: {
    protocol: 'imap',
    description: 'AUTHENTICATE and LOGIN are answered `NO AUTHENTICATE failed.`',
    parameters: {},
  },
  notConnected: {
    protocol: 'imap',
    description: 'Sign-in succeeds, then every command is answered `BAD User is authenticated but not connected.`',
    parameters: {},
  },
  commandError: {
    protocol: 'imap',
    description: '`Command Error. N` on AUTHENTICATE and SELECT',
    parameters: { number: '10 (default) or 12' },
  },
  dropAfterLogin: {
    protocol: 'imap',
    description: 'The connection is closed, without BYE, right after a successful sign-in',
    parameters: {},
  },
  tokenExpiredNow: {
    protocol: 'imap',
    description: '`* BYE Session invalidated - AccessTokenExpired` to every open session, at once',
    parameters: { refuseOldTokens: 'true: tokens issued before are refused from now on' },
  },
  serverUnavailable15: {
    protocol: 'imap',
    description: '`Server Unavailable. 15`',
    parameters: { at: 'login | select (default) | raw (untagged line, then BYE)' },
  },
  imap4rev2FrontEnd: {
    protocol: 'imap',
    description:
      'New front end: greeting with tcpproxy, LOGINDISABLED, offers IMAP4rev2 and then refuses SEARCH UNSEEN under it',
    parameters: {},
  },
  throttleImap: {
    protocol: 'imap',
    description: '`Request is throttled. Suggested Backoff Time: N milliseconds` on the next commands after sign-in',
    parameters: {
      milliseconds: 'N, default 92415',
      answer: 'BAD (default) | NO',
      bye: 'true: BYE follows',
      command: 'only on this command',
    },
  },
  imapReply: {
    protocol: 'imap',
    description: 'Any tagged answer on one command',
    parameters: { command: 'FETCH, APPEND, …', text: 'e.g. `NO Command Argument Error. 11`' },
  },
  // IMAP, connection
  muteIdle: {
    protocol: 'imap',
    description: 'Nothing is pushed during IDLE; the next NOOP or SELECT shows it',
    parameters: {},
  },
  dropIdle: {
    protocol: 'imap',
    description: 'Connections in IDLE are closed without BYE, and those that enter IDLE',
    parameters: { reset: 'true: by TCP reset' },
  },
  halfOpen: {
    protocol: 'imap',
    description: 'Open sessions are neither read nor written any more, for good, and stay open',
    parameters: { newSessions: 'true: sessions that sign in later, too' },
  },
  drop: {
    protocol: 'imap',
    description: 'Every open session is closed without BYE, at once',
    parameters: { reset: 'true: by TCP reset' },
  },
  closed13: { protocol: 'imap', description: '`* BYE Connection is closed. 13` at the next command', parameters: {} },
  closed14: { protocol: 'imap', description: '`* BYE Connection is closed. 14` at the next command', parameters: {} },
  refuseConnections: {
    protocol: 'imap',
    description: 'New connections are closed before the greeting',
    parameters: {},
  },
  slowBytes: {
    protocol: 'imap',
    description: 'What the server sends trickles, a few bytes at a time',
    parameters: { bytesPerSecond: 'default 1000' },
  },
  slowCommand: {
    protocol: 'imap',
    description: 'A command is answered late',
    parameters: { command: 'all when missing', milliseconds: 'default 1000' },
  },
  // IMAP, messages
  emptyFetch: {
    protocol: 'imap',
    description: '`OK` without data for the message',
    parameters: { uid, times: 'tries that stay empty' },
  },
  lateReadable: {
    protocol: 'imap',
    description:
      'SEARCH and FETCH FLAGS show the message, fetching its content gives `OK` without data, until the time is over',
    parameters: { uid, forMilliseconds: duration },
  },
  lateVisible: {
    protocol: 'imap',
    description: 'The message exists, but neither SEARCH nor FETCH shows it until the time is over',
    parameters: { uid, forMilliseconds: duration },
  },
  poisonText: {
    protocol: 'imap',
    description: 'Content is replaced by "Retrieval using the IMAP4 protocol failed for the following message: N"',
    parameters: { uid },
  },
  shortFetch: {
    protocol: 'imap',
    description: 'FETCH ends early with `NO Some of the requested messages no longer exist.`',
    parameters: { after: 'rows that are still sent, default 1' },
  },
  truncateFetch: {
    protocol: 'imap',
    description: 'The connection is cut in the middle of a literal',
    parameters: { uid },
  },
  expungeWhileFetch: {
    protocol: 'imap',
    description:
      'The message is removed by another client while the FETCH that asks for it runs: NO after the other rows',
    parameters: { uid },
  },
  wrongSize: {
    protocol: 'imap',
    description: 'RFC822.SIZE is an estimate: three times the real size',
    parameters: { uid },
  },
  uidValidityChange: {
    protocol: 'imap',
    description: 'The folder gets a new UIDVALIDITY and new UIDs, at once; sessions that have it open are closed',
    parameters: { folder: 'default INBOX' },
  },
  uidNextBack: {
    protocol: 'imap',
    description: 'UIDNEXT is reported lower than it is',
    parameters: { by: 'default 10' },
  },
  // SMTP
  smtpReply: {
    protocol: 'smtp',
    description: 'Any answer at any stage',
    parameters: {
      reply: 'name out of SMTP_REPLIES',
      at: stage,
      code: 'three digits',
      text: 'enhanced code and text',
      recipient: 'at rcpt: only this one',
    },
  },
  dropBeforeData: {
    protocol: 'smtp',
    description: 'The connection is cut at a stage before DATA',
    parameters: { at: `${stage}; default rcpt` },
  },
  dropInData: {
    protocol: 'smtp',
    description: 'The connection is cut while the message is transferred',
    parameters: { after: 'bytes, default 1' },
  },
  dropAfterDot: {
    protocol: 'smtp',
    description: 'The message is **accepted**, then the connection is cut without an answer',
    parameters: {},
  },
  dropAfterDotUnaccepted: {
    protocol: 'smtp',
    description: 'The message is thrown away after the dot, and the connection is cut without an answer',
    parameters: {},
  },
  stallSmtp: {
    protocol: 'smtp',
    description:
      'No answer comes at a stage; the connection stays open. At afterDot the message is accepted unless unaccepted is true',
    parameters: { at: stage, unaccepted: 'true: thrown away' },
  },
  slowSmtp: {
    protocol: 'smtp',
    description: 'Answers at a stage come late',
    parameters: { at: stage, milliseconds: 'default 1000' },
  },
  noSentCopy: { protocol: 'smtp', description: 'No copy is saved in Sent', parameters: {} },
  lateSentCopy: {
    protocol: 'smtp',
    description: 'The copy in Sent appears late',
    parameters: { milliseconds: 'default 1000' },
  },
  bounce: {
    protocol: 'smtp',
    description: 'The message is accepted, and a report comes back to MAIL FROM that it was not delivered',
    parameters: {
      bounce: 'name out of BOUNCES, default userUnknown',
      recipient: 'only this one',
      delayedFirst: 'true: a report of a delay comes at once',
      milliseconds: 'until the report comes, default 0',
    },
  },
  rewriteMessageId: {
    protocol: 'smtp',
    description: 'Message-ID is rewritten on submission',
    parameters: { keepOriginal: 'false: without X-Microsoft-Original-Message-ID' },
  },
  // OAuth2
  aadsts: {
    protocol: 'oauth',
    description: 'The token endpoint answers with an AADSTS error',
    parameters: {
      number: 'any AADSTS number',
      text: 'instead of the usual text',
      client: 'client id; all when missing',
      at: 'token (default) | authorize',
    },
  },
  http429: {
    protocol: 'oauth',
    description: 'The token endpoint answers 429',
    parameters: { retryAfter: 'seconds, default 1' },
  },
  http5xx: { protocol: 'oauth', description: 'The token endpoint answers 5xx', parameters: { status: 'default 503' } },
  slowToken: {
    protocol: 'oauth',
    description: 'The token endpoint answers late',
    parameters: { milliseconds: 'default 1000' },
  },
  dropToken: {
    protocol: 'oauth',
    description: 'The token endpoint closes the connection without an answer',
    parameters: {},
  },
} as const satisfies Record<string, FaultEntry>;
