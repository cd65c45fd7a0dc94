// OpenAPI 3.1 out of the route table. Pure.
import { z } from 'zod';
import { messageSchema } from '../../contract/message.ts';
import { resultSchema } from '../../contract/result.ts';
import { permissions } from '../auth.ts';
import { problemSchema } from '../problem.ts';
import type { Answer, Route } from '../routes.ts';

/** Schemas that are referred to by name instead of being repeated. */
const components = new Map<z.ZodType, string>([
  [messageSchema, 'Message'],
  [resultSchema, 'Result'],
  [problemSchema, 'Problem'],
]);

type JsonSchema = Readonly<Record<string, unknown>>;
type Content = Readonly<Record<string, { schema?: JsonSchema }>>;

/** What the page of the API reads of an operation. */
export interface Operation {
  operationId: string;
  summary: string;
  tags: readonly string[];
  'x-permission'?: string | undefined;
  description?: string;
  parameters?: readonly {
    name: string;
    in: string;
    required: boolean;
    description?: string;
    schema: JsonSchema;
  }[];
  requestBody?: { required: true; content: Content };
  responses: Readonly<Record<string, { description: string; content?: Content }>>;
}

export interface OpenApi {
  info: { title: string; version: string; description: string };
  /** Path → method in lower case. */
  paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  components: { securitySchemes: JsonSchema; schemas: Readonly<Record<string, JsonSchema>> };
}

const jsonSchema = (schema: z.ZodType): Record<string, unknown> => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest;
};
const schemaOf = (schema: z.ZodType): Record<string, unknown> => {
  const name = components.get(schema);
  return name === undefined ? jsonSchema(schema) : { $ref: `#/components/schemas/${name}` };
};

function answerOf({ description, schema, contentType }: Answer): Operation['responses'][string] {
  if (schema === undefined && contentType === undefined) return { description };
  return {
    description,
    content: {
      [contentType ?? 'application/json']: schema === undefined ? {} : { schema: schemaOf(schema) },
    },
  };
}

function parametersOf({ params, query }: Route): NonNullable<Operation['parameters']> {
  const inPath = Object.entries(params ?? {}).map(([name, description]) => ({
    name,
    in: 'path',
    required: true,
    description,
    schema: { type: 'string' },
  }));
  if (query === undefined) return inPath;
  const { properties = {} } = jsonSchema(query) as { properties?: Record<string, { description?: string }> };
  const inQuery = Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: false,
    ...(description === undefined ? {} : { description }),
    schema,
    ...('type' in schema && schema.type === 'array' ? { explode: false } : {}),
  }));
  return [...inPath, ...inQuery];
}

export function openApi(routes: readonly Route[], publicUrl: string): OpenApi & Record<string, unknown> {
  const refused: Answer = {
    description: 'Refused or failed',
    schema: problemSchema,
    contentType: 'application/problem+json',
  };
  const paths: Record<string, Record<string, Operation & Record<string, unknown>>> = {};
  for (const entry of routes) {
    const path = entry.path.replace(/:(\w+)/g, '{$1}');
    const parameters = parametersOf(entry);
    const allowed = entry.permission === undefined ? undefined : permissions[entry.permission].join(', ');
    paths[path] ??= {};
    paths[path][entry.method.toLowerCase()] = {
      operationId: entry.operationId,
      summary: entry.summary,
      tags: [entry.tag],
      ...(allowed === undefined
        ? { security: [] }
        : { description: `Role: ${allowed}.`, 'x-permission': entry.permission }),
      ...(parameters.length === 0 ? {} : { parameters }),
      ...(entry.body === undefined
        ? {}
        : { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(entry.body) } } } }),
      responses: {
        ...Object.fromEntries(Object.entries(entry.answers).map(([status, answer]) => [status, answerOf(answer)])),
        default: answerOf(refused),
      },
    };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Mailroom',
      version: '1',
      description:
        'Messages received, replies to submit, and the state of both. Errors are RFC 9457 problems with stable codes.',
    },
    servers: [{ url: publicUrl }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'A token of http.apiTokens' } },
      schemas: Object.fromEntries([...components].map(([schema, name]) => [name, jsonSchema(schema)])),
    },
  };
}
