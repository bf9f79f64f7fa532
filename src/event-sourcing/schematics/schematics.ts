import { posix } from 'node:path';
import { aggregateOf, Exported, Feature, featureOf, firstEvent, partOf } from './feature';
import { Context, Generation } from './generation';
import { Options, Tree } from './project';
import { addEntity, addMethod, addToList } from './wiring';
import { singular, Words, wordsOf } from './words';

/** A rule of Angular's schematics, which Nest's command line runs. */
type Rule = (tree: Tree, context: Context) => Promise<void>;

const generator =
  (generate: (generation: Generation, options: Options) => void) =>
  (options: Options): Rule =>
  async (tree, context) => {
    const generation = new Generation(tree, context, options);
    generate(generation, options);
    await generation.write();
  };

export const featureModule = generator((generation, options) => {
  const feature = featureOf(generation, options);
  makeModule(generation, feature);
});

export const aggregate = generator((generation, options) => {
  const [feature, part] = partOf(generation, options);
  makeAggregate(generation, feature, part);
});

export const event = generator((generation, options) => {
  const [{ folder }, part] = partOf(generation, options);
  generation.make(posix.join(folder, 'domain', `${part.kebab}.ts`), 'event', { event: part });
  generation.tell(`raise ${part.pascal} in its aggregate, with a method for it: @On(${part.pascal}).`);
});

export const command = generator((generation, options) => {
  const [feature, part] = partOf(generation, options);
  makeCommand(generation, feature, part);
});

export const projector = generator((generation, options) => {
  const [feature, part] = partOf(generation, options);
  makeProjector(generation, feature, part);
});

export const durableHandler = generator((generation, options) => {
  const [feature, part] = partOf(generation, options);
  const file = posix.join(feature.folder, 'application', `${part.kebab}.handler.ts`);
  const first = firstEvent(generation, feature);
  const vocabulary = { handler: part, event: first.words, 'event from': fromOf(generation, first, file) };
  generation.make(file, 'durable-handler', vocabulary);
  if (takesNothing(generation, first)) {
    generation.make(file.replace(/\.ts$/, '.spec.ts'), 'durable-handler-spec', vocabulary);
  } else {
    generation.tell(
      `write a spec: handlerSpec(${part.pascal}Handler).when('…', id, new ${first.words.pascal}(…)).`,
    );
  }
  provide(generation, feature, { words: { ...part, pascal: `${part.pascal}Handler` }, file });
});

export const slice = generator((generation, options) => {
  const feature = featureOf(generation, options);
  const { words, folder } = feature;
  const one = wordsOf(singular(words.kebab));
  if (one.pascal === words.pascal)
    throw new Error(`Name the slice by a plural, such as orders; ${words.kebab} is none.`);
  makeModule(generation, feature);
  makeAggregate(generation, feature, one);
  const create = wordsOf(`create-${one.kebab}`);
  const createFile = posix.join(folder, 'application', `${create.kebab}.command.ts`);
  generation.make(createFile, 'create-command', { aggregate: one });
  generation.make(createFile.replace(/\.ts$/, '.spec.ts'), 'create-command-spec', { aggregate: one });
  provide(generation, feature, { words: wordsOf(`${create.kebab}-handler`), file: createFile });
  makeProjector(generation, feature, words);
  const queryFile = posix.join(folder, 'application', `get-${one.kebab}-by-id.query.ts`);
  generation.make(queryFile, 'get-query', { aggregate: one });
  provide(generation, feature, { words: wordsOf(`get-${one.kebab}-by-id-handler`), file: queryFile });
});

function makeModule(generation: Generation, feature: Feature): void {
  const { words, folder, module: file } = feature;
  generation.make(file, 'module', { feature: words });
  generation.make(posix.join(folder, 'index.ts'), 'index', { feature: words });
  const { sourceRoot } = generation.project;
  const root = posix.join(sourceRoot, 'app.module.ts');
  const symbol = `${words.pascal}Module`;
  const door = generation.wired(symbol, file, root);
  generation.change(
    root,
    (text) => addToList(text, 'imports', door),
    `add ${symbol} to the imports of the root module.`,
  );
}

