// The tenant doctor: runs the steps of each email server in order and yields each when it ends, so that a terminal or a page can show it at
// once. A failed step skips those that depend on it. Safe beside a live gateway: read-only, one short connection at a time,
// and each in its turn (turns.ts).

import { permissionOf } from '../domain/access-token.ts';
import { applicationOf } from '../domain/dated-changes.ts';
import { blockedBy, type CheckStep, type Ended, planOf, type StepName, steps as stepTable } from '../domain/doctor.ts';
import { type EmailServer, type InvalidEmailServer, isImap, isSmtp } from '../domain/email-server.ts';
import { asError, MailroomError } from '../domain/errors.ts';
import { providerOf } from '../domain/mail-provider.ts';
import { adminConsentUrl, personOf } from '../domain/oauth-scopes.ts';
import { permittedFrom } from '../domain/sender-policy.ts';
import { type Words, words } from '../domain/words.ts';
import { defined } from '../lib/defined.ts';
import { withoutSignIn } from '../lib/text.ts';
import { commonSteps } from './common-steps.ts';
import { type FixNames, fixOf } from './fixes.ts';
import { imapSteps } from './imap-steps.ts';
import { fromDomainsOf, smtpSteps } from './smtp-steps.ts';
import { type Check, type DoctorDeps, knownFix, type Steps } from './step.ts';

export { type DoctorDeps, doctorDefaults } from './step.ts';

/** Checks one server, step by step. Never throws. */
export async function* checkServer(server: EmailServer, deps: DoctorDeps): AsyncGenerator<CheckStep> {
  if (isImap(server)) yield* runSteps({ server, deps }, { ...commonSteps, ...imapSteps });
  else yield* runSteps({ server, deps }, { ...commonSteps, ...smtpSteps });
}

/** What a step runs for, one after the other: each From address, each domain, or once. */
function subjectsOf(step: StepName, server: EmailServer): string[] {
  if (isSmtp(server) && step === 'sendAs') return permittedFrom(server).map(({ address }) => address);
  return isSmtp(server) && step === 'fromDomain' ? fromDomainsOf(server) : [''];
}

async function* runSteps<Server extends EmailServer>(
  check: Check<Server>,
  steps: Steps<Server>,
): AsyncGenerator<CheckStep> {
  const ended = new Map<StepName, Ended>();
  try {
    for (const step of planOf(check.server)) {
      let worst: Ended = 'skipped';
      for (const about of subjectsOf(step, check.server)) {
        const because = blockedBy(step, ended);
        const result =
          because === undefined ? await runStep(check, steps, step, about) : blocked(check, step, about, because);
        yield result;
        const one: Ended = because !== undefined ? 'blocked' : result.state;
        if (worst !== 'failed' && one !== 'skipped') worst = one;
      }
      ended.set(step, worst);
    }
  } finally {
    await check.mailbox?.close().catch(() => {});
  }
}

async function runStep<Server extends EmailServer>(
  check: Check<Server>,
  steps: Steps<Server>,
  step: StepName,
  about: string,
): Promise<CheckStep> {
  const base = lineOf(check, step, about);
  const began = performance.now();
  const ms = () => Math.round(performance.now() - began);
  try {
    const outcome = (await steps[step]?.(check, about)) ?? {};
    if ('skipped' in outcome) return { ...base, state: 'skipped', ms: ms(), detail: outcome.skipped };
    return { ...base, state: 'ok', ms: ms(), ...(outcome.detail ? { detail: outcome.detail } : {}) };
  } catch (thrown) {
    const known = knownFix(thrown);
    const error =
      known?.error ??
      (thrown instanceof MailroomError
        ? thrown
        : new MailroomError('CHECK_STEP_FAILED', { message: asError(thrown).message }));
    const fix =
      known !== undefined && 'en' in known.fix
        ? known.fix
        : (proxyFix(check.server, error) ?? fixOf(error.code, { ...namesOf(check, about), ...known?.fix }));
    return { ...base, state: 'failed', ms: ms(), failure: { ...failureOf(error), fix } };
  }
}

/** Behind a proxy, it is the proxy that cannot be reached, or that refuses. */
function proxyFix({ name, host, port, proxy }: EmailServer, { code, remote }: MailroomError): Words | undefined {
  const unreachable = /^(IMAP_UNREACHABLE|IMAP_HOST_UNKNOWN|SMTP_UNREACHABLE)$/.test(code) || remote?.code === 'EPROXY';
  if (proxy === undefined || !unreachable) return undefined;
  const at = new URL(proxy).host;
  return words(
    `Check the field proxy of ${name}: the proxy ${at} must answer, accept user and password if it asks for them, and allow ${host}:${port}.`,
    `Prüfen Sie das Feld proxy von ${name}: Der Proxy ${at} muss antworten, Benutzer und Kennwort annehmen, falls er sie verlangt, und ${host}:${port} zulassen.`,
  );
}

const failureOf = ({ code, class: failureClass, message, remote }: MailroomError) => ({
  code,
  class: failureClass,
  message,
  ...(remote ? { remote: { ...remote, ...defined({ text: remote.text && withoutSignIn(remote.text.trim()) }) } } : {}),
});

const lineOf = ({ server }: Check, step: StepName, about: string) => ({
  server: server.name,
  step,
  ...(about === '' ? {} : { from: about }),
  informational: stepTable[step].informational ?? false,
});

function blocked(check: Check, step: StepName, about: string, because: StepName): CheckStep {
  const { en, de } = stepTable[because].title;
  const detail = { en: `skipped because of: ${en}`, de: `übersprungen wegen: ${de}` };
  return { ...lineOf(check, step, about), state: 'skipped', ms: 0, detail };
}

/** Real names for the fixes of a server. */
function namesOf({ server, deps, claims }: Check, from: string): FixNames {
  const { authentication } = server;
  const oauth = authentication.type === 'OAuth2' ? authentication : undefined;
  const application = applicationOf(server, deps.applications);
  const protocol = isImap(server) ? 'imap' : 'smtp';
  return {
    provider: providerOf(server, application),
    server: server.name,
    host: server.host,
    port: server.port,
    user: server.user,
    signIn: oauth?.signIn ?? (authentication.type === 'None' ? 'none' : 'password'),
    person: personOf(server),
    from: from || server.user,
    folder: isImap(server) ? server.folder : '',
    application: oauth?.application ?? '',
    clientId: application?.clientId ?? '',
    tenant: application?.tenant ?? '',
    consentUrl:
      application === undefined || application.generic ? '' : adminConsentUrl(application, protocol, deps.redirectUri),
    permission: oauth === undefined ? '' : permissionOf(oauth.signIn, protocol),
    // As registered in Exchange: an app-only token contains it.
    objectId: oauth?.signIn === 'appOnly' ? claims?.objectId : undefined,
  };
}

/** A definition that could not become a server. */
export function checkInvalid({ name, index, problems }: InvalidEmailServer): CheckStep {
  const list = problems.map(({ field, message }) => `${field}: ${message}`).join('; ');
  return {
    server: name ?? `#${index + 1}`,
    step: 'config',
    informational: false,
    state: 'failed',
    ms: 0,
    failure: {
      code: 'CHECK_DEFINITION_WRONG',
      class: 'invalid',
      message: list,
      fix: { en: `Correct: ${list}`, de: `Korrigieren Sie: ${list}` },
    },
  };
}
