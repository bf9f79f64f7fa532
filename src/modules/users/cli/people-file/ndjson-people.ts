import type { TextLine } from './decoded-lines';
import type { PersonLine } from './person-line';
import { UnreadableFileError } from './unreadable-file-error';

/** One JSON object a line. U+2028 and U+2029 end no line: they may stand in JSON text. */
export async function* ndjsonPeople(lines: AsyncIterable<TextLine>): AsyncGenerator<PersonLine> {
  let isFirst = true;
  for await (const { line, text, bytes } of lines) {
    if (text.trim() === '') continue;
    if (isFirst) refuseOneDocument(text.trim());
    isFirst = false;
    yield { line, bytes, ...parsed(text) };
  }
}

function refuseOneDocument(first: string): void {
  if (!first.startsWith('[') && first !== '{') return;
  throw new UnreadableFileError(
    'The file is one JSON document. NDJSON has one object a line: for a list, jq -c ".[]" writes it so.',
  );
}

function parsed(text: string): Pick<PersonLine, 'person' | 'problem'> {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject
      ? { person: value as Record<string, unknown> }
      : { person: undefined, problem: 'is not a JSON object' };
  } catch {
    return { person: undefined, problem: 'is not valid JSON' };
  }
}
