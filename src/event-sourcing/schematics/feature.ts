import { posix } from 'node:path';
import { Generation } from './generation';
import { Options } from './project';
import { singular, Words, wordsOf } from './words';

/** A feature of the application: a folder, with a module of its name. */
export interface Feature {
  readonly words: Words;
  readonly folder: string;
  readonly module: string;
}

/** A class that a file of the feature exports. */
export interface Exported {
  readonly words: Words;
  readonly file: string;
}

/** The feature that `orders` names, or `modules/orders`. */
export function featureOf(generation: Generation, { name, path }: Options): Feature {
  return featureIn(generation, segmentsOf(path, name));
}

/** The feature and its part that `orders/ship-order` names. @throws Error when only one of them is named. */
export function partOf(generation: Generation, { name, path }: Options): [feature: Feature, part: Words] {
  const segments = segmentsOf(path, name);
  const part = wordsOf(segments.pop() ?? '');
  if (segments.length === 0) throw new Error(`Name the feature, too: orders/${part.kebab}.`);
  return [featureIn(generation, segments), part];
}

function segmentsOf(...paths: readonly (string | undefined)[]): string[] {
  return paths
    .flatMap((path) => (path ?? '').split('/'))
    .filter((segment) => segment !== '' && segment !== '.');
}

function featureIn({ project }: Generation, segments: readonly string[]): Feature {
  const words = wordsOf(segments.at(-1) ?? '');
  const folder = posix.join(project.features(segments.slice(0, -1).join('/')), words.kebab);
  return { words, folder, module: posix.join(folder, `${words.kebab}.module.ts`) };
}

/** The aggregate that a command is for: the only one of the feature, or the one that the command's name ends with. */
export function aggregateOf(generation: Generation, { folder, words }: Feature, part: Words): Exported {
  const found = exportedIn(
    generation,
    posix.join(folder, 'domain'),
    /@Aggregate\([^)]*\)\s*export class (\w+)/g,
  );
  const [only, ...others] =
    found.length > 1 ? found.filter((of) => part.pascal.endsWith(of.words.pascal)) : found;
  if (only && others.length === 0) return only;
  throw new Error(
    found.length === 0
      ? `${words.kebab} has no aggregate yet. Make it first: aggregate ${words.kebab}/${singular(words.kebab)}.`
      : `${words.kebab} has several aggregates. End the name with that of one: ${part.kebab}-${found[0]?.words.kebab}.`,
  );
}

/** The first event of a feature: what a new projector or handler begins with. */
export function firstEvent(generation: Generation, { folder, words }: Feature): Exported {
  const [first] = exportedIn(
    generation,
    posix.join(folder, 'domain'),
    /@DomainEvent\([^)]*\)\s*export class (\w+)/g,
  );
  if (first) return first;
  throw new Error(
    `${words.kebab} has no event yet. Make it first: event ${words.kebab}/${singular(words.kebab)}-created.`,
  );
}

function exportedIn(generation: Generation, folder: string, pattern: RegExp): Exported[] {
  return generation
    .sources(folder)
    .flatMap((file) =>
      [...generation.text(file).matchAll(pattern)].map(([, name = '']) => ({ words: asWritten(name), file })),
    );
}

/** A class that exists keeps its name as it is. */
function asWritten(name: string): Words {
  return { ...wordsOf(name), pascal: name, camel: name.charAt(0).toLowerCase() + name.slice(1) };
}
