import { dirname, join } from 'node:path';
import * as ts from 'typescript';

const root = join(__dirname, '../..');

/** The errors that the compiler finds in a file, each as `TS1234: its message`. */
export type ErrorsOf = (file: string) => readonly string[];

/**
 * Compiles texts, by the path of a file that need not exist, with the settings of the project.
 * Errors are texts: a diagnostic holds the whole program, which no report of a failed test should print.
 */
export function compiled(texts: ReadonlyMap<string, string>, types: readonly string[] = ['node']): ErrorsOf {
  const options = compilerOptions(types);
  const program = ts.createProgram([...texts.keys()], options, hostWith(texts, options));
  return (file) => {
    const source = program.getSourceFile(file);
    if (!source) throw new Error(`${file} was not compiled.`);
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return found.map(
      ({ code, messageText }) => `TS${code}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
    );
  };
}

/** A path for a text, beside the files of a folder in `src/`. */
export function pathIn(folder: string, name: string): string {
  return join(root, 'src', folder, `__${name.replaceAll(/\W+/g, '-')}.ts`);
}

/** Those of the project, with the global declarations of these packages alone. */
function compilerOptions(types: readonly string[]): ts.CompilerOptions {
  const path = join(root, 'tsconfig.json');
  const { config } = ts.readConfigFile(path, (file) => ts.sys.readFile(file)) as { config: unknown };
  const { options } = ts.parseJsonConfigFileContent(
    { ...(config as object), files: [] },
    ts.sys,
    dirname(path),
  );
  return { ...options, types: [...types] };
}

function hostWith(texts: ReadonlyMap<string, string>, compilerOptions: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(compilerOptions);
  const { getSourceFile, fileExists, readFile, directoryExists } = host;
  const folders = new Set([...texts.keys()].map((file) => dirname(file)));
  return {
    ...host,
    directoryExists: (folder) => folders.has(folder) || (directoryExists?.call(host, folder) ?? true),
    fileExists: (file) => texts.has(file) || fileExists.call(host, file),
    readFile: (file) => texts.get(file) ?? readFile.call(host, file),
    getSourceFile: (file, options, ...more) => {
      const text = texts.get(file);
      return text === undefined
        ? getSourceFile.call(host, file, options, ...more)
        : ts.createSourceFile(file, text, options);
    },
  };
}
