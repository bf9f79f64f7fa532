/** A node as EXPLAIN (FORMAT JSON) tells it. */
export interface PlanNode {
  readonly 'Node Type': string;
  readonly Plans?: readonly PlanNode[];
  readonly [property: string]: unknown;
}

/** What makes a plan what it is. All other properties are costs, or differ from one release of Postgres to the next. */
const conditions = [
  'Index Cond',
  'Recheck Cond',
  'Hash Cond',
  'Merge Cond',
  'Join Filter',
  'Filter',
  'Sort Key',
  'Presorted Key',
  'Group Key',
  'Conflict Resolution',
  'Conflict Arbiter Indexes',
  'Conflict Filter',
] as const;

/** The tree of a plan as indented lines: kinds of nodes, tables, indexes and conditions; neither costs nor values. */
export function planShape(plan: PlanNode, indent = ''): string {
  const inner = `${indent}  `;
  const own = conditions.flatMap((name) => {
    const text = textOf(plan, name);
    return text === '' ? [] : [`${inner}${name}: ${withoutValues(text)}`];
  });
  const below = (plan.Plans ?? []).map((node) => planShape(node, inner));
  return [`${indent}${title(plan)}`, ...own, ...below].join('\n');
}

/** `Left Nested Loop`, `InitPlan: Index Scan Backward using events_position on events`. */
function title(plan: PlanNode): string {
  const of = (name: string): string => textOf(plan, name);
  const join = of('Join Type').replace('Inner', '');
  const source = of('Relation Name') || of('Function Name') || of('CTE Name');
  return [
    of('Subplan Name') && `${of('Parent Relationship')}:`,
    join,
    of('Operation') || plan['Node Type'],
    of('Scan Direction').replace('Forward', ''),
    of('Index Name') && `using ${of('Index Name')}`,
    source && `on ${source}`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function textOf(plan: PlanNode, name: string): string {
  const value = plan[name];
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'string' ? value : '';
}

/**
 * The planner writes parameters as their values where it plans for these alone; and results of sub-plans, which are
 * printed above the condition anyway, under names that changed in Postgres 17.
 */
function withoutValues(condition: string): string {
  return condition
    .replaceAll(/\((?:InitPlan|hashed SubPlan|SubPlan) \d+\)(?:\.col\d+)?/g, '?')
    .replaceAll(/\$\d+/g, '?')
    .replaceAll(/'(?:[^']|'')*'(?:::[a-z]+(?: [a-z]+)*(?:\[\])?)?/g, '?')
    .replaceAll(/(?<=[<>=] )\d+(?:\.\d+)?/g, '?')
    .replaceAll('(?)', '?');
}
