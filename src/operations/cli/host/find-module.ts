import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DynamicModule, Type } from '@nestjs/common';

export type HostModule = Type | DynamicModule;

/** The application that the commands are to work on cannot be found; the message says what to type. */
export class NoApplicationError extends Error {
  override readonly name = 'NoApplicationError';
}

/** What `@Module` notes on a class. */
const moduleMembers = ['imports', 'providers', 'controllers', 'exports'];

/**
 * Finds the root module in a compiled file, CommonJS or ES module: the export of that name, else the default export, else the
 * only export that is a module.
 * @throws NoApplicationError
 */
export async function findModule(path: string, exportName: string | undefined): Promise<HostModule> {
  const exported = await load(path);
  if (exportName !== undefined) return named(path, exportName, exported);
  const found = [...exported].filter(([, value]) => isModule(value));
  const [first] = found.filter(([name]) => name === 'default').concat(found);
  if (first === undefined) {
    throw new NoApplicationError(
      `${path} exports no module of Nest. Give the file of the root module, or export what its forRoot() returns, and name that: --export <name>.`,
    );
  }
  if (found.length > 1 && first[0] !== 'default') {
    const names = found.map(([name]) => name).join(', ');
    throw new NoApplicationError(
      `${path} exports several modules: ${names}. Name the root module: --export <name>.`,
    );
  }
  return first[1] as HostModule;
}

async function load(path: string): Promise<ReadonlyMap<string, unknown>> {
  const file = resolve(path);
  if (!existsSync(file)) {
    throw new NoApplicationError(
      `There is no file ${file}. Build the application, and give the compiled file of its root module: --app dist/app.module.js.`,
    );
  }
  const loaded = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  // Of CommonJS, the default export is the whole of `module.exports`.
  const whole = loaded.default;
  const isCommonJs = typeof whole === 'object' && whole !== null && !isModule(whole);
  return new Map(Object.entries(isCommonJs ? { ...loaded, ...whole } : loaded));
}

function named(path: string, name: string, exported: ReadonlyMap<string, unknown>): HostModule {
  const value = exported.get(name);
  if (isModule(value)) return value;
  const names = [...exported.keys()].join(', ');
  throw new NoApplicationError(`${path} exports no module "${name}". It exports: ${names}.`);
}

function isModule(value: unknown): value is HostModule {
  if (typeof value === 'function')
    return moduleMembers.some((member) => Reflect.hasOwnMetadata(member, value));
  return typeof value === 'object' && value !== null && typeof (value as DynamicModule).module === 'function';
}
