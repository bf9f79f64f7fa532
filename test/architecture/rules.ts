import type { ImportEdge, ImportGraph } from './import-graph';

/** An edge breaks the rule when it starts where `from` says and `forbids` says so. */
export interface ImportRule {
  name: string;
  reason: string;
  from: (file: string) => boolean;
  forbids: (edge: ImportEdge, graph: ImportGraph) => boolean;
}

/** A file breaks the rule by its path alone. */
export interface PathRule {
  name: string;
  reason: string;
  forbids: (file: string) => boolean;
}

/** The parts of package.json that say what an installation holds. */
export interface Manifest {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

const KERNEL_DOORS = ['', 'domain/', 'testing/'].map((folder) => `src/event-sourcing/${folder}index.ts`);
const KERNEL_DOMAIN_DOOR = 'src/event-sourcing/domain/index.ts';
const PLATFORM_DOORS = ['', 'cli/'].map((folder) => `src/platform/${folder}index.ts`);
const OPERATIONS_DOOR = 'src/operations/index.ts';
const APP_MODULE = 'src/app.module.ts';
const ENTRY_POINTS = ['src/main.ts', 'src/cli.ts'];

/** What the platform takes of the kernel besides errors. */
const PLATFORM_TAKES = new Set([
  // The context of a message, and ids that begin one
  ...['MessageContext', 'messageContext', 'runInMessageContext', 'currentMetadata', 'nameActor'],
  ...['noteWork', 'workInWords', 'newId'],
  // What is known of errors
  ...['ErrorKind', 'statusOfKind', 'databaseFailureOf', 'isDatabaseUnavailable', 'isExactNumber'],
  // What a route promises: its answer is kept with the append, and it waits for its read model
  ...['EventStore', 'Receipt', 'ProjectionPositions', 'Projections'],
  // Reads and sessions of the database, and the migration of the log
  ...['ReadGroups', 'BoundedPool', 'BoundedPoolConfig', 'sessionSettings', 'readLogState'],
  ...['migrateEventSourcing', 'pendingEventSourcing'],
]);

const anywhere = (): boolean => true;
const inKernel = (file: string): boolean => file.startsWith('src/event-sourcing/');
const inKernelDomain = (file: string): boolean => file.startsWith('src/event-sourcing/domain/');
const inPlatform = (file: string): boolean => file.startsWith('src/platform/');
const inOperations = (file: string): boolean => file.startsWith('src/operations/');
const inFeature = (file: string): boolean => file.startsWith('src/modules/');
const extensionOf = (file: string): string | undefined => /^src\/extensions\/([^/]+)\//.exec(file)?.[1];
const inExtension = (file: string): boolean => extensionOf(file) !== undefined;
const besidesExtensionDoor = (file: string): boolean =>
  inExtension(file) && file !== `src/extensions/${extensionOf(file)}/index.ts`;
const atTheTop = (file: string): boolean => /^src\/[^/]+$/.test(file);
const featureOf = (file: string): string | undefined => /^src\/modules\/([^/]+)\//.exec(file)?.[1];
const doorOf = (file: string): string => `src/modules/${featureOf(file) ?? ''}/index.ts`;
const layerOf = (file: string): string | undefined =>
  /^src\/modules\/[^/]+\/(domain|application|read-model|http)\//.exec(file)?.[1];
const inLayer = (layer: string) => (file: string) => layerOf(file) === layer;
const sameFeature = (edge: ImportEdge): boolean => featureOf(edge.from) === featureOf(edge.to);
const toLayer = (edge: ImportEdge, ...layers: string[]): boolean =>
  edge.kind === 'file' && sameFeature(edge) && layers.includes(layerOf(edge.to) ?? '');
const besidesPlatformDoors = (file: string): boolean => inPlatform(file) && !PLATFORM_DOORS.includes(file);
const besidesKernelDoors = (file: string): boolean => inKernel(file) && !KERNEL_DOORS.includes(file);

const betweenFolders: ImportRule[] = [
  {
    name: 'kernel-knows-nobody',
    reason: 'event-sourcing serves any Nest application, so it must build without this one.',
    from: inKernel,
    forbids: ({ kind, to }) => kind === 'file' && !inKernel(to),
  },
  {
    name: 'kernel-domain-is-plain-typescript',
    reason:
      'an aggregate runs anywhere: no framework, no driver, no runtime, and nothing of the kernel that has them.',
    from: inKernelDomain,
    forbids: ({ kind, to }) =>
      kind === 'builtin' ||
      (kind === 'file' && !inKernelDomain(to)) ||
      (kind === 'package' && (to.startsWith('@nestjs/') || ['typeorm', 'pg', 'rxjs'].includes(to))),
  },
  {
    name: 'platform-enters-the-kernel-by-a-door',
    reason: 'what is behind a door may change without notice.',
    from: inPlatform,
    forbids: ({ to }) => besidesKernelDoors(to),
  },
  {
    name: 'platform-knows-no-feature',
    reason: 'the platform has no business words; every feature shares it.',
    from: inPlatform,
    forbids: ({ to }) => inFeature(to),
  },
  {
    name: 'platform-knows-no-operations',
    reason: 'the platform hosts any service; what operators see of the log is added to it.',
    from: inPlatform,
    forbids: ({ to }) => inOperations(to),
  },
  {
    name: 'platform-takes-little-of-the-kernel',
    reason:
      'the platform knows the errors and contexts of the kernel, and what its own decorators promise of the log.',
    from: inPlatform,
    forbids: ({ to, names }) =>
      inKernel(to) && names.some((name) => !/Error$/.test(name) && !PLATFORM_TAKES.has(name)),
  },
  {
    name: 'platform-knows-no-extension',
    reason: 'the platform hosts any service; which optional parts it has is said above it.',
    from: inPlatform,
    forbids: ({ to }) => inExtension(to),
  },
  {
    name: 'extensions-know-the-doors-of-the-kernel-alone',
    reason:
      'an optional part goes with any application that has the kernel, and with any choice of other parts.',
    from: inExtension,
    forbids: ({ kind, from, to }) =>
      kind === 'file' && extensionOf(to) !== extensionOf(from) && (!inKernel(to) || besidesKernelDoors(to)),
  },
  {
    name: 'extensions-are-entered-by-a-door',
    reason: 'what is behind a door may change without notice.',
    from: (file) => !inExtension(file),
    forbids: ({ to }) => besidesExtensionDoor(to),
  },
  {
    name: 'operations-know-no-feature',
    reason: 'operators see every log and every read model in the same way.',
    from: inOperations,
    forbids: ({ to }) => inFeature(to),
  },
  {
    name: 'commands-of-operators-need-the-kernel-alone',
    reason:
      'they also operate applications of others, which have no platform of this service and open their own database.',
    from: (file) => file.startsWith('src/operations/cli/'),
    forbids: ({ kind, to }) =>
      kind === 'file' &&
      !(inKernel(to) || to.startsWith('src/operations/cli/') || to === 'src/platform/cli/index.ts'),
  },
  {
    name: 'running-commands-needs-no-other-part-of-the-platform',
    reason: 'it also runs the commands of applications that have no platform.',
    from: (file) => file.startsWith('src/platform/cli/'),
    forbids: ({ kind, to }) => kind === 'file' && !inKernel(to) && !to.startsWith('src/platform/cli/'),
  },
  {
    name: 'kernel-platform-and-operations-are-entered-by-a-door',
    reason:
      'what is behind a door may change without notice; this binds operations, features, the app module and the entry points.',
    from: (file) => inOperations(file) || inFeature(file) || atTheTop(file),
    forbids: ({ from, to }) =>
      besidesKernelDoors(to) ||
      besidesPlatformDoors(to) ||
      (inOperations(to) && !inOperations(from) && to !== OPERATIONS_DOOR),
  },
  {
    name: 'features-know-no-operations',
    reason: 'a feature runs whether or not operators look at it.',
    from: inFeature,
    forbids: ({ to }) => inOperations(to),
  },
  {
    name: 'features-meet-at-their-doors',
    reason: 'a feature offers what its index.ts names, and nothing else.',
    from: inFeature,
    forbids: (edge) => inFeature(edge.to) && !sameFeature(edge) && edge.to !== doorOf(edge.to),
  },
  {
    name: 'only-the-app-module-names-features',
    reason: 'one composition root; cli.ts may take the commands that a feature offers at its door.',
    from: (file) => !inFeature(file),
    forbids: ({ from, to }) => inFeature(to) && !mayNameFeature(from, to),
  },
  {
    name: 'nothing-looks-up-to-the-process',
    reason: 'main and cli start the app module; whatever imports them back starts a process by being loaded.',
    from: anywhere,
    forbids: ({ from, to }) => ENTRY_POINTS.includes(to) || (atTheTop(to) && !atTheTop(from)),
  },
];

const insideAFeature: ImportRule[] = [
  {
    name: 'domain-imports-domain',
    reason:
      'decisions depend on nothing that can fail, wait or be replaced: no package, no builtin, no other layer.',
    from: inLayer('domain'),
    forbids: (edge) => !toLayer(edge, 'domain') && edge.to !== KERNEL_DOMAIN_DOOR,
  },
  {
    name: 'application-knows-no-http',
    reason: 'a command or query serves HTTP, the command line and tests alike.',
    from: inLayer('application'),
    forbids: (edge) => toLayer(edge, 'http'),
  },
  {
    name: 'commands-read-no-read-model',
    reason:
      'a read model may be behind; a decision reads the aggregate. Ways through other files of the feature count.',
    from: (file) => inFeature(file) && file.endsWith('.command.ts'),
    forbids: (edge, graph) => leadsToReadModel(edge, graph),
  },
  {
    name: 'read-model-knows-no-application',
    reason: 'a projector folds events; it asks nobody and answers nobody.',
    from: inLayer('read-model'),
    forbids: (edge) => toLayer(edge, 'application', 'http'),
  },
  {
    name: 'http-reads-through-the-query-bus',
    reason: 'a controller may name the type of a row, never fetch it.',
    from: inLayer('http'),
    forbids: (edge) => toLayer(edge, 'read-model') && !edge.typeOnly,
  },
];

const everywhere: ImportRule[] = [
  {
    name: 'imports-can-be-seen',
    reason: 'the other rules are blind to computed specifiers, aliases and paths that are no source file.',
    // It loads the application of a host, which is no source of this tree.
    from: (file) => file !== 'src/operations/cli/host/find-module.ts',
    forbids: ({ kind }) => kind === 'unresolved',
  },
];

const insideTheKernel: ImportRule[] = [
  {
    name: 'kernel-folders-are-in-no-circle',
    reason: 'folders of a circle can only be read, tested and changed together. Imports of types count.',
    from: inKernel,
    forbids: (edge, graph) => inKernel(edge.to) && leadsBack(edge, graph),
  },
];

export const importRules: readonly ImportRule[] = [
  ...betweenFolders,
  ...insideTheKernel,
  ...insideAFeature,
  ...everywhere,
];

export const pathRules: readonly PathRule[] = [
  {
    name: 'known-kinds-of-folder',
    reason:
      'a folder that is neither kernel, extension, operations, platform nor feature has no direction to keep.',
    forbids: (file) =>
      !(
        inKernel(file) ||
        inExtension(file) ||
        inOperations(file) ||
        inPlatform(file) ||
        featureOf(file) ||
        atTheTop(file)
      ),
  },
  {
    name: 'only-doors-have-an-index',
    reason: 'inner barrels are what makes cycles.',
    forbids: (file) =>
      /(^|\/)index\.ts$/.test(file) &&
      ![...KERNEL_DOORS, ...PLATFORM_DOORS, OPERATIONS_DOOR, doorOf(file)].includes(file) &&
      (!inExtension(file) || besidesExtensionDoor(file)),
  },
  {
    name: 'folders-are-named-by-subject',
    reason: 'a folder by kind of syntax says nothing about what is in it.',
    forbids: (file) => /\/(interfaces|utils|exceptions|types|helpers|common)\//.test(file),
  },
  {
    name: 'names-use-the-words',
    reason: 'one word for one thing: position, version, checkpoint, handler; and no word that says nothing.',
    forbids: (file) =>
      /[/.-](sequence|offset|cursor|revision|listener|manager|helper|util|impl|base)s?(?=[/.-])/.test(file),
  },
];

/**
 * Source may import what a production installation holds: `dependencies`, and `optionalDependencies` only when it is
 * loaded on demand. The kernel's `testing` door is for specs and may want more.
 */
export function packagesAreInstalled(manifest: Manifest): ImportRule {
  const installed = new Set(Object.keys(manifest.dependencies ?? {}));
  const optional = new Set(Object.keys(manifest.optionalDependencies ?? {}));
  return {
    name: 'packages-are-installed',
    reason: 'a production image holds no development dependency and no optional one.',
    from: (file) => !file.startsWith('src/event-sourcing/testing/'),
    forbids: ({ kind, to, typeOnly, deferred }) =>
      kind === 'package' && !typeOnly && !installed.has(to) && !(deferred && optional.has(to)),
  };
}

export function breaches(rule: ImportRule, graph: ImportGraph): string[] {
  return graph.edges
    .filter((edge) => rule.from(edge.from) && rule.forbids(edge, graph))
    .map(({ from, line, to }) => `${from}:${line} imports ${to}`);
}

function mayNameFeature(from: string, to: string): boolean {
  const atDoor = to === doorOf(to);
  if (from === APP_MODULE) return atDoor || /^src\/modules\/[^/]+\/[^/]+\.module\.ts$/.test(to);
  return from === 'src/cli.ts' && atDoor;
}

/** A folder of the kernel without those below it. A file at the kernel's root stands for itself: the root has no subject. */
const kernelFolderOf = (file: string): string => /^(src\/event-sourcing\/.+)\/[^/]+$/.exec(file)?.[1] ?? file;

/** Whether the folder that is imported imports the folder of the importing file, itself or through others. */
function leadsBack({ from, to }: ImportEdge, graph: ImportGraph): boolean {
  const origin = kernelFolderOf(from);
  const reached = new Set([kernelFolderOf(to)]);
  if (reached.has(origin)) return false;
  for (const folder of reached) {
    for (const edge of graph.edges) {
      if (edge.kind === 'file' && kernelFolderOf(edge.from) === folder) reached.add(kernelFolderOf(edge.to));
    }
  }
  return reached.has(origin);
}

/** Follows imports from file to file for as long as they stay in the feature: another feature's door is its own affair. */
function leadsToReadModel(first: ImportEdge, graph: ImportGraph): boolean {
  const seen = new Set<string>();
  const open = [first];
  for (const edge of open) {
    if (toLayer(edge, 'read-model')) return true;
    if (edge.kind !== 'file' || !sameFeature(edge) || seen.has(edge.to)) continue;
    seen.add(edge.to);
    open.push(...graph.edges.filter(({ from }) => from === edge.to));
  }
  return false;
}
