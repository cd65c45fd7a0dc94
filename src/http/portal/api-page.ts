// The API: the OpenAPI document of GET /v1/openapi.json as pages: the routes by subject, and each route with its parameters, body and answers.
import { MailroomError } from '../../domain/errors.ts';
import type { OpenApi, Operation } from '../api/openapi.ts';
import type { Routes } from './gate.ts';
import { type Html, html } from './html.ts';
import { type Frame, page } from './layout.ts';
import { crumb, factList, section } from './parts.ts';
import { type Column, table } from './table.ts';

type Schema = Readonly<Record<string, unknown>>;
interface Shown {
  path: string;
  method: string;
  operation: Operation;
}

const PATH = '/portal/api';
const routeUrl = ({ operation }: Shown): string => `${PATH}?route=${encodeURIComponent(operation.operationId)}`;

const allOf = ({ paths }: OpenApi): Shown[] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );

/** The document is English on every page. */
const english = (text: string): Html => html`<span lang="en">${text}</span>`;

const nameOf = ({ method, path }: Shown): Html =>
  html`<span class="method">${method}</span> ${path.split('/').map((part, index) => html`${index > 0 && html`/<wbr>`}${part}`)}`;

const permissionOf = ({ say }: Frame, { operation }: Shown): Html =>
  html`${operation['x-permission'] === undefined ? say('apiOpen') : html`<code>${operation['x-permission']}</code>`}`;

function listPage(frame: Frame, document: OpenApi): string {
  const { say } = frame;
  const columns: Column<Shown>[] = [
    {
      word: 'apiRoute',
      width: 40,
      isName: true,
      cell: (one) => html`<a class="mono" href="${routeUrl(one)}">${nameOf(one)}</a>`,
    },
    { word: 'what', cell: ({ operation }) => english(operation.summary) },
    { word: 'apiPermission', width: 20, cell: (one) => permissionOf(frame, one) },
  ];
  const tags = [...Map.groupBy(allOf(document), ({ operation }) => operation.tags[0] ?? '')];
  return page(
    frame,
    say('apiTitle'),
    undefined,
    html`<h1>${say('apiTitle')}</h1><p class="lead">${say('apiLead')} <a href="/v1/openapi.json">${say('apiDocument')}</a></p>${tags.map(([tag, entries], index) => html`<section aria-labelledby="tag-${index}"><h2 id="tag-${index}" lang="en">${tag}</h2>${table(frame, { label: tag, columns, entries })}</section>`)}`,
  );
}

/** Levels of nested fields that are listed. */
const DEPTH = 4;

/** A type in JSON Schema's own words. */
function typeOf(schema: Schema): string {
  const { $ref, type, items, enum: values, const: value, anyOf, oneOf } = schema as Record<string, never>;
  if (typeof $ref === 'string') return refOf($ref);
  if (Array.isArray(values)) return (values as unknown[]).map((one) => JSON.stringify(one)).join(' | ');
  if (value !== undefined) return JSON.stringify(value);
  const choices = (anyOf ?? oneOf) as readonly Schema[] | undefined;
  if (choices !== undefined) return choices.map(typeOf).join(' | ');
  if (type === 'array') return `${typeOf((items ?? {}) as Schema)}[]`;
  return [type ?? 'any'].flat().join(' | ');
}
const refOf = (ref: string): string => ref.slice(ref.lastIndexOf('/') + 1);

/** The fields of a schema; nested ones as `object.field` and `list[].field`. */
function fieldRows(
  document: OpenApi,
  schema: Schema,
  before = '',
  depth = 0,
): { name: string; schema: Schema; optional: boolean }[] {
  const { $ref, items, anyOf, oneOf, properties, required } = schema as {
    $ref?: string;
    items?: Schema;
    anyOf?: readonly Schema[];
    oneOf?: readonly Schema[];
    properties?: Readonly<Record<string, Schema>>;
    required?: readonly string[];
  };
  if (depth > DEPTH) return [];
  // A component is expanded at the top only; elsewhere its name is enough.
  if ($ref !== undefined)
    return before === '' ? fieldRows(document, document.components.schemas[refOf($ref)] ?? {}, before, depth + 1) : [];
  if (items !== undefined) return fieldRows(document, items, `${before}[]`, depth);
  const choices = anyOf ?? oneOf;
  if (choices !== undefined) return choices.flatMap((one) => fieldRows(document, one, before, depth));
  return Object.entries(properties ?? {}).flatMap(([field, one]) => {
    const name = before === '' ? field : `${before}.${field}`;
    return [
      { name, schema: one, optional: required?.includes(field) !== true },
      ...fieldRows(document, one, name, depth + 1),
    ];
  });
}

