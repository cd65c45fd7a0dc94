// Outbound proxy of an SMTP server's connections: http:// is nodemailer's own, socks5:// needs the module that speaks it.
import { SocksClient } from 'socks';
import type { SmtpServer } from '../../domain/email-server.ts';

export function useProxy(transport: { set(key: string, value: unknown): unknown }, server: SmtpServer): void {
  if (server.proxy?.startsWith('socks') === true) transport.set('proxy_socks_module', { SocksClient });
}
