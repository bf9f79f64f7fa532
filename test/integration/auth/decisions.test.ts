import { Controller, Get, Global, Module, Post, type Type } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';
import {
  AuthModule,
  DeclaredRoles,
  OwnResource,
  PlatformConfigModule,
  Public,
  PublicInDevelopment,
  Roles,
  UnknownPathModule,
} from '../../../src/platform';
import { AccessGuard } from '../../../src/platform/auth/access.guard';
import { AccessOfRoutes } from '../../../src/platform/auth/access-of-routes';

@Controller('undecided')
class Undecided {
  @Get()
  list() {
    return 'secret';
  }

  @Post(':id')
  @Public()
  decided() {
    return 'open';
  }
}

@Controller('ownerless')
class Ownerless {
  @Get(':id')
  @Roles('things:read', 'things:own')
  read() {
    return 'secret';
  }
}

@Controller('misowned')
class Misowned {
  @Get(':id')
  @Roles('things:own')
  @OwnResource('thingId')
  read() {
    return 'secret';
  }
}

@Controller('unknown')
class Unknown {
  @Get()
  @Roles('things:reed')
  read() {
    return 'secret';
  }
}

@Public()
@Controller('whole')
class Whole {
  @Get()
  open() {
    return 'open';
  }

  @Get('closed')
  @Roles('admin')
  closed() {
    return 'secret';
  }

  @Get('page')
  @PublicInDevelopment()
  page() {
    return 'page';
  }
}

async function start(controller: Type, module: object) {
  @Module({
    imports: [PlatformConfigModule.forRoot()],
    controllers: [controller],
    ...module,
  })
  class Application {}
  const application = await NestFactory.create(Application, { logger: false, abortOnError: false });
  await application.listen(0, '127.0.0.1').catch(async (error: unknown) => {
    await application.close();
    throw error;
  });
  return application;
}

const roles = new DeclaredRoles({ 'things:read': {}, 'things:own': { isOwn: true } });
/** The keys of callers are in a database; the decisions about routes ask for none. */
@Global()
@Module({ providers: [{ provide: DataSource, useValue: {} }], exports: [DataSource] })
class NoDatabase {}

const checked = { imports: [PlatformConfigModule.forRoot(), NoDatabase, AuthModule.forRoot({ roles })] };
const guardOnly = {
  providers: [
    AccessOfRoutes,
    { provide: DeclaredRoles, useValue: roles },
    { provide: APP_GUARD, useClass: AccessGuard },
  ],
};

describe('a route that nobody decided about', () => {
  it('fails the start, and the message names the route and the mend', async () => {
    await expect(start(Undecided, checked)).rejects.toThrow(
      'Nobody has decided who may call Undecided.list. ' +
        'Put @Roles(…), @AnyCaller(), @PublicInDevelopment() or @Public() on each.',
    );
  });

  it('is denied where the start does not look', async () => {
    const application = await start(Undecided, guardOnly);
    try {
      const url = await application.getUrl();
      const undecided = await fetch(`${url}/undecided`);
      expect([undecided.status >= 400, await undecided.text()]).toEqual([
        true,
        expect.not.stringMatching('secret'),
      ]);
      const decided = await fetch(`${url}/undecided/1`, { method: 'POST' });
      expect(await decided.text()).toBe('open');
    } finally {
      await application.close();
    }
  });
});

it.each([
  [Ownerless, 'Ownerless.read'],
  [Misowned, 'Misowned.read'],
])(
  'a route for the caller’s own that does not say whose it is fails the start: %p',
  async (controller, name) => {
    await expect(start(controller, checked)).rejects.toThrow(
      `A role of ${name} is meant for the caller's own, and nothing says whose the resource is. ` +
        'Put @OwnResource(…) on each, with the name of a parameter of its path; or take that role away.',
    );
  },
);

it('a route with a role that no feature declares fails the start', async () => {
  await expect(start(Unknown, checked)).rejects.toThrow(
    'No feature declares a role of Unknown.read. Declare it, or take one of these: things:read, things:own, admin.',
  );
});

it('a route behind the one for unknown paths fails the start, as nothing would reach it', async () => {
  @Module({ controllers: [Whole] })
  class Behind {}
  @Module({})
  class Nothing {}
  @Public()
  @Controller('first')
  class First {
    @Get()
    open() {
      return 'open';
    }
  }
  const last = (...more: object[]) => ({
    imports: [PlatformConfigModule.forRoot(), UnknownPathModule, ...more],
  });
  await expect(start(First, last(Behind))).rejects.toThrow(
    /\/whole.* Let UnknownPathModule be the last import/,
  );
  await (await start(First, last(Nothing))).close();
});

describe('a decision of a controller', () => {
  afterEach(() => delete process.env.NODE_ENV);

  const statuses = async (environment: string): Promise<boolean[]> => {
    Object.assign(process.env, { NODE_ENV: environment, DATABASE_URL: 'postgres://127.0.0.1:1/none' });
    const application = await start(Whole, guardOnly);
    try {
      const url = await application.getUrl();
      const answers = ['', '/closed', '/page'].map(async (path) => (await fetch(`${url}/whole${path}`)).ok);
      return await Promise.all(answers);
    } finally {
      await application.close();
    }
  };

  it('counts for its routes without one of their own, and what is public in development is not in production', async () => {
    expect(await statuses('development')).toEqual([true, false, true]);
    expect(await statuses('production')).toEqual([true, false, false]);
  });
});
