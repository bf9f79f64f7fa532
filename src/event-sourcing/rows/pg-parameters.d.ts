/** The part of `pg` that turns a parameter into what is sent; its types do not name it. */
declare module 'pg/lib/utils' {
  export function prepareValue(value: unknown): string | Buffer | null;
}
