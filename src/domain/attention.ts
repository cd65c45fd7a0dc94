// What needs a person's attention, computed from the complete state of a gateway: one list for the portal's first page, `GET /v1/status`
// and the alert rules. An empty list means that nothing needs attention. Pure.
import { defined } from '../lib/defined.ts';
import { DAY_MS, HOUR_MS } from '../lib/time.ts';
import { type AttentionCode, attentionRows, type Urgency } from './attention-words.ts';
import { nearnessOf } from './recipient-limit.ts';

interface FlowFacts {
  emailFlow: string;
  /** Enabled servers that feed it. */
  servers: readonly string[];
  waiting: number;
  /** Epoch ms. */
  oldestAt?: number | undefined;
  /** Jobs by state, as BullMQ counts them. */
  jobs: Readonly<Record<string, number>>;
  /** Absent: this Redis does not list its connections. */
  consumers?: number | undefined;
  problem?: string | undefined;
}

interface ServerFacts {
  name: string;
  serverType?: 'IMAP' | 'SMTP' | undefined;
  enabled: boolean;
  valid: boolean;
  live: {
    state: string;
    code?: string | undefined;
    reason?: string | undefined;
    since?: number | undefined;
    pausedBy?: string | undefined;
    /** Of an IMAP server: arrival of its newest message, epoch ms. */
    lastMessageAt?: number | undefined;
    /** Of an SMTP server: recipients of 24 hours, their limit, and when it is reached at the present rate, epoch ms. */
    pace?: { recipients: number; recipientsPerDay: number; recipientsLimitAt?: number | undefined } | undefined;
  };
  findings: readonly { code: string; severity: 'warning' | 'note' }[];
}

/** Everything from which attention is computed. */
export interface AttentionFacts {
  /** Codes of their problems; undefined if they accept writes. */
  redis: string | undefined;
  blobs: string | undefined;
  /** Redis has settings that may lose jobs. */
  unfit: boolean;
  /** It had an append-only file (and WAITAOF) when this process began, and has none. */
  durabilityLost: boolean;
  damagedKeys: number;
  /** Replicas that fetch mail. */
  replicas: number;
  quarantined: number;
  replies: {
    held: number;
    uncertain: number;
    /** After at least one attempt, waiting for the next. */
    retrying: number;
    /** Of the last 24 hours. */
    failed: number;
  };
  /** SMTP servers that no longer exist, with the replies that wait for them. */
  gone: readonly { server: string; waiting: number }[];
  flows: readonly FlowFacts[];
  servers: readonly ServerFacts[];
  /** Time without a message after which a mailbox counts as silent, ms; 0: none does. */
  silenceMs: number;
  /** When delegated sign-ins end, epoch ms, by server. */
  signInEnds: ReadonlyMap<string, number>;
}

export interface Attention {
  code: AttentionCode;
  urgency: Urgency;
  /** The email server or email flow concerned. */
  server?: string;
  emailFlow?: string;
  /** When it began, epoch ms, if known. */
  since?: number;
  parameters: Readonly<Record<string, string | number>>;
  /** Page of the portal on which it is handled. */
  link: string;
  /** Alert rule for the same condition. */
  alert?: string;
}

/** As MailroomConsumersBehind. */
const OLD_MS = 15 * 60_000;
/** As MailroomSignInEnds. */
const SIGN_IN_ENDS_MS = 14 * DAY_MS;

interface About {
  server?: string;
  emailFlow?: string;
  since?: number | undefined;
}

function one(
  code: AttentionCode,
  link: string,
  parameters: Attention['parameters'] = {},
  { server, emailFlow, since }: About = {},
): Attention {
  const { urgency, alert } = attentionRows[code];
  return { code, urgency, ...defined({ server, emailFlow, since }), parameters, link, ...defined({ alert }) };
}

const counted = (code: AttentionCode, link: string, count: number, about?: About): Attention[] =>
  count > 0 ? [one(code, link, { count }, about)] : [];

function ofStores({ redis, blobs, unfit, durabilityLost, damagedKeys }: AttentionFacts): Attention[] {
  return [
    ...(redis === undefined ? [] : [one('REDIS_TROUBLE', '/portal', { code: redis })]),
    ...(unfit ? [one('REDIS_UNFIT', '/portal')] : []),
    ...(durabilityLost ? [one('REDIS_DURABILITY_LOST', '/portal')] : []),
    ...(blobs === undefined ? [] : [one('BLOB_STORE_TROUBLE', '/portal', { code: blobs })]),
    ...counted('REDIS_KEYS_DAMAGED', '/portal', damagedKeys),
  ];
}

function ofReplies({ replies, gone }: AttentionFacts): Attention[] {
  return [
    ...counted('REPLIES_HELD', '/portal/replies?state=held', replies.held),
    ...counted('REPLIES_UNCERTAIN', '/portal/replies?state=uncertain', replies.uncertain),
    ...counted('REPLIES_FAILED', '/portal/replies?state=rejected', replies.failed),
    ...counted('REPLIES_RETRYING', '/portal/email-servers?show=SMTP', replies.retrying),
    ...gone.flatMap(({ server, waiting }) =>
      counted('REPLIES_WITHOUT_SERVER', '/portal/email-servers?show=SMTP', waiting, { server }),
    ),
  ];
}

