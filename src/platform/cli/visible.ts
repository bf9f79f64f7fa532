/**
 * Text as a terminal may show it: characters that steer a terminal or turn the direction of writing are escaped as in JSON, so
 * that a name from a file can neither clear the screen nor forge a line. Line feeds and tabs stay.
 */
export function visible(text: string): string {
  return text.replaceAll(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
