// The command line: what runs the commands of every folder. It needs no other part of the platform.
export {
  runCommandLine,
  type AddCommands,
  type CommandContext,
  type CommandLineOptions,
  type MendOfFailure,
} from './command-line';
export { allPrinted, type Output } from './output';
export { wholeNumber } from './options';
export { table } from './table';
