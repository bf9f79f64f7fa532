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
    const value = plan[name];
    return value === undefined ? [] : [`${inner}${name}: ${withoutValues(String(value))}`];
  });
  const below = (plan.Plans ?? []).map((node) => planShape(node, inner));
  return [`${indent}${title(plan)}`, ...own, ...below].join('\n');
}

function title(plan: PlanNode): string {
  const text = (name: string): string => String(plan[name]);
  const parts = [
    'Subplan Name' in plan ? `${text('Parent Relationship')}: ` : '',
    'Join Type' in plan && plan['Join Type'] !== 'Inner' ? `${text('Join Type')} ` : '',
    'Operation' in plan ? text('Operation') : plan['Node Type'],
    plan['Scan Direction'] === 'Backward' ? ' Backward' : '',
    'Index Name' in plan ? ` using ${text('Index Name')}` : '',
    'Relation Name' in plan ? ` on ${text('Relation Name')}` : '',
    'Function Name' in plan ? ` on ${text('Function Name')}` : '',
    'CTE Name' in plan ? ` on ${text('CTE Name')}` : '',
  ];
  return parts.join('');
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
