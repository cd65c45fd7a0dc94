// Details of changes in the reader's language, by action, field and value; what is a name, an address or an id stays as it is.
import { describe, expect, it } from 'vitest';
import { detailIn } from '../../../src/http/portal/audit-page.ts';

const ID = 'm-0123456789abcdef-1-7';
describe.each<[string, string, string, string, string, string]>([
  // action, field, before and after → German, English
  ['replace', 'enabled', 'false', 'true', 'Enabled: Nein → Ja', 'Enabled: No → Yes'],
  ['replace', 'tls', 'enabled', 'implicit', 'TLS: Aktiviert → Implizites TLS', 'TLS: Enabled → Implicit TLS'],
  [
    ...(['replace', 'signIn', 'appOnly', 'delegated'] as const),
    'Art der OAuth2-Anmeldung: Als Anwendung (ohne Person) → Delegiert (eine Person stimmt zu)',
    'OAuth2 sign-in method: As an application (no person) → Delegated (a person consents)',
  ],
  [
    ...(['replace', 'startFrom', 'now', '{"since":"2026-11-01"}'] as const),
    'Abruf bei der ersten Verbindung: Ab jetzt → Ab Datum: 2026-11-01',
    'Fetch on first connection: From now on → Since a date: 2026-11-01',
  ],
  [
    ...(['replace', 'afterQueued', 'leave', '{"move":"Done"}'] as const),
    'Nach der Übergabe: Liegen lassen → Verschieben nach: Done',
    'After it is queued: Leave unchanged → Move to folder: Done',
  ],
  [
    ...(['replace', 'additionalEmailFromAddresses', '', '["a@b.example","c@d.example"]'] as const),
    'Additional Email From Addresses:  → a@b.example, c@d.example',
    'Additional Email From Addresses:  → a@b.example, c@d.example',
  ],
  [
    'replace',
    'pace',
    '',
    '{"perMinute":20}',
    'Nachrichten pro Minute:  → Nachrichten pro Minute: 20',
    'Messages a minute:  → Messages a minute: 20',
  ],
  // A name is no word, whatever it is called.
  ['replace', 'emailFlow', 'true', 'held', 'Email Flow: true → held', 'Email Flow: true → held'],
  ['replace', 'user', 'enabled', '{"a', 'User: enabled → {"a', 'User: enabled → {"a'],
  ['pause', 'state', 'sending', 'paused', 'Zustand: Sendebereit → Angehalten', 'State: Ready to send → Paused'],
  ['release', 'r-1', 'held', 'queued', 'r-1: Zurückgehalten → Eingereiht', 'r-1: Held → Queued'],
  ['drop', 'enabled', 'held', 'dropped', 'Enabled: Zurückgehalten → Verworfen', 'Enabled: Held → Dropped'],
  ['enqueue-again', ID, 'quarantined', 'enqueued', `${ID}: In Quarantäne → Eingereiht`, `${ID}: Quarantined → Queued`],
  ['accept', ID, 'quarantined', 'accepted', `${ID}: In Quarantäne → Erledigt`, `${ID}: Quarantined → Settled`],
  ['dead-letter-retry', ID, 'Flow', 'waiting', `${ID}: Flow → Eingereiht`, `${ID}: Flow → Queued`],
  ['dead-letter-move', ID, 'Flow', 'deleted', `${ID}: Flow → deleted`, `${ID}: Flow → deleted`],
  ['dead-letter-delete', ID, 'Flow', 'deleted', `${ID}: Flow → Gelöscht`, `${ID}: Flow → Deleted`],
  ['sign-in', 'role', '', 'viewer', 'Rolle:  → Lesezugriff', 'Role:  → Viewer'],
  ['sign-in', 'by', '', 'one-time secret', 'Anmeldung mit:  → Einmalcode', 'Sign-in with:  → one-time code'],
  ['sign-in', 'by', '', 'OpenID Connect', 'Anmeldung mit:  → OpenID Connect', 'Sign-in with:  → OpenID Connect'],
  [
    ...(['privacy-erase', 'sha256:00', '', 'messages 3, reply-jobs 2'] as const),
    'sha256:00:  → Nachrichten: 3, Antworten in der Warteschlange: 2',
    'sha256:00:  → Messages: 3, Replies in the queue: 2',
  ],
  ['privacy-export', 'sha256:00', '', 'nothing', 'sha256:00:  → Nichts', 'sha256:00:  → Nothing'],
])('%s of %s: %s → %s', (action, field, from, to, de, en) => {
  it.each([
    ['de', de],
    ['en', en],
  ] as const)('%s', (language, text) => {
    const detail = detailIn(language, action, { field, from, to });
    expect(`${detail.field}: ${detail.from} → ${detail.to}`).toBe(text);
  });
});
