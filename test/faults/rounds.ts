/** Short inside `npm test`; long with FAULTS=long, and as many rounds as FAULT_ROUNDS says. */
export const isLong = process.env.FAULTS === 'long';

export function roundsOf(short: number, long: number): number {
  const wanted = Number(process.env.FAULT_ROUNDS);
  if (wanted > 0) return wanted;
  return isLong ? long : short;
}

/** Time for a test of so many rounds, in milliseconds: far more than they need, so that only a hang meets it. */
export function timeFor(rounds: number): number {
  return 120_000 + rounds * 60_000;
}

/** A line on the terminal, without what Jest puts around `console.log`. */
export function report(title: string, figures: Readonly<Record<string, unknown>>): void {
  const text = Object.entries(figures).map(([name, figure]) => `${name} ${String(figure)}`);
  process.stdout.write(`${title}: ${text.join(', ')}\n`);
}

/** A line for each round, in long runs only. */
export function reportRound(title: string, figures: Readonly<Record<string, unknown>>): void {
  if (isLong) report(title, figures);
}
