// Named events, section config. Noun + past verb.
import { events } from './event.ts';

export const configEvents = events({});
