// Events of what people do in a watched mailbox, as notice-changes.ts and sent-answers.ts report them.
import { MAILBOX_EVENT_SCHEMA, type MailboxEvent } from '../contract/mailbox-event.ts';
import type { FolderView } from '../domain/folder-view.ts';
import type { CommitRequest } from './ports.ts';
import type { Watched } from './watched.ts';

type Place = 'schema' | 'server' | 'mailbox' | 'folder';

export const mailboxEvent = ({ server }: Watched, event: Omit<MailboxEvent, Place>): MailboxEvent => ({
  schema: MAILBOX_EVENT_SCHEMA,
  server: server.name,
  mailbox: server.user,
  folder: server.folder,
  ...event,
});

/** One commit of events and of the view that contains them. @returns that view */
export async function reportEvents(
  watched: Watched,
  reported: Pick<CommitRequest, 'answered' | 'ownSettled'> & { events: readonly MailboxEvent[]; view: FolderView },
): Promise<FolderView> {
  await watched.commit({ outcomes: [] }, reported);
  for (const { event, emailFlow } of reported.events)
    watched.ports.emit('MailboxEventReported', { server: watched.server.name, emailFlow, kind: event });
  return reported.view;
}
