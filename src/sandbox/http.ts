// What the sandbox's two HTTP servers (authority and control endpoint) share: listening, bodies of limited size, answers as values.
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import { type Listener, listening } from './connection.ts';

/** Fields of a form or a query. */
export type Form = Record<string, string>;

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

const answer = (status: number, type: string, body: string, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { 'Content-Type': `${type}; charset=utf-8`, 'Cache-Control': 'no-store', ...headers },
  body,
});

export const json = (status: number, body: unknown, headers?: Record<string, string>): Answer =>
  answer(status, 'application/json', JSON.stringify(body), headers);
export const text = (status: number, body: string): Answer => answer(status, 'text/plain', body);
export const html = (body: string): Answer => answer(200, 'text/html', body);
export const errorText = (error: unknown): string => (error instanceof Error ? error.message : 'Bad request');

/** Sends what `handle` returns; undefined cuts the connection, an exception is a 400. */
export const answering =
  (handle: (request: IncomingMessage) => Promise<Answer | undefined>): RequestListener =>
  async (request, response) => {
    const given = await handle(request).catch((error: unknown) => text(400, errorText(error)));
    if (given === undefined) request.socket.destroy();
    else response.writeHead(given.status, given.headers).end(given.body);
  };

/** @throws when the port is taken */
export async function serveHttp(
  server: Pick<Server, 'closeAllConnections'> & Parameters<typeof listening>[0],
  port: number,
  host: string,
): Promise<Listener> {
  return {
    port: await listening(server, port, host),
    async stop() {
      server.closeAllConnections();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** @param limit bytes @throws {RangeError} for a body beyond it */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new RangeError('Body too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
