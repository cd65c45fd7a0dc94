// All named events of Mailroom, by section.
import { configEvents } from './config.ts';
import type { EventDefinition } from './event.ts';
import { httpEvents } from './http.ts';
import { inboundEvents } from './inbound.ts';
import { lifecycleEvents } from './lifecycle.ts';
import { oauthEvents } from './oauth.ts';
import { outboundEvents } from './outbound.ts';

const all = {
  ...lifecycleEvents,
  ...configEvents,
  ...inboundEvents,
  ...outboundEvents,
  ...oauthEvents,
  ...httpEvents,
};

export type EventName = keyof typeof all;
export const eventDefinitions: Readonly<Record<EventName, EventDefinition>> = all;