interface FieldRow {
  name: string;
  type: string;
  /** Of a parameter: path, query or header. */
  place?: string;
  optional: boolean;
  description: unknown;
}

function fieldTable(frame: Frame, label: string, entries: readonly FieldRow[]): Html {
  const { say } = frame;
  const columns: Column<FieldRow>[] = [
    {
      word: 'apiField',
      isName: true,
      cell: ({ name, optional }) =>
        html`<code>${name}</code>${optional && html` <span class="dim">${say('apiOptional')}</span>`}`,
    },
    {
      word: 'type',
      cell: ({ type, place }) =>
        html`<code>${type}</code>${place !== undefined && html` <span class="dim">${place}</span>`}`,
    },
    { word: 'what', cell: ({ description }) => typeof description === 'string' && english(description) },
  ];
  return table(frame, { label, columns, entries });
}

function schemaTable(frame: Frame, document: OpenApi, label: string, schema: Schema | undefined): Html | false {
  if (schema === undefined) return false;
  const rows = fieldRows(document, schema).map(({ name, schema: one, optional }) => ({
    ...{ name, optional, type: typeOf(one), description: one.description },
  }));
  if (rows.length === 0) return html`<p class="dim"><code>${typeOf(schema)}</code> ${frame.say('apiNoFields')}</p>`;
  return fieldTable(frame, label, rows);
}

function routePage(frame: Frame, document: OpenApi, shown: Shown): string {
  const { say } = frame;
  const { operation, method, path } = shown;
  const { parameters = [], requestBody, responses } = operation;
  const parameterRows = parameters.map(({ name, in: place, required, description, schema }) => ({
    ...{ name, place, optional: !required, description, type: typeOf(schema) },
  }));
  const bodySchema = Object.values(requestBody?.content ?? {})[0]?.schema;
  const answers = Object.entries(responses).map(([status, { description, content = {} }]) => {
    const [type, { schema } = {}] = Object.entries(content)[0] ?? [];
    const isProblem = type === 'application/problem+json';
    return html`<details class="card"${/^2/.test(status) && html` open`}><summary><strong>${status}</strong> ${english(description)}${type !== undefined && html` <code>${type}</code>`}</summary>${schemaTable(frame, document, `${say('apiAnswers')} ${status}`, isProblem && status !== 'default' ? undefined : schema)}</details>`;
  });
  const facts = factList(frame, [
    ['apiPermission', permissionOf(frame, shown)],
    ['roleHead', operation.description?.replace(/^Role: |\.$/g, '')],
    ['operationId', html`<code>${operation.operationId}</code>`],
  ]);
  return page(
    frame,
    `${method} ${path}`,
    undefined,
    html`${crumb(PATH, say('apiTitle'))}<h1 class="wrap mono">${nameOf(shown)}</h1><p class="lead">${english(operation.summary)}</p>
<div class="card">${facts}</div>
${parameterRows.length > 0 && section('parameters', say('apiParameters'), fieldTable(frame, say('apiParameters'), parameterRows))}
${bodySchema !== undefined && section('body', say('apiBody'), html`${schemaTable(frame, document, say('apiBody'), bodySchema)}`)}
${section('answers', say('apiAnswers'), html`${answers}`)}`,
  );
}

export function addApi({ get }: Routes, openApi: () => OpenApi): void {
  get(PATH, 'session', ({ frame, query: { route } }) => {
    const document = openApi();
    if (route === undefined) return listPage(frame, document);
    const shown = allOf(document).find(({ operation }) => operation.operationId === route);
    if (shown === undefined) throw new MailroomError('HTTP_NOT_FOUND');
    return routePage(frame, document, shown);
  });
}
