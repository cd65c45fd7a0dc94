// Secrets at rest in Redis: AES-256-GCM with a key ring. Text form `v1 <key id> <iv> <tag> <ciphertext>`. The Redis key is authenticated with it: a
// value that was moved to another key does not open. A shortened tag, which Node would accept, does not open either.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { KeyRing } from '../../config/config.ts';
import { MailroomError } from '../../domain/errors.ts';

export interface Opened {
  text: string;
  /** Sealed with a key that is no longer the first: to be sealed again. */
  stale: boolean;
}

export interface Seal {
  seal(name: string, text: string): string;
  /** @throws MailroomError SECRET_UNREADABLE: key not in the ring, or not what was stored. */
  open(name: string, sealed: string): Opened;
}

const CIPHER = 'aes-256-gcm';
/** Bytes of the authentication tag. A shorter one is easier to forge (NIST SP 800-38D, appendix C). */
const TAG = 16;

/** @throws MailroomError CONFIG_INVALID on an empty ring. */
export function createSeal(keys: KeyRing): Seal {
  const [active] = keys;
  if (!active) {
    throw new MailroomError('CONFIG_INVALID', {
      message: 'security.cacheKeys: needs at least one key',
      field: 'security.cacheKeys',
    });
  }
  return {
    seal(name, text) {
      const iv = randomBytes(12);
      const cipher = createCipheriv(CIPHER, active.key, iv, { authTagLength: TAG });
      cipher.setAAD(Buffer.from(name));
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return ['v1', active.id, ...[iv, cipher.getAuthTag(), body].map((part) => part.toString('base64url'))].join(' ');
    },
    open(name, sealed) {
      const [version, id = '', iv = '', tag = '', body = ''] = sealed.split(' ');
      const key = keys.find((one) => one.id === id);
      if (version !== 'v1' || !key) {
        throw new MailroomError('SECRET_UNREADABLE', {
          message: `A stored secret was encrypted with the key "${id}", which is not in security.cacheKeys`,
        });
      }
      try {
        const decipher = createDecipheriv(CIPHER, key.key, Buffer.from(iv, 'base64url'), { authTagLength: TAG });
        decipher.setAAD(Buffer.from(name));
        decipher.setAuthTag(Buffer.from(tag, 'base64url'));
        const text = Buffer.concat([decipher.update(Buffer.from(body, 'base64url')), decipher.final()]);
        return { text: text.toString('utf8'), stale: key !== active };
      } catch {
        throw new MailroomError('SECRET_UNREADABLE', {
          message: `A stored secret does not open with the key "${id}": other bytes under the same id`,
        });
      }
    },
  };
}
