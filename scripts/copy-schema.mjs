// Puts the SQL of the kernel beside code that tsc has compiled: node scripts/copy-schema.mjs <folder of the compiled src>
import { cpSync, statSync } from 'node:fs';
import { join } from 'node:path';

const [folder] = process.argv.slice(2);
const schema = 'event-sourcing/schema';

cpSync(join('src', schema), join(folder, schema), {
  recursive: true,
  filter: (path) => path.endsWith('.sql') || statSync(path).isDirectory(),
});
