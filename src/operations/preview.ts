// Consequences before they happen: what would be invalid or doubtful if a definition were saved, and what stops when a server is removed.
import { parseEmailServer } from '../config/email-servers.ts';
import type { EmailServerWatch } from '../config/watch.ts';
import { normalAddress } from '../domain/address.ts';
import type { ApplicationFacts } from '../domain/dated-changes.ts';
import { type EmailServer, isImap, isSmtp } from '../domain/email-server.ts';
import { checkEmailServers } from '../domain/email-server-check.ts';
import type { Finding } from '../domain/finding.ts';
import { flowsOf } from '../domain/flow-by-recipient.ts';
import type { Definition } from '../http/api/email-servers.ts';
import type { Consequences, Preview } from '../http/portal/deps.ts';
import { RequestInvalid } from '../http/problem.ts';
import type { Stores } from '../wiring/stores.ts';
import { withoutSecrets } from './email-server-definition.ts';
import type { EmailServerAdmin } from './email-servers.ts';
import type { LiveOf } from './live-state.ts';

/** The form of an SMTP server has the field for the missing address. */
const here = (finding: Finding): Finding => ({
  ...finding,
  hint: {
    en: 'If this is the server that answers its mail, add the address here, under Additional Email From Addresses.',
    de: 'Ist dies der Server, der ihre E-Mails beantwortet, fügen Sie die Adresse hier unter Additional Email From Addresses hinzu.',
  },
});

interface PreviewDeps {
  watch: EmailServerWatch;
  admin: Pick<EmailServerAdmin, 'check'>;
  applications(): readonly ApplicationFacts[];
  wrongApplications: Stores['wrongApplications'];
  liveOf: LiveOf;
}

export function previews({ watch, admin, applications, wrongApplications, liveOf }: PreviewDeps) {
  async function preview(definition: Definition, existing?: string): Promise<Preview> {
    const others = watch.current().servers.filter(({ name }) => name !== existing);
    const shared = ({ code }: Finding) => code === 'SHARED_ADDRESS_NOT_PERMITTED';
    try {
      const { server, definition: checked } = await admin.check(definition, existing);
      // Checked as if enabled: warnings are most useful before it is.
      const findings = checkEmailServers([...others, { ...server, enabled: true }], {
        applications: applications(),
        wrong: wrongApplications(),
      });
      const own = findings.filter((one) => one.server === server.name);
      return {
        problems: [],
        findings: isSmtp(server) ? [...own, ...findings.filter(shared).map(here)] : own,
        definition: withoutSecrets(checked),
      };
    } catch (error) {
      if (!(error instanceof RequestInvalid)) throw error;
      const draft = draftOf(definition);
      const findings =
        draft === undefined
          ? []
          : checkEmailServers([...others, draft], { applications: applications() }).filter(shared);
      return {
        problems: error.problems,
        findings: draft && isSmtp(draft) ? findings.map(here) : findings.filter(({ server }) => server === draft?.name),
      };
    }
  }

  async function consequences(name: string): Promise<Consequences> {
    const server = watch.current().servers.find((one) => one.name === name);
    const others = watch.current().servers.filter((one) => one.name !== name && one.enabled);
    const waiting =
      server !== undefined && isSmtp(server) ? ((await liveOf({ ...server, enabled: true })).waiting ?? 0) : 0;
    // Removing a disabled server stops nothing: whatever needs it already waits.
    if (server === undefined || !server.enabled) return { flows: [], addresses: [], waiting };
    if (isImap(server)) {
      const feeding = others.filter(isImap);
      const flows = flowsOf(server).map((emailFlow) => ({
        emailFlow,
        servers: feeding.filter((one) => flowsOf(one).includes(emailFlow)).map((one) => one.name),
      }));
      return { flows, addresses: [], waiting };
    }
    const kept = new Set(
      others
        .filter(isSmtp)
        .flatMap((one) => [one.user, ...one.additionalFromAddresses])
        .map(normalAddress),
    );
    const addresses = [...new Set([server.user, ...server.additionalFromAddresses])];
    return { flows: [], addresses: addresses.filter((address) => !kept.has(normalAddress(address))), waiting };
  }

  return { preview, consequences };
}

/** An incomplete definition with its gaps filled: enough to see which addresses it would cover. */
function draftOf(definition: Definition): EmailServer | undefined {
  const { serverType, user, additionalEmailFromAddresses } = definition;
  const isAddress = (value: unknown): value is string =>
    typeof value === 'string' && normalAddress(value) !== undefined;
  const fields =
    serverType === 'SMTP'
      ? { additionalEmailFromAddresses: [additionalEmailFromAddresses ?? []].flat().filter(isAddress) }
      : { emailFlow: 'draft' };
  const name = typeof definition.name === 'string' && definition.name !== '' ? definition.name : '–';
  const rest = {
    name,
    host: 'draft.invalid',
    authenticationType: 'Password',
    password: 'draft',
    user: isAddress(user) ? user : 'draft',
  };
  return parseEmailServer(
    { definition: { serverType, ...rest, ...fields }, source: 'portal', at: '', index: 0, folder: '' },
    {},
    [],
  );
}
