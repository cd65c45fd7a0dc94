// One mail through to the accepted reply is one trace: the gateway's spans, the backend's, and the submission. A collector that falls silent holds
// up neither mail nor reply nor the end of the process.
import { SpanKind, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Consumer, consumeMessages } from '../../src/consumer/index.ts';
import { emailFlowQueue, REPLY_JOB, repliesQueue } from '../../src/contract/names.ts';
import { REPLY_SCHEMA } from '../../src/contract/reply.ts';
import { startSandbox } from '../../src/sandbox/index.ts';
import { type CollectedSpan, startCollector } from '../support/collector.ts';
import { fixture } from '../support/fixture.ts';
import { journey, replyJob } from '../support/journey.ts';
import { startRedis } from '../support/redis.ts';
import { waitFor } from '../support/temp.ts';

const [SUPPORT, JANE] = ['support@contoso.example', 'jane@customer.example'];
const [PASSWORD, SUBJECT, BODY] = ['password-of-traces', 'Vertraulich-0471', 'Kontonummer-1508'];
let consumer: Consumer;
/** The backend's own SDK. */
let backend: TracerProvider;
const redis = fixture(startRedis);
const collector = fixture(startCollector);
const sandbox = fixture(() =>
  startSandbox({
    users: [
      { address: SUPPORT, password: PASSWORD },
      { address: JANE, kind: 'customer' },
    ],
  }),
);
beforeAll(async () => {
  backend = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'backend' }),
    spanProcessors: [
      new SimpleSpanProcessor({
        exporter: new OTLPTraceExporter({ url: `${collector.url}/v1/traces`, timeoutMillis: 500 }),
      }),
    ],
  });
  trace.setGlobalTracerProvider(backend);
});
afterAll(async () => {
  trace.disable();
  await backend.shutdown();
});

const mail = (n: number) =>
  `From: ${JANE}\r\nTo: ${SUPPORT}\r\nSubject: ${SUBJECT}\r\nMessage-ID: <traced-${n}@customer.example>\r\n\r\n${BODY}\r\n`;
const named = (name: string) => collector.spans.filter((span) => span.name === name);
const parentOf = ({ parentSpanId }: CollectedSpan) => collector.spans.find(({ spanId }) => spanId === parentSpanId);

