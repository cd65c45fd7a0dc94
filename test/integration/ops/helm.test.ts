// The chart by helm itself, and each rendered object by the schema of its kind: Kubernetes, Prometheus operator, External Secrets.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as externalSecrets from '@kubernetes-models/external-secrets/external-secrets.io/v1';
import * as monitoring from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import * as apps from 'kubernetes-models/apps/v1';
import * as autoscaling from 'kubernetes-models/autoscaling/v2';
import * as networking from 'kubernetes-models/networking.k8s.io/v1';
import * as policy from 'kubernetes-models/policy/v1';
import * as core from 'kubernetes-models/v1';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { HELM } from '../../../scripts/ensure-servers.ts';
import { loadConfig } from '../../../src/config/config.ts';
import { fileFolder } from '../../support/fixture.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const chart = join(root, 'ops/helm/mailroom');
const dir = fileFolder('helm');

interface Rendered {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  spec: Record<string, unknown>;
  data?: Record<string, string>;
}
type Kinds = Readonly<Record<string, new (data: never) => { validate(): void }>>;
const SCHEMAS: Readonly<Record<string, Kinds>> = {
  v1: core,
  'apps/v1': apps,
  'autoscaling/v2': autoscaling,
  'policy/v1': policy,
  'networking.k8s.io/v1': networking,
  'monitoring.coreos.com/v1': monitoring,
  'external-secrets.io/v1': externalSecrets,
} as unknown as Record<string, Kinds>;

function render(values: object): Rendered[] {
  const file = join(dir, 'values.yaml');
  writeFileSync(file, stringify(values));
  const text = execFileSync(HELM, ['template', 'mail', chart, '-f', file, '--namespace', 'mail'], { encoding: 'utf8' });
  return parseAllDocuments(text).map((document) => document.toJS() as Rendered);
}

/** @throws what the schema of its kind says, unknown fields included */
function validate(object: Rendered): void {
  const Kind = SCHEMAS[object.apiVersion]?.[object.kind];
  if (Kind === undefined) throw new Error(`no schema of ${object.apiVersion} ${object.kind}`);
  new Kind(object as never).validate();
}

const S3 = { config: { mode: 'production', blobs: { kind: 's3', s3: { bucket: 'mails' } } } };
const ALL = {
  ...S3,
  emailServers: [{ serverType: 'SMTP', name: 'Out', host: 'smtp.example.com', port: 587, user: 'a@contoso.example' }],
  externalSecret: { enabled: true, storeName: 'vault', key: 'mailroom' },
  ingress: { enabled: true, className: 'nginx', tlsSecretName: 'tls', annotations: { a: 'b' } },
  networkPolicy: { from: [{ namespaceSelector: { matchLabels: { team: 'desk' } } }] },
  monitoring: { podMonitor: { enabled: true, labels: { release: 'p' } }, prometheusRule: { enabled: true } },
  podAnnotations: { a: 'b' },
  nodeSelector: { disk: 'ssd' },
  tolerations: [{ key: 'mail', operator: 'Exists' }],
  extraEnv: [{ name: 'MAILROOM_LOG_LEVEL', value: 'debug' }],
  image: { digest: `sha256:${'0'.repeat(64)}`, pullSecrets: [{ name: 'registry' }] },
};

it('passes helm lint without a finding', () => {
  const file = join(dir, 'lint.yaml');
  writeFileSync(file, stringify(S3));
  expect(execFileSync(HELM, ['lint', '--strict', chart, '-f', file], { encoding: 'utf8' })).toContain(
    '0 chart(s) failed',
  );
});

it('has the version of package.json', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const { version: own, appVersion } = parse(readFileSync(join(chart, 'Chart.yaml'), 'utf8')) as Record<string, string>;
  expect([own, appVersion]).toEqual([version, version]);
});

describe.each([
  ['default values', S3, 11],
  [
    'a volume and no optional features',
    {
      blobs: { existingClaim: 'mails' },
      networkPolicy: { enabled: false },
      podDisruptionBudget: { enabled: false },
      serviceAccount: { create: false },
      roles: { portal: { autoscaling: { enabled: false } } },
    },
    5,
  ],
  ['with everything', ALL, 15],
])('%s', (_, values, count) => {
  const objects = render(values);

  it('each object fits its schema', () => {
    expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toHaveLength(count);
    for (const object of objects)
      expect(() => validate(object), `${object.kind} ${object.metadata.name}`).not.toThrow();
  });

  it('runs as an unprivileged user on a read-only root, and has time to stop', () => {
    const deployments = objects.filter(({ kind }) => kind === 'Deployment');
    expect(deployments.map(({ metadata }) => metadata.name)).toEqual(['mail-ingest', 'mail-portal', 'mail-send']);
    for (const { spec } of deployments) {
      const { template } = spec as {
        template: { spec: Record<string, unknown> & { containers: Record<string, unknown>[] } };
      };
      expect(template.spec).toMatchObject({
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 45,
        securityContext: { runAsNonRoot: true, runAsUser: 1000 },
      });
      expect(template.spec.topologySpreadConstraints).toHaveLength(2);
      expect(template.spec.containers).toHaveLength(1);
      expect(template.spec.containers[0]).toMatchObject({
        securityContext: {
          readOnlyRootFilesystem: true,
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
        },
        startupProbe: { httpGet: { path: '/healthz' } },
        livenessProbe: { httpGet: { path: '/healthz' } },
        readinessProbe: { httpGet: { path: '/readyz' } },
        resources: {
          requests: { cpu: expect.any(String), memory: expect.any(String) },
          limits: { memory: expect.any(String) },
        },
      });
    }
  });
});

it('contains a configuration that Mailroom starts with', () => {
  const config = render(ALL).find(({ kind }) => kind === 'ConfigMap');
  for (const [name, text] of Object.entries(config?.data ?? {})) writeFileSync(join(dir, name), text);
  const key = `k:${Buffer.alloc(32).toString('base64')}`;
  const env = {
    MAILROOM_REDIS_URL: 'redis://redis:6379',
    MAILROOM_SECURITY_CACHE_KEYS: key,
    MAILROOM_SECURITY_CONVERSATION_KEYS: key,
    MAILROOM_HTTP_API_TOKENS: `a:backend:${'x'.repeat(32)}`,
  };
  expect(loadConfig({ configDir: dir, env })).toMatchObject({ mode: 'production', blobs: { kind: 's3' } });
});

it('refuses a blob store that replicas do not share', () => {
  expect(() => render({})).toThrow(/a blob store that all replicas share is needed/);
});

it('the schemas detect a wrong field', () => {
  const [deployment] = render(S3).filter(({ kind }) => kind === 'Deployment');
  expect(() => validate({ ...(deployment as Rendered), spec: { ...deployment?.spec, replicas: 'two' } })).toThrow();
});
