import {
  AggregateStates,
  kindOf,
  memberOfThrown,
  type StateChange,
  type StreamId,
} from '../../event-sourcing';
import { CommandContext } from '../../platform/cli';

/** `streams show --at`: the aggregate as it stood behind one of its events, and what that event changed. */
export async function showState(
  { application, output }: CommandContext,
  stream: StreamId,
  at: number,
): Promise<boolean> {
  const states = (await application()).get(AggregateStates);
  try {
    const { version, event, state, changes } = await states.at(stream, at);
    const { position, type, timestamp, metadata } = event;
    output.print(
      { stream, version, position, type, timestamp, actor: metadata.actor, state, changes },
      [
        `${stream.type}/${stream.id} @${version}  ${type}  ${timestamp.toISOString()}  by ${metadata.actor}  at position ${position}`,
        ...Object.entries(state).map(([name, member]) => `  ${name}: ${JSON.stringify(member)}`),
        ...changes.map(changeInWords),
      ].join('\n'),
    );
    return true;
  } catch (error) {
    if (!isAnswer(error)) throw error;
    output.complain(
      { error: error.message, code: memberOfThrown(error, 'code'), ...stream, at },
      error.message,
    );
    return false;
  }
}

/** What was asked for is not there; anything else is a failure of the command. */
function isAnswer(error: unknown): error is Error {
  return ['not-found', 'invalid'].includes(kindOf(error) ?? '');
}

function changeInWords({ pointer, kind, from, to }: StateChange): string {
  const values = { added: [to], removed: [from], changed: [from, to] }[kind];
  return `${kind} ${pointer}: ${values.map((value) => JSON.stringify(value)).join(' -> ')}`;
}
