import { Environment } from '../config/environment';
import { areDocsServed } from './serve-docs';

const environment = (given: Partial<Environment>) => Object.assign(new Environment(), given);

describe('the docs', () => {
  it.each(['development', 'test'] as const)('are served in %s, unless switched off', (NODE_ENV) => {
    expect(areDocsServed(environment({ NODE_ENV }))).toBe(true);
    expect(areDocsServed(environment({ NODE_ENV, DOCS_ENABLED: false }))).toBe(false);
  });

  it('are not served in production, unless switched on', () => {
    expect(areDocsServed(environment({ NODE_ENV: 'production' }))).toBe(false);
    expect(areDocsServed(environment({ NODE_ENV: 'production', DOCS_ENABLED: true }))).toBe(true);
  });
});
