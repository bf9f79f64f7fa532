import { Client, type ClientConfig } from 'pg';
import { planShape, PlanNode } from './plan-shape';

/**
 * Postgres itself tells the plan of each statement that it runs for these clients, and of those inside functions. What the
 * choice depends on is set as a new server has it; parallel workers, which it takes or leaves by size, are left out.
 */
const settings = {
  session_preload_libraries: 'auto_explain',
  'auto_explain.log_min_duration': '0',
  'auto_explain.log_nested_statements': 'on',
  'auto_explain.log_format': 'json',
  'auto_explain.log_level': 'notice',
  client_min_messages: 'notice',
  max_parallel_workers_per_gather: '0',
  random_page_cost: '4',
  effective_cache_size: '4GB',
  work_mem: '4MB',
};

const options = Object.entries(settings)
  .map(([name, value]) => `-c ${name}=${value}`)
  .join(' ');

/** Listens to what the statements of the product's own connections are planned as. */
export class ObservedPlans {
  private shapes: string[] = [];

  /** For a pool of `pg`, which takes the class of its clients as an option. */
  readonly Client = observedClient((shape) => this.shapes.push(shape));

  /**
   * The different plans of what `work` runs, in the order of their first use. It runs several times: from the sixth on,
   * Postgres may keep one plan of a prepared statement for all values.
   */
  async of(work: (time: number) => Promise<unknown>): Promise<string> {
    this.shapes = [];
    for (let time = 1; time <= 7; time++) await work(time);
    return [...new Set(this.shapes)].join('\n\n');
  }
}

interface ObservedPlan {
  readonly 'Query Text': string;
  readonly Plan: PlanNode;
}

function observedClient(found: (shape: string) => void): new (config?: ClientConfig) => Client {
  return class extends Client {
    constructor(config: ClientConfig = {}) {
      super({ ...config, options });
      // A notice to other processes goes when its time has come, and the settings of a session whenever one begins.
      const tell = ({ 'Query Text': text, Plan: plan }: ObservedPlan): void => {
        if (!/pg_notify|count\(set_config|^\s*SELECT set_config/.test(text)) found(planShape(plan));
      };
      this.on('notice', ({ message = '' }) => {
        const json = /^duration: .* plan:\n([\s\S]*)$/.exec(message)?.[1];
        if (json) tell(JSON.parse(json) as ObservedPlan);
      });
    }
  };
}
