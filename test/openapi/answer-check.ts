import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import {
  type Document,
  type DocumentedResponse,
  type HeaderOrReference,
  resolve,
  type Responses,
} from './document';

/** A request and what came back. */
export interface Exchange {
  readonly method: string;
  /** Path and query, as they went over the wire. */
  readonly target: string;
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Headers that speak of the connection, of the body as such, or to browsers: the same for every server, not of this API. */
const ordinaryHeaders =
  /^(connection|content-length|content-type|date|keep-alive|transfer-encoding|vary|cache-control|content-encoding|content-security-policy|cross-origin-.*|origin-agent-cluster|referrer-policy|strict-transport-security|x-accel-buffering|x-content-type-options|x-dns-prefetch-control|x-download-options|x-frame-options|x-permitted-cross-domain-policies|x-xss-protection)$/;

/** Holds answers against an OpenAPI document: the status, the headers and the body must be as it says, and no more. */
export class AnswerCheck {
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true, formats: { 'idn-email': true } });
  private readonly validators = new Map<object, ValidateFunction>();

  constructor(private readonly document: Document) {
    (addFormats as unknown as (ajv: Ajv2020) => void)(this.ajv);
    this.ajv.addSchema(document, 'document');
  }

  /** Everything that is not as documented; nothing when all is well. */
  breaches(exchange: Exchange): readonly string[] {
    const found = this.responsesTo(exchange)[exchange.status];
    const about = `${exchange.method} ${exchange.target} → ${exchange.status}`;
    if (found === undefined) return [`${about}: the status is not documented`];
    const response = resolve(this.document, found);
    return [...this.headerBreaches(exchange, response), ...this.bodyBreaches(exchange, response)].map(
      (breach) => `${about}: ${breach}`,
    );
  }

  private responsesTo({ method, target }: Exchange): Responses {
    const [path = ''] = target.split('?');
    const verb = method === 'HEAD' ? 'get' : method.toLowerCase();
    const operation = Object.entries(this.document.paths).find(
      ([template, operations]) => verb in operations && matches(template, path),
    );
    return operation?.[1][verb]?.responses ?? this.document['x-unrouted-responses'];
  }

  private headerBreaches({ headers }: Exchange, { headers: documented = {} }: DocumentedResponse): string[] {
    const names = Object.keys(documented).map((name) => name.toLowerCase());
    const undocumented = [...headers.keys()].filter(
      (name) => !ordinaryHeaders.test(name) && !names.includes(name),
    );
    const wrong = Object.entries(documented).flatMap(([name, given]) => {
      const header = resolve<HeaderOrReference>(this.document, given);
      const value = headers.get(name.toLowerCase());
      if (value === undefined) return header.required ? [`the header ${name} is missing`] : [];
      return this.errors(header.schema ?? {}, value).map((error) => `the header ${name} ${error}`);
    });
    return [...undocumented.map((name) => `the header ${name} is not documented`), ...wrong];
  }

  private bodyBreaches({ method, headers, body }: Exchange, { content }: DocumentedResponse): string[] {
    if (content === undefined) return emptyBreaches(body);
    const [type = ''] = (headers.get('content-type') ?? '').split(';');
    const schema = content[type]?.schema;
    if (schema === undefined) return [`the media type "${type}" is not documented`];
    if (method === 'HEAD') return emptyBreaches(body);
    if (!type.endsWith('json')) return [];
    return this.errors(schema, JSON.parse(body)).map((error) => `the body ${error}`);
  }

  private errors(schema: object, value: unknown): string[] {
    const validator = this.validators.get(schema) ?? this.ajv.compile(absolute(schema));
    this.validators.set(schema, validator);
    if (validator(value)) return [];
    return (validator.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }
}

function emptyBreaches(body: string): string[] {
  return body === '' ? [] : ['there is a body'];
}

/** As the router reads paths: without regard to case, a slash at the end or not. */
function matches(template: string, path: string): boolean {
  const pattern = template.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&').replaceAll(/\{\w+\}/g, '[^/]+');
  return new RegExp(`^${pattern}/?$`, 'i').test(path);
}

/** The same schema, with references that can be followed from anywhere. */
function absolute(schema: object): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"document#/')) as object;
}
