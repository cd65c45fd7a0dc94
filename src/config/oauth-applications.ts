// OAuth2 applications of the configuration: checked one by one, with their secrets read from their sources. An invalid one never affects the others.
import { z } from 'zod';
import type { InvalidOAuthApplication, OAuthApplication, OAuthCredential } from '../domain/email-server.ts';
import { defined } from '../lib/defined.ts';
import { problemsOf, type Words } from './issues.ts';
import { configInvalid, messageOf, nameOf, type Problem, shownValue } from './problem.ts';
import { fileIn, type Sources, secretOf } from './secret-source.ts';

const filled = z.string('must be text').trim().min(1, 'must not be empty');
const day = z.iso.date('must be a date like 2027-03-31');
const httpUrl = z.url({ protocol: /^https?$/, error: 'must be a URL https://…' });
const proxyUrl = z.url({ protocol: /^(https?|socks5?)$/, error: 'must be a URL http://… or socks5://…' });

const fields = {
  error: ({ code }: { code: string }) => (code === 'invalid_type' ? 'must be fields and values' : undefined),
};

const credential = z.strictObject(
  {
    secret: filled.optional(),
    secretFile: filled.optional(),
    secretEnv: filled.optional(),
    certificate: filled.optional(),
    certificateFile: filled.optional(),
    privateKey: filled.optional(),
    privateKeyFile: filled.optional(),
    privateKeyEnv: filled.optional(),
    assertionFile: filled.optional(),
    expires: day.optional(),
  },
  fields,
);

const generic = z.strictObject(
  {
    tokenUrl: httpUrl,
    authorizeUrl: httpUrl.optional(),
    deviceUrl: httpUrl.optional(),
    scopes: z.array(filled, 'must be a list').min(1, 'must name at least one scope'),
  },
  fields,
);

const application = z.strictObject(
  {
    name: filled.max(100, 'must be at most 100 characters'),
    tenant: filled.default('common'),
    clientId: filled,
    cloud: z.enum(['world', 'gccHigh', 'dod', 'china'], 'must be one of world, gccHigh, dod, china').default('world'),
    authority: httpUrl.optional(),
    credentials: z.array(credential, 'must be a list').default([]),
    proxy: proxyUrl.optional(),
    ca: filled.optional(),
    caFile: filled.optional(),
    generic: generic.optional(),
  },
  fields,
);

type Given = z.infer<typeof application>;

export function readOAuthApplications(
  list: readonly unknown[] | undefined,
  sources: Omit<Sources, 'problems'>,
): { applications: OAuthApplication[]; invalid: InvalidOAuthApplication[] } {
  const applications: OAuthApplication[] = [];
  const invalid: InvalidOAuthApplication[] = [];
  for (const [index, item] of (list ?? []).entries()) {
    const problems: Problem[] = [];
    const at = `oauthApplications[${index}]`;
    const parsed = application.safeParse(item);
    const name = parsed.success ? parsed.data.name.normalize('NFC') : nameOf(item);
    if (!parsed.success) problems.push(...problemsOf(parsed.error, at, item, words));
    else {
      if (applications.some((one) => one.name === name))
        problems.push({ field: `${at}.name`, message: 'is used twice', got: shownValue(name) });
      const complete = completed({ ...parsed.data, name: name ?? '' }, at, { ...sources, problems });
      if (problems.length === 0) applications.push(complete);
    }
    if (problems.length === 0) continue;
    const shown = problems.map((problem) => ({ field: problem.field, message: messageOf(problem) }));
    invalid.push({ index, ...defined({ name }), problems: shown });
  }
  return { applications, invalid };
}

/**
 * A credential in files that is not configured yet, for a dry run. Relative paths start at the working directory.
 * @throws MailroomError CONFIG_INVALID
 */
export function candidateCredential(given: {
  secretFile?: string | undefined;
  certificateFile?: string | undefined;
  privateKeyFile?: string | undefined;
  assertionFile?: string | undefined;
}): OAuthCredential {
  const problems: Problem[] = [];
  const [found] = credentialOf(given, 'credential', { folder: process.cwd(), env: {}, problems });
  if (found !== undefined && problems.length === 0) return found;
  throw configInvalid(problems, 'credential: names no file');
}

const words: Words = {
  keysAt: (path) =>
    Object.keys((path.includes('credentials') ? credential : path.includes('generic') ? generic : application).shape),
  secrets: new Set(['secret', 'privateKey']),
};

function completed(given: Given, at: string, sources: Sources): OAuthApplication {
  const { name, tenant, clientId, cloud, authority, proxy } = given;
  const ca = secretOf({ value: given.ca, file: given.caFile }, `${at}.ca`, sources);
  const credentials = given.credentials.flatMap((one, index) =>
    credentialOf(one, `${at}.credentials[${index}]`, sources),
  );
  const generic = given.generic && defined(given.generic);
  return { name, tenant, clientId, cloud, credentials, ...defined({ authority, proxy, ca, generic }) };
}

type GivenCredential = { [field in keyof z.infer<typeof credential>]?: string | undefined };

function credentialOf(given: GivenCredential, at: string, sources: Sources): OAuthCredential[] {
  const expires = defined({ expires: given.expires });
  if (given.assertionFile) return [{ kind: 'federated', assertionFile: fileIn(given.assertionFile, sources) }];
  const read = (name: 'secret' | 'certificate' | 'privateKey') => {
    const value = given[name];
    const file = given[`${name}File`];
    const env = name === 'certificate' ? undefined : given[`${name}Env`];
    const isGiven = [value, file, env].some(Boolean);
    return { isGiven, text: secretOf({ value, file, env }, `${at}.${name}`, sources) };
  };
  if (given.certificate || given.certificateFile) {
    const certificate = read('certificate').text;
    const { isGiven, text: privateKey } = read('privateKey');
    // A key that is given and cannot be read is already a problem.
    if (!isGiven) sources.problems.push({ field: `${at}.privateKey`, message: 'is required with a certificate' });
    return certificate && privateKey ? [{ kind: 'certificate', certificate, privateKey, ...expires }] : [];
  }
  const { isGiven, text: secret } = read('secret');
  if (secret) return [{ kind: 'secret', secret, ...expires }];
  if (!isGiven) sources.problems.push({ field: at, message: 'must have a secret, a certificate or an assertionFile' });
  return [];
}
