import { mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { packedPackage, root, run } from '../package/tarball';

const tsconfig = {
  compilerOptions: {
    target: 'ES2023',
    module: 'nodenext',
    rootDir: 'src',
    outDir: 'dist',
    noEmit: true,
    strict: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    useDefineForClassFields: false,
    skipLibCheck: true,
    types: ['node', 'jest'],
  },
  include: ['src'],
};

const appModule = `import { Module } from '@nestjs/common';

@Module({ imports: [] })
export class AppModule {}
`;

/** A small application outside the repository, with the package installed from its tarball. */
export async function smallApplication(type: 'commonjs' | 'module'): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'annals-application-'));
  linkPackages(join(root, 'node_modules'), join(folder, 'node_modules'));
  const installed = join(folder, 'node_modules/@annals/nestjs');
  mkdirSync(installed, { recursive: true });
  await run('tar', ['-xzf', await packedPackage(), '-C', installed, '--strip-components=1']);
  const files = {
    'package.json': JSON.stringify({ name: 'small', private: true, type }),
    'nest-cli.json': JSON.stringify({ sourceRoot: 'src' }),
    'tsconfig.json': JSON.stringify(tsconfig),
    '.prettierrc': JSON.stringify({ singleQuote: true, printWidth: 110 }),
    'jest.config.cjs': `module.exports = {
      ...require(${JSON.stringify(join(root, 'jest.config.js'))}),
      rootDir: __dirname, roots: ['<rootDir>/src'], globalSetup: undefined, globalTeardown: undefined, testSequencer: undefined,
      moduleNameMapper: { '^(\\\\.{1,2}/.*)\\\\.js$': '$1' },
    };`,
    'src/app.module.ts': appModule,
  };
  for (const [path, text] of Object.entries(files)) write(folder, path, text);
  return folder;
}

/** `nest g --collection … <schematic> <name>`, as a developer runs it. Resolves with what it printed. */
export async function nestGenerate(folder: string, schematic: string, name: string): Promise<string> {
  const nest = join(root, 'node_modules/@nestjs/cli/bin/nest.js');
  const args = [nest, 'g', '--collection', '@annals/nestjs', schematic, name];
  const { stdout, stderr } = await run(process.execPath, args, { cwd: folder });
  return stdout + stderr;
}

/** The packages of a folder, one link each, so that others can stand beside them. */
function linkPackages(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    if (name.startsWith('@')) linkPackages(join(from, name), join(to, name));
    else symlinkSync(join(from, name), join(to, name));
  }
}

function write(folder: string, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}
