// The contracts' JSON Schemas, and OpenAPI of everything that is served.
import { z } from 'zod';
import { MailroomError } from '../../domain/errors.ts';
import { get, type Route } from '../routes.ts';
import { contractSchemas } from './json-schemas.ts';
import type { OpenApi } from './openapi.ts';

/** @param document read at each request: it describes all routes, these included */
export function schemaRoutes(publicUrl: string, document: () => OpenApi): Route[] {
  const schemas: Record<string, unknown> = contractSchemas();
  return [
    get('/v1/schemas', {
      operationId: 'listSchemas',
      summary: 'Names and addresses of the contracts’ JSON Schemas',
      tag: 'Contracts',
      answers: {
        200: {
          description: 'Schemas',
          schema: z.object({ schemas: z.array(z.object({ name: z.string(), url: z.string() })) }),
        },
      },
      handle: () => ({
        schemas: Object.keys(schemas).map((name) => ({ name, url: `${publicUrl}/v1/schemas/${name}` })),
      }),
    }),
    get('/v1/schemas/:name', {
      operationId: 'getSchema',
      summary: 'One JSON Schema (2020-12)',
      tag: 'Contracts',
      params: { name: Object.keys(schemas).join(', ') },
      answers: {
        200: { description: 'JSON Schema', contentType: 'application/schema+json' },
        404: { description: 'Unknown' },
      },
      handle: ({ params, reply }) => {
        const name = params.name.replace(/\.json$/, '');
        const schema = Object.hasOwn(schemas, name) ? schemas[name] : undefined;
        if (schema === undefined) {
          throw new MailroomError('HTTP_NOT_FOUND', {
            message: `Schemas are ${Object.keys(schemas).join(', ')}.`,
            field: 'name',
          });
        }
        reply.header('content-type', 'application/schema+json; charset=utf-8');
        return JSON.stringify(schema);
      },
    }),
    get('/v1/openapi.json', {
      operationId: 'getOpenApi',
      summary: 'This API as an OpenAPI 3.1 document',
      tag: 'Contracts',
      answers: { 200: { description: 'OpenAPI 3.1', schema: z.looseObject({}) } },
      handle: document,
    }),
  ];
}
