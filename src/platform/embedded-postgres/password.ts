import { randomBytes } from 'node:crypto';
import { link, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedPostgresError, hasCode } from './embedded-postgres-error';
import { withStaging } from './staging';

const fileName = 'postgres.password';

/** The password of an existing cluster. */
export async function keptPassword(dataDir: string): Promise<string> {
  const file = join(dataDir, fileName);
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new EmbeddedPostgresError(
      `The password of the cluster in ${dataDir} cannot be read from ${file}.`,
      'Put the file back and start as its owner, or set DATA_DIR to another folder.',
      { cause },
    );
  });
}

/** The password for a new cluster: of two first starts at once, both get the same one. */
export async function newPassword(dataDir: string): Promise<string> {
  await withStaging(dataDir, async (staging) => {
    const file = join(staging, fileName);
    await writeFile(file, randomBytes(24).toString('base64url'), { mode: 0o600 });
    // A link, not a rename: it fails when the name is taken and never shows half a file.
    await link(file, join(dataDir, fileName)).catch((error: unknown) => {
      if (!hasCode(error, 'EEXIST')) throw error;
    });
  });
  return keptPassword(dataDir);
}
