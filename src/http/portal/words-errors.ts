// Errors in words for people in the portal: what is wrong, and what to do there. The texts here replace those of the catalogue that address callers
// of the API or the command line.
import { catalogue, hintFor, titleOf } from '../../domain/catalogue/index.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import { providerOfHost } from '../../domain/mail-provider.ts';
import { fill } from '../../lib/text.ts';
import type { Language } from './words.ts';

type Text = Readonly<Record<Language, string>>;

/** Replaces the sign-in command. */
export const signInAgain: Text = {
  en: 'open the email server and choose “Sign in and consent”',
  de: 'öffnen Sie den E-Mail Server und wählen Sie „Anmelden und zustimmen“',
};
const again: Text = { en: 'Load the page again.', de: 'Laden Sie die Seite neu.' };
const decided: Text = {
  en: 'Somebody has dealt with it already; load the list again.',
  de: 'Jemand hat sich schon darum gekümmert; laden Sie die Liste neu.',
};
const operations: Text = {
  en: 'Try again; if the error stays, tell the operators of Mailroom its code.',
  de: 'Versuchen Sie es erneut; bleibt der Fehler, nennen Sie dem Betrieb von Mailroom seinen Code.',
};

/** Texts that replace those of the catalogue. */
export const portalErrors: Readonly<Partial<Record<ErrorCode, { title?: Text; hint?: Text }>>> = {
  HTTP_UNAUTHENTICATED: {
    title: { en: 'Your session has expired.', de: 'Ihre Sitzung ist abgelaufen.' },
    hint: { en: 'Sign in again.', de: 'Melden Sie sich erneut an.' },
  },
  HTTP_FORBIDDEN: {
    title: { en: 'You do not have permission.', de: 'Dazu fehlt Ihnen die Berechtigung.' },
    hint: { en: 'Ask an administrator of Mailroom.', de: 'Wenden Sie sich an die Administration von Mailroom.' },
  },
  HTTP_NOT_FOUND: {
    title: { en: 'This page does not exist.', de: 'Diese Seite gibt es nicht.' },
    hint: { en: 'Choose a page from the menu.', de: 'Wählen Sie eine Seite aus dem Menü.' },
  },
  HTTP_REQUEST_INVALID: {
    title: { en: 'These values are not valid.', de: 'Diese Angaben sind nicht gültig.' },
    hint: {
      en: 'Go back, correct them and try again.',
      de: 'Gehen Sie zurück, korrigieren Sie sie und versuchen Sie es erneut.',
    },
  },
  HTTP_BODY_MALFORMED: { hint: again },
  HTTP_BODY_TOO_LARGE: {
    title: { en: 'The form is larger than permitted.', de: 'Das Formular ist größer als erlaubt.' },
    hint: { en: 'Go back and shorten what you entered.', de: 'Gehen Sie zurück und kürzen Sie Ihre Eingaben.' },
  },
  HTTP_MEDIA_TYPE: { hint: again },
  HTTP_TOO_MANY_STREAMS: {
    hint: {
      en: 'Wait until your open downloads and tests have ended, then try again.',
      de: 'Warten Sie, bis Ihre offenen Downloads und Tests beendet sind, und versuchen Sie es erneut.',
    },
  },
  HTTP_RANGE_NOT_SATISFIABLE: {
    hint: { en: 'Start the download again.', de: 'Starten Sie den Download erneut.' },
  },
  HTTP_INTERNAL: {
    title: { en: 'Mailroom could not do this.', de: 'Mailroom konnte das nicht ausführen.' },
    hint: operations,
  },
  HTTP_LOCKED: { hint: { en: 'Wait 15 minutes and try again.', de: 'Versuchen Sie es in 15 Minuten erneut.' } },
  EMAIL_SERVER_NOT_FOUND: {
    hint: {
      en: 'It was deleted or renamed; choose one from the list of email servers.',
      de: 'Er wurde gelöscht oder umbenannt; wählen Sie einen aus der Liste der E-Mail Server.',
    },
  },
  EMAIL_SERVER_CHANGED: {
    hint: {
      en: 'Load the list again and repeat the change.',
      de: 'Laden Sie die Liste neu und wiederholen Sie die Änderung.',
    },
  },
  EMAIL_SERVER_REVISION_REQUIRED: { hint: again },
  EMAIL_SERVERS_UNREADABLE: { hint: operations },
  EMAIL_FLOW_UNKNOWN: {
    hint: {
      en: 'Check the Email Flow of the IMAP servers.',
      de: 'Prüfen Sie den Email Flow der IMAP-Server.',
    },
  },
  SMTP_SERVER_UNKNOWN: {
    hint: {
      en: 'Choose an SMTP server from the list of email servers.',
      de: 'Wählen Sie einen SMTP-Server aus der Liste der E-Mail Server.',
    },
  },
  SMTP_SERVER_PAUSED_BY_PERSON: {
    hint: {
      en: 'Its replies wait. Choose “Resume sending” in the list of email servers.',
      de: 'Seine Antworten warten. Wählen Sie „Versand fortsetzen“ in der Liste der E-Mail Server.',
    },
  },
  MESSAGE_NOT_QUARANTINED: { hint: decided },
  DEAD_LETTER_UNKNOWN: { hint: decided },
  MESSAGE_STILL_UNREADABLE: {
    hint: {
      en: 'Open or move the message in its mailbox and try again, or mark it as settled: the original message stays with its job.',
      de: 'Öffnen oder verschieben Sie die Nachricht in ihrem Postfach und versuchen Sie es erneut, oder markieren Sie sie als erledigt: Die Originalnachricht bleibt bei ihrem Auftrag.',
    },
  },
  MESSAGE_UNKNOWN: { hint: again },
  ATTACHMENT_UNKNOWN: { hint: again },
  MESSAGE_TEXT_UNKNOWN: { hint: again },
  BLOB_DAMAGED: {
    hint: {
      en: 'Have the operators fetch the email again with `mailroom replay`.',
      de: 'Lassen Sie die E-Mail vom Betrieb mit `mailroom replay` erneut abholen.',
    },
  },
  REPLAY_REFUSED: {
    hint: {
      en: 'Try again in a few minutes: the mailbox is still being compared with what is known of it.',
      de: 'Versuchen Sie es in einigen Minuten erneut: Das Postfach wird noch mit dem Verzeichnis abgeglichen.',
    },
  },
  REDIS_KEY_DAMAGED: { hint: operations },
  CONFIG_INVALID: { hint: operations },
  REPLY_MALFORMED: {
    hint: {
      en: 'The contact center sent it incorrectly: tell the operators the code.',
      de: 'Das Contact Center hat sie fehlerhaft übergeben: Nennen Sie dem Betrieb den Code.',
    },
  },
  PORTAL_SIGN_IN_REFUSED: {
    hint: {
      en: 'Check what you entered. A one-time code is valid for 15 minutes and only once; ask the operators for a new one.',
      de: 'Prüfen Sie Ihre Eingabe. Ein Einmalcode gilt 15 Minuten und nur einmal; lassen Sie sich vom Betrieb einen neuen geben.',
    },
  },
  PORTAL_OIDC_UNAVAILABLE: {
    hint: {
      en: 'Try again later, or sign in with a one-time code.',
      de: 'Versuchen Sie es später erneut, oder melden Sie sich mit einem Einmalcode an.',
    },
  },
  PORTAL_OIDC_REFUSED: {
    hint: {
      en: 'Begin the sign-in again. If it fails again, ask the administrators of Mailroom.',
      de: 'Beginnen Sie die Anmeldung neu. Schlägt sie wieder fehl, wenden Sie sich an die Administration von Mailroom.',
    },
  },
  PORTAL_OIDC_NO_ROLE: {
    hint: {
      en: 'Ask your administrators for one of these roles: {permitted}.',
      de: 'Lassen Sie sich von Ihrer Administration eine dieser Rollen geben: {permitted}.',
    },
  },
  PORTAL_OIDC_GROUPS_OMITTED: {
    title: {
      en: 'You are in too many groups for your role in Mailroom to be found.',
      de: 'Sie sind in zu vielen Gruppen, als dass Ihre Rolle in Mailroom zu finden wäre.',
    },
    hint: {
      en: 'Ask your administrators for an app role instead of a group.',
      de: 'Lassen Sie sich von Ihrer Administration statt einer Gruppe eine App-Rolle geben.',
    },
  },
  OAUTH_ACCOUNT_LOCKED: {
    hint: {
      en: `Unlock it or wait; then ${signInAgain.en}.`,
      de: `Entsperren Sie es oder warten Sie; dann ${signInAgain.de}.`,
    },
  },
  OAUTH_PASSWORD_EXPIRED: {
    hint: {
      en: `Renew the password in a browser; then ${signInAgain.en}.`,
      de: `Erneuern Sie das Kennwort im Browser; dann ${signInAgain.de}.`,
    },
  },
  OAUTH_MFA_REQUIRED: {
    hint: {
      en: `The person has to sign in again and pass MFA: ${signInAgain.en}. Sign-in as an application never asks for it.`,
      de: `Die Person muss sich neu anmelden und die MFA bestehen: ${signInAgain.de}. Die Anmeldung als Anwendung fragt nie danach.`,
    },
  },
  OAUTH_SIGN_IN_EXPIRED: {
    hint: {
      en: `The person has to sign in again: ${signInAgain.en}. Emails and replies wait until then.`,
      de: `Die Person muss sich neu anmelden: ${signInAgain.de}. E-Mails und Antworten warten bis dahin.`,
    },
  },
  OAUTH_SIGN_IN_NEEDED: {
    hint: {
      en: `A person has to sign in: ${signInAgain.en}. Emails and replies wait until then.`,
      de: `Eine Person muss sich anmelden: ${signInAgain.de}. E-Mails und Antworten warten bis dahin.`,
    },
  },
  OAUTH_DEVICE_CODE_EXPIRED: {
    hint: { en: `Begin again: ${signInAgain.en}.`, de: `Beginnen Sie neu: ${signInAgain.de}.` },
  },
  OAUTH_STATE_INVALID: {
    hint: { en: 'Begin the sign-in again.', de: 'Beginnen Sie die Anmeldung neu.' },
  },
};

const isCode = (code: string): code is ErrorCode => Object.hasOwn(catalogue, code);

/** Title and hint of a code; an unknown code is its own title. @param names of the server, for the placeholders of a hint: {server}, {user}, {host} … */
export function errorIn(
  language: Language,
  code: string,
  names: Readonly<Record<string, unknown>> = {},
): { title: string; hint: string } {
  if (!isCode(code)) return { title: code, hint: '' };
  const own = portalErrors[code];
  const hint = own?.hint ?? hintFor(code, providerOfHost(String(names.host ?? '')));
  return { title: own?.title?.[language] ?? titleOf(code, language), hint: fill(hint[language], names) };
}
