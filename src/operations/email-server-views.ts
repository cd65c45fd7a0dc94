// Email servers as the API and the portal show them: files and portal in one list, invalid definitions included.
import type { PortalServers } from '../adapters/redis/portal-servers.ts';
import type { EmailServerWatch } from '../config/watch.ts';
import { type EmailServer, foldName, type InvalidEmailServer, sameFolded } from '../domain/email-server.ts';
import type { EmailServerView } from '../http/api/email-servers.ts';
import { defined } from '../lib/defined.ts';
import { definitionOf, withoutSecrets } from './email-server-definition.ts';

interface ViewDeps {
  watch: EmailServerWatch;
  portal: Pick<PortalServers, 'list'>;
  liveOf(server: EmailServer): Promise<EmailServerView['live']>;
}

export function createViews({ watch, portal, liveOf }: ViewDeps) {
  async function list(): Promise<EmailServerView[]> {
    const stored = new Map((await portal.list()).map((one) => [one.id, one]));
    const storedOf = (name: string, source: 'file' | 'portal') =>
      source === 'portal' ? stored.get(foldName(name)) : undefined;
    const findings = watch.findings();

    const validView = async (server: EmailServer): Promise<EmailServerView> => {
      const { name, source } = server;
      // Definition and revision from a single read: another replica may be ahead of what this one has applied.
      const own = storedOf(name, source);
      const definition = withoutSecrets(own?.definition ?? definitionOf(server));
      return {
        name,
        serverType: server.type,
        source,
        editable: own !== undefined,
        valid: true,
        enabled: definition.enabled === true,
        ...defined({ revision: own?.revision }),
        definition,
        hasPassword: server.authentication.type === 'Password',
        problems: [],
        findings: findings.filter((one) => one.server === name).map(({ server: _, ...finding }) => finding),
        live: await liveOf(server),
      };
    };
    const invalidView = ({ name: readable, index, source, problems }: InvalidEmailServer): EmailServerView => {
      const name = readable ?? `#${index + 1}`;
      const own = storedOf(name, source);
      const given = own?.definition ?? {};
      const type = String(given.serverType ?? '');
      return {
        name,
        ...(type === 'IMAP' || type === 'SMTP' ? { serverType: type } : {}),
        source,
        editable: own !== undefined,
        valid: false,
        enabled: false,
        ...defined({ revision: own?.revision }),
        definition: withoutSecrets(given),
        hasPassword: given.password !== undefined,
        problems: problems.map((problem) => ({
          ...problem,
          field: problem.field.replace(/^(portal|emailServers)\[\d+\]\.?/, ''),
        })),
        findings: [],
        live: { state: 'invalid' },
      };
    };

    const { servers, invalid } = watch.current();
    const shown = servers.filter(({ source, name }) => source === 'file' || stored.has(foldName(name)));
    const all = [...(await Promise.all(shown.map(validView))), ...invalid.map(invalidView)];
    return all.sort((left, right) => left.name.localeCompare(right.name, 'en', { numeric: true }));
  }

  return { list, get: async (name: string) => (await list()).find((view) => sameFolded(view.name, name)) };
}
