import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const hint = `
The plan of a hot statement is another than it was ("-" the one that is kept, "+" the one that Postgres takes now). Where that
is meant, keep the new one, and look at the difference before you commit it:

  UPDATE_PLANS=1 npx jest test/integration/plans
`;

/** Compares the plans with those in `golden/<name>.txt`, or keeps them there when UPDATE_PLANS is set. */
export function expectPlans(name: string, plans: Readonly<Record<string, string>>): void {
  const path = join(__dirname, 'golden', `${name}.txt`);
  const text = Object.entries(plans)
    .map(([title, shape]) => `# ${title}\n\n${shape}\n`)
    .join('\n');
  if (process.env.UPDATE_PLANS) writeFileSync(path, text);
  try {
    expect(text).toBe(existsSync(path) ? readFileSync(path, 'utf8') : '');
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${hint}`, { cause: error });
  }
}
