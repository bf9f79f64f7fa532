import { LazyModuleLoader } from '@nestjs/core';

/**
 * Runs `check` behind each lazy load of the application, which has one loader. Nest calls no hook of a module that it loads
 * lazily, nor tells anybody of it, so the loader itself has to be watched. A load fails with what the check throws.
 */
export function afterEachLoad(loader: LazyModuleLoader, check: () => void): void {
  const load = loader.load.bind(loader);
  loader.load = async (...given) => {
    const moduleRef = await load(...given);
    check();
    return moduleRef;
  };
}
