import { type IncomingHttpHeaders, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Application } from 'express';
import { AppModule } from '../../src/app.module';
import { configureHttp, Database, readEnvironment } from '../../src/platform';
import { createTestDatabase } from '../support/test-database';

export interface Route {
  readonly method: string;
  /** With parameters: `/v1/users/:userId`. */
  readonly path: string;
}

export interface RawAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: IncomingHttpHeaders;
}

export interface RunningApplication {
  readonly url: string;
  readonly databaseUrl: string;
  /** Every route that the router has, whoever put it there; not the one that takes all unknown paths. */
  routes(): readonly Route[];
  /** Sends a path as it stands: `fetch` would tidy it up. */
  send(
    method: string,
    path: string,
    headers?: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<RawAnswer>;
  end(): Promise<void>;
}

/** The whole application inside the process of the test, for what cannot be seen from outside: its routes. */
export async function startInThisProcess(
  variables: Readonly<Record<string, string>>,
  prefix?: string,
): Promise<RunningApplication> {
  const testDatabase = await createTestDatabase();
  Object.assign(process.env, variables, { DATABASE_URL: testDatabase.url });
  const database = await Database.open(await readEnvironment());
  const application = await NestFactory.create<NestExpressApplication>(AppModule.forRoot({ database }), {
    abortOnError: false,
    bodyParser: false,
    logger: false,
  });
  configureHttp(application);
  if (prefix !== undefined) application.setGlobalPrefix(prefix);
  await application.listen(0, '127.0.0.1');
  const url = await application.getUrl();
  return {
    url,
    databaseUrl: testDatabase.url,
    routes: () => routesOf(application.getHttpAdapter().getInstance() as Application),
    send: (method, path, headers = {}, body) => send(url, { method, path, headers }, body),
    end: async () => {
      await application.close();
      await database.stop();
      await testDatabase.drop();
    },
  };
}

function routesOf({ router }: Application): readonly Route[] {
  const layers = router.stack as readonly { route?: { path: string; methods: Record<string, boolean> } }[];
  return layers.flatMap(({ route }) =>
    route === undefined || route.path === '/{*path}'
      ? []
      : Object.keys(route.methods).map((method) => ({ method: method.toUpperCase(), path: route.path })),
  );
}

async function send(
  url: string,
  options: { method: string; path: string; headers: Readonly<Record<string, string>> },
  body?: string,
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const outgoing = request({ hostname, port, ...options }, (incoming) => {
      const { statusCode: status = 0, headers } = incoming;
      // It has no end: its head is the answer.
      if (headers['content-type']?.startsWith('text/event-stream')) {
        incoming.destroy();
        resolve({ status, headers, text: '' });
        return;
      }
      text(incoming).then((got) => resolve({ status, headers, text: got }), reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
