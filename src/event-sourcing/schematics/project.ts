import { posix } from 'node:path';

/** What the generators use of the tree of files that Nest's command line gives them. */
export interface Tree {
  exists(path: string): boolean;
  read(path: string): Buffer | null;
  create(path: string, content: string): void;
  overwrite(path: string, content: string): void;
  getDir(path: string): { readonly subfiles: readonly string[] };
}

export interface Options {
  readonly name: string;
  readonly path?: string;
  readonly sourceRoot?: string;
  readonly spec?: boolean;
}

/** The application that code is generated into. */
export class Project {
  readonly sourceRoot: string;
  /** Behind the name of an imported file: ES modules want it. */
  readonly extension: '' | '.js';
  private readonly kernelFolder: string | undefined;

  constructor(
    private readonly tree: Tree,
    { sourceRoot = 'src' }: Options,
  ) {
    this.sourceRoot = posix.join('/', sourceRoot);
    const { type } = this.json(posix.join('/', 'package.json'));
    this.extension = type === 'module' ? '.js' : '';
    const kernel = posix.join(this.sourceRoot, 'event-sourcing');
    this.kernelFolder = this.tree.exists(posix.join(kernel, 'index.ts')) ? kernel : undefined;
  }

  /** The folder of the features: the one that is named, or `modules` where there is one. */
  features(path: string | undefined): string {
    if (path) return posix.join(this.sourceRoot, path);
    const modules = posix.join(this.sourceRoot, 'modules');
    return this.tree.exists(posix.join(modules, 'users/index.ts')) ? modules : this.sourceRoot;
  }

  /** How a file of this folder imports the kernel: from the package, or from the sources beside it. */
  kernelFrom(folder: string): string {
    return this.kernelFolder === undefined ? '@annals/nestjs' : posix.relative(folder, this.kernelFolder);
  }

  text(path: string): string {
    return this.tree.read(path)?.toString('utf8') ?? '';
  }

  /** The TypeScript files of a folder, specs aside. */
  sources(folder: string): string[] {
    return this.tree
      .getDir(folder)
      .subfiles.filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
      .map((name) => posix.join(folder, name));
  }

  private json(path: string): { readonly type?: string } {
    const text = this.text(path);
    return text === '' ? {} : (JSON.parse(text) as { type?: string });
  }
}
