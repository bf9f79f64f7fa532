import { Module } from '@nestjs/common';
import { getRepositoryToken, TypeOrmModule } from '@nestjs/typeorm';
import { Column, Entity, PrimaryColumn, type Repository } from 'typeorm';
import {
  aggregateRepositoryToken,
  DurableEventsHandler,
  EventRegistry,
  type EventSourcedRepository,
  EventSourcingModule,
  EventStore,
  LogCheck,
  ProjectionFold,
  type ProjectionContext,
  ProjectionPositions,
  Projections,
  Projector,
} from '../../../src/event-sourcing';
import { Aggregate, AggregateRoot, DomainEvent, On } from '../../../src/event-sourcing/domain';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import { refusal, run, startHost, stopHosts } from './host';

/** Stored as MemberJoined at first, and as MemberAdmitted for a while. */
@DomainEvent('MemberWelcomed', {
  version: 2,
  formerly: ['MemberJoined', 'MemberAdmitted'],
  upcasters: { 1: ({ name }) => ({ names: [name] }) },
})
class MemberWelcomed {
  constructor(readonly names: readonly string[]) {}
}

@Aggregate('Club')
class Club extends AggregateRoot {
  readonly members: string[] = [];

  welcome(name: string): void {
    this.raise(new MemberWelcomed([name]));
  }

  @On(MemberWelcomed)
  protected onWelcomed({ names }: MemberWelcomed): void {
    this.members.push(...names);
  }
}

@Entity('members')
class MemberEntity {
  @PrimaryColumn('text')
  name!: string;

  @Column('integer')
  version!: number;
}

@Projector('members', { version: 1, entities: [MemberEntity] })
class MembersProjector {
  @On(MemberWelcomed)
  onWelcomed({ names }: MemberWelcomed, { rows, recorded }: ProjectionContext): void {
    for (const name of names) rows(MemberEntity).put({ name, version: recorded.version });
  }
}

const greeted: string[] = [];

@DurableEventsHandler('greetings', MemberWelcomed)
class Greetings {
  handle({ names }: MemberWelcomed): void {
    greeted.push(...names);
  }
}

@Module({
  imports: [
    TypeOrmModule.forFeature([MemberEntity]),
    EventSourcingModule.forFeature({
      aggregates: [Club],
      projectors: [MembersProjector],
      retired: ['DuesRaised'],
    }),
  ],
  providers: [Greetings],
})
class ClubModule {}

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
  await run(database.url, 'CREATE TABLE members (name text PRIMARY KEY, version integer NOT NULL)');
  greeted.length = 0;
});
afterEach(async () => {
  await stopHosts();
  await database.drop();
});

const host = () => ({
  url: database.url,
  projectors: [],
  entities: [MemberEntity],
  behind: [ClubModule],
});

describe('a log that older programs have written', () => {
  it('is loaded, projected, handled and proved under the names of today, and what is retired is passed over', async () => {
    const application = await startHost(host());
    const clubs = application.get<EventSourcedRepository<Club>>(aggregateRepositoryToken(Club), {
      strict: false,
    });
    const store = application.get(EventStore, { strict: false });
    const stored = [
      { type: 'MemberJoined', schemaVersion: 1, data: { name: 'Ada' } },
      { type: 'DuesRaised', schemaVersion: 1, data: { by: 5 } },
      { type: 'MemberAdmitted', schemaVersion: 2, data: { names: ['Grace'] } },
      { type: 'DuesRaised', schemaVersion: 7, data: {} },
    ];
    await store.appendToStream({ type: 'Club', id: 'c' }, stored, { expectedVersion: 'no-stream' });
    const { version, position } = await clubs.update('c', (club) => {
      expect(club.members).toEqual(['Ada', 'Grace']);
      club.welcome('Edsger');
    });
    expect(version).toBe(5);

    const positions = application.get(ProjectionPositions, { strict: false });
    for (const name of ['members', 'greetings'])
      expect(await positions.waitFor(name, position, 10_000)).toBe(true);
    const rows = application.get<Repository<MemberEntity>>(getRepositoryToken(MemberEntity), {
      strict: false,
    });
    expect(await rows.find({ order: { version: 'ASC' } })).toEqual([
      { name: 'Ada', version: 1 },
      { name: 'Grace', version: 3 },
      { name: 'Edsger', version: 5 },
    ]);
    expect(greeted).toEqual(['Ada', 'Grace', 'Edsger']);

    const projection = application.get(Projections, { strict: false }).get('members');
    expect(
      (await application.get(ProjectionFold, { strict: false }).compare(projection)).differences,
    ).toEqual([]);
    const check = await application.get(LogCheck, { strict: false }).run();
    expect([check.problems, check.retired]).toEqual([[], [{ type: 'DuesRaised', events: 2n }]]);
    const registry = application.get(EventRegistry, { strict: false });
    const names = ['MemberWelcomed', 'MemberJoined', 'MemberAdmitted'];
    for (const name of names) expect(registry.namesOf(name)).toEqual(names);
  });

  it('ends the start of a program in which a retired type still has a class', async () => {
    @Module({ imports: [EventSourcingModule.forFeature({ retired: ['MemberJoined'] })] })
    class CleanUpModule {}
    const started = refusal({ ...host(), behind: [ClubModule, CleanUpModule] });
    expect(await started).toBe(
      'EventRegistrationError: The event type "MemberJoined" is retired, and MemberWelcomed stores events of it, or did formerly. ' +
        'Take it out of EventSourcingModule.forFeature({ retired }), or remove the class and its @On methods.',
    );
  });
});
