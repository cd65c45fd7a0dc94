// Reads a sandbox tenant from YAML or JSON (JSON is YAML) and checks it, so that a typo is told and not ignored.
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import type { SandboxConfig } from './config.ts';

const address = z.string().regex(/^[^\s@]+@[^\s@]+$/, 'is no address');
const people = z.record(address, z.array(address));
const port = z.int().min(0).max(65_535);

const schema = z.strictObject({
  tenant: z.string().optional(),
  domain: z.string().optional(),
  users: z
    .array(
      z.strictObject({
        address,
        displayName: z.string().optional(),
        name: z.string().optional(),
        password: z.string().optional(),
        kind: z.enum(['user', 'shared', 'customer']).optional(),
        smtpAuth: z.boolean().optional(),
        imap: z.boolean().optional(),
        aliases: z.array(address).optional(),
      }),
    )
    .min(1),
  applications: z
    .array(
      z.strictObject({
        clientId: z.string(),
        secret: z.string().optional(),
        certificates: z.array(z.string()).optional(),
        federated: z
          .array(z.strictObject({ issuer: z.string(), subject: z.string(), audience: z.string().optional() }))
          .optional(),
        appOnly: z.boolean().optional(),
        mailboxes: z.array(address).optional(),
        sendAs: z.array(address).optional(),
        redirectUris: z.array(z.string()).optional(),
      }),
    )
    .optional(),
  permissions: z
    .strictObject({ fullAccess: people.optional(), sendAs: people.optional(), sendOnBehalf: people.optional() })
    .optional(),
  tokenLifetimeSeconds: z.int().positive().optional(),
  ports: z
    .strictObject({
      oauth: port.optional(),
      imaps: port.optional(),
      imap: port.optional(),
      smtp: port.optional(),
      control: port.optional(),
    })
    .optional(),
  listen: z.string().optional(),
  sentFolder: z.string().min(1).optional(),
  smtp: z
    .strictObject({
      messagesPerMinute: z.int().min(0).optional(),
      maxConnections: z.int().min(0).optional(),
      size: z.int().positive().optional(),
      recipients: z.int().positive().optional(),
      rewriteMessageId: z.boolean().optional(),
      unknownRecipient: z.enum(['refuse', 'ndr']).optional(),
      sentCopyDelay: z.int().min(0).optional(),
      sentCopy: z.boolean().optional(),
    })
    .optional(),
  oauth: z
    .strictObject({
      autoApprove: z.union([z.boolean(), z.string()]).optional(),
      deviceInterval: z.int().positive().optional(),
      deviceLifetime: z.int().positive().optional(),
    })
    .optional(),
});

/** @throws {Error} naming each wrong field, or when the file cannot be read. */
export async function readSandboxConfig(path: string): Promise<SandboxConfig> {
  const result = schema.safeParse(parse(await readFile(path, 'utf8')));
  if (!result.success) {
    const problems = result.error.issues.map((issue) => `  ${issue.path.join('.') || '(file)'}: ${issue.message}`);
    throw new Error(`${path} describes no sandbox tenant:\n${problems.join('\n')}`);
  }
  // exactOptionalPropertyTypes: zod says `| undefined` where a key may be missing; it never puts undefined there for a missing one.
  return result.data as SandboxConfig;
}
