// The public contracts in one import: `mailroom/contract`.
export * from './mailbox-event.ts';
export * from './message.ts';
export * from './names.ts';
export * from './outcome.ts';
export * from './reply.ts';
export * from './result.ts';
export * from './traceparent.ts';
