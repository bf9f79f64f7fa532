import { Figure } from '../measure';

/** Of one contestant in one workload. The rate is the median of the rounds, a second. */
export interface HttpFigure extends Figure {
  /** Processor time of one request, in milliseconds: of the service, and of the server of Postgres. Medians. */
  readonly service: number;
  readonly postgres: number;
}

export interface WorkloadFigures {
  readonly name: string;
  readonly isRead: boolean;
  readonly figures: readonly HttpFigure[];
}

/** One run, as it is recorded in `history.json`. */
export interface HttpRun {
  readonly at: string;
  readonly machine: string;
  readonly rounds: number;
  readonly roundMs: number;
  readonly workloads: readonly WorkloadFigures[];
}

/** The figure of a contestant, by name. */
export function figureIn({ figures }: WorkloadFigures, name: string): HttpFigure | undefined {
  return figures.find((figure) => figure.name === name);
}
