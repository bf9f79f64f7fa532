/** What a module is given: a class, and the file that it comes from. */
export interface Wired {
  readonly symbol: string;
  readonly from: string;
}

/** The text of a module with the class in a list, such as `providers: […]`; undefined where that is not safe. */
export function addToList(text: string, list: string, wired: Wired): string | undefined {
  const opening = onlyPlace(text, new RegExp(`\\b${list}: \\[`, 'g'));
  return opening === undefined ? undefined : addAt(text, opening, wired.symbol, [wired]);
}

/** The text of a module with the entity in `TypeOrmModule.forFeature([…])`; undefined where that is not safe. */
export function addEntity(text: string, entity: Wired): string | undefined {
  const opening = onlyPlace(text, /TypeOrmModule\.forFeature\(\[/g);
  if (opening !== undefined) return addAt(text, opening, entity.symbol, [entity]);
  if (text.includes('TypeOrmModule.forFeature(')) return undefined;
  const imports = onlyPlace(text, /\bimports: \[/g);
  if (imports === undefined) return undefined;
  const typeOrm = { symbol: 'TypeOrmModule', from: '@nestjs/typeorm' };
  return addAt(text, imports, `TypeOrmModule.forFeature([${entity.symbol}])`, [typeOrm, entity]);
}

/** The text of an aggregate with a method before its first `@On` method; undefined where that is not safe. */
export function addMethod(text: string, method: string): string | undefined {
  const place = /\n {2}@On\(/.exec(text)?.index;
  if (place === undefined || (text.match(/extends AggregateRoot/g) ?? []).length !== 1) return undefined;
  return `${text.slice(0, place)}\n  ${method}\n${text.slice(place)}`;
}

/** Behind the only match. */
function onlyPlace(text: string, pattern: RegExp): number | undefined {
  const [match, ...others] = [...text.matchAll(pattern)];
  return match && others.length === 0 ? match.index + match[0].length : undefined;
}

function addAt(
  text: string,
  opening: number,
  element: string,
  imported: readonly Wired[],
): string | undefined {
  const closing = closingOf(text, opening);
  if (closing === undefined) return undefined;
  const inside = text.slice(opening, closing).trim().replace(/,$/, '');
  const list = inside === '' ? element : `${inside}, ${element}`;
  const wired = text.slice(0, opening) + list + text.slice(closing);
  return imported.reduce(addImport, wired);
}

function closingOf(text: string, opening: number): number | undefined {
  let depth = 1;
  for (let index = opening; index < text.length; index++) {
    const character = text.charAt(index);
    if ('[({'.includes(character)) depth++;
    if ('])}'.includes(character)) depth--;
    if (depth === 0) return index;
  }
  return undefined;
}

function addImport(text: string, { symbol, from }: Wired): string {
  if (new RegExp(`^import [^;]*\\b${symbol}\\b`, 'm').test(text)) return text;
  const line = `import { ${symbol} } from '${from}';\n`;
  const last = [...text.matchAll(/^(?:import .*|\} from .*);\n/gm)].at(-1);
  const place = last ? last.index + last[0].length : 0;
  return text.slice(0, place) + line + text.slice(place);
}
