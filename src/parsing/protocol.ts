// Messages between the main thread and a parser worker. Types only: a worker loads nothing of the pool.
import type { ParseOptions } from '../mime/index.ts';
import type { PackedMessage } from './packed.ts';
import type { ReplyBodies, ReplyBodiesInput } from './reply-bodies.ts';

/** Handed to a worker when it starts. */
export interface WorkerSetup {
  /** One element: index of the item in work, -1 before the first request. Written by the worker, read by the pool. */
  progress: Int32Array<SharedArrayBuffer>;
}

/** Kinds of work: the item of a request, and its result. */
export interface Work {
  /** A whole raw mail. */
  message: { item: Uint8Array; result: PackedMessage };
  /** The header block of a mail that is too large to be read as a whole. */
  headers: { item: Uint8Array; result: PackedMessage };
  /** Whole html in UTF-8, to be text. */
  text: { item: Uint8Array; result: string };
  /** Bodies of a reply. */
  reply: { item: ReplyBodiesInput; result: ReplyBodies };
}

export type Kind = keyof Work;

export interface Request<K extends Kind = Kind> {
  kind: K;
  items: readonly Work[K]['item'][];
  options: ParseOptions;
}

/** For each item: its result, or the name of its error. */
export type Answer<K extends Kind = Kind> = { result: Work[K]['result'] } | { error: string };
