import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { execFile } from 'node:child_process';
import { createTestDatabase } from '../../support/test-database';

const kit = join(__dirname, '../../../src/event-sourcing/testing');

describe('the testing kit', () => {
  it('works in a process without a test runner', async () => {
    const database = await createTestDatabase();
    const program = [
      join(__dirname, '../../support/typescript-process.cjs'),
      join(__dirname, 'kit-by-itself.ts'),
    ];
    const { stdout } = await promisify(execFile)(process.execPath, ['--require', ...program, database.url]);
    expect(JSON.parse(stdout)).toEqual({
      'specFor, right': 'passed',
      'specFor, wrong': 'User did not raise the expected events.',
      'handlerSpec, right': 'passed',
      'handlerSpec, wrong': 'CreateUserHandler did not lead to the expected events.',
      'projectorSpec, right': 'passed',
      'projectorSpec, wrong': 'UsersProjector did not make the expected rows.',
      'the testing module': 'passed',
      'the contract': 'passed',
    });
    await database.drop();
  });

  it('takes nothing of a test runner', () => {
    const files = readdirSync(kit).filter((name) => !name.endsWith('.spec.ts'));
    const text = files.map((name) => readFileSync(join(kit, name), 'utf8')).join('\n');
    expect(text).not.toMatch(
      /from '(jest|@jest|vitest|mocha|node:test|@nestjs\/testing)|\b(jest|vi|expect)[.(]/,
    );
  });
});
