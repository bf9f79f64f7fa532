import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const documentFile = join(__dirname, '..', '..', 'docs', 'openapi.json');

export type Schema = Readonly<Record<string, unknown>>;

export interface HeaderOrReference {
  readonly $ref?: string;
  readonly required?: boolean;
  readonly schema?: Schema;
}

export interface DocumentedResponse {
  readonly headers?: Readonly<Record<string, HeaderOrReference>>;
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly schema: Schema;
}

export type Responses = Readonly<Record<string, DocumentedResponse | { readonly $ref: string }>>;

export interface Operation {
  readonly operationId: string;
  readonly parameters: readonly (Parameter | { readonly $ref: string })[];
  readonly requestBody?: {
    readonly required?: boolean;
    readonly content: { readonly 'application/json': { readonly schema: Schema } };
  };
  readonly responses: Responses;
  readonly security: readonly object[];
}

/** What the tests read of an OpenAPI document. */
export interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly 'x-unrouted-responses': Responses;
}

/** The document as it is committed; a test holds it against the one that the service gives. */
export function committedDocument(): Document {
  return JSON.parse(readFileSync(documentFile, 'utf8')) as Document;
}

/** What `#/…` points to; anything else is given back as it is. */
export function resolve<T extends object>(document: Document, given: T | { readonly $ref: string }): T {
  if (!('$ref' in given) || typeof given.$ref !== 'string') return given as T;
  const steps = given.$ref.slice(2).split('/');
  return steps.reduce<unknown>((node, step) => (node as Schema)[step], document) as T;
}
