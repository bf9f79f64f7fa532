import { quoted } from '../postgres/identifiers';
import { KernelSchema } from './kernel-schema';

/** A statement of the kernel, or a part of one, for the schema in which its tables are. */
export type KernelSql = (schema: KernelSchema) => string;

/** The schema of the kernel: `${annals}.events`. */
export const annals: KernelSql = ({ name }) => quoted(name);

/** The schema of shadow tables, which a rebuild fills. */
export const shadow: KernelSql = ({ shadowName }) => quoted(shadowName);

/** The schema of tables that were read until a rebuild. */
export const old: KernelSql = ({ oldName }) => quoted(oldName);

/** Writes a statement that names its tables with their schema. Its text is made once for each schema. */
export function sql(
  strings: TemplateStringsArray,
  ...parts: readonly (KernelSql | string | number)[]
): KernelSql {
  const texts = new WeakMap<KernelSchema, string>();
  return (schema) => {
    const known = texts.get(schema);
    if (known !== undefined) return known;
    const values = parts.map((part) => (typeof part === 'function' ? part(schema) : part));
    const text = String.raw({ raw: strings }, ...values);
    texts.set(schema, text);
    return text;
  };
}
