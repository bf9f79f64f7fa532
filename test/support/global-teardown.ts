import { rm } from 'node:fs/promises';

async function tearDown(): Promise<void> {
  const kept = globalThis.annalsTestServer;
  if (!kept) return;
  await kept.server.stop();
  // The cluster may be elsewhere than in the folder, which then holds a link to it.
  for (const path of [kept.server.dataDir, kept.folder]) await rm(path, { recursive: true, force: true });
}

export = tearDown;