/** @param now epoch ms */
function ofFlow(flow: FlowFacts, now: number): Attention[] {
  const { emailFlow, servers, waiting, oldestAt, jobs, consumers, problem } = flow;
  const link = '/portal#flows';
  const about = { emailFlow };
  if (problem !== undefined) return [one('FLOW_UNREADABLE', link, {}, about)];
  const count = waiting;
  const age = oldestAt === undefined ? 0 : now - oldestAt;
  const found = counted(
    'FLOW_JOBS_FAILED',
    `/portal/dead-letters?flow=${encodeURIComponent(emailFlow)}`,
    jobs.failed ?? 0,
    about,
  );
  if (waiting === 0) return found;
  const since = { emailFlow, since: oldestAt };
  // Where connections cannot be listed, only an old backlog indicates missing consumers.
  if (consumers === 0) found.push(one('FLOW_WITHOUT_CONSUMER', link, { count }, since));
  else if (age > OLD_MS) found.push(one('FLOW_BEHIND', link, { count, minutes: Math.floor(age / 60_000) }, since));
  if (servers.length === 0) found.push(one('FLOW_WITHOUT_SERVER', link, { count }, about));
  return found;
}

const SECRET_ENDS = ['CLIENT_SECRET_ENDS', 'CLIENT_SECRET_ENDED'];

function stateOf({ serverType, live }: ServerFacts): [AttentionCode, Attention['parameters']] | undefined {
  const code = live.code ?? live.reason ?? live.state;
  if (live.state === 'sign-in-needed') return ['SIGN_IN_NEEDED', { code }];
  if (serverType === 'SMTP') {
    if (live.state === 'paused') return ['SMTP_PAUSED', { by: live.pausedBy ?? 'Mailroom' }];
    if (live.state === 'unproven') return ['SMTP_UNPROVEN', {}];
    return live.state === 'sending' ? undefined : ['SMTP_RETRYING', { code }];
  }
  if (live.state === 'paused') return ['FETCHING_PAUSED', { code }];
  return ['backing-off', 'stopped', 'unknown'].includes(live.state) ? ['MAILBOX_NOT_WATCHED', { code }] : undefined;
}

/** A mailbox that is watched and well, and to which nobody writes any more. Where nothing ever came, nothing fell silent. */
function silenceOf(
  { serverType, live: { lastMessageAt } }: ServerFacts,
  silenceMs: number,
  now: number,
): number | undefined {
  if (serverType !== 'IMAP' || silenceMs === 0 || lastMessageAt === undefined) return undefined;
  return now - lastMessageAt < silenceMs ? undefined : Math.floor((now - lastMessageAt) / HOUR_MS);
}

function ofLimit({ name, live: { pace } }: ServerFacts, link: string, now: number): Attention[] {
  if (pace === undefined) return [];
  const { recipients: used, recipientsPerDay: limit, recipientsLimitAt: at } = pace;
  const about = { server: name };
  if (used >= limit) return [one('RECIPIENTS_LIMIT_REACHED', link, { limit }, about)];
  if (nearnessOf(used, limit, at, now) !== 'near') return [];
  if (at === undefined) return [one('RECIPIENTS_NEAR_LIMIT', link, { used, limit }, about)];
  const minutes = Math.max(0, Math.round((at - now) / 60_000));
  return [one('RECIPIENTS_LIMIT_AHEAD', link, { used, limit, minutes }, about)];
}

/** @param now epoch ms */
function ofServer(server: ServerFacts, { signInEnds, silenceMs }: AttentionFacts, now: number): Attention[] {
  const { name, valid, enabled, findings, live } = server;
  const link = `/portal/email-servers/edit?name=${encodeURIComponent(name)}`;
  const about = { server: name };
  if (!valid) return [one('SERVER_INVALID', link, {}, about)];
  const found: Attention[] = [];
  const state = enabled ? stateOf(server) : undefined;
  if (state !== undefined) found.push(one(state[0], link, state[1], { ...about, since: live.since }));
  const hours = enabled && state === undefined ? silenceOf(server, silenceMs, now) : undefined;
  if (hours !== undefined) found.push(one('MAILBOX_SILENT', link, { hours }, { ...about, since: live.lastMessageAt }));
  const status = `/portal/email-servers/status?name=${encodeURIComponent(name)}`;
  if (enabled) found.push(...ofLimit(server, status, now));
  if (findings.some(({ code }) => SECRET_ENDS.includes(code))) found.push(one('CREDENTIAL_ENDS', link, {}, about));
  const warnings = findings.filter(({ code, severity }) => severity === 'warning' && !SECRET_ENDS.includes(code));
  found.push(...counted('SERVER_WARNING', link, warnings.length, about));
  const endsAt = signInEnds.get(name);
  if (enabled && endsAt !== undefined && endsAt - now < SIGN_IN_ENDS_MS)
    found.push(one('SIGN_IN_ENDS', link, { count: Math.max(0, Math.ceil((endsAt - now) / DAY_MS)) }, about));
  return found;
}

const ORDER: readonly Urgency[] = ['now', 'soon', 'note'];

/** Most urgent first. @param now epoch ms */
export function attentionOf(facts: AttentionFacts, now: number): Attention[] {
  const { replicas, servers, quarantined, flows } = facts;
  const fetching = servers.some(({ serverType, enabled, valid }) => serverType === 'IMAP' && enabled && valid);
  const all = [
    ...ofStores(facts),
    ...(replicas === 0 && fetching ? [one('NO_REPLICA', '/portal')] : []),
    ...ofReplies(facts),
    ...counted('MESSAGES_QUARANTINED', '/portal/quarantine', quarantined),
    ...flows.flatMap((flow) => ofFlow(flow, now)),
    ...servers.flatMap((server) => ofServer(server, facts, now)),
  ];
  return all.sort((left, right) => ORDER.indexOf(left.urgency) - ORDER.indexOf(right.urgency));
}
