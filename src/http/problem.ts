// Errors as application/problem+json (RFC 9457), with the catalogue's code, class and hint. Pure, but for the reply it writes.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { fieldOf, flatIssues, MOST_ISSUES, unknownAtTop } from '../contract/issues.ts';
import { type FailureClass, failureClasses, type Remote, remoteSchema } from '../contract/result.ts';
import { catalogue } from '../domain/catalogue/index.ts';
import { asError, type ErrorCode, MailroomError } from '../domain/errors.ts';
import { redisError } from '../domain/redis-errors.ts';
import { defined } from '../lib/defined.ts';
import type { Emit } from '../telemetry/events.ts';
import { scrub } from '../telemetry/serialize-error.ts';
import { type ClientAddresses, clientOf } from './client.ts';

export const problemSchema = z.object({
  type: z.string().describe('urn:mailroom:error:<code>'),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string().describe('Stable code of the error catalogue (docs/errors.md)'),
  class: z.enum(failureClasses),
  hint: z.string().optional().describe('What can be done; English or German, by Accept-Language'),
  field: z.string().optional(),
  problems: z
    .array(
      z.object({
        field: z.string(),
        value: z.unknown().optional(),
        message: z.string(),
        code: z.string().optional(),
        parameters: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
      }),
    )
    .optional()
    .describe('With HTTP_REQUEST_INVALID: each field that is wrong'),
  permitted: z.array(z.string()).optional().describe('With FROM_NOT_PERMITTED: the addresses that are'),
  remote: remoteSchema.optional(),
});

/** A problem, in the table of a route's answers. */
export const problemAnswer = (description: string) => ({
  description,
  schema: problemSchema,
  contentType: 'application/problem+json',
});
export type Problem = z.infer<typeof problemSchema>;

const byCode: Partial<Record<ErrorCode, number>> = {
  HTTP_UNAUTHENTICATED: 401,
  HTTP_FORBIDDEN: 403,
  HTTP_NOT_FOUND: 404,
  HTTP_REQUEST_INVALID: 422,
  PRIVACY_ADDRESS_INVALID: 422,
  PRIVACY_ADDRESS_IS_OURS: 422,
  HTTP_BODY_MALFORMED: 400,
  HTTP_MEDIA_TYPE: 415,
  HTTP_RANGE_NOT_SATISFIABLE: 416,
  HTTP_INTERNAL: 500,
  MESSAGE_UNKNOWN: 404,
  ATTACHMENT_UNKNOWN: 404,
  MESSAGE_TEXT_UNKNOWN: 404,
  EMAIL_FLOW_UNKNOWN: 404,
  EMAIL_FLOW_IN_USE: 409,
  EMAIL_SERVER_NOT_FOUND: 404,
  EMAIL_SERVER_READ_ONLY: 409,
  EMAIL_SERVER_CHANGED: 412,
  EMAIL_SERVER_REVISION_REQUIRED: 428,
  PORTAL_SIGN_IN_REFUSED: 401,
  PORTAL_FORM_FORGED: 403,
  PORTAL_OIDC_REFUSED: 401,
  PORTAL_OIDC_NO_ROLE: 403,
  PORTAL_OIDC_GROUPS_OMITTED: 403,
  BLOB_NOT_FOUND: 404,
  BLOB_DAMAGED: 500,
  BLOB_KEY_MISSING: 500,
  REPLY_UNKNOWN: 404,
  REPLY_ID_REUSED: 409,
  REPLY_NOT_HELD: 409,
  REPLY_DROPPED: 409,
  REPLY_TOO_LATE: 409,
  REPLY_HELD: 409,
  SMTP_SERVER_REPLACED: 409,
  MESSAGE_NOT_QUARANTINED: 404,
  DEAD_LETTER_UNKNOWN: 404,
};

/** For codes without an entry above. */
const byClass: Record<FailureClass, number> = {
  auth: 503, // of the remote system: the caller's own is HTTP_UNAUTHENTICATED
  permission: 422,
  throttle: 429,
  transient: 503,
  permanent: 422,
  size: 413,
  ambiguous: 409,
  invalid: 422,
};

/** A store of Mailroom's own has failed: whatever the class, the request may be repeated later. */
const OUR_STORES = /^(REDIS_|BLOB_STORE_)/;

export const statusOf = (error: MailroomError): number =>
  byCode[error.code] ?? (OUR_STORES.test(error.code) ? 503 : byClass[error.class]);

/** Wrong fields of a request, each with its value. */
export class RequestInvalid extends MailroomError {
  readonly problems: NonNullable<Problem['problems']>;
  constructor(problems: NonNullable<Problem['problems']>, total = problems.length) {
    const [first] = problems;
    const named = problems.slice(0, MOST_ISSUES);
    const more = total - named.length;
    super('HTTP_REQUEST_INVALID', {
      message:
        named.map(({ field, message }) => `${field}: ${message}`).join('; ') + (more > 0 ? `; and ${more} more` : ''),
      ...defined({ field: first?.field }),
    });
    this.problems = named;
  }
}

