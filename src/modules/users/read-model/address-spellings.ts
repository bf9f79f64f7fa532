import { domainToASCII, domainToUnicode } from 'node:url';
import { comparable } from '../domain/email';

/**
 * The spellings under which a piece of an address may be stored. An address is stored as it was given, so the domain in it may
 * be written in letters (`bücher.example`) or in ASCII (`xn--bcher-kva.example`). That is known of a whole domain only.
 */
export function spellingsOf(piece: string): readonly string[] {
  const text = comparable(piece);
  const domain = text.lastIndexOf('@') + 1;
  const local = text.slice(0, domain);
  const others = [domainToASCII, domainToUnicode]
    .map((spelling) => spelling(text.slice(domain)))
    .filter((spelled) => spelled !== '')
    .map((spelled) => local + comparable(spelled));
  return [...new Set([text, ...(mayHaveAnother(text.slice(domain)) ? others : [])])];
}

function mayHaveAnother(domain: string): boolean {
  return /^[^\s/?#:@\\%[\]]+$/.test(domain) && (/[^\x00-\x7f]/.test(domain) || domain.includes('xn--'));
}
