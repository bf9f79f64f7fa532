/** A name in the forms that code needs: `ShipOrder`, `shipOrder`, `ship-order`, `ship order`. */
export interface Words {
  readonly pascal: string;
  readonly camel: string;
  readonly kebab: string;
  readonly sentence: string;
}

/** Words that a variable cannot have, and classes that the generated files import. */
const taken = new Set(
  (
    'abstract any arguments async await boolean break case catch class const continue debugger declare default delete do else enum ' +
    'eval export extends false finally for function if implements import in instanceof interface let new null number object of ' +
    'package private protected public return static string super switch symbol this throw true try type typeof undefined var void ' +
    'while with yield command event aggregate module query column entity on'
  ).split(' '),
);

/** @throws Error for a name that code cannot have. */
export function wordsOf(name: string): Words {
  const words = name
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .split(/[^A-Za-z\d]+/)
    .filter((word) => word !== '')
    .map((word) => word.toLowerCase());
  const [first = ''] = words;
  if (!/^[a-z]/.test(first)) throw new Error(`"${name}" names nothing. Begin with a letter: ship-order.`);
  const pascal = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  const camel = first + pascal.slice(first.length);
  if (taken.has(camel)) throw new Error(`"${name}" means something else in the code. Choose another name.`);
  return { pascal, camel, kebab: words.join('-'), sentence: words.join(' ') };
}

/** One of them: `orders` gives `order`; a name that is no plural stays. */
export function singular(name: string): string {
  if (/ies$/i.test(name)) return name.replace(/ies$/i, 'y');
  if (/(?:ss|us|is)$/i.test(name)) return name;
  if (/(?:ch|sh|x|ss|z)es$/i.test(name)) return name.slice(0, -2);
  return name.replace(/s$/i, '');
}
