// One mailbox, several flows: where a message goes, which flows a server feeds, and which addresses belong to each.
import { describe, expect, it } from 'vitest';
import { addressesOfFlow, flowFor, flowsOf } from '../../../src/domain/flow-by-recipient.ts';

const server = {
  user: 'Support@contoso.example',
  aliases: ['Orders@contoso.example', 'billing@contoso.example'],
  emailFlow: 'Support',
  flowByRecipient: {
    'orders@contoso.example': 'Orders',
    'orders+vip@contoso.example': 'VIP',
    '+urgent': 'Urgent',
    'support+press@contoso.example': 'Press',
  },
};
const to = (text: string) => {
  const [, local, tag, domain] = /^([^+@]+)(?:\+([^@]+))?@(.+)$/.exec(text) ?? [];
  return { address: `${local}@${domain}`, ...(tag === undefined ? {} : { tag }), header: 'To' };
};

describe('a message goes to the flow of', () => {
  it.each([
    [['Orders@contoso.example'], 'Orders'],
    [['Orders+VIP@contoso.example'], 'VIP'],
    [['Orders+other@contoso.example'], 'Orders'],
    [['Orders+Urgent@contoso.example'], 'Urgent'],
    [['billing+urgent@contoso.example'], 'Urgent'],
    [['billing@contoso.example'], 'Support'],
    [['billing@contoso.example', 'Orders@contoso.example'], 'Orders'],
    [['Support+press@contoso.example', 'Orders@contoso.example'], 'Press'],
    [['x+constructor@contoso.example'], 'Support'],
    [[], 'Support'],
  ])('%j: %s', (addresses, expected) => {
    expect(flowFor(server, addresses.map(to))).toBe(expected);
  });
  it('its server where no table is defined', () => {
    expect(flowFor({ emailFlow: 'Support' }, [to('orders@contoso.example')])).toBe('Support');
    expect(flowFor(server)).toBe('Support');
  });
});

it('each of its server’s flows, the server’s own first', () => {
  expect(flowsOf(server)).toEqual(['Support', 'Orders', 'VIP', 'Urgent', 'Press']);
  expect(flowsOf({ emailFlow: 'Support' })).toEqual(['Support']);
});

it.each([
  ['Support', ['Support@contoso.example', 'billing@contoso.example']],
  ['Orders', ['Orders@contoso.example']],
  ['VIP', ['Orders@contoso.example']],
  ['Press', ['Support@contoso.example']],
  ['Urgent', ['Support@contoso.example', 'Orders@contoso.example', 'billing@contoso.example']],
  ['Unknown', []],
])('addresses of %s', (flow, expected) => {
  expect(addressesOfFlow(server, flow)).toEqual(expected);
});
