import { newId } from '../../../event-sourcing';
import type { ExampleRequests } from '../../../platform';

/** For a newcomer: makes a user, reads its history, finds it. */
export const exampleRequests: ExampleRequests = (url) => {
  const userId = newId();
  const email = `ada.${userId.slice(0, 13)}@example.com`;
  const body = JSON.stringify({ userId, name: 'Ada Lovelace', email });
  return [
    `-i ${url}/v1/users -H 'Content-Type: application/json' -d '${body}'`,
    `-i ${url}/v1/users/${userId}/history`,
    `-i '${url}/v1/users?email=${email.slice(0, 10)}'`,
  ];
};
