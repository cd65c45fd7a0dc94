// `mailroom credentials`: the credentials of the OAuth2 applications, their expiry, and which one is in use. `credentials test`: a dry run before
// promoting a configured credential (by its number) or one that is not configured yet (from files).
import { X509Certificate } from 'node:crypto';
import type { Command } from 'commander';
import { tryCredential } from '../adapters/oauth/credential-test.ts';
import { credentialExpiry } from '../adapters/oauth/credentials.ts';
import { candidateCredential } from '../config/oauth-applications.ts';
import { fixOf } from '../doctor/fixes.ts';
import { remoteWords } from '../domain/doctor.ts';
import type { OAuthApplication, OAuthCredential } from '../domain/email-server.ts';
import { asError, MailroomError } from '../domain/errors.ts';
import { defined } from '../lib/defined.ts';
import { DAY_MS } from '../lib/time.ts';
import { connected, named } from './connect.ts';
import { type CredentialFacts, type CredentialResult, genericFix, said } from './credentials-said.ts';
import { type Language, languageOf, languageOption } from './language.ts';
import { print, printAs, printJson } from './output.ts';
import { configOf } from './serve.ts';
import { table } from './table.ts';

const APPLICATION = {
  what: 'OAuth2 application',
  code: 'OAUTH_APPLICATION_NOT_CONFIGURED',
  field: 'application',
} as const;

export function credentialsCommand(program: Command): void {
  const group = program
    .command('credentials')
    .description(
      'show the credentials of the OAuth2 applications, when they expire and which is in use; test one before promoting it',
    );
  group
    .command('list', { isDefault: true })
    .description('list the credentials of all applications, or of one')
    .argument('[application]', 'Name of the OAuth2 application')
    .option('--json', 'one JSON document')
    .action(async (name: string | undefined, options: { json?: boolean }, command: Command) => {
      const rows = await connected(command, async ({ stores }) => {
        const found = [];
        const all = stores.applications();
        for (const application of name === undefined ? all : [named(all, name, APPLICATION)]) {
          const inUse = await stores.tokens.credentialInUse(application);
          for (const [index, credential] of application.credentials.entries())
            found.push({
              application: application.name,
              credential: index + 1,
              ...factsOf(credential),
              inUse: inUse?.number === index + 1 ? `since ${inUse.since.toISOString()}` : '',
            });
        }
        return found;
      });
      const columns = ['application', 'credential', 'kind', 'expires', 'daysLeft', 'thumbprint', 'inUse'];
      printAs(options.json, rows, () => table(rows, columns));
    });
  group
    .command('test')
    .description('request a token with exactly one credential, without changing anything')
    .argument('<application>', 'Name of the OAuth2 application')
    .argument('[credential]', 'its number in the list; default: all')
    .option('--secret-file <file>', 'a secret that is not in the configuration yet')
    .option('--certificate-file <file>', 'a certificate (PEM) that is not in the configuration yet')
    .option('--private-key-file <file>', 'its private key (PEM)')
    .option('--assertion-file <file>', 'a federated assertion that is not in the configuration yet')
    .option('--json', 'one JSON document')
    .addOption(languageOption())
    .action(async (name: string, number: string | undefined, options: TestOptions, command: Command) => {
      const config = configOf(command);
      const language = languageOf(options.lang);
      const application = named(config.oauthApplications, name, APPLICATION);
      const results: CredentialResult[] = [];
      for (const one of candidates(application, number, options)) {
        const result = await proved(application, one, config.oauth.requestTimeoutMs);
        results.push(result);
        if (options.json !== true) print(said(application, result, language));
      }
      const ok = results.every((result) => result.ok);
      if (options.json === true) printJson({ ok, credentials: results });
      process.exitCode = ok ? 0 : 1;
    });
}

interface TestOptions {
  secretFile?: string;
  certificateFile?: string;
  privateKeyFile?: string;
  assertionFile?: string;
  json?: boolean;
  lang?: Language;
}

interface Candidate {
  /** Undefined: not in the configuration. */
  number?: number;
  credential: OAuthCredential;
}

function factsOf(credential: OAuthCredential): CredentialFacts {
  const expires = credentialExpiry(credential);
  return {
    kind: credential.kind,
    ...defined({
      expires: expires?.slice(0, 10),
      daysLeft: expires === undefined ? undefined : Math.ceil((Date.parse(expires) - Date.now()) / DAY_MS),
    }),
    ...(credential.kind === 'certificate' ? thumbprintOf(credential.certificate) : {}),
  };
}

function thumbprintOf(certificate: string): { thumbprint?: string } {
  try {
    return { thumbprint: new X509Certificate(certificate).fingerprint.replaceAll(':', '') };
  } catch {
    return {};
  }
}

function candidates(application: OAuthApplication, number: string | undefined, options: TestOptions): Candidate[] {
  const { secretFile, certificateFile, privateKeyFile, assertionFile } = options;
  const files = { secretFile, certificateFile, privateKeyFile, assertionFile };
  if (Object.values(files).some((file) => file !== undefined)) return [{ credential: candidateCredential(files) }];
  const all = application.credentials.map((credential, index) => ({ number: index + 1, credential }));
  const wanted = number === undefined ? all : all.filter((one) => String(one.number) === number);
  if (wanted.length > 0) return wanted;
  throw new MailroomError('CONFIG_INVALID', {
    message: `"${application.name}" has ${all.length} credential(s)${number === undefined ? '' : `, none with the number ${number}`}`,
    field: 'credential',
  });
}

async function proved(application: OAuthApplication, one: Candidate, timeoutMs: number): Promise<CredentialResult> {
  const began = performance.now();
  const base = {
    application: application.name,
    ...defined({ number: one.number }),
    ...factsOf(one.credential),
  };
  const ms = () => Math.round(performance.now() - began);
  try {
    const { expiresAt, claims } = await tryCredential(application, one.credential, timeoutMs);
    return {
      ...base,
      ok: true,
      ms: ms(),
      ...defined({
        until: expiresAt?.toISOString(),
        audience: claims?.audience,
        permissions: claims?.permissions,
      }),
    };
  } catch (thrown) {
    const error =
      thrown instanceof MailroomError ? thrown : new MailroomError('OAUTH_REFUSED', { cause: asError(thrown) });
    const remote = remoteWords(error.remote) ?? error.remote?.code ?? '';
    const { name, clientId, tenant } = application;
    const names = {
      server: '',
      host: '',
      port: 0,
      user: '',
      person: '',
      from: '',
      folder: '',
      consentUrl: '',
      permission: '',
    };
    const fix =
      application.generic === undefined
        ? fixOf(error.code, {
            ...names,
            signIn: 'appOnly',
            provider: 'microsoft',
            application: name,
            clientId,
            tenant,
          })
        : genericFix(application, application.generic.tokenUrl, error.code);
    return {
      ...base,
      ok: false,
      ms: ms(),
      failure: { code: error.code, message: error.message, ...(remote === '' ? {} : { remote }), fix },
    };
  }
}
