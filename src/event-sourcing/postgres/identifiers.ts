/** A name as SQL takes it, whatever its characters. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
