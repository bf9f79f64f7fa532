/** Longer texts are cut: what somebody sends must not fill the log. */
const longest = 10_000;

const credentials = '<credentials>';

/** What must never be read in a log, by its shape. Each pattern starts at the beginning of a word, so that it is linear. */
const secrets: readonly (readonly [RegExp, string])[] = [
  [/\b(Bearer|Basic)\s+\S+/gi, `$1 ${credentials}`],
  [/\/\/[^\s/@]+@/g, `//${credentials}@`],
  [/(?<![^\s@/"'`<>()[\]{},;:=])[^\s@/"'`<>()[\]{},;:=]+@[^\s@/"'`<>()[\]{},;]+/g, '<e-mail>'],
  [/\bann_[\w-]+/g, '<key>'],
  [/\beyJ[\w-]*\.[\w-]+(\.[\w-]*)?/g, '<token>'],
  // Postgres quotes the value that it could not read at the end of its message, or names it: value "300" is out of range.
  [/(: |\bvalue )"[^]*?"(?=$|\n\s+at | (?:is|for|out)\b)/gi, '$1<value>'],
];

/** What every secret has in it: most texts have none of it, and need not be searched by each pattern. */
const sign = /[@"]|bearer|basic|ann_|eyJ/i;

/**
 * The text without e-mail addresses, keys, tokens, credentials of URLs, and values that Postgres quotes in its messages.
 * Names of people have no shape: what writes a message of its own must leave them out.
 */
export function withoutSecrets(text: string): string {
  const cut = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return sign.test(cut)
    ? secrets.reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), cut)
    : cut;
}

/** Of an error only its stack, which begins with name and message. Members like `detail` and `parameters` hold values. */
export function errorText(error: Error): string {
  return withoutSecrets(error.stack ?? `${error.name}: ${error.message}`);
}
