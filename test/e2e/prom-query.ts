const words = new Set(['and', 'or', 'unless', 'by', 'without', 'on', 'ignoring', 'bool']);

/** Every metric that a PromQL query names: the words that are no function, no keyword and no label. */
export function metricsIn(query: string): readonly string[] {
  const bare = withoutTexts(query)
    .replaceAll(/\{[^}]*\}/g, ' ')
    .replaceAll(/\[[^\]]*\]/g, ' ')
    .replaceAll(/\b(?:by|without|on|ignoring)\s*\([^)]*\)/g, ' ');
  const names = [...bare.matchAll(/(?<![\w:.])[a-zA-Z_:][\w:]*\b(?!\s*\()/g)].map(([name]) => name);
  return [...new Set(names)].filter((name) => !words.has(name));
}

/** Every label that a PromQL query selects or groups by. */
export function labelsIn(query: string): readonly string[] {
  const bare = withoutTexts(query);
  const selected = [...bare.matchAll(/\{([^}]*)\}/g)].flatMap(([, inside = '']) =>
    [...inside.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
  );
  const grouped = [...bare.matchAll(/\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g)].flatMap(
    ([, inside = '']) => inside.split(',').map((label) => label.trim()),
  );
  return [...new Set([...selected, ...grouped])].filter((label) => label !== '');
}

/** Whether every bracket is closed. */
export function isBalanced(query: string): boolean {
  const open: string[] = [];
  const pairs: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };
  for (const character of withoutTexts(query)) {
    if ('([{'.includes(character)) open.push(character);
    else if (pairs[character] !== undefined && open.pop() !== pairs[character]) return false;
  }
  return open.length === 0;
}

function withoutTexts(query: string): string {
  return query.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
}
