import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

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

  async function main() {
    const root = {
      module: class Root {},
      imports: [EventSourcingModule.forRoot({ store: 'in-memory' }), EventSourcingModule.forFeature({ aggregates: [Bell] })],
    };
    const application = await NestFactory.createApplicationContext(root, { logger: ['error', 'warn'] });
    const bells = application.get(aggregateRepositoryToken(Bell), { strict: false });
    await bells.save(new Bell('a').ring());
    await bells.update('a', (bell) => void bell.ring());
    console.log('head', await application.get(EventStore).head());
    await application.close();
  }
  main();
`;

describe('the writing half', () => {
  it('works where TypeORM is not installed', () => {
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', program], {
      cwd: join(__dirname, '../../..'),
      encoding: 'utf8',
      timeout: 50_000,
    });
    expect({ stdout, stderr }).toEqual({ stdout: 'head 2n\n', stderr: '' });
  });
});
