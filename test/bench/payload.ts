import { newId } from '../../src/event-sourcing/new-id';

/** About 150 bytes of JSON, as an ordinary event has. */
export const payload = {
  name: 'Ada Lovelace',
  email: 'ada.lovelace@example.com',
  note: 'analytical engine, '.repeat(4),
};

export function metadata() {
  const correlationId = newId();
  return { correlationId, causationId: correlationId, actor: 'bench' };
}
