// Error catalogue, section oauth: sign-in at the identity provider (docs/exchange-online.md §1, §9). Which answer becomes which code is in
// adapters/oauth/errors.ts.
import { section } from './entry.ts';

export const oauthErrors = section({
  OAUTH_CONSENT_MISSING: {
    class: 'permission',
    action: 'pause-server',
    message: 'The application has no consent for the mail permissions',
    hint: {
      en: 'An administrator must open the admin-consent link of the application and accept; Mailroom then resumes automatically.',
      de: 'Ein Administrator öffnet den Zustimmungslink der Anwendung und stimmt zu, danach geht es automatisch weiter.',
    },
  },
  OAUTH_APPLICATION_UNKNOWN: {
    class: 'auth',
    action: 'pause-server',
    message: 'The application (client id) does not exist in this tenant',
    hint: {
      en: 'Compare client id and tenant id with Entra admin center > App registrations > Overview.',
      de: 'Vergleichen Sie Client-ID und Mandanten-ID mit Entra Admin Center > App-Registrierungen > Übersicht.',
    },
  },
  OAUTH_APPLICATION_DISABLED: {
    class: 'auth',
    action: 'pause-server',
    message: 'The application is disabled in this tenant',
    hint: {
      en: 'Entra admin center > Enterprise applications > Properties: set "Enabled for users to sign in" to Yes.',
      de: 'Entra Admin Center > Unternehmensanwendungen > Eigenschaften: „Aktiviert für die Benutzeranmeldung“ auf Ja setzen.',
    },
  },
  OAUTH_TENANT_UNKNOWN: {
    class: 'auth',
    action: 'pause-server',
    message: 'The tenant does not exist in this cloud',
    hint: {
      en: 'Check the tenant id, and whether the application needs another cloud (gccHigh, dod, china).',
      de: 'Prüfen Sie die Mandanten-ID, und ob die Anwendung eine andere Cloud braucht (gccHigh, dod, china).',
    },
  },
  OAUTH_WRONG_CLOUD: {
    class: 'auth',
    action: 'pause-server',
    message: 'The tenant belongs to another national cloud',
    hint: {
      en: 'Set cloud of the application to gccHigh, dod or china, with the hosts of that cloud.',
      de: 'Setzen Sie cloud der Anwendung auf gccHigh, dod oder china, mit den Hosts dieser Cloud.',
    },
  },
  OAUTH_TENANT_NOT_NAMED: {
    class: 'auth',
    action: 'pause-server',
    message: 'The application belongs to one tenant, but none is named',
    hint: {
      en: 'Set tenant of the application to the tenant id instead of common or organizations.',
      de: 'Setzen Sie tenant der Anwendung auf die Mandanten-ID statt common oder organizations.',
    },
  },
  OAUTH_SECRET_WRONG: {
    class: 'auth',
    action: 'pause-server',
    message: 'The client secret is wrong',
    hint: {
      en: 'Use the Value of the client secret, not its Secret ID. It is shown once, at creation: create a new one if it is lost.',
      de: 'Verwenden Sie den Wert des geheimen Clientschlüssels, nicht die Geheimnis-ID. Er wird nur beim Anlegen gezeigt: sonst neu anlegen.',
    },
  },
  OAUTH_SECRET_EXPIRED: {
    class: 'auth',
    action: 'pause-server',
    message: 'The client secret has expired',
    hint: {
      en: 'Create a new client secret in the app registration (Certificates & secrets) and enter it; mail waits until then.',
      de: 'Legen Sie in der App-Registrierung (Zertifikate & Geheimnisse) ein neues Geheimnis an; bis dahin warten die E-Mails.',
    },
  },
  OAUTH_CREDENTIAL_MISSING: {
    class: 'auth',
    action: 'pause-server',
    message: 'The application must authenticate, but no secret, certificate or assertion was sent',
    hint: {
      en: 'Add a credential to the application, or enable "Allow public client flows" for delegated sign-in without one.',
      de: 'Fügen Sie der Anwendung ein Geheimnis oder Zertifikat hinzu, oder erlauben Sie „Öffentliche Clientflows“.',
    },
  },
  OAUTH_ASSERTION_REFUSED: {
    class: 'auth',
    action: 'pause-server',
    message: 'The certificate or federated assertion was refused',
    hint: {
      en: 'Check that this certificate is uploaded and valid, or that issuer and subject of the federated credential match. Check the clock.',
      de: 'Prüfen Sie, ob dieses Zertifikat hochgeladen und gültig ist oder Aussteller und Subjekt des Verbundnachweises stimmen; und die Uhr.',
    },
  },
  OAUTH_ASSERTION_UNREADABLE: {
    class: 'auth',
    action: 'retry',
    message: 'The file with the federated assertion cannot be read',
    hint: {
      en: 'Check that the token file is mounted (workload identity) and readable by this process.',
      de: 'Prüfen Sie, ob die Token-Datei eingebunden ist (Workload Identity) und dieser Prozess sie lesen darf.',
    },
  },
  OAUTH_CREDENTIAL_UNUSABLE: {
    class: 'auth',
    action: 'pause-server',
    message: 'The certificate or private key of the application cannot be used',
    hint: {
      en: 'Provide a matching certificate and unencrypted private key as PEM.',
      de: 'Geben Sie Zertifikat und unverschlüsselten privaten Schlüssel als zusammengehörige PEM-Texte an.',
    },
  },
  OAUTH_PUBLIC_CLIENT: {
    class: 'auth',
    action: 'pause-server',
    message: 'The application is a public client and must not send a secret',
    hint: {
      en: 'Remove the credential from the application, or register the redirect address under platform Web.',
      de: 'Entfernen Sie das Geheimnis aus der Anwendung, oder registrieren Sie die Umleitungsadresse unter der Plattform Web.',
    },
  },
  OAUTH_SCOPE_REFUSED: {
    class: 'auth',
    action: 'pause-server',
    message: 'The requested mail permission is unknown or not granted to the application',
    hint: {
      en: 'Add the API permissions of Office 365 Exchange Online (app-only: IMAP.AccessAsApp, SMTP.SendAsApp; delegated: IMAP.AccessAsUser.All, SMTP.Send).',
      de: 'Fügen Sie die API-Berechtigungen von Office 365 Exchange Online hinzu (App: IMAP.AccessAsApp, SMTP.SendAsApp; delegiert: IMAP.AccessAsUser.All, SMTP.Send).',
    },
  },
  OAUTH_USER_UNKNOWN: {
    class: 'auth',
    action: 'pause-server',
    message: 'The user who signs in is not in this directory',
    hint: {
      en: 'Check the spelling of the user (user principal name) and the tenant.',
      de: 'Prüfen Sie die Schreibweise des Benutzers (Benutzerprinzipalname) und den Mandanten.',
    },
  },
  OAUTH_ACCOUNT_LOCKED: {
    class: 'auth',
    action: 'pause-server',
    message: 'The account is locked',
    hint: {
      en: 'Unlock it or wait; then sign in again: `mailroom login <server>`.',
      de: 'Entsperren Sie es, oder warten Sie; melden Sie sich dann neu an: `mailroom login <Server>`.',
    },
  },
  OAUTH_PASSWORD_EXPIRED: {
    class: 'auth',
    action: 'pause-server',
    message: 'The password of the account has expired',
    hint: {
      en: 'Change the password in a browser, then sign in again: `mailroom login <server>`.',
      de: 'Erneuern Sie das Kennwort im Browser, und melden Sie sich dann neu an: `mailroom login <Server>`.',
    },
  },
  OAUTH_ACCOUNT_DISABLED: {
    class: 'auth',
    action: 'pause-server',
    message: 'The account is disabled',
    hint: {
      en: 'Enable the account (Entra admin center > Users), or let another person sign in.',
      de: 'Aktivieren Sie das Konto (Entra Admin Center > Benutzer), oder lassen Sie eine andere Person sich anmelden.',
    },
  },
  OAUTH_PASSWORD_WRONG: {
    class: 'auth',
    action: 'pause-server',
    message: 'User name or password was wrong at sign-in',
    hint: { en: 'Sign in again with the right password.', de: 'Melden Sie sich mit dem richtigen Kennwort neu an.' },
  },
  OAUTH_MFA_REQUIRED: {
    class: 'auth',
    action: 'pause-server',
    message: 'Multi-factor authentication is required',
    hint: {
      en: 'The user must sign in again with MFA (`mailroom login <server>` or the portal). App-only sign-in never requires it.',
      de: 'Die Person meldet sich neu an und besteht MFA (`mailroom login <Server>` oder Portal); die Anmeldung „Als Anwendung“ fragt nie danach.',
    },
  },
  OAUTH_CONDITIONAL_ACCESS: {
    class: 'auth',
    action: 'pause-server',
    message: 'A conditional access policy or the security defaults refuse the sign-in',
    hint: {
      en: 'Entra admin center > Sign-in logs shows the policy; exclude this application or machine, or use app-only sign-in.',
      de: 'Entra Admin Center > Anmeldeprotokolle zeigt die Richtlinie; nehmen Sie diese Anwendung oder Maschine aus, oder nutzen Sie die Anmeldung „Als Anwendung“.',
    },
  },
  OAUTH_SIGN_IN_EXPIRED: {
    class: 'auth',
    action: 'pause-server',
    message: 'The delegated sign-in has expired or was revoked',
    hint: {
      en: 'The user must sign in again: `mailroom login <server>` or the portal. Mail and replies wait until then.',
      de: 'Die Person meldet sich neu an: `mailroom login <Server>` oder Portal. E-Mails und Antworten warten bis dahin.',
    },
  },
  OAUTH_SIGN_IN_NEEDED: {
    class: 'auth',
    action: 'pause-server',
    message: 'Nobody has signed in for this server yet',
    hint: {
      en: 'Sign in: `mailroom login <server>` or the portal. Mail and replies wait until then.',
      de: 'Melden Sie sich an: `mailroom login <Server>` oder Portal. E-Mails und Antworten warten bis dahin.',
    },
  },
  OAUTH_WRONG_IDENTITY: {
    class: 'auth',
    action: 'refuse',
    message: 'The user who signed in is not the one that the server requires',
    hint: {
      en: 'Sign in as the User of the SMTP server, or as signInUser of the IMAP server; use a private browser window.',
      de: 'Melden Sie sich als User des SMTP-Servers an, oder als signInUser des IMAP-Servers; nutzen Sie ein privates Browserfenster.',
    },
  },
  OAUTH_STATE_INVALID: {
    class: 'invalid',
    action: 'refuse',
    message: 'This sign-in was not started here, or was started too long ago',
    hint: { en: 'Start the sign-in again in the portal.', de: 'Beginnen Sie die Anmeldung im Portal neu.' },
  },
  OAUTH_REDIRECT_REFUSED: {
    class: 'invalid',
    action: 'refuse',
    message: 'The redirect address is not allowed',
    hint: {
      en: 'Set http.publicUrl to the address of the portal, and register <publicUrl>/signin/callback with the application.',
      de: 'Setzen Sie http.publicUrl auf die Adresse des Portals, und registrieren Sie <publicUrl>/signin/callback in der Anwendung.',
    },
  },
  OAUTH_DEVICE_CODE_PENDING: {
    class: 'transient',
    action: 'retry',
    message: 'The code has not been entered yet',
    hint: { en: 'Enter the code in the browser.', de: 'Geben Sie den Code im Browser ein.' },
  },
  OAUTH_DEVICE_CODE_EXPIRED: {
    class: 'auth',
    action: 'refuse',
    message: 'The code was wrong or was not entered in time',
    hint: { en: 'Start `mailroom login` again.', de: 'Starten Sie `mailroom login` neu.' },
  },
  OAUTH_DECLINED: {
    class: 'permission',
    action: 'pause-server',
    message: 'The sign-in was declined',
    hint: { en: 'Sign in again and accept.', de: 'Melden Sie sich neu an und stimmen Sie zu.' },
  },
  OAUTH_THROTTLED: {
    class: 'throttle',
    action: 'back-off',
    message: 'The identity provider asks Mailroom to slow down',
    hint: {
      en: 'Mailroom resumes automatically. If it repeats, look for another program that signs in with the same application.',
      de: 'Es geht automatisch weiter. Wiederholt es sich, suchen Sie ein anderes Programm mit derselben Anwendung.',
    },
  },
  OAUTH_PROVIDER_FAILED: {
    class: 'transient',
    action: 'retry',
    message: 'The identity provider reports a problem',
    hint: {
      en: 'Mailroom retries. If it lasts, see the service health of Microsoft 365.',
      de: 'Es wird erneut versucht; hält es an, sehen Sie im Dienststatus von Microsoft 365 nach.',
    },
  },
  OAUTH_UNREACHABLE: {
    class: 'transient',
    action: 'retry',
    message: 'The identity provider cannot be reached',
    hint: {
      en: 'Check DNS, firewall (port 443 to the login host) and the proxy of the application.',
      de: 'Prüfen Sie DNS, Firewall (Port 443 zum Anmeldehost) und den Proxy der Anwendung.',
    },
  },
  OAUTH_TLS_FAILED: {
    class: 'transient',
    action: 'retry',
    message: 'The certificate of the identity provider is not trusted',
    hint: {
      en: 'Behind a TLS-inspecting proxy, set caFile of the application to the CA of the proxy. Check the clock of the machine.',
      de: 'Hinter einem TLS-prüfenden Proxy setzen Sie caFile der Anwendung auf dessen CA. Prüfen Sie die Uhr der Maschine.',
    },
  },
  OAUTH_APPLICATION_NOT_CONFIGURED: {
    class: 'auth',
    action: 'pause-server',
    message: 'The server names an OAuth2 application that is not in the configuration',
    hint: {
      en: 'Add it to oauthApplications, or correct the name in the definition of the server.',
      de: 'Tragen Sie sie unter oauthApplications ein, oder korrigieren Sie den Namen in der Definition des Servers.',
    },
  },
  OAUTH_REFUSED: {
    class: 'auth',
    action: 'pause-server',
    message: 'The identity provider refused the sign-in',
    hint: {
      en: 'See the text of the provider, and Entra admin center > Sign-in logs.',
      de: 'Siehe den Text des Anbieters und Entra Admin Center > Anmeldeprotokolle.',
    },
  },
});