function makeAggregate(generation: Generation, feature: Feature, part: Words): void {
  const { folder, module: file } = feature;
  const vocabulary = { aggregate: part };
  const aggregateFile = posix.join(folder, 'domain', `${part.kebab}.ts`);
  generation.make(aggregateFile, 'aggregate', vocabulary);
  generation.make(posix.join(folder, 'domain', `${part.kebab}-events.ts`), 'aggregate-events', vocabulary);
  generation.make(posix.join(folder, 'domain', `${part.kebab}.spec.ts`), 'aggregate-spec', vocabulary);
  const wired = generation.wired(part.pascal, aggregateFile, file);
  generation.change(
    file,
    (text) => addToList(text, 'aggregates', wired),
    `add ${part.pascal} to EventSourcingModule.forFeature({ aggregates: [${part.pascal}] }).`,
  );
}

function makeCommand(generation: Generation, feature: Feature, part: Words): void {
  const of = aggregateOf(generation, feature, part);
  const file = posix.join(feature.folder, 'application', `${part.kebab}.command.ts`);
  const deed = wordsOf(
    part.pascal.endsWith(of.words.pascal)
      ? part.pascal.slice(0, -of.words.pascal.length) || part.pascal
      : part.pascal,
  );
  const vocabulary = {
    command: part,
    aggregate: of.words,
    deed,
    'aggregate from': fromOf(generation, of, file),
  };
  generation.make(file, 'command', vocabulary);
  generation.make(file.replace(/\.ts$/, '.spec.ts'), 'command-spec', vocabulary);
  provide(generation, feature, { words: { ...part, pascal: `${part.pascal}Handler` }, file });
  const method = `${deed.camel}(): void {\n    // Check the rules, then raise an event.\n  }`;
  const hasMethod = new RegExp(`\\n  ${deed.camel}\\(`).test(generation.text(of.file));
  if (hasMethod) generation.tell(`give ${part.pascal} what ${of.words.pascal}.${deed.camel} takes.`);
  else
    generation.change(
      of.file,
      (text) => addMethod(text, method),
      `write ${of.words.pascal}.${deed.camel}().`,
    );
}

function makeProjector(generation: Generation, feature: Feature, part: Words): void {
  const { folder, module: file } = feature;
  const row = wordsOf(singular(part.kebab));
  const entityFile = posix.join(folder, 'read-model', `${row.kebab}.entity.ts`);
  const projectorFile = posix.join(folder, 'read-model', `${part.kebab}.projector.ts`);
  const first = firstEvent(generation, feature);
  const table = part.kebab.replaceAll('-', '_');
  const vocabulary = {
    projector: part,
    row,
    table,
    event: first.words,
    'event from': fromOf(generation, first, projectorFile),
    column: `${row.kebab.replaceAll('-', '_')}_id`,
  };
  generation.make(entityFile, 'entity', vocabulary);
  generation.make(projectorFile, 'projector', vocabulary);
  const projectorClass = `${part.pascal}Projector`;
  const wired = generation.wired(projectorClass, projectorFile, file);
  generation.change(
    file,
    (text) => addToList(text, 'projectors', wired),
    `add ${projectorClass} to EventSourcingModule.forFeature({ projectors: [${projectorClass}] }).`,
  );
  const entity = generation.wired(`${row.pascal}Entity`, entityFile, file);
  generation.change(
    file,
    (text) => addEntity(text, entity),
    `add TypeOrmModule.forFeature([${entity.symbol}]) to the imports.`,
  );
  generation.tell(
    `make the table, by a migration: CREATE TABLE ${table} (${vocabulary.column} text PRIMARY KEY, created_at timestamptz NOT NULL, ` +
      'version integer NOT NULL);',
  );
}

function provide(generation: Generation, { module: file }: Feature, { words, file: from }: Exported): void {
  const wired = generation.wired(words.pascal, from, file);
  generation.change(
    file,
    (text) => addToList(text, 'providers', wired),
    `add ${words.pascal} to the providers of its module.`,
  );
}

function fromOf(generation: Generation, { words, file }: Exported, into: string): string {
  return generation.wired(words.pascal, file, into).from;
}

/** Whether a spec can make the event without knowing what it says. */
function takesNothing(generation: Generation, { words, file }: Exported): boolean {
  return new RegExp(`export class ${words.pascal} \\{\\s*\\}`).test(generation.text(file));
}
