// Events as log lines and metrics, and errors as they are logged.
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { MailroomError } from '../../../src/domain/errors.ts';
import { eventDefinitions } from '../../../src/telemetry/events/index.ts';
import { createEmit, metricName } from '../../../src/telemetry/events.ts';
import { createLogControl } from '../../../src/telemetry/log-control.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { serializeError } from '../../../src/telemetry/serialize-error.ts';

describe('events', () => {
  it('write one line and increment one metric', async () => {
    const lines: string[] = [];
    const metrics = createMetrics();
    const emit = createEmit(
      createLogger({ level: 'info' }, { write: (line: string) => void lines.push(line) }),
      metrics,
    );
    const err = new MailroomError('IMAP_AUTH_FAILED', { remote: { system: 'imap', text: 'AUTHENTICATE failed.' } });
    emit('MailboxDisconnected', { server: 'Support', err, attempts: 2 });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'warn',
      event: 'MailboxDisconnected',
      server: 'Support',
      msg: 'mailbox connection lost; reconnecting',
      err: { code: 'IMAP_AUTH_FAILED', class: 'auth', remote: { text: 'AUTHENTICATE failed.' } },
    });
    expect(await metrics.registry.metrics()).toContain(
      'mailroom_mailbox_disconnected_total{server="Support",code="IMAP_AUTH_FAILED",class="auth"} 1',
    );
  });

  it('reach an observer whatever the log level is, marked as readable or not', () => {
    const shown: [string, boolean][] = [];
    const logger = createLogger({ level: 'error' }, { write: () => {} });
    const control = createLogControl(logger, 'error');
    const note = (name: string, _: object, isShown: boolean) => void shown.push([name, isShown]);
    const emit = createEmit(logger, createMetrics(), control, undefined, note);
    emit('MailboxConnected', { server: 'In' });
    emit('ReplyWorkerFailed', { server: 'Out' });
    emit('ReplyPrepared', { server: 'Out' });
    control.apply([{ server: 'Out', level: 'debug', until: Date.now() + 60_000 }]);
    for (const server of ['Out', 'Other']) emit('ReplyPrepared', { server });
    for (let i = 0; i < 2; i++) emit('ReplyWorkerFailed', { server: 'Out' });
    control.apply([]);
    expect(shown).toEqual([
      ['MailboxConnected', true],
      ['ReplyWorkerFailed', true],
      ['ReplyPrepared', false],
      ['ReplyPrepared', true],
      ['ReplyPrepared', false],
      ['ReplyWorkerFailed', false],
      ['ReplyWorkerFailed', false],
    ]);
  });

  it('are named by noun and past verb, and have distinct metric names', () => {
    const names = Object.keys(eventDefinitions);
    for (const name of names) expect(name).toMatch(/^[A-Z][A-Za-z]+$/);
    expect(new Set(names.map(metricName)).size).toBe(names.length);
    expect(metricName('MessageEnqueued')).toBe('mailroom_message_enqueued_total');
  });
});

describe('errors in the log', () => {
  it('never show what a library added to them', () => {
    const error = Object.assign(new Error('request failed'), {
      code: 'EAUTH',
      config: { headers: { authorization: 'Bearer secret-token' } },
      request: 'secret-token',
      cause: new Error('secret-token'),
    });
    const text = JSON.stringify(serializeError(error));
    expect(text).toContain('EAUTH');
    expect(text).not.toContain('secret-token');
    expect(pino.levels.values.info).toBe(30);
  });
});
