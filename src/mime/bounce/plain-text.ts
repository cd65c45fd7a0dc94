// Bounces in prose, without RFC 3464: who could not be reached, and why. qmail, Exim, Postfix, sendmail, Yahoo, Gmail, GMX, Exchange, Notes and kin.
import { replyCodeIn, statusIn } from './status-fields.ts';

export interface ProseRecipient {
  recipient: string;
  status?: string;
  replyCode?: number;
  diagnostic: string;
}

/** From here on the returned mail follows; nothing below is the report's own. */
const ORIGINAL =
  /^[\s>]*(?:-{2,}.{0,20}(?:below this line is|this is a copy of|original message|returned (?:message|mail)|message (?:header|text|body)|unsent message|the header page|copy of|start of|transcript of session follows.{0,10}original|begin (?:message|forward)|forwarded message|your message|un-?sent|the body of the message|headers).*|(?:original|returned|the original|your original) (?:message|mail|e-?mail)(?: (?:follows|headers?|below|text|was|is|:).*|:?)\s*$|(?:here is a copy of|a copy of (?:your|the) (?:original )?message|the following (?:is|message) (?:a copy|headers)|message header(?:s)?:|headers? (?:follow|of the original)|included is a copy|first \d+ lines of|below is a copy|der header der e-?mail|the header of the original).*|received: (?:from|by) .*|return-path: ?<.*)$/im;

const ADDRESS =
  /(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}|"[^"\n]{1,60}")@(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\.)+[A-Za-z0-9-]{2,63}/g;

