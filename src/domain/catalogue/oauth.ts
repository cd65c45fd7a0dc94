// Error catalogue, section oauth: sign-in at the identity provider (docs/exchange-online.md §1, §9). Which answer becomes which code is in
// adapters/oauth/errors.ts.
import { entry, section } from './entry.ts';

export const oauthErrors = section({
  OAUTH_CONSENT_MISSING: entry('permission', 'pause-server')(
    'The application has no consent for the mail permissions',
    'An administrator must open the admin-consent link of the application and accept; Mailroom then resumes automatically.',
    'Ein Administrator öffnet den Zustimmungslink der Anwendung und stimmt zu, danach geht es automatisch weiter.',
  ),
  OAUTH_APPLICATION_UNKNOWN: entry('auth', 'pause-server')(
    'The application (client id) does not exist in this tenant',
    'Compare client id and tenant id with Entra admin center > App registrations > Overview.',
    'Vergleichen Sie Client-ID und Mandanten-ID mit Entra Admin Center > App-Registrierungen > Übersicht.',
  ),
  OAUTH_APPLICATION_DISABLED: entry('auth', 'pause-server')(
    'The application is disabled in this tenant',
    'Entra admin center > Enterprise applications > Properties: set "Enabled for users to sign in" to Yes.',
    'Entra Admin Center > Unternehmensanwendungen > Eigenschaften: „Aktiviert für die Benutzeranmeldung“ auf Ja setzen.',
  ),
  OAUTH_TENANT_UNKNOWN: entry('auth', 'pause-server')(
    'The tenant does not exist in this cloud',
    'Check the tenant id, and whether the application needs another cloud (gccHigh, dod, china).',
    'Prüfen Sie die Mandanten-ID, und ob die Anwendung eine andere Cloud braucht (gccHigh, dod, china).',
  ),
  OAUTH_WRONG_CLOUD: entry('auth', 'pause-server')(
    'The tenant belongs to another national cloud',
    'Set cloud of the application to gccHigh, dod or china, with the hosts of that cloud.',
    'Setzen Sie cloud der Anwendung auf gccHigh, dod oder china, mit den Hosts dieser Cloud.',
  ),
  OAUTH_TENANT_NOT_NAMED: entry('auth', 'pause-server')(
    'The application belongs to one tenant, but none is named',
    'Set tenant of the application to the tenant id instead of common or organizations.',
    'Setzen Sie tenant der Anwendung auf die Mandanten-ID statt common oder organizations.',
  ),
  OAUTH_SECRET_WRONG: entry('auth', 'pause-server')(
    'The client secret is wrong',
    'Use the Value of the client secret, not its Secret ID. It is shown once, at creation: create a new one if it is lost.',
    'Verwenden Sie den Wert des geheimen Clientschlüssels, nicht die Geheimnis-ID. Er wird nur beim Anlegen gezeigt: sonst neu anlegen.',
  ),
  OAUTH_SECRET_EXPIRED: entry('auth', 'pause-server')(
    'The client secret has expired',
    'Create a new client secret in the app registration (Certificates & secrets) and enter it; mail waits until then.',
    'Legen Sie in der App-Registrierung (Zertifikate & Geheimnisse) ein neues Geheimnis an; bis dahin warten die E-Mails.',
  ),
  OAUTH_CREDENTIAL_MISSING: entry('auth', 'pause-server')(
    'The application must authenticate, but no secret, certificate or assertion was sent',
    'Add a credential to the application, or enable "Allow public client flows" for delegated sign-in without one.',
    'Fügen Sie der Anwendung ein Geheimnis oder Zertifikat hinzu, oder erlauben Sie „Öffentliche Clientflows“.',
  ),
  OAUTH_ASSERTION_REFUSED: entry('auth', 'pause-server')(
    'The certificate or federated assertion was refused',
    'Check that this certificate is uploaded and valid, or that issuer and subject of the federated credential match. Check the clock.',
    'Prüfen Sie, ob dieses Zertifikat hochgeladen und gültig ist oder Aussteller und Subjekt des Verbundnachweises stimmen; und die Uhr.',
  ),
  OAUTH_ASSERTION_UNREADABLE: entry('auth', 'retry')(
    'The file with the federated assertion cannot be read',
    'Check that the token file is mounted (workload identity) and readable by this process.',
    'Prüfen Sie, ob die Token-Datei eingebunden ist (Workload Identity) und dieser Prozess sie lesen darf.',
  ),
  OAUTH_CREDENTIAL_UNUSABLE: entry('auth', 'pause-server')(
    'The certificate or private key of the application cannot be used',
    'Provide a matching certificate and unencrypted private key as PEM.',
    'Geben Sie Zertifikat und unverschlüsselten privaten Schlüssel als zusammengehörige PEM-Texte an.',
  ),
  OAUTH_PUBLIC_CLIENT: entry('auth', 'pause-server')(
    'The application is a public client and must not send a secret',
    'Remove the credential from the application, or register the redirect address under platform Web.',
    'Entfernen Sie das Geheimnis aus der Anwendung, oder registrieren Sie die Umleitungsadresse unter der Plattform Web.',
  ),
  OAUTH_SCOPE_REFUSED: entry('auth', 'pause-server')(
    'The requested mail permission is unknown or not granted to the application',
    'Add the API permissions of Office 365 Exchange Online (app-only: IMAP.AccessAsApp, SMTP.SendAsApp; delegated: IMAP.AccessAsUser.All, SMTP.Send).',
    'Fügen Sie die API-Berechtigungen von Office 365 Exchange Online hinzu (App: IMAP.AccessAsApp, SMTP.SendAsApp; delegiert: IMAP.AccessAsUser.All, SMTP.Send).',
  ),
  OAUTH_USER_UNKNOWN: entry('auth', 'pause-server')(
    'The user who signs in is not in this directory',
    'Check the spelling of the user (user principal name) and the tenant.',
    'Prüfen Sie die Schreibweise des Benutzers (Benutzerprinzipalname) und den Mandanten.',
  ),
  OAUTH_ACCOUNT_LOCKED: entry('auth', 'pause-server')(
    'The account is locked',
    'Unlock it or wait; then sign in again: `mailroom login <server>`.',
    'Entsperren Sie es, oder warten Sie; melden Sie sich dann neu an: `mailroom login <Server>`.',
  ),
  OAUTH_PASSWORD_EXPIRED: entry('auth', 'pause-server')(
    'The password of the account has expired',
    'Change the password in a browser, then sign in again: `mailroom login <server>`.',
    'Erneuern Sie das Kennwort im Browser, und melden Sie sich dann neu an: `mailroom login <Server>`.',
  ),
  OAUTH_ACCOUNT_DISABLED: entry('auth', 'pause-server')(
    'The account is disabled',
    'Enable the account (Entra admin center > Users), or let another person sign in.',
    'Aktivieren Sie das Konto (Entra Admin Center > Benutzer), oder lassen Sie eine andere Person sich anmelden.',
  ),
  OAUTH_PASSWORD_WRONG: entry('auth', 'pause-server')(
    'User name or password was wrong at sign-in',
    'Sign in again with the right password.',
    'Melden Sie sich mit dem richtigen Kennwort neu an.',
  ),
  OAUTH_MFA_REQUIRED: entry('auth', 'pause-server')(
    'Multi-factor authentication is required',
    'The user must sign in again with MFA (`mailroom login <server>` or the portal). App-only sign-in never requires it.',
    'Die Person meldet sich neu an und besteht MFA (`mailroom login <Server>` oder Portal); die Anmeldung „Als Anwendung“ fragt nie danach.',
  ),
  OAUTH_CONDITIONAL_ACCESS: entry('auth', 'pause-server')(
    'A conditional access policy or the security defaults refuse the sign-in',
    'Entra admin center > Sign-in logs shows the policy; exclude this application or machine, or use app-only sign-in.',
    'Entra Admin Center > Anmeldeprotokolle zeigt die Richtlinie; nehmen Sie diese Anwendung oder Maschine aus, oder nutzen Sie die Anmeldung „Als Anwendung“.',
  ),
  OAUTH_SIGN_IN_EXPIRED: entry('auth', 'pause-server')(
    'The delegated sign-in has expired or was revoked',
    'The user must sign in again: `mailroom login <server>` or the portal. Mail and replies wait until then.',
    'Die Person meldet sich neu an: `mailroom login <Server>` oder Portal. E-Mails und Antworten warten bis dahin.',
  ),
  OAUTH_SIGN_IN_NEEDED: entry('auth', 'pause-server')(
    'Nobody has signed in for this server yet',
    'Sign in: `mailroom login <server>` or the portal. Mail and replies wait until then.',
    'Melden Sie sich an: `mailroom login <Server>` oder Portal. E-Mails und Antworten warten bis dahin.',
  ),
  OAUTH_WRONG_IDENTITY: entry('auth', 'refuse')(
    'The user who signed in is not the one that the server requires',
    'Sign in as the User of the SMTP server, or as signInUser of the IMAP server; use a private browser window.',
    'Melden Sie sich als User des SMTP-Servers an, oder als signInUser des IMAP-Servers; nutzen Sie ein privates Browserfenster.',
  ),
  OAUTH_STATE_INVALID: entry('invalid', 'refuse')(
    'This sign-in was not started here, or was started too long ago',
    'Start the sign-in again in the portal.',
    'Beginnen Sie die Anmeldung im Portal neu.',
  ),
  OAUTH_REDIRECT_REFUSED: entry('invalid', 'refuse')(
    'The redirect address is not allowed',
    'Set http.publicUrl to the address of the portal, and register <publicUrl>/signin/callback with the application.',
    'Setzen Sie http.publicUrl auf die Adresse des Portals, und registrieren Sie <publicUrl>/signin/callback in der Anwendung.',
  ),
  OAUTH_DEVICE_CODE_PENDING: entry('transient', 'retry')(
    'The code has not been entered yet',
    'Enter the code in the browser.',
    'Geben Sie den Code im Browser ein.',
  ),
  OAUTH_DEVICE_CODE_EXPIRED: entry('auth', 'refuse')(
    'The code was wrong or was not entered in time',
    'Start `mailroom login` again.',
    'Starten Sie `mailroom login` neu.',
  ),
  OAUTH_DECLINED: entry('permission', 'pause-server')(
    'The sign-in was declined',
    'Sign in again and accept.',
    'Melden Sie sich neu an und stimmen Sie zu.',
  ),
  OAUTH_THROTTLED: entry('throttle', 'back-off')(
    'The identity provider asks Mailroom to slow down',
    'Mailroom resumes automatically. If it repeats, look for another program that signs in with the same application.',
    'Es geht automatisch weiter. Wiederholt es sich, suchen Sie ein anderes Programm mit derselben Anwendung.',
  ),
  OAUTH_PROVIDER_FAILED: entry('transient', 'retry')(
    'The identity provider reports a problem',
    'Mailroom retries. If it lasts, see the service health of Microsoft 365.',
    'Es wird erneut versucht; hält es an, sehen Sie im Dienststatus von Microsoft 365 nach.',
  ),
  OAUTH_UNREACHABLE: entry('transient', 'retry')(
    'The identity provider cannot be reached',
    'Check DNS, firewall (port 443 to the login host) and the proxy of the application.',
    'Prüfen Sie DNS, Firewall (Port 443 zum Anmeldehost) und den Proxy der Anwendung.',
  ),
  OAUTH_TLS_FAILED: entry('transient', 'retry')(
    'The certificate of the identity provider is not trusted',
    'Behind a TLS-inspecting proxy, set caFile of the application to the CA of the proxy. Check the clock of the machine.',
    'Hinter einem TLS-prüfenden Proxy setzen Sie caFile der Anwendung auf dessen CA. Prüfen Sie die Uhr der Maschine.',
  ),
  OAUTH_APPLICATION_NOT_CONFIGURED: entry('auth', 'pause-server')(
    'The server names an OAuth2 application that is not in the configuration',
    'Add it to oauthApplications, or correct the name in the definition of the server.',
    'Tragen Sie sie unter oauthApplications ein, oder korrigieren Sie den Namen in der Definition des Servers.',
  ),
  OAUTH_REFUSED: entry('auth', 'pause-server')(
    'The identity provider refused the sign-in',
    'See the text of the provider, and Entra admin center > Sign-in logs.',
    'Siehe den Text des Anbieters und Entra Admin Center > Anmeldeprotokolle.',
  ),
});
