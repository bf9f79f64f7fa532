import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { commandTree } from './command-tree';

const root = join(__dirname, '../..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

/** The first cells of the rows of the table that has this head. */
function firstCells(page: string, head: string): string[] {
  const lines = page.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${head} |`)) + 2;
  const end = lines.findIndex((line, index) => index >= start && !line.startsWith('|'));
  return lines.slice(start, end).map((line) => line.split('|')[1]?.trim() ?? '');
}

/** `GET /v1/users` of `` `GET /v1/users?email=…` ``. */
function routesOf(page: string): string[] {
  return firstCells(page, 'request')
    .map((cell) => /^`([A-Z]+ [^`?]+)/.exec(cell)?.[1] ?? cell)
    .sort();
}

interface Route {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

function routesOfProgram(): string[] {
  const { paths } = JSON.parse(readFileSync(join(root, 'docs/openapi.json'), 'utf8')) as Route;
  return Object.entries(paths)
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`))
    .sort();
}

/** `projections rebuild --compare --resume`: the words of a command, and its options in order. */
function commandsOf(page: string): string[] {
  return firstCells(page, 'command')
    .map((cell) => {
      const given = cell.replaceAll('`', '');
      const [words = ''] = /^[a-z -]*[a-z](?= |$)/.exec(given.replace(/ [<[-].*/, '')) ?? [];
      return [words, ...(given.match(/--[a-z-]+/g) ?? []).sort()].join(' ');
    })
    .sort();
}

function commandsOfProgram(): string[] {
  return leaves(commandTree(), []).sort();
}

function leaves(command: Command, path: readonly string[]): string[] {
  if (command.commands.length > 0)
    return command.commands.flatMap((child) => leaves(child, [...path, child.name()]));
  const options = command.options.filter(({ hidden }) => !hidden).map(({ long }) => long ?? '');
  return [[...path, ...options.sort()].join(' ')];
}

describe('README', () => {
  it('has a row for each route of the service, and for nothing else', () => {
    expect(routesOf(readme)).toEqual(routesOfProgram());
  });

  it('has a row for each command with its options, and for nothing else', () => {
    expect(commandsOf(readme)).toEqual(commandsOfProgram());
  });

  it('is compared row by row: a row that is wrong or missing is seen', () => {
    const wrongRoute = readme.replace(
      '`POST /v1/users/{userId}/deactivate`',
      '`POST /v1/users/{userId}/delete`',
    );
    expect(routesOf(wrongRoute)).not.toEqual(routesOfProgram());
    const wrongOption = readme.replace('`projections status [--watch]`', '`projections status [--look]`');
    expect(commandsOf(wrongOption)).not.toEqual(commandsOfProgram());
    const missing = readme.replace(/^\| `migrate`.*\n/m, '');
    expect(commandsOf(missing)).not.toEqual(commandsOfProgram());
  });
});