/** Words of failure: an address counts only near one of them, or when it stands at the head of a paragraph with such words. */
const FAILURE =
  /unknown|undeliver|not (?:be )?deliver|delivery|deliver|fail|reject|refus|denied|disabled|inactive|suspend|over ?quota|quota|mailbox|full|exceed|does(?: not|n't) exist|no such|not found|invalid|illegal|unable|error|bounce|blocked|spam|relay|timed? ?out|expired|too (?:many|large|big)|unrouteable|unreachable|user|recipient|address|no longer|not (?:a )?(?:valid|local|listed|accept|available|exist)|couldn't|could not|cannot|can't|gave up|giving up|\b[45]\d\d\b|nicht (?:zugestellt|gefunden|existier|erreich)|unbekannt|unzustellbar|fehler|voll|inexistant|inconnu|impossible|desconocid|no existe|sconosciut|inesistente|nieznany|onbekend|届|不明|宛先/i;

/** What the words mean when no code is given (RFC 3463). */
const meanings: readonly [RegExp, string][] = [
  [
    /(?:mailbox|quota|inbox|account|postfach|speicher).{0,60}(?:full|exceed|voll|over|too large)|over ?quota|quota.{0,40}(?:exceed|full)|disk full|insufficient (?:disk|storage)|not enough (?:storage|space)|user is over/i,
    '5.2.2',
  ],
  [
    /(?:account|mailbox|user).{0,60}(?:disabled|inactive|suspend|deactivated|locked|closed|expired)|(?:disabled|inactive) (?:account|mailbox|user)|discontinued/i,
    '5.2.1',
  ],
  [
    /(?:host|domain|server).{0,30}(?:unknown|not found|does(?: not|n't) exist)|unknown (?:host|domain)|no such (?:host|domain)|name or service not known|unrouteable|nxdomain|couldn't find any host|host or domain name not found|no mx/i,
    '5.1.2',
  ],
  [
    /user.{0,30}unknown|unknown (?:user|recipient|address|local)|no such (?:user|recipient|person|address|mailbox|account)|does(?: not|n't) (?:exist|have an? (?:\S+ )?account)|mailbox (?:not found|unavailable)|invalid (?:recipient|mailbox|address|user)|not listed|user not|recipient (?:not|unknown|rejected)|no (?:mailbox|user)|unbekannt|nicht bekannt|isn't|not a (?:valid|known)/i,
    '5.1.1',
  ],
  [/time(?:d)? ?out|expired|too long|gave up|retry time|been in the queue|could not be delivered for|4\d\d/i, '4.4.7'],
  [
    /connection (?:refused|reset)|unable to connect|couldn't connect|establish an smtp|no route|network is|unreachable/i,
    '4.4.1',
  ],
  [/too (?:large|big)|size exceed|exceeds .{0,20}size|maximum message size/i, '5.3.4'],
  [/spam|blocked|blacklist|policy|denied|reject|refus|relay/i, '5.7.1'],
];

/** `exclude`: addresses (lower case) that are the report's own sender, or ours. */
export function proseRecipients(
  text: string,
  failed: readonly string[],
  exclude: ReadonlySet<string>,
): ProseRecipient[] {
  const body = reportPart(text.slice(0, 100_000));
  const lines = body.split('\n').slice(0, 2000);
  const found = new Map<string, { recipient: string; at: number }>();
  const note = (address: string, at: number): void => {
    const key = address.toLowerCase();
    if (found.size < 200 && !found.has(key)) found.set(key, { recipient: address, at });
  };
  const failedKeys = new Set(failed.map((a) => a.toLowerCase()));
  for (const [k, line] of lines.entries()) {
    if (line.length > 2000 || !line.includes('@')) continue;
    if (/^\s*(?:message-id|references|in-reply-to|received|return-path|dkim|list-|x-)[\w-]*\s*:/i.test(line)) continue;
    if (/^\s*(?:from|von|sender|reply-to|subject)\s*:/i.test(line)) continue;
    for (const match of line.matchAll(ADDRESS)) {
      const address = match[0].replace(/^[.'=]+|[.'-]+$/g, '');
      const key = address.toLowerCase();
      if (failedKeys.size > 0 && !failedKeys.has(key)) continue;
      if (
        !failedKeys.has(key) &&
        (exclude.has(key) ||
          /^(?:postmaster|mailer-daemon|abuse|support|help|helpdesk|webmaster|hostmaster|admin|noreply|no-reply)@/i.test(
            address,
          ))
      )
        continue;
      if (!failedKeys.has(key)) {
        const before = line.slice(0, match.index);
        const after = line.slice((match.index ?? 0) + match[0].length);
        // Contact addresses and message ids: "please contact x@y", "mailto:", "<…@…> (id)".
        if (
          /(?:contact|mailto:|e-?mail to|write to|help|questions|from|sender|mail from|id)\s*[:=]?\s*[<("']?$/i.test(
            before,
          ) &&
          !/rcpt/i.test(before)
        )
          continue;
        if (/^\d{8,}|[0-9a-f]{16,}/i.test(address) && /id/i.test(before)) continue;
        const near = `${lines[k - 2] ?? ''} ${lines[k - 1] ?? ''} ${before} ${after} ${lines[k + 1] ?? ''} ${lines[k + 2] ?? ''}`;
        if (!FAILURE.test(near.slice(0, 3000))) continue;
      }
      note(address, k);
    }
  }
  for (const address of failed) note(address, -1);
  const list = [...found.values()].sort((a, b) => a.at - b.at);
  return list.map(({ recipient, at }, i) => {
    const next = list.slice(i + 1).find((r) => r.at > at)?.at ?? lines.length;
    const own = at === -1 ? '' : lines.slice(at, Math.min(next, at + 14)).join(' ');
    const wide =
      own !== '' && (FAILURE.test(own.replace(ADDRESS, '')) || list.length > 1)
        ? own
        : body.slice(0, 6000).replace(/\n/g, ' ');
    return recipientFrom(
      recipient,
      (statusIn(own) ?? replyCodeIn(own)) === undefined && list.length === 1
        ? `${own} ${body.slice(0, 6000).replace(/\n/g, ' ')}`
        : wide,
    );
  });
}

function recipientFrom(recipient: string, near: string): ProseRecipient {
  const clean = near.replace(/\s+/g, ' ').replace(/\b\d{1,3}(?:\.\d{1,3}){3}\b/g, 'IP');
  const status = statusIn(clean);
  const replyCode = replyCodeIn(clean);
  const meaning =
    status === undefined || status.endsWith('.0.0')
      ? meanings.find(([pattern]) => pattern.test(clean))?.[1]
      : undefined;
  const known = status !== undefined && !status.endsWith('.0.0') ? status : (meaning ?? status);
  return {
    recipient,
    ...(known === undefined ? {} : { status: known }),
    ...(replyCode === undefined ? {} : { replyCode }),
    diagnostic: clean.trim().slice(0, 500),
  };
}

export function reportPart(text: string): string {
  const match = ORIGINAL.exec(text);
  return match === null || match.index < 40 ? text : text.slice(0, match.index);
}

/** Message-ID of the returned mail, when it stands in the text. */
export function messageIdInText(text: string): string | undefined {
  const match = /^[\s>]*message-id\s*:\s*(?:\n\s+)?(<[^<>\s]{3,500}>)/im.exec(text.slice(0, 200_000));
  return match?.[1];
}

export const meaningOf = (diagnostic: string): string | undefined =>
  meanings.find(([pattern]) => pattern.test(diagnostic))?.[1];
