// The tenant doctor: runs the steps of each email server in order and yields each when it ends, so that a terminal or a page can show it at
// once. A failed step skips those that depend on it. Safe beside a live gateway: read-only, one short connection at a time,
// and each in its turn (turns.ts).

import { permissionOf, type TokenClaims } from '../domain/access-token.ts';
import { blockedBy, type CheckStep, type Ended, planOf, type StepName, steps, type Words } from '../domain/doctor.ts';
import { type EmailServer, type InvalidEmailServer, isImap } from '../domain/email-server.ts';
import { MailroomError } from '../domain/errors.ts';
import { providerOf } from '../domain/mail-provider.ts';
import { adminConsentUrl, personOf } from '../domain/oauth-scopes.ts';
import { commonSteps } from './common-steps.ts';
import { type FixNames, fixOf } from './fixes.ts';
import { imapSteps } from './imap-steps.ts';
import { smtpSteps } from './smtp-steps.ts';
import { type DoctorDeps, knownFix, type PlannedStep, type Probes } from './step.ts';

export { type DoctorDeps, doctorDefaults } from './step.ts';

/** Checks one server, step by step. Never throws. */
export async function* checkServer(server: EmailServer, deps: DoctorDeps): AsyncGenerator<CheckStep> {
  const releases: (() => Promise<void>)[] = [];
  let claims: TokenClaims | undefined;
  const probes: Probes = {
    ...commonSteps(server, deps, (told) => {
      claims = told;
    }),
    ...(isImap(server) ? imapSteps(server, deps, (release) => releases.push(release)) : smtpSteps(server, deps)),
  };
  const ended = new Map<StepName, Ended>();
  try {
    for (const step of planOf(server)) {
      let worst: Ended = 'skipped';
      for (const planned of probes[step] ?? []) {
        const because = blockedBy(step, ended);
        const result =
          because === undefined
            ? await runStep(server, step, planned, () => ({
                ...namesOf(server, deps, planned.from),
                objectId: servicePrincipalIn(server, claims),
              }))
            : blocked(server, step, planned, because);
        yield result;
        const one: Ended = because !== undefined ? 'blocked' : result.state;
        if (worst !== 'failed' && one !== 'skipped') worst = one;
      }
      ended.set(step, worst);
    }
  } finally {
    for (const release of releases) await release().catch(() => {});
  }
}

async function runStep(
  server: EmailServer,
  step: StepName,
  planned: PlannedStep,
  names: () => FixNames,
): Promise<CheckStep> {
  const base = lineOf(server.name, step, planned);
  const began = performance.now();
  const ms = () => Math.round(performance.now() - began);
  try {
    const outcome = await planned.run();
    if ('skipped' in outcome) return { ...base, state: 'skipped', ms: ms(), detail: outcome.skipped };
    return { ...base, state: 'ok', ms: ms(), ...(outcome.detail ? { detail: outcome.detail } : {}) };
  } catch (thrown) {
    const special = knownFix(thrown);
    const error =
      special?.error ??
      (thrown instanceof MailroomError
        ? thrown
        : new MailroomError('CHECK_STEP_FAILED', {
            message: thrown instanceof Error ? thrown.message : String(thrown),
          }));
    const fix =
      special && 'en' in special.fix
        ? (special.fix as Words)
        : fixOf(error.code, { ...names(), ...(special?.fix as Partial<FixNames>) });
    return {
      ...base,
      state: 'failed',
      ms: ms(),
      failure: {
        code: error.code,
        class: error.class,
        message: error.message,
        fix,
        ...(error.remote ? { remote: error.remote } : {}),
      },
    };
  }
}

const lineOf = (server: string, step: StepName, planned: Pick<PlannedStep, 'from' | 'informational'>) => ({
  server,
  step,
  ...(planned.from === undefined ? {} : { from: planned.from }),
  informational: planned.informational ?? steps[step].informational ?? false,
});

function blocked(server: EmailServer, step: StepName, planned: PlannedStep, because: StepName): CheckStep {
  const { en, de } = steps[because].title;
  const detail = { en: `skipped because of: ${en}`, de: `übersprungen wegen: ${de}` };
  return { ...lineOf(server.name, step, planned), state: 'skipped', ms: 0, detail };
}

/** Object id of the service principal, as registered in Exchange: an app-only token contains it. */
const servicePrincipalIn = ({ authentication }: EmailServer, claims: TokenClaims | undefined): string | undefined =>
  authentication.type === 'OAuth2' && authentication.signIn === 'appOnly' ? claims?.objectId : undefined;

/** Real names for the fixes of a server. */
function namesOf(server: EmailServer, deps: DoctorDeps, from: string | undefined): FixNames {
  const { authentication } = server;
  const name = authentication.type === 'OAuth2' ? authentication.application : '';
  const application = deps.applications.find((one) => one.name === name);
  const protocol = isImap(server) ? 'imap' : 'smtp';
  const signIn =
    authentication.type === 'OAuth2' ? authentication.signIn : authentication.type === 'None' ? 'none' : 'password';
  return {
    provider: providerOf(server, application),
    server: server.name,
    host: server.host,
    port: server.port,
    user: server.user,
    signIn,
    person: personOf(server),
    from: from ?? server.user,
    folder: isImap(server) ? server.folder : '',
    application: name,
    clientId: application?.clientId ?? '',
    tenant: application?.tenant ?? '',
    consentUrl:
      application === undefined || application.generic ? '' : adminConsentUrl(application, protocol, deps.redirectUri),
    permission: signIn === 'password' || signIn === 'none' ? '' : permissionOf(signIn, protocol),
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
