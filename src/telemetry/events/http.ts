// Named events, section http. Noun + past verb.
import { events } from './event.ts';

export const httpEvents = events({});
