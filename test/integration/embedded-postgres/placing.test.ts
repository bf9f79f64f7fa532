import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  asRoot,
  clearAway,
  launch,
  makeCheckout,
  ordinaryUser,
  stop,
  temporaryFolder,
} from './launcher-process';

describe('where Postgres and its cluster are kept', () => {
  let checkout: string;
  let unlinked: string;
  let dataDir: string;

  beforeAll(async () => {
    // Copied, so that an ordinary user can reach them, wherever the project lies.
    checkout = makeCheckout('copied');
    unlinked = makeCheckout('without-links');
    dataDir = join(temporaryFolder(), 'data');
    await stop(await launch(checkout, { dataDir }));
  });
  afterAll(clearAway);

  asRoot('runs as an account other than root, which owns the cluster', async () => {
    const launched = await launch(checkout, { dataDir });
    const { uid } = statSync(join(dataDir, 'postgres'));
    expect(uid).not.toBe(0);
    expect(statSync(`/proc/${launched.started?.pid}`).uid).toBe(uid);
    await stop(launched);
  });

  asRoot('takes over a cluster that root owns and keeps the owner of any other', async () => {
    const cluster = join(dataDir, 'postgres');
    const usual = statSync(cluster).uid;
    for (const [given, expected] of [
      [ordinaryUser.uid, ordinaryUser.uid],
      [0, usual],
    ] as const) {
      giveAll(cluster, given);
      await stop(await launch(checkout, { dataDir }));
      expect(statSync(cluster).uid).toBe(expected);
    }
  });

  asRoot('an ordinary user is told that the cluster belongs to another', async () => {
    const { uid } = statSync(join(dataDir, 'postgres'));
    const { failed } = await launch(checkout, { dataDir }, { as: ordinaryUser });
    expect(failed).toMatch(new RegExp(`belongs to uid ${uid},[^]*Start as that user or as root`));
  });

  asRoot('runs as the ordinary user that starts it, and root may start the same cluster later', async () => {
    const home = temporaryFolder();
    chownSync(home, ordinaryUser.uid, ordinaryUser.gid);
    const options = { dataDir: join(home, 'data'), runtimeDir: join(home, 'runtime') };
    const launched = await launch(checkout, options, { as: ordinaryUser });
    expect(launched.failed).toBeUndefined();
    expect(statSync(`/proc/${launched.started?.pid}`).uid).toBe(ordinaryUser.uid);
    await stop(launched);
    await stop(await launch(checkout, { dataDir: options.dataDir }));
    await stop(await launch(checkout, options, { as: ordinaryUser }));
  });

  asRoot(
    'in a folder that the account cannot enter, binaries and cluster go where it can, once',
    async () => {
      const closed = makeCheckout('copied', 0o700);
      const options = { dataDir: join(closed, 'data'), runtimeDir: join(temporaryFolder(), 'runtime') };
      const both = await Promise.all([launch(closed, options), launch(closed, options)]);
      const [winner, loser] = both[0].started ? both : [both[1], both[0]];
      const cluster = winner.started?.dataDir ?? '';
      expect(loser.failed).toContain(`pid ${winner.started?.pid}`);
      expect(cluster.startsWith(join(options.runtimeDir, 'cluster-'))).toBe(true);
      expect(lstatSync(join(options.dataDir, 'postgres')).isSymbolicLink()).toBe(true);
      expect(realpathSync(join(options.dataDir, 'postgres'))).toBe(cluster);
      await stop(winner);

      const later = await launch(closed, options);
      expect(later.started?.dataDir).toBe(cluster);
      await stop(later);
      expect(readdirSync(options.runtimeDir)).toHaveLength(2);
    },
  );

  it('binaries installed without their links are copied once, by two starts at once too', async () => {
    const runtimeDir = join(temporaryFolder(), 'runtime');
    const dataDirs = [join(temporaryFolder(), 'a'), join(temporaryFolder(), 'b')];
    const both = await Promise.all(dataDirs.map((dataDir) => launch(unlinked, { dataDir, runtimeDir })));
    expect(both.map(({ failed }) => failed)).toEqual([undefined, undefined]);
    await Promise.all(both.map(stop));
    const [copy, ...others] = readdirSync(runtimeDir);
    expect(others).toEqual([]);
    expect(copy).toMatch(/^binaries-18\./);
    const { ino } = statSync(join(runtimeDir, copy ?? ''));
    await stop(await launch(unlinked, { dataDir: dataDirs[0] ?? '', runtimeDir }));
    expect(statSync(join(runtimeDir, copy ?? '')).ino).toBe(ino);
  });

  it.each([
    [
      'that others can write',
      (path: string) => (mkdirSync(path), chmodSync(path, 0o777)),
      'other users can write',
    ],
    ['that is a link', (path: string) => symlinkSync(temporaryFolder(), path), 'not a folder'],
  ])('does not trust a runtime folder %s', async (_, prepare, problem) => {
    const runtimeDir = join(temporaryFolder(), 'runtime');
    prepare(runtimeDir);
    const { failed } = await launch(unlinked, {
      dataDir: join(temporaryFolder(), 'data'),
      runtimeDir,
    });
    expect(failed).toContain(problem);
    expect(failed).toContain('DATABASE_URL');
  });

  asRoot('does not trust a runtime folder that another user made, or could replace', async () => {
    const theirs = temporaryFolder();
    chownSync(theirs, ordinaryUser.uid, ordinaryUser.gid);
    const below = join(theirs, 'runtime');
    for (const [runtimeDir, problem] of [
      [theirs, 'belongs to uid'],
      [below, 'another user could replace'],
    ] as const) {
      const { failed } = await launch(unlinked, { dataDir: join(temporaryFolder(), 'data'), runtimeDir });
      expect(failed).toContain(problem);
    }
  });

  it('says what to do when npm did not install the binaries', async () => {
    const { failed } = await launch(makeCheckout('none'), { dataDir: join(temporaryFolder(), 'data') });
    expect(failed).toMatch(
      /EmbeddedPostgresError[^]*not installed[^]*Set DATABASE_URL[^]*reinstall with optional/,
    );
  });

  it.each(['aix', 'win32'])('says what to do on %s, which has no binaries', async (platform) => {
    const options = { dataDir: join(temporaryFolder(), 'data') };
    const { failed } = await launch(checkout, options, { platform });
    expect(failed).toMatch(/EmbeddedPostgresError[^]*Set DATABASE_URL/);
  });
});

function giveAll(path: string, uid: number): void {
  for (const name of [
    path,
    ...(readdirSync(path, { recursive: true }) as string[]).map((entry) => join(path, entry)),
  ]) {
    chownSync(name, uid, uid);
  }
}
