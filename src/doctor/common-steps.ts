// Steps of the doctor that apply to every email server: definition, DNS, TCP, TLS, token.

import { classifyToken, permissionOf, readToken } from '../domain/access-token.ts';
import { applicationOf } from '../domain/dated-changes.ts';
import { type EmailServer, isImap, tlsModeOf } from '../domain/email-server.ts';
import { checkEmailServers } from '../domain/email-server-check.ts';
import { asError, type ErrorCode, MailroomError } from '../domain/errors.ts';
import { type FindingCode, findingText } from '../domain/finding.ts';
import { words } from '../domain/words.ts';
import { DAY_MS } from '../lib/time.ts';
import { isTlsCode } from '../lib/tls-codes.ts';
import type { Refused, RemoteSystems, TlsFacts, TlsOptions } from './ports.ts';
import { type Steps, same, withFix } from './step.ts';

const atPort = (address: string, port: number) => words(`${address}, port ${port}`, `${address}, Port ${port}`);

/** Findings that make the server unusable; the others only inform. */
const STOPPING: Partial<Record<FindingCode, ErrorCode>> = {
  APPLICATION_NOT_CONFIGURED: 'OAUTH_APPLICATION_NOT_CONFIGURED',
  DELEGATED_USER_IS_SHARED: 'CHECK_DELEGATED_USER_IS_SHARED',
};

const protocolOf = (server: EmailServer) => (isImap(server) ? 'imap' : 'smtp');

/** What this machine resolves and connects to: the server or its proxy. */
function targetOf({ host, port, proxy }: EmailServer): { host: string; port: number } {
  if (proxy === undefined) return { host, port };
  const via = new URL(proxy);
  const proxyPort = Number(via.port || (via.protocol.startsWith('socks') ? 1080 : 80));
  return { host: via.hostname.replace(/^\[|\]$/g, ''), port: proxyPort };
}

function networkError(code: ErrorCode, thrown: unknown): MailroomError {
  if (thrown instanceof MailroomError) return thrown;
  const error = asError(thrown) as NodeJS.ErrnoException;
  return new MailroomError(code, {
    remote: { system: 'network', ...(error.code ? { code: error.code } : {}), text: error.message.slice(0, 200) },
  });
}

export const commonSteps: Steps = {
  async config({ server, deps }) {
    const findings = checkEmailServers(deps.servers, {
      applications: deps.applications,
      wrong: deps.wrongApplications,
      now: new Date(deps.now()),
    }).filter((one) => one.server === server.name && one.code !== 'SHARED_ADDRESS_NOT_PERMITTED');
    for (const { code, message, hint } of findings) {
      const stopping = STOPPING[code];
      if (stopping === undefined) continue;
      const error = new MailroomError(stopping, { message });
      const { authentication } = server;
      const wrong = authentication.type === 'OAuth2' && deps.wrongApplications?.has(authentication.application);
      throw wrong === true ? withFix(error, hint) : error;
    }
    if (findings.length === 0) return {};
    return {
      detail: {
        en: findings.map(({ message, hint }) => `${message}. ${hint.en}`).join(' '),
        de: findings
          .map(({ code, parameters, hint }) => `${findingText(code, parameters, 'de')}. ${hint.de}`)
          .join(' '),
      },
    };
  },

  async dns({ server, deps }) {
    try {
      return {
        detail: same((await deps.systems.resolveHost(targetOf(server).host, deps.guardOf?.(server))).join(', ')),
      };
    } catch (thrown) {
      throw networkError(isImap(server) ? 'IMAP_HOST_UNKNOWN' : 'SMTP_UNREACHABLE', thrown);
    }
  },

  async tcp({ server, deps }) {
    const { host, port } = targetOf(server);
    try {
      return { detail: atPort(await deps.systems.reachPort(host, port, deps.timeoutMs, deps.guardOf?.(server)), port) };
    } catch (thrown) {
      throw networkError(isImap(server) ? 'IMAP_UNREACHABLE' : 'SMTP_UNREACHABLE', thrown);
    }
  },

  async tls({ server, deps }) {
    if (server.proxy !== undefined)
      return {
        skipped: words('behind the proxy; the sign-in proves it', 'hinter dem Proxy; die Anmeldung beweist es'),
      };
    const protocol = protocolOf(server);
    const start = tlsModeOf(protocol, server);
    const options: TlsOptions = {
      start,
      protocol,
      ca: server.ca,
      timeoutMs: deps.timeoutMs,
      guard: deps.guardOf?.(server),
      ...(isImap(server) ? {} : { ehloName: deps.ehloName ?? deps.systems.ehloName(server) }),
    };
    let facts: TlsFacts | Refused;
    try {
      facts = await deps.systems.readTls(server.host, server.port, options);
    } catch (thrown) {
      throw betweenTcpAndSignIn(server, thrown);
    }
    if ('refused' in facts) throw refusal(server, facts.refused, deps.systems);
    if (start === 'none')
      return { skipped: words('TLS is disabled for this server', 'TLS ist für diesen Server abgeschaltet') };
    if (facts.untrusted !== undefined) throw untrusted(server, facts.untrusted, facts);
    const days = Math.floor((facts.validTo.getTime() - deps.now()) / DAY_MS);
    const shown = `${facts.protocol}, ${facts.names.slice(0, 4).join(', ')}, ${facts.issuer}, ${facts.validTo.toISOString().slice(0, 10)}`;
    const note =
      days < 14
        ? words(
            ` (expires in ${days} ${days === 1 ? 'day' : 'days'}: renew it)`,
            ` (läuft in ${days} ${days === 1 ? 'Tag' : 'Tagen'} ab: erneuern)`,
          )
        : words('', '');
    return { detail: { en: shown + note.en, de: shown + note.de } };
  },

  async token(check) {
    const { server, deps } = check;
    const { authentication } = server;
    const protocol = protocolOf(server);
    if (authentication.type === 'None') return { skipped: words('no sign-in', 'keine Anmeldung') };
    if (authentication.type !== 'OAuth2')
      return { skipped: words('signs in by password', 'meldet sich mit Kennwort an') };
    const application = applicationOf(server, deps.applications);
    const { accessToken, expiresAt } = await deps.getToken(server, protocol);
    const claims = readToken(accessToken);
    const until = expiresAt.toISOString();
    if (claims === undefined || application === undefined) return { detail: same(until) };
    check.claims = claims;
    const wrong = classifyToken(claims, server, application, protocol);
    const has = claims.permissions.join(', ') || '–';
    if (wrong === 'audience')
      throw new MailroomError('CHECK_TOKEN_AUDIENCE', { message: `The access token is meant for ${claims.audience}` });
    if (wrong === 'permission') {
      const needed = permissionOf(authentication.signIn, protocol);
      throw new MailroomError('CHECK_TOKEN_PERMISSION', { message: `The access token has ${has} and not ${needed}` });
    }
    if (wrong === 'identity')
      throw new MailroomError('OAUTH_WRONG_IDENTITY', {
        message: `The access token is that of ${claims.person ?? 'nobody'}`,
      });
    const who = claims.person ?? application.name;
    return { detail: same(`${claims.audience}, ${has}, ${who}, ${until}`) };
  },
};

