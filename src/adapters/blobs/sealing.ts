// Encryption at rest: a blob as AES-256-GCM frames of 64 KiB, so that a range is read without decrypting what precedes it.
//
//   header   "MRB1" | log2 of the frame size (1) | length of the key id (1) | key id (UTF-8) | salt (32)
//   frames   ciphertext (64 KiB, the last one shorter, at least one) | tag (16)
//   trailer  HMAC-SHA256 of the blob's key under a key of this blob, which reveals a file that was renamed to another blob's name
//
// Each blob has its own key, HKDF-SHA256 of the ring's key and the salt, so the nonce may simply count: frame index (4 bytes, big endian), then 1 for
// the last frame, otherwise 0 (the STREAM construction: Hoang, Reyhanitabar, Rogaway, Vizár, CRYPTO 2015). The tag of a frame that was moved, repeated
// or cut off is wrong. The header is authenticated with each frame.
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import type { KeyRing } from '../../config/config.ts';
import { MailroomError } from '../../domain/errors.ts';
import { collect } from '../../lib/streams.ts';
import type { OpenBlob } from './blob-backend.ts';
import { damaged } from './errors.ts';

const MAGIC = Buffer.from('MRB1');
const FRAME_LOG2 = 16;
const FRAME = 2 ** FRAME_LOG2;
const TAG = 16;
const SALT = 32;
const TRAILER = 32;
const LONGEST_HEADER = MAGIC.length + 2 + 255 + SALT;
const CIPHER = 'aes-256-gcm';

export type Key = KeyRing[number];

const derive = (key: Uint8Array, salt: Uint8Array, info: string): Buffer =>
  Buffer.from(hkdfSync('sha256', key, salt, `mailroom blob/1 ${info}`, 32));

/** Names a blob by its content without revealing the content's hash: a reader of the names cannot test whether a known file is stored. */
export function contentKey(key: Key): (sha256: Buffer) => string {
  const naming = derive(key.key, new Uint8Array(), 'content key');
  return (sha256) => createHmac('sha256', naming).update(sha256).digest('hex');
}

const nonce = (index: number, final: boolean): Buffer => {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(index, 0);
  bytes[4] = final ? 1 : 0;
  return bytes;
};

const trailerOf = (key: Uint8Array, salt: Uint8Array, name: string): Buffer =>
  createHmac('sha256', derive(key, salt, 'name'))
    .update(name)
    .digest();

/** @param name called when the source has ended: the blob's key follows from its content */
export async function* seal(
  source: AsyncIterable<Uint8Array>,
  key: Key,
  name: () => string,
): AsyncGenerator<Uint8Array> {
  const salt = randomBytes(SALT);
  const id = Buffer.from(key.id);
  const header = Buffer.concat([MAGIC, Buffer.from([FRAME_LOG2, id.length]), id, salt]);
  const frameKey = derive(key.key, salt, 'frames');
  let index = 0;
  const frame = (plain: Uint8Array, final: boolean): Uint8Array => {
    const cipher = createCipheriv(CIPHER, frameKey, nonce(index, final));
    cipher.setAAD(header);
    index += 1;
    return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  };

  yield header;
  // A frame is written only when more bytes follow: the last one must be marked as the last.
  let held: Uint8Array | undefined;
  for await (const part of regroup(source, FRAME)) {
    if (held !== undefined) yield frame(held, false);
    held = part;
  }
  yield frame(held ?? new Uint8Array(), true);
  yield trailerOf(key.key, salt, name());
}

interface SealedBlob {
  /** Bytes of the content. */
  size: number;
  read(start: number, end: number): AsyncIterable<Uint8Array>;
}

/** @throws MailroomError BLOB_KEY_MISSING, BLOB_DAMAGED (here, or from read() at the frame that is) */
export async function unseal(blob: OpenBlob, ring: KeyRing, name: string): Promise<SealedBlob> {
  const start = await collect(blob.read(0, Math.min(blob.size, LONGEST_HEADER)));
  const idLength = start[5] ?? 0;
  const frameSize = 2 ** (start[4] ?? 0);
  const headerSize = MAGIC.length + 2 + idLength + SALT;
  if (!start.subarray(0, MAGIC.length).equals(MAGIC) || start[4] !== FRAME_LOG2 || start.length < headerSize) {
    throw damaged(name, 'it does not begin as an encrypted blob does');
  }
  const header = start.subarray(0, headerSize);
  const id = header.subarray(MAGIC.length + 2, MAGIC.length + 2 + idLength).toString();
  const salt = header.subarray(headerSize - SALT);
  const key = ring.find((candidate) => candidate.id === id);
  if (key === undefined) {
    throw new MailroomError('BLOB_KEY_MISSING', {
      message: `The blob was encrypted with key ${JSON.stringify(id)}, which is not in the key ring.`,
      field: 'blobs.encryptionKeys',
    });
  }
  const body = blob.size - headerSize - TRAILER;
  const frames = Math.max(1, Math.ceil(body / (frameSize + TAG)));
  const size = body - frames * TAG;
  if (size < 0 || size > frames * frameSize) throw damaged(name, 'its end is missing');
  const trailer = await collect(blob.read(blob.size - TRAILER, blob.size));
  const expected = trailerOf(key.key, salt, name);
  if (trailer.length !== TRAILER || !timingSafeEqual(trailer, expected)) {
    throw damaged(name, 'its end is missing, or it is another blob under this name');
  }
  const frameKey = derive(key.key, salt, 'frames');

  const open = (index: number, sealed: Uint8Array): Buffer => {
    try {
      const decipher = createDecipheriv(CIPHER, frameKey, nonce(index, index === frames - 1), { authTagLength: TAG });
      decipher.setAAD(header);
      decipher.setAuthTag(sealed.subarray(sealed.length - TAG));
      return Buffer.concat([decipher.update(sealed.subarray(0, sealed.length - TAG)), decipher.final()]);
    } catch {
      throw damaged(name, `frame ${index} of ${frames} was changed`);
    }
  };

  return {
    size,
    async *read(from, to) {
      if (from >= to && size > 0) return;
      const first = Math.floor(from / frameSize);
      const last = Math.min(frames - 1, Math.max(first, Math.ceil(to / frameSize) - 1));
      const sealedStart = headerSize + first * (frameSize + TAG);
      const sealedEnd = Math.min(headerSize + (last + 1) * (frameSize + TAG), headerSize + body);
      let index = first;
      for await (const sealed of regroup(blob.read(sealedStart, sealedEnd), frameSize + TAG)) {
        const plain = open(index, sealed);
        const offset = index * frameSize;
        const part = plain.subarray(Math.max(0, from - offset), Math.max(0, to - offset));
        index += 1;
        if (part.length > 0) yield part;
      }
      if (index <= last) throw damaged(name, `frame ${index} of ${frames} is missing`);
    },
  };
}

/** Chunks of exactly `size` bytes, the last one shorter. */
async function* regroup(source: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Buffer> {
  let pending = Buffer.allocUnsafe(size);
  let filled = 0;
  for await (const chunk of source) {
    let taken = 0;
    while (taken < chunk.length) {
      const part = chunk.subarray(taken, taken + size - filled);
      pending.set(part, filled);
      filled += part.length;
      taken += part.length;
      if (filled === size) {
        yield pending;
        pending = Buffer.allocUnsafe(size);
        filled = 0;
      }
    }
  }
  if (filled > 0) yield pending.subarray(0, filled);
}
