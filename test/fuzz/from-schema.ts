import fc from 'fast-check';
import type { Schema } from '../openapi/document';

/** Values of a simple schema, as text: what a client would send that has read the document. */
export function fromSchema(schema: Schema, known: readonly string[] = []): fc.Arbitrary<string> {
  if (known.length > 0) return fc.constantFrom(...known);
  if (Array.isArray(schema.enum)) return fc.constantFrom(...(schema.enum as string[]));
  if (schema.type === 'boolean') return fc.constantFrom('true', 'false');
  if (schema.type === 'integer') return wholeNumber(schema);
  if (schema.format === 'uuid') return fc.uuid();
  if (schema.format === 'idn-email') return address();
  return textOf(schema);
}

function wholeNumber({ minimum = 0, maximum = 2 ** 31 - 1 }: Schema): fc.Arbitrary<string> {
  return fc.integer({ min: Number(minimum), max: Number(maximum) }).map(String);
}

/** Few enough that some are taken, with signs that mean something to `LIKE`. */
function address(): fc.Arbitrary<string> {
  const part = fc.string({ unit: fc.constantFrom('a', 'B', '1', '_', '%', 'é'), minLength: 1, maxLength: 4 });
  return part.map((local) => `x${local}@example.org`);
}

function textOf({ pattern, minLength = 0, maxLength = 60, examples = [] }: Schema): fc.Arbitrary<string> {
  if (isDecimal(pattern)) return fc.nat().map(String);
  const text = fc.string({ minLength: Number(minLength), maxLength: Math.min(Number(maxLength), 60) });
  const given = examples as readonly string[];
  return given.length > 0 ? fc.oneof(text, fc.constantFrom(...given)) : text;
}

function isDecimal(pattern: unknown): boolean {
  return typeof pattern === 'string' && pattern.includes('\\d') && !pattern.includes('"');
}
