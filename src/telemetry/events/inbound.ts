// Named events, section inbound. Noun + past verb.
import { events } from './event.ts';

export const inboundEvents = events({});
