// Fixes for refusals by the identity provider: portal paths with the names of application, tenant and person. Pure.
import type { ErrorCode } from '../domain/catalogue/index.ts';
import type { Words } from '../domain/words.ts';

const registration = {
  en: 'Entra admin center > App registrations > {application} ({clientId})',
  de: 'Entra Admin Center > App-Registrierungen > {application} ({clientId})',
};
const user = { en: 'Entra admin center > Users > {person}', de: 'Entra Admin Center > Benutzer > {person}' };
const signInAgain = {
  en: 'then {person} must sign in again: mailroom login "{server}"',
  de: 'danach meldet sich {person} neu an: mailroom login "{server}"',
};
const logs = {
  en: 'Entra admin center > Monitoring & health > Sign-in logs, application {application}',
  de: 'Entra Admin Center > Überwachung & Integrität > Anmeldeprotokolle, Anwendung {application}',
};

export const oauthFixes = {
  OAUTH_CONSENT_MISSING: {
    en: 'An administrator must open {consentUrl} and accept; or Entra admin center > Enterprise applications > {application} > Permissions > Grant admin consent.',
    de: 'Ein Administrator öffnet {consentUrl} und stimmt zu; oder Entra Admin Center > Unternehmensanwendungen > {application} > Berechtigungen > Administratorzustimmung erteilen.',
  },
  OAUTH_APPLICATION_UNKNOWN: {
    en: `Compare client id {clientId} and tenant {tenant} of "{application}" with Entra admin center > App registrations > Overview.`,
    de: `Vergleichen Sie Client-ID {clientId} und Mandant {tenant} von „{application}“ mit Entra Admin Center > App-Registrierungen > Übersicht.`,
  },
  OAUTH_APPLICATION_DISABLED: {
    en: 'Entra admin center > Enterprise applications > {application} > Properties: "Enabled for users to sign in?" Yes.',
    de: 'Entra Admin Center > Unternehmensanwendungen > {application} > Eigenschaften: „Aktiviert für die Benutzeranmeldung?“ Ja.',
  },
  OAUTH_SECRET_WRONG: {
    en: `${registration.en} > Certificates & secrets: use the Value of the client secret, not its Secret ID; create a new one if it is lost.`,
    de: `${registration.de} > Zertifikate & Geheimnisse: Verwenden Sie den Wert des geheimen Clientschlüssels, nicht die Geheimnis-ID; ist er verloren, legen Sie einen neuen an.`,
  },
  OAUTH_SECRET_EXPIRED: {
    en: `${registration.en} > Certificates & secrets > New client secret; try it with mailroom credentials test "{application}" --secret-file <file>, then put it first under credentials of "{application}".`,
    de: `${registration.de} > Zertifikate & Geheimnisse > Neuer geheimer Clientschlüssel; mit mailroom credentials test "{application}" --secret-file <Datei> prüfen, dann unter credentials von „{application}“ an die erste Stelle setzen.`,
  },
  OAUTH_CREDENTIAL_MISSING: {
    en: `Add a credential to "{application}" in the configuration, or ${registration.en} > Authentication > Allow public client flows: Yes (delegated only).`,
    de: `Geben Sie „{application}“ in der Konfiguration ein Geheimnis, oder ${registration.de} > Authentifizierung > Öffentliche Clientflows zulassen: Ja (nur delegiert).`,
  },
  OAUTH_ASSERTION_REFUSED: {
    en: `${registration.en} > Certificates & secrets > Certificates (thumbprint must match) or Federated credentials (issuer, subject, audience must match). Check the clock of this machine.`,
    de: `${registration.de} > Zertifikate & Geheimnisse > Zertifikate (Fingerabdruck muss stimmen) oder Verbundanmeldeinformationen (Aussteller, Subjekt, Zielgruppe müssen stimmen). Prüfen Sie die Uhr dieser Maschine.`,
  },
  OAUTH_PUBLIC_CLIENT: {
    en: `Remove the credential from "{application}", or ${registration.en} > Authentication: move the redirect address to platform Web.`,
    de: `Entfernen Sie das Geheimnis aus „{application}“, oder ${registration.de} > Authentifizierung: die Umleitungsadresse auf die Plattform Web legen.`,
  },
  OAUTH_SCOPE_REFUSED: {
    en: `${registration.en} > API permissions > Office 365 Exchange Online: add {permission} and grant admin consent.`,
    de: `${registration.de} > API-Berechtigungen > Office 365 Exchange Online: {permission} hinzufügen und Administratorzustimmung erteilen.`,
  },
  OAUTH_TENANT_UNKNOWN: {
    en: 'Correct tenant of "{application}" (now {tenant}): Entra admin center > Overview > Tenant ID; national clouds need cloud: gccHigh, dod or china.',
    de: 'Korrigieren Sie tenant von „{application}“ (jetzt {tenant}): Entra Admin Center > Übersicht > Mandanten-ID; nationale Clouds brauchen cloud: gccHigh, dod oder china.',
  },
  OAUTH_WRONG_CLOUD: {
    en: 'Set cloud of "{application}" to gccHigh, dod or china, and the hosts of {server} to those of that cloud (tenant {tenant}).',
    de: 'Setzen Sie cloud von „{application}“ auf gccHigh, dod oder china, und die Hosts von {server} auf die dieser Cloud (Mandant {tenant}).',
  },
  OAUTH_TENANT_NOT_NAMED: {
    en: 'Set tenant of "{application}" to the Tenant ID (Entra admin center > Overview) instead of {tenant}.',
    de: 'Setzen Sie tenant von „{application}“ auf die Mandanten-ID (Entra Admin Center > Übersicht) statt {tenant}.',
  },
  OAUTH_USER_UNKNOWN: {
    en: 'Correct the user principal name of {server}: Entra admin center > Users; now it is {person} in tenant {tenant}.',
    de: 'Korrigieren Sie den Benutzerprinzipalnamen von {server}: Entra Admin Center > Benutzer; jetzt ist es {person} im Mandanten {tenant}.',
  },
  OAUTH_ACCOUNT_LOCKED: {
    en: `${user.en}: unlock or wait, ${signInAgain.en}`,
    de: `${user.de}: entsperren oder abwarten, ${signInAgain.de}`,
  },
  OAUTH_ACCOUNT_DISABLED: {
    en: `${user.en} > Properties > Account enabled, ${signInAgain.en}`,
    de: `${user.de} > Eigenschaften > Konto aktiviert, ${signInAgain.de}`,
  },
  OAUTH_PASSWORD_EXPIRED: {
    en: `${user.en} > Reset password, ${signInAgain.en}`,
    de: `${user.de} > Kennwort zurücksetzen, ${signInAgain.de}`,
  },
  OAUTH_PASSWORD_WRONG: {
    en: '{person} must sign in again with the correct password: mailroom login "{server}"',
    de: 'Mit dem richtigen Kennwort meldet sich {person} neu an: mailroom login "{server}"',
  },
  OAUTH_MFA_REQUIRED: {
    en: '{person} must sign in again with MFA: mailroom login "{server}". App-only sign-in never requires it.',
    de: '{person} meldet sich neu an und besteht MFA: mailroom login "{server}"; die Anmeldung „Als Anwendung“ fragt nie danach.',
  },
  OAUTH_CONDITIONAL_ACCESS: {
    en: `${logs.en}, shows the policy (tab Conditional Access); exclude {application} or this machine's network under Entra admin center > Protection > Conditional Access.`,
    de: `${logs.de}, zeigt die Richtlinie (Registerkarte Bedingter Zugriff); nehmen Sie {application} oder das Netz dieser Maschine aus unter Entra Admin Center > Schutz > Bedingter Zugriff.`,
  },
  OAUTH_SIGN_IN_EXPIRED: {
    en: '{person} must sign in again: mailroom login "{server}". Mail and replies wait until then.',
    de: '{person} meldet sich neu an: mailroom login "{server}". E-Mails und Antworten warten bis dahin.',
  },
  OAUTH_SIGN_IN_NEEDED: {
    en: '{person} must sign in: mailroom login "{server}". Mail and replies wait until then.',
    de: '{person} meldet sich an: mailroom login "{server}". E-Mails und Antworten warten bis dahin.',
  },
  OAUTH_WRONG_IDENTITY: {
    en: 'Sign in as {person}, in a private browser window: mailroom login "{server}"',
    de: 'Melden Sie sich als {person} an, in einem privaten Browserfenster: mailroom login "{server}"',
  },
  OAUTH_THROTTLED: {
    en: `Mailroom resumes automatically. If it repeats, look for another program that signs in: ${logs.en}.`,
    de: `Es geht automatisch weiter. Wiederholt es sich, suchen Sie ein anderes Programm, das sich anmeldet: ${logs.de}.`,
  },
  OAUTH_PROVIDER_FAILED: {
    en: 'Mailroom retries automatically. If it lasts: Microsoft 365 admin center > Health > Service health ({application}, tenant {tenant}).',
    de: 'Es wird automatisch erneut versucht; hält es an: Microsoft 365 Admin Center > Integrität > Dienststatus ({application}, Mandant {tenant}).',
  },
  OAUTH_UNREACHABLE: {
    en: 'Check DNS, firewall (TCP 443 to the login host) and the field proxy of "{application}".',
    de: 'Prüfen Sie Namensauflösung, Firewall (TCP 443 zum Anmeldehost) und das Feld proxy von „{application}“.',
  },
  OAUTH_TLS_FAILED: {
    en: 'Behind a TLS-inspecting proxy, set caFile of "{application}" to the CA of the proxy. Check the clock of this machine.',
    de: 'Hinter einem TLS-prüfenden Proxy setzen Sie caFile von „{application}“ auf dessen CA. Prüfen Sie die Uhr dieser Maschine.',
  },
  OAUTH_APPLICATION_NOT_CONFIGURED: {
    en: 'Add "{application}" to oauthApplications, or correct the application in the definition of {server}.',
    de: 'Tragen Sie „{application}“ unter oauthApplications ein, oder korrigieren Sie die Anwendung in der Definition von {server}.',
  },
  OAUTH_REFUSED: {
    en: `See the text of the provider, and ${logs.en}.`,
    de: `Siehe den Text des Anbieters, und ${logs.de}.`,
  },
} satisfies Partial<Record<ErrorCode, Words>>;
