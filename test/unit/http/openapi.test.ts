// The OpenAPI document and the schemas: complete, referring only to what is there, and readable by a JSON Schema validator.
import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { contractSchemas } from '../../../src/http/api/json-schemas.ts';
import { createHttp } from '../../../src/http/index.ts';
import { as, fakeDeps, message } from './fixtures.ts';

type Validate = (value: unknown) => boolean;
const Ajv2020 = createRequire(import.meta.url)('ajv/dist/2020').default as new (
  options: object,
) => {
  compile(schema: object): Validate;
};
interface Operation {
  operationId: string;
  security?: unknown[];
  parameters?: { name: string; in: string }[];
  requestBody?: object;
  responses: Record<string, { description: string; content?: Record<string, { schema?: { $ref?: string } }> }>;
}
interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}

async function answers<T>(url: string): Promise<T> {
  const http = await createHttp(fakeDeps());
  const answer = await http.inject({ url, headers: as('ops') });
  await http.close();
  expect(answer.statusCode).toBe(200);
  return answer.json() as T;
}

it('describes each operation once, with its path parameters and without dangling references', async () => {
  const document = await answers<Document>('/v1/openapi.json');
  expect(document.openapi).toBe('3.1.0');
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.values(methods).map((operation) => ({ path, operation })),
  );
  const ids = operations.map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { path, operation } of operations) {
    const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path').map(({ name }) => name);
    expect(
      [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
      path,
    ).toEqual(inPath);
    expect(operation.responses, path).toHaveProperty('default');
  }
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
    ([, name]) => name,
  );
  expect(new Set(references)).toEqual(new Set(Object.keys(document.components.schemas)));
});

it('its schemas and those of the contracts compile, and match the responses', async () => {
  const document = await answers<Document>('/v1/openapi.json');
  const compile = (schema: object) => new Ajv2020({ strict: false, validateFormats: false }).compile(schema);
  for (const schema of Object.values(document.components.schemas)) compile(schema);
  const { schemas } = await answers<{ schemas: { name: string; url: string }[] }>('/v1/schemas');
  expect(schemas.map(({ name }) => name)).toEqual(Object.keys(contractSchemas()));
  for (const { url } of schemas) compile(await answers<object>(new URL(url).pathname));
  const served = await answers<unknown>('/v1/messages/m-abc-1-7');
  expect(served).toEqual(message);
  expect(compile(await answers<object>('/v1/schemas/message-1.json'))(served)).toBe(true);
});

it('a refusal is a Problem as described', async () => {
  const document = await answers<Document>('/v1/openapi.json');
  const validate = new Ajv2020({ strict: false }).compile(document.components.schemas.Problem ?? {});
  const http = await createHttp(fakeDeps());
  for (const request of [
    { url: '/v1/replies' },
    { url: '/nothing' },
    { method: 'POST' as const, url: '/v1/replies', headers: as('desk'), payload: {} },
  ]) {
    expect(validate((await http.inject(request)).json()), request.url).toBe(true);
  }
  await http.close();
});
