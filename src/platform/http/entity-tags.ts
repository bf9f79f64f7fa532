/** RFC 9110, section 8.8.3. */
export interface EntityTag {
  readonly isWeak: boolean;
  /** What stands between the quotes. */
  readonly opaque: string;
}

const nextTag = /[ \t]*(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[ \t]*(,|$)/y;

/** The tags of `If-Match` or `If-None-Match` (RFC 9110, sections 13.1.1 and 13.1.2); undefined for a malformed header. */
export function entityTags(header: string): readonly EntityTag[] | '*' | undefined {
  if (header.trim() === '*') return '*';
  const tags: EntityTag[] = [];
  nextTag.lastIndex = 0;
  for (let separator = ','; separator === ',';) {
    const found = nextTag.exec(header);
    if (found === null) return undefined;
    tags.push({ isWeak: found[1] !== undefined, opaque: found[2] ?? '' });
    separator = found[3] ?? '';
  }
  return tags;
}
