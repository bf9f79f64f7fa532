// The command line: what runs the commands of every folder. It needs no other part of the platform.
export {
  runCommandLine,
  type AddCommands,
  type CommandContext,
  type CommandLineOptions,
  type MendOfFailure,
  type StartedApplication,
} from './command-line';
export { CommandLineLogger } from './command-line-logger';
export { allPrinted, type Output } from './output';
export { visible } from './visible';
export { wholeNumber } from './options';
export { table } from './table';
