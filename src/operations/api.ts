// The functions behind the API of backends: messages, blobs and replies.

import type { EmailServerWatch } from '../config/watch.ts';
import { type Result, resultSchema } from '../contract/result.ts';
import { normalAddress } from '../domain/address.ts';
import { isImap, sameName } from '../domain/email-server.ts';
import { addressesOfFlow, flowsOf } from '../domain/flow-by-recipient.ts';
import type { ApiDeps } from '../http/index.ts';
import { createWholeBodies, decodeSlice } from '../parsing/index.ts';
import type { ReplyRoom } from '../wiring/outbound.ts';
import type { Stores } from '../wiring/stores.ts';

export function apiOf(stores: Stores, room: ReplyRoom, servers: EmailServerWatch): ApiDeps {
  const { replies } = room;
  const { audit } = stores;
  async function decided(action: 'release' | 'drop', by: string, result: Result): Promise<Result> {
    const changes = [{ field: result.replyId, from: 'held', to: result.state }];
    await audit.write({ by, action, server: result.server, changes });
    return result;
  }
  return {
    readMessage: stores.readMessage,
    blobs: stores.blobs,
    decodeSlice,
    wholeBody: createWholeBodies(stores.blobs.read, stores.parsing),
    submitReply: replies.submitReply,
    getReply: replies.getReply,
    async listReplies({ states = resultSchema.shape.state.options, server, limit, cursor }) {
      const found = await replies.listReplies(states, 1_000);
      const all = found.filter((result) => server === undefined || result.server === server);
      const from = cursor === undefined ? 0 : Math.max(0, all.findIndex(({ replyId }) => replyId === cursor) + 1);
      const page = all.slice(from, from + limit);
      const last = page.at(-1);
      return { replies: page, ...(last !== undefined && from + limit < all.length ? { next: last.replyId } : {}) };
    },
    releaseHeld: async (replyId, by) => decided('release', by, await replies.releaseHeld(replyId, by)),
    dropHeld: async (replyId, by) => decided('drop', by, await replies.dropHeld(replyId, by)),
    cancelReply: replies.cancelReply,
    raisePriority: replies.raisePriority,
    async sendersOfFlow(emailFlow) {
      const mailboxes = servers
        .current()
        .servers.filter(isImap)
        .filter((server) => flowsOf(server).some((one) => sameName(one, emailFlow)));
      if (mailboxes.length === 0) return undefined;
      const shared = new Set(mailboxes.flatMap((server) => addressesOfFlow(server, emailFlow).map(normalAddress)));
      const choices = replies.sendersOfFlow(emailFlow);
      const missing = mailboxes.filter(
        (server) =>
          server.enabled && !choices.some(({ address }) => normalAddress(address) === normalAddress(server.user)),
      );
      return {
        emailFlow,
        senders: choices.map(({ address, displayName, server, default: preset }) => ({
          address,
          ...(displayName === '' ? {} : { name: displayName }),
          server,
          default: preset,
          shared: shared.has(normalAddress(address)),
        })),
        ...(missing.length === 0
          ? {}
          : {
              warnings: missing.map(
                ({ user }) =>
                  `${user} is no permitted From of any SMTP email server: replies would leave from a personal address`,
              ),
            }),
      };
    },
  };
}
