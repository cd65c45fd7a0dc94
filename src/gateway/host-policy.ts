// Which hosts the portal may make Mailroom connect to: never link-local, cloud metadata, unspecified or multicast addresses, by number or by
// a name that resolves to one (SSRF). Private addresses are allowed: mail servers stand there. Checked when a definition is saved.
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';

const denied = new BlockList();
denied.addSubnet('0.0.0.0', 8);
denied.addSubnet('169.254.0.0', 16); // link-local, with the metadata service of AWS, Azure and Google
denied.addAddress('100.100.100.200'); // metadata of Alibaba Cloud
denied.addAddress('192.0.0.192'); // metadata of Oracle Cloud
denied.addAddress('168.63.129.16'); // Azure's wire server
denied.addSubnet('224.0.0.0', 4);
denied.addSubnet('240.0.0.0', 4);
denied.addAddress('::', 'ipv6');
denied.addSubnet('fe80::', 10, 'ipv6');
denied.addSubnet('ff00::', 8, 'ipv6');
denied.addAddress('fd00:ec2::254', 'ipv6'); // metadata of AWS
const NAMES = /(^|\.)metadata(\.google\.internal|\.internal)?$|^instance-data(\.|$)/i;

/** @param milliseconds that a look-up may take; a name that does not resolve is let through: it connects to nothing */
export function hostPolicy(
  resolve: (host: string) => Promise<readonly string[]> = async (host) =>
    (await lookup(host, { all: true })).map(({ address }) => address),
  milliseconds = 1_500,
): (host: string) => Promise<boolean> {
  return async (given) => {
    const host = given.replace(/^\[|\]$/g, '').replace(/\.$/, '');
    if (isIP(host) !== 0) return !isDenied(host);
    if (NAMES.test(host)) return false;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<readonly string[]>((done) => {
      timer = setTimeout(done, milliseconds, []);
    });
    const addresses = await Promise.race([resolve(host).catch(() => []), late]).finally(() => clearTimeout(timer));
    return !addresses.some(isDenied);
  };
}

const isDenied = (address: string): boolean => denied.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
