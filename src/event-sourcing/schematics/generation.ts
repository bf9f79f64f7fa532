import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { formatted } from './format';
import { Options, Project, Tree } from './project';
import { Wired } from './wiring';
import { Words } from './words';

export interface Context {
  readonly logger: { info(text: string): void; warn(text: string): void };
}

/** Words in a template: `{{Feature}}`, `{{feature}}`, `{{feature-file}}`, `{{feature in words}}`. */
export type Vocabulary = Readonly<Record<string, Words | string>>;

/** The files that one run of a generator makes and changes; all of them or none. */
export class Generation {
  readonly project: Project;
  private readonly changed = new Map<string, string>();
  private readonly made = new Set<string>();
  private readonly steps: string[] = [];

  constructor(
    private readonly tree: Tree,
    private readonly context: Context,
    private readonly options: Options,
  ) {
    this.project = new Project(tree, options);
  }

  /** Makes a file from a template, unless it is a spec and none is wanted. @throws Error when there is a file. */
  make(path: string, template: string, vocabulary: Vocabulary): void {
    if (template.endsWith('-spec') && this.options.spec === false) return;
    if (this.tree.exists(path))
      throw new Error(`${path.slice(1)} exists already. Choose another name, or change that file.`);
    this.changed.set(path, this.filled(path, template, vocabulary));
    this.made.add(path);
  }

  text(path: string): string {
    return this.changed.get(path) ?? this.project.text(path);
  }

  exists(path: string): boolean {
    return this.changed.has(path) || this.tree.exists(path);
  }

  /** The TypeScript files of a folder, those that this run makes included. */
  sources(folder: string): string[] {
    const made = [...this.made].filter(
      (path) => posix.dirname(path) === folder && !path.endsWith('.spec.ts'),
    );
    return [...new Set([...this.project.sources(folder), ...made])];
  }

  /** Changes a file where that is safe; else tells what is left to do. */
  change(path: string, change: (text: string) => string | undefined, otherwise: string): void {
    const text = this.exists(path) ? change(this.text(path)) : undefined;
    if (text === undefined) this.tell(otherwise);
    else this.changed.set(path, text);
  }

  /** A step that is left to the developer. */
  tell(step: string): void {
    this.steps.push(step);
  }

  /** A class as a file imports it. */
  wired(symbol: string, from: string, into: string): Wired {
    const path = posix.relative(posix.dirname(into), from.replace(/\.ts$/, ''));
    return { symbol, from: (path.startsWith('.') ? path : `./${path}`) + this.project.extension };
  }

  async write(): Promise<void> {
    for (const [path, text] of this.changed) {
      const content = await formatted(path, text);
      if (this.tree.exists(path)) this.tree.overwrite(path, content);
      else this.tree.create(path, content);
    }
    for (const step of this.steps) this.context.logger.info(`Next: ${step}`);
  }

  private filled(path: string, template: string, vocabulary: Vocabulary): string {
    const kernel = this.project.kernelFrom(posix.dirname(path));
    const known = new Map([
      ['kernel', kernel],
      ['.js', this.project.extension],
      // A folder of sources is entered by its index; a package by its exports.
      ['/index.js', kernel.startsWith('.') && this.project.extension !== '' ? '/index.js' : ''],
      ...Object.entries(vocabulary).flatMap(([name, words]) => formsOf(name, words)),
    ]);
    const text = readFileSync(join(__dirname, 'templates', `${template}.template`), 'utf8');
    return text.replaceAll(/\{\{(.+?)\}\}/g, (_, name: string) => {
      const word = known.get(name);
      if (word === undefined) throw new Error(`The template ${template} has no word for ${name}.`);
      return word;
    });
  }
}

function formsOf(name: string, words: Words | string): [string, string][] {
  if (typeof words === 'string') return [[name, words]];
  const { pascal, camel, kebab, sentence } = words;
  return [
    [name.charAt(0).toUpperCase() + name.slice(1), pascal],
    [name, camel],
    [`${name}-file`, kebab],
    [`${name} in words`, sentence],
  ];
}