/** TCP was reached, TLS was not: closed before the greeting, silent, or no TLS at all on this port. */
function betweenTcpAndSignIn(server: EmailServer, thrown: unknown): MailroomError {
  const code = String((asError(thrown) as NodeJS.ErrnoException).code ?? '');
  if (isTlsCode(code)) return networkError(isImap(server) ? 'IMAP_TLS_FAILED' : 'SMTP_TLS_FAILED', thrown);
  if (!isImap(server)) return networkError('SMTP_UNREACHABLE', thrown);
  return networkError(code === 'ETIMEDOUT' ? 'IMAP_SILENT' : 'IMAP_CONNECTION_CLOSED', thrown);
}

function refusal(server: EmailServer, text: string, { submissionError }: RemoteSystems): MailroomError {
  if (!isImap(server)) {
    return /^\d{3}/.test(text)
      ? submissionError(server, text, 'connect')
      : submissionError(server, undefined, 'tls', { message: text });
  }
  return new MailroomError('IMAP_TLS_FAILED', { remote: { system: 'imap', text: text.slice(0, 200) } });
}

function untrusted(server: EmailServer, code: string, { names, issuer, validTo }: TlsFacts): Error {
  const error = new MailroomError(isImap(server) ? 'IMAP_TLS_FAILED' : 'SMTP_TLS_FAILED', {
    remote: { system: 'tls', code, text: `${names.join(', ')}; ${issuer}; ${validTo.toISOString().slice(0, 10)}` },
  });
  const { host, name } = server;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const list = names.join(', ');
    return withFix(error, {
      en: `Set Host of ${name} to a name in the certificate (${list}) instead of ${host}.`,
      de: `Setzen Sie Host von ${name} auf einen Namen im Zertifikat (${list}) statt ${host}.`,
    });
  }
  if (code === 'CERT_HAS_EXPIRED') {
    const day = validTo.toISOString().slice(0, 10);
    return withFix(error, {
      en: `Renew the certificate of ${host}: it expired on ${day}. Check the clock of this machine, too.`,
      de: `Erneuern Sie das Zertifikat von ${host}: Es lief am ${day} ab. Prüfen Sie auch die Uhr dieser Maschine.`,
    });
  }
  return withFix(error, {
    en: `The certificate of ${host} is signed by "${issuer}", which is not trusted here. Put that CA into the field ca of ${name}, or its file into NODE_EXTRA_CA_CERTS.`,
    de: `Das Zertifikat von ${host} ist von „${issuer}“ signiert, dem hier nicht vertraut wird. Tragen Sie diese CA im Feld ca von ${name} ein, oder ihre Datei in NODE_EXTRA_CA_CERTS.`,
  });
}
