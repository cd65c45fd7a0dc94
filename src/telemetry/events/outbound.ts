// Named events, section outbound. Noun + past verb.
import { events } from './event.ts';

export const outboundEvents = events({});