it('from the mail to the accepted reply, and on without a collector', async () => {
  const account = { host: 'localhost', tls: true, authenticationType: 'Password', passwordEnv: 'MAILROOM_SECRET_TEST' };
  const j = journey({
    redisUrl: redis.url,
    ca: sandbox.caPem,
    emailServers: [
      {
        ...account,
        serverType: 'IMAP',
        name: 'In',
        port: sandbox.imap.port,
        user: SUPPORT,
        emailFlow: 'F',
        enabled: true,
      },
      { ...account, serverType: 'SMTP', name: 'Out', port: sandbox.smtp.port, user: SUPPORT, enabled: true },
    ],
    env: {
      MAILROOM_SECRET_TEST: PASSWORD,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_TIMEOUT: '500',
      OTEL_BSP_SCHEDULE_DELAY: '50',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
      OTEL_TRACES_SAMPLER: 'parentbased_always_on',
    },
    secrets: [SUBJECT, BODY, JANE],
  });
  consumer = consumeMessages({
    redis: redis.url,
    emailFlow: 'F',
    async onMessage(_message, { reply }) {
      await reply({ server: 'Out', text: 'Danke' });
    },
  });
  try {
    const one = j.start(['serve']);
    const url = `http://127.0.0.1:${await j.port(one)}`;
    await one.waitForEvent('MailboxConnected');
    sandbox.mailboxes.deliver(SUPPORT, mail(1));
    const accepted = await one.waitForEvent('ReplyAccepted');
    const submitted = await waitFor(() => named('submit Out')[0]);

    const lines = () =>
      collector.spans
        .filter(({ traceId }) => traceId === submitted.traceId)
        .map((span) => `${span.service}: ${span.name} < ${parentOf(span)?.name ?? 'nothing'}`)
        .sort();
    // Backend and gateway export on their own; a span comes when it has ended, and a child may come before its parent.
    await waitFor(() => lines().length >= 11 && named('process replies.Out').length === 1, {
      describe: () => lines().join('\n'),
    });
    expect(lines()).toEqual([
      'backend: process email-flow.F < send email-flow.F',
      'backend: send replies.Out < process email-flow.F',
      'mailroom: fetch < ingest In',
      'mailroom: ingest In < nothing',
      'mailroom: parse < ingest In',
      'mailroom: prepare < process replies.Out',
      'mailroom: process replies.Out < send replies.Out',
      'mailroom: relate < ingest In',
      'mailroom: send email-flow.F < ingest In',
      'mailroom: store < ingest In',
      'mailroom: submit Out < process replies.Out',
    ]);
    expect(submitted).toMatchObject({ kind: SpanKind.CLIENT + 1, error: undefined });
    expect(submitted.attributes).toMatchObject({
      'server.address': 'localhost',
      'server.port': sandbox.smtp.port,
      'mailroom.smtp.reply_code': '250',
    });
    // The log leads to the trace.
    const enqueued = await one.waitForEvent('MessageEnqueued');
    for (const line of [enqueued, accepted]) expect(line.trace_id).toBe(submitted.traceId);

    // Over HTTP the header counts where the reply has none; what is no traceparent begins a trace and refuses nothing.
    const post = (fields: object, headers: Record<string, string> = {}) =>
      fetch(`${url}/v1/replies`, {
        method: 'POST',
        headers: { authorization: `Bearer ${j.apiToken}`, 'content-type': 'application/json', ...headers },
        body: JSON.stringify({
          schema: REPLY_SCHEMA,
          server: 'Out',
          to: [JANE],
          subject: SUBJECT,
          text: BODY,
          ...fields,
        }),
      });
    const given = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    expect((await post({ replyId: 'a' }, { traceparent: given })).status).toBe(202);
    expect((await post({ replyId: 'b', traceparent: 'nonsense' })).status).toBe(202);
    // The same reply, handed in by another run of the backend's job.
    expect((await post({ replyId: 'b', traceparent: given })).status).toBe(202);
    // A backend whose queues have bullmq-otel: its context lies beside the reply; and ours beside the message.
    await j
      .queue(repliesQueue('Out'))
      .add(
        REPLY_JOB,
        { schema: REPLY_SCHEMA, replyId: 'c', from: JANE, to: [JANE], subject: SUBJECT, text: BODY },
        { jobId: replyJob('c'), telemetry: { metadata: JSON.stringify({ traceparent: given }) } },
      );
    const [job] = await j.queue(emailFlowQueue('F')).getJobs(['completed']);
    expect(job?.opts.telemetry?.metadata).toBe(JSON.stringify({ traceparent: job?.data.traceparent }));
    await Promise.all(['a', 'b', 'c'].map((id) => j.result('Out', replyJob(id))));
    const refused = await waitFor(() => collector.spans.find(({ error }) => error !== undefined));
    expect(refused).toMatchObject({
      ...{ name: 'process replies.Out', error: 'FROM_NOT_PERMITTED' },
      ...{ traceId: given.split('-')[1], parentSpanId: given.split('-')[2] },
    });
    expect(refused.attributes).toMatchObject({
      'error.type': 'FROM_NOT_PERMITTED',
      'mailroom.reply.state': 'rejected',
    });
    const joined = await waitFor(() =>
      named('process replies.Out').find(({ traceId, error }) => traceId === given.split('-')[1] && error === undefined),
    );
    expect(parentOf(joined)).toMatchObject({ name: 'send replies.Out', parentSpanId: given.split('-')[2] });
    expect(collector.text()).not.toMatch(/@|%40|Vertraulich|Kontonummer|traced-/);

    collector.mute();
    sandbox.mailboxes.deliver(SUPPORT, mail(2));
    await one.waitForEvent('ReplyAccepted', ({ time }) => String(time) > String(accepted.time));
    await one.waitForEvent('TracesLost');
    const begun = performance.now();
    expect(await one.stop()).toBe(0);
    expect(performance.now() - begun).toBeLessThan(12_000);
    expect(one.events('TracesLost').map(({ code }) => code)).toEqual(['timeout']);
  } finally {
    await consumer.close();
    await j.stop();
  }
});
