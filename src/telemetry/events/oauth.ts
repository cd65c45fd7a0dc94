// Named events, section oauth. Noun + past verb.
import { events } from './event.ts';

export const oauthEvents = events({});
