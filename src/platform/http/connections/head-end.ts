const blankLine = Buffer.from('\r\n\r\n');

/**
 * Where the first head in these bytes may end: behind the next blank line, or behind all of them. A parser that gets no more than
 * that sees one head at most.
 */
export function headEnd(bytes: Buffer): number {
  const at = bytes.indexOf(blankLine);
  return at < 0 ? bytes.length : at + blankLine.length;
}
