// The output of `mailroom credentials test` for one credential, in English and German.
import { catalogue, type ErrorCode } from '../domain/catalogue/index.ts';
import type { OAuthApplication, OAuthCredential } from '../domain/email-server.ts';
import type { Language } from './language.ts';

export interface CredentialResult extends CredentialFacts {
  application: string;
  number?: number;
  ok: boolean;
  ms: number;
  audience?: string;
  permissions?: string[];
  until?: string;
  failure?: { code: string; message: string; remote?: string; fix: { en: string; de: string } };
}

export interface CredentialFacts {
  kind: OAuthCredential['kind'];
  expires?: string;
  daysLeft?: number;
  /** SHA-1, as Entra shows it. */
  thumbprint?: string;
}

/** For providers other than Microsoft, whose portal paths would be misleading. */
export function genericFix({ name, clientId, proxy }: OAuthApplication, tokenUrl: string, code: ErrorCode) {
  const { host } = new URL(tokenUrl);
  if (code === 'OAUTH_UNREACHABLE')
    return {
      en: `Check DNS, firewall (${host}) and the field proxy of "${name}" (${proxy === undefined ? 'none' : 'set'}).`,
      de: `Prüfen Sie Namensauflösung, Firewall (${host}) und das Feld proxy von „${name}“ (${proxy === undefined ? 'leer' : 'gesetzt'}).`,
    };
  if (['OAUTH_SECRET_WRONG', 'OAUTH_SECRET_EXPIRED', 'OAUTH_APPLICATION_UNKNOWN'].includes(code))
    return {
      en: `Compare client id ${clientId} and the secret with those at the provider (${host}); create a new secret there if it is lost.`,
      de: `Vergleichen Sie Client-ID ${clientId} und Geheimnis mit denen beim Anbieter (${host}); ist es verloren, legen Sie dort ein neues an.`,
    };
  if (code === 'OAUTH_CREDENTIAL_UNUSABLE')
    return {
      en: `Use a client secret of the provider (${host}): --secret-file <file>.`,
      de: `Verwenden Sie ein Clientgeheimnis des Anbieters (${host}): --secret-file <Datei>.`,
    };
  return catalogue[code].hint;
}

const words = {
  en: {
    candidate: 'not in the configuration yet',
    credential: 'credential',
    token: 'a token was given',
    known:
      'the provider knows the client and its secret; it issues tokens only to users who sign in: mailroom login <server>',
    promote: (name: string) => `It works. Put it first under credentials of "${name}"; no restart is needed.`,
    active: 'It is the first one, and it works.',
    said: 'said',
    fix: 'what to do',
  },
  de: {
    candidate: 'noch nicht in der Konfiguration',
    credential: 'Geheimnis',
    token: 'ein Token wurde ausgestellt',
    known:
      'der Anbieter kennt Client und Geheimnis; Tokens gibt er nur Personen, die sich anmelden: mailroom login <Server>',
    promote: (name: string) =>
      `Es funktioniert: Setzen Sie es unter credentials von „${name}“ an die erste Stelle. Das gilt ohne Neustart.`,
    active: 'Es ist das erste, und es funktioniert.',
    said: 'Antwort',
    fix: 'was zu tun ist',
  },
};

export function said(application: OAuthApplication, result: CredentialResult, language: Language): string {
  const say = words[language];
  const which = result.number === undefined ? say.candidate : `${say.credential} ${result.number}`;
  const facts = [result.kind, result.thumbprint, result.expires].filter(Boolean).join(', ');
  const head = `${application.name}, ${which} (${facts})\n`;
  if (result.failure !== undefined) {
    const { code, message, remote, fix } = result.failure;
    const answer = remote === undefined ? '' : `          ${say.said}: ${remote}\n`;
    return `${head}  FAILED  (${result.ms} ms) ${code}: ${message}\n${answer}          ${say.fix}: ${fix[language]}\n`;
  }
  const about = [result.audience, ...(result.permissions ?? []), result.until].filter(Boolean).join(', ');
  const next = result.number === 1 ? say.active : say.promote(application.name);
  const found =
    result.until === undefined ? `${say.known} (${result.ms} ms)` : `${say.token} (${result.ms} ms): ${about}`;
  return `${head}  ok      ${found}\n          ${next}\n`;
}
