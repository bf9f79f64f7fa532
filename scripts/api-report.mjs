import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';

/**
 * Writes every name that `@annals/nestjs` exports, with its signature, to `test/package/api`: one report for each entry
 * point. With `--check` it writes nothing, and exits with 1 when a report is not what the code says.
 */
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const declarations = join(root, '.build/declarations');
const isCheck = process.argv.includes('--check');

const { exports: entryPoints } = JSON.parse(
  readFileSync(join(root, 'src/event-sourcing/package.json'), 'utf8'),
);

rmSync(declarations, { recursive: true, force: true });
mkdirSync(declarations, { recursive: true });
const compiler = join(root, 'node_modules/typescript/bin/tsc');
const project = ['-p', 'tsconfig.package.json', '--emitDeclarationOnly', '--outDir', declarations];
execFileSync(process.execPath, [compiler, ...project], { cwd: root, stdio: 'inherit' });

const unchanged = Object.entries(entryPoints)
  .filter(([, file]) => file.endsWith('.js'))
  .map(([name, file]) => report(name, file));
process.exitCode = isCheck && unchanged.includes(false) ? 1 : 0;

/** Returns whether the report was what the code says. */
function report(name, file) {
  const configObject = {
    projectFolder: root,
    mainEntryPointFilePath: join(declarations, file.replace(/\.js$/, '.d.ts')),
    newlineKind: 'lf',
    compiler: { tsconfigFilePath: join(root, 'tsconfig.package.json') },
    apiReport: {
      enabled: true,
      reportFileName: name === '.' ? 'annals-nestjs' : `annals-nestjs.${name.slice(2)}`,
      reportFolder: join(root, 'test/package/api'),
      reportTempFolder: join(root, '.build/api'),
    },
    docModel: { enabled: false },
    dtsRollup: { enabled: false },
    tsdocMetadata: { enabled: false },
    messages: {
      extractorMessageReporting: { default: { logLevel: 'none' } },
      tsdocMessageReporting: { default: { logLevel: 'none' } },
    },
  };
  const config = ExtractorConfig.prepare({
    configObject,
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, 'src/event-sourcing/package.json'),
  });
  const { apiReportChanged } = Extractor.invoke(config, {
    localBuild: !isCheck,
    messageCallback: (message) => (message.handled = true),
  });
  if (apiReportChanged && isCheck) {
    process.stderr.write(
      `${config.reportFilePath} is not what the code exports. Run "npm run api-report", and review it.\n`,
    );
  }
  return !apiReportChanged;
}
