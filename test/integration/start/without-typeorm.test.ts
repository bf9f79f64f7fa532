import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createTestDatabase } from '../../support/test-database';

/** An application of somebody else, as a program of its own: `require` finds neither TypeORM nor its Nest module. */
const program = `
  const Module = require('node:module');
  const resolve = Module._resolveFilename;
  Module._resolveFilename = function (request, ...rest) {
    if (/^(typeorm|@nestjs\\/typeorm)(\\/|$)/.test(request)) {
      throw Object.assign(new Error('Cannot find module ' + request), { code: 'MODULE_NOT_FOUND' });
    }
    return resolve.call(this, request, ...rest);
  };
  require('reflect-metadata');
  const { NestFactory } = require('@nestjs/core');
  const { EventsHandler } = require('@nestjs/cqrs');
  const { EventSourcingModule, aggregateRepositoryToken, EventStore } = require('./dist/event-sourcing');
  const { Aggregate, AggregateRoot, DomainEvent, On } = require('./dist/event-sourcing/domain');

  class Rung {}
  DomainEvent('Rung')(Rung);
  class Bell extends AggregateRoot {
    ring() { this.raise(new Rung()); return this; }
    onRung() {}
  }
  On(Rung)(Bell.prototype, 'onRung', Object.getOwnPropertyDescriptor(Bell.prototype, 'onRung'));
  Aggregate('Bell')(Bell);

  let hear;
  const heard = new Promise((resolve) => (hear = resolve));
  class HearRing {
    handle(event) { hear(event.constructor.name); }
  }
  EventsHandler(Rung)(HearRing);

  async function main() {
    const root = {
      module: class Root {},
      imports: [
        EventSourcingModule.forRoot({ store: JSON.parse(process.env.STORE) }),
        EventSourcingModule.forFeature({ aggregates: [Bell] }),
      ],
      providers: [HearRing],
    };
    const application = await NestFactory.createApplicationContext(root, { logger: ['error', 'warn'] });
    const bells = application.get(aggregateRepositoryToken(Bell), { strict: false });
    await bells.save(new Bell('a').ring());
    await bells.update('a', (bell) => void bell.ring());
    console.log('head', await application.get(EventStore).head(), 'heard', await heard);
    await application.close();
  }
  main();
`;

function outcomeOf(store: unknown): { readonly stdout: string; readonly stderr: string } {
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', program], {
    cwd: join(__dirname, '../../..'),
    env: { ...process.env, STORE: JSON.stringify(store) },
    encoding: 'utf8',
    timeout: 50_000,
  });
  return { stdout, stderr };
}

describe('the writing half, and the event bus, work where TypeORM is not installed', () => {
  const works = { stdout: 'head 2n heard Rung\n', stderr: '' };

  it('on the store in memory', () => {
    expect(outcomeOf('in-memory')).toEqual(works);
  });

  it('on Postgres', async () => {
    const database = await createTestDatabase();
    expect(outcomeOf({ connection: { connectionString: database.url } })).toEqual(works);
    await database.drop();
  });
});
