/**
 * A log as use leaves it: users who all get their first event, then all their second in another order, and so on to the
 * tenth; a thousand of them at a time to begin with, then ten thousand. The n-th event (from 0 on) is always the same one.
 */
export const eventsPerUser = 10;

/** Logs are cut at multiples of this, and behind `largeFrom` at multiples of ten times as many. */
export const smallBlock = 10_000;
const largeFrom = 100_000;

/** 2026-01-01, and an event each tenth of a second: ten million take twelve days. */
const began = Date.UTC(2026, 0, 1);
const timeOf = (n: number): number => began + n * 100;

const firstNames =
  'ada alan barbara dennis donald edsger frances grace hedy john katherine ken margaret niklaus'.split(' ');
const lastNames =
  'allen backus borg church codd dijkstra floyd hamilton hoare hopper johnson knuth lamarr liskov lovelace mccarthy milner naur perlis ritchie turing wirth'.split(
    ' ',
  );
const domains = 'example.com example.org example.net mail.example post.example'.split(' ');

/** The address of a user: a first and a last name, a number of six digits that is its own, a domain. */
export function emailOf(user: number): string {
  const [first, last] = namesOf(user);
  return `${first}.${last}.${String(user).padStart(6, '0')}@${domains[user % domains.length]}`;
}

export function userIdOf(user: number): string {
  const { start } = blockOf(user * eventsPerUser);
  return uuidOf(start + user - start / eventsPerUser, '9');
}

/** A line of COPY for the table `events`. */
export function eventLine(n: number, position: number): string {
  const { user, version } = placeOf(n);
  const { type, data } = eventOf(user, version);
  const id = uuidOf(n, '8');
  const metadata = JSON.stringify({ correlationId: id, causationId: id, actor: 'growth' });
  const time = new Date(timeOf(n)).toISOString();
  return [position, id, type, 1, 'User', userIdOf(user), version, time, JSON.stringify(data), metadata].join(
    '\t',
  );
}

/** A line of COPY for the table `claims`: each user holds its address. */
export function claimLine(user: number): string {
  return ['user.email', emailOf(user), 'User', userIdOf(user)].join('\t');
}

interface Block {
  /** Its first event. */
  readonly start: number;
  readonly users: number;
}

function blockOf(n: number): Block {
  const events = n < largeFrom ? smallBlock : 10 * smallBlock;
  return { start: n - (n % events), users: events / eventsPerUser };
}

/** Users are created in the order of their numbers. 7,919 is prime, so that each later order meets each of them once. */
function placeOf(n: number): { user: number; version: number } {
  const { start, users } = blockOf(n);
  const version = Math.floor((n - start) / users) + 1;
  const turn = (n - start) % users;
  const inBlock = version === 1 ? turn : (turn * 7_919 + version * 131) % users;
  return { user: start / eventsPerUser + inBlock, version };
}

/** Created under an old address, renamed, moved to the new address, away and back, and renamed again and again. */
function eventOf(user: number, version: number): { type: string; data: object } {
  const [first = '', last = ''] = namesOf(user);
  switch (version) {
    case 1:
      return { type: 'UserCreated', data: { name: `${first} ${last}`, email: `old.${emailOf(user)}` } };
    case 3:
      return {
        type: 'UserEmailChanged',
        data: { oldEmail: `old.${emailOf(user)}`, newEmail: emailOf(user) },
      };
    case 5:
      return { type: 'UserDeactivated', data: {} };
    case 6:
      return { type: 'UserReactivated', data: {} };
    default:
      return { type: 'UserRenamed', data: { name: `${first} ${last}, the ${version}th of her name` } };
  }
}

function namesOf(user: number): readonly [string | undefined, string | undefined] {
  const mixed = mix(user);
  return [firstNames[mixed % firstNames.length], lastNames[(mixed >>> 8) % lastNames.length]];
}

/** UUID version 7 of the time of event `n`, so that the indexes grow as they do under real appends. */
function uuidOf(n: number, variant: '8' | '9'): string {
  const time = timeOf(n).toString(16).padStart(12, '0');
  const own = mix(n).toString(16).padStart(8, '0');
  const more = mix(n + 0x5bd1e995)
    .toString(16)
    .padStart(8, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${more.slice(0, 3)}-${variant}${more.slice(3, 6)}-${own}${more.slice(4)}`;
}

/** Scatters 32 bits, and no two numbers to the same place: a product with an odd number modulo 2^32. */
function mix(n: number): number {
  return Math.imul(n, 0x9e3779b1) >>> 0;
}
