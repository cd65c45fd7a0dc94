// The demo's tenant: two shared mailboxes, two customers, one application with app-only rights.
import type { SandboxConfig } from '../src/sandbox/index.ts';
import { BILLING, SUPPORT } from './mails.ts';

export const CLIENT_ID = '3b1f4d6e-0a52-4c7b-8e19-6d2c5a7f9b03';
export const SECRET = 'sandbox-secret';

export const FLOWS = [
  { emailFlow: 'Support', mailbox: SUPPORT, imapServer: 'Support IMAP', smtpServer: 'Support SMTP' },
  { emailFlow: 'Rechnungen & Zahlung', mailbox: BILLING, imapServer: 'Rechnungen IMAP', smtpServer: 'Rechnungen SMTP' },
] as const;

export const tenant: SandboxConfig = {
  domain: 'contoso.example',
  users: [
    { address: SUPPORT, displayName: 'Contoso Support', kind: 'shared' },
    { address: BILLING, displayName: 'Contoso Rechnungen', kind: 'shared' },
    { address: 'alex@contoso.example', displayName: 'Alex Weber', password: 'sandbox-alex' },
    { address: 'jane@customer.example', displayName: 'Jane Doe', kind: 'customer', password: 'sandbox-jane' },
    { address: 'otto@kunde.example', displayName: 'Otto Müller', kind: 'customer', password: 'sandbox-otto' },
  ],
  applications: [{ clientId: CLIENT_ID, secret: SECRET, mailboxes: [SUPPORT, BILLING] }],
  permissions: {},
};