/** Parses input by its schema. @throws RequestInvalid that names every wrong field and value */
export function parseInput<T>(schema: z.ZodType<T>, input: unknown, where: string): T {
  const parsed = schema.safeParse(input, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw invalidInput([...parsed.error.issues, ...leftOut(schema, input)], where);
}

/** Unknown keys; a strict schema reports them itself, a loose one permits them. */
const leftOut = (schema: z.ZodType, input: unknown): z.core.$ZodIssue[] =>
  schema instanceof z.ZodObject && schema.def.catchall === undefined ? unknownAtTop(schema, input) : [];

export function invalidInput(found: readonly z.core.$ZodIssue[], where: string): RequestInvalid {
  const { issues, total } = flatIssues(found);
  return new RequestInvalid(
    issues.map(({ path, message, input }) => ({
      field: fieldOf(path) || where,
      ...defined({ value: shown(input) }),
      message,
    })),
    total,
  );
}

/** One problem for each unknown key. */
export const unknownKeys = (keys: readonly string[]) =>
  keys.map((key) => ({ field: key.slice(0, 100), message: 'is not known here' }));

/** Refuses a repeated parameter, `limit=1&limit=2`, unless it is repeatable. @throws RequestInvalid */
export function oneOfEach(query: unknown, repeatable: readonly string[] = []): void {
  const repeated = Object.entries(query as Record<string, unknown>).filter(
    ([name, value]) => Array.isArray(value) && !repeatable.includes(name),
  );
  if (repeated.length === 0) return;
  throw new RequestInvalid(
    repeated.map(([field, value]) => ({
      field: field.slice(0, 200),
      value: (value as unknown[]).slice(0, 5).map(shown),
      message: 'must be given once',
    })),
  );
}

/** Scalars, truncated; undefined for objects, which the caller knows. */
function shown(value: unknown): unknown {
  if (typeof value === 'string') return value.length > 200 ? `${value.slice(0, 200)}…` : value;
  return typeof value === 'number' || typeof value === 'boolean' || value === null ? value : undefined;
}

/** Fastify's own refusals (body limit, media type, broken JSON, bad URL) and anything thrown, as a MailroomError. */
export function toMailroomError(thrown: unknown): MailroomError {
  if (thrown instanceof MailroomError) return thrown;
  const redis = redisError(thrown);
  if (redis !== undefined) return redis;
  const error = asError(thrown) as Error & { code?: string; statusCode?: number };
  if (error.statusCode === 413) return new MailroomError('HTTP_BODY_TOO_LARGE');
  if (error.statusCode === 415) return new MailroomError('HTTP_MEDIA_TYPE');
  if (error.code?.startsWith('FST_ERR_CTP') || error instanceof SyntaxError)
    return new MailroomError('HTTP_BODY_MALFORMED');
  if (error.statusCode !== undefined && error.statusCode < 500) {
    return new MailroomError('HTTP_REQUEST_INVALID', { message: error.message });
  }
  return new MailroomError('HTTP_INTERNAL', { cause: error });
}

export function problemOf(error: MailroomError, german: boolean): Problem {
  const entry = catalogue[error.code];
  const status = statusOf(error);
  return {
    type: `urn:mailroom:error:${error.code}`,
    title: entry.message,
    status,
    detail: error.message,
    code: error.code,
    class: error.class,
    // A hint made for this case is more useful than the catalogue's, in either language.
    hint: german && error.hint === entry.hint.en ? entry.hint.de : error.hint,
    ...defined({
      field: error.field,
      problems: error instanceof RequestInvalid ? error.problems : undefined,
      permitted: error.permitted && [...error.permitted],
      remote: error.remote && shownRemote(error.remote),
    }),
  };
}

/** A remote system's words may quote what we sent: scrubbed, as in the log and on the command line. */
const shownRemote = (remote: Remote): Remote =>
  remote.text === undefined ? remote : { ...remote, text: scrub(remote.text) };

interface RefusalDeps {
  emit: Emit;
  /** How the address of a client that is refused because of its identity is shown in the log; default full. */
  clientAddresses?: ClientAddresses | undefined;
}

/** Logs our own failures with the error; a refusal with its code, and with the client if its identity was the reason. */
export function emitRefusal(
  error: MailroomError,
  request: FastifyRequest,
  kind: string,
  { emit, clientAddresses }: RefusalDeps,
): void {
  const { code } = error;
  const status = statusOf(error);
  if (status >= 500) emit('ApiRequestFailed', { code, kind, err: error.cause ?? error });
  else if (![401, 403, 429].includes(status)) emit('ApiRequestRefused', { code, kind });
  else emit('ApiRequestRefused', { code, kind, detail: clientOf(request, clientAddresses) });
}

/** Answers with the problem and logs it. */
export function sendProblem(
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  { emit, clientAddresses }: RefusalDeps,
): void {
  const error = toMailroomError(thrown);
  const status = statusOf(error);
  const kind = request.routeOptions?.url ?? 'unknown route';
  if (status !== 404 && status !== 416) emitRefusal(error, request, kind, { emit, clientAddresses });
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="mailroom"');
  if (error.retryAfterMs !== undefined) reply.header('retry-after', String(Math.ceil(error.retryAfterMs / 1000)));
  const german = /^\s*de\b/i.test(request.headers['accept-language'] ?? '');
  // Headers of the content that is not sent must not describe the problem.
  for (const name of ['content-length', 'content-disposition', 'etag', 'accept-ranges', 'last-modified']) {
    reply.removeHeader(name);
  }
  reply
    .code(status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .header('cache-control', 'no-store')
    .send(JSON.stringify(problemOf(error, german)));
}
