type Plant = [file: string, line: string, target: string];

/** A tree that goes every way it may: no rule has a word against it. */
export const orderly: Record<string, string> = {
  'src/main.ts': `import { AppModule } from './app.module';\nimport { readEnvironment } from './platform';`,
  'src/cli.ts': `import { AppModule } from './app.module';\nimport { ImportUsers } from './modules/users';`,
  'src/app.module.ts': `import { UsersModule } from './modules/users';\nimport { OrdersModule } from './modules/orders/orders.module';`,
  'src/platform/index.ts': `export { HttpModule } from './http/http.module';`,
  'src/platform/cli/index.ts': `export { table } from './table';`,
  'src/platform/cli/table.ts': `import { runInMessageContext } from '../../event-sourcing';`,
  'src/platform/http/http.module.ts': `import { EventStore, LogHoleError } from '../../event-sourcing';\nimport { DomainError } from '../../event-sourcing/domain';\nimport { table } from '../cli/table';`,
  'src/operations/index.ts': `export { OperationsModule } from './operations.module';`,
  'src/operations/operations.module.ts': `import { HttpModule } from '../platform';\nimport { Subscriptions } from '../event-sourcing';\nimport { LiveLog } from '../extensions/live';`,
  'src/operations/cli/verify-command.ts': `import { LogCheck } from '../../event-sourcing';\nimport { table } from '../../platform/cli';`,
  'src/event-sourcing/index.ts': `export { EventStore } from './event-store/event-store';\nexport { AggregateRoot } from './domain';`,
  'src/event-sourcing/diagnostics.ts': `import { channel } from 'node:diagnostics_channel';`,
  'src/event-sourcing/event-store/event-store.ts': `import { Client } from 'pg';\nimport { randomUUID } from 'node:crypto';\nimport { work } from '../diagnostics';`,
  'src/event-sourcing/event-store/postgres/append-queue.ts': `import type { EventStore } from '../event-store';`,
  'src/event-sourcing/subscriptions/subscriber.ts': `import { EventStore } from '../event-store/event-store';`,
  'src/event-sourcing/subscriptions/delivery/event-runner.ts': `import { Subscriber } from '../subscriber';`,
  'src/event-sourcing/domain/index.ts': `export { AggregateRoot } from './aggregate-root';`,
  'src/event-sourcing/domain/aggregate-root.ts': `export abstract class AggregateRoot {}`,
  'src/event-sourcing/testing/index.ts': `export { specFor } from './spec-for';`,
  'src/event-sourcing/testing/spec-for.ts': `import { AggregateRoot } from '../domain';\nimport fc from 'fast-check';`,
  'src/extensions/live/index.ts': `export { LiveLog } from './live-log';`,
  'src/extensions/live/live-log.ts': `import { EventStore } from '../../event-sourcing';`,
  'src/extensions/seals/index.ts': `export const seals = 1;`,
  'src/modules/users/index.ts': `export { UsersModule } from './users.module';`,
  'src/modules/users/users.module.ts': `import { UsersController } from './http/users.controller';`,
  'src/modules/users/domain/email.ts': `export class Email {}`,
  'src/modules/users/domain/user.ts': `import { Email } from './email';\nimport { Aggregate } from '../../../event-sourcing/domain';`,
  'src/modules/users/application/change-user-email.command.ts': `import { User } from '../domain/user';\nimport { EventStore } from '../../../event-sourcing';\nimport { Command } from '@nestjs/cqrs';\nimport { PlaceOrder } from '../../orders';`,
  'src/modules/users/application/get-user-by-id.query.ts': `import { UserRow } from '../read-model/user-row';`,
  'src/modules/users/read-model/user-row.ts': `import { Email } from '../domain/email';\nimport { EntityManager } from 'typeorm';`,
  'src/modules/users/http/users.controller.ts': `import { ChangeUserEmail } from '../application/change-user-email.command';\nimport { Email } from '../domain/email';\nimport type { UserRow } from '../read-model/user-row';\nimport { HttpModule } from '../../../platform';`,
  'src/modules/orders/index.ts': `export { OrdersModule } from './orders.module';\nexport { GetOrder } from './application/get-order.query';`,
  'src/modules/orders/orders.module.ts': `import { Module } from '@nestjs/common';`,
  'src/modules/orders/application/get-order.query.ts': `import { OrderRow } from '../read-model/order-row';`,
  'src/modules/orders/read-model/order-row.ts': `export interface OrderRow { total: number }`,
};

/** For each rule, lines that break it when they are added to the file of the orderly tree that is named before them. */
export const planted: Record<string, Plant[]> = {
  'platform-knows-no-extension': [
    [
      'src/platform/http/http.module.ts',
      `import { LiveLog } from '../../extensions/live';`,
      'src/extensions/live/index.ts',
    ],
  ],
  'extensions-know-the-doors-of-the-kernel-alone': [
    ['src/extensions/live/live-log.ts', `import '../seals';`, 'src/extensions/seals/index.ts'],
    ['src/extensions/live/live-log.ts', `import '../../platform';`, 'src/platform/index.ts'],
    ['src/extensions/live/live-log.ts', `import '../../modules/users';`, 'src/modules/users/index.ts'],
    [
      'src/extensions/live/live-log.ts',
      `import '../../event-sourcing/event-store/event-store';`,
      'src/event-sourcing/event-store/event-store.ts',
    ],
  ],
  'extensions-are-entered-by-a-door': [
    [
      'src/operations/operations.module.ts',
      `import '../extensions/live/live-log';`,
      'src/extensions/live/live-log.ts',
    ],
  ],
  'kernel-knows-nobody': [
    ['src/event-sourcing/event-store/event-store.ts', `import '../../platform';`, 'src/platform/index.ts'],
    [
      'src/event-sourcing/domain/aggregate-root.ts',
      `import type { A } from '../../app.module';`,
      'src/app.module.ts',
    ],
    ['src/event-sourcing/index.ts', `export { User } from '../modules/users';`, 'src/modules/users/index.ts'],
  ],
  'kernel-domain-is-plain-typescript': [
    [
      'src/event-sourcing/domain/aggregate-root.ts',
      `import { Injectable } from '@nestjs/common';`,
      '@nestjs/common',
    ],
    ['src/event-sourcing/domain/aggregate-root.ts', `import type { Subject } from 'rxjs/internal';`, 'rxjs'],
    ['src/event-sourcing/domain/aggregate-root.ts', `import { randomUUID } from 'crypto';`, 'node:crypto'],
    ['src/event-sourcing/domain/aggregate-root.ts', `import '..';`, 'src/event-sourcing/index.ts'],
  ],
  'kernel-folders-are-in-no-circle': [
    [
      'src/event-sourcing/event-store/event-store.ts',
      `import { AppendQueue } from './postgres/append-queue';`,
      'src/event-sourcing/event-store/postgres/append-queue.ts',
    ],
    [
      'src/event-sourcing/subscriptions/subscriber.ts',
      `import type { EventRunner } from './delivery/event-runner';`,
      'src/event-sourcing/subscriptions/delivery/event-runner.ts',
    ],
    [
      'src/event-sourcing/event-store/event-store.ts',
      `type R = import('../subscriptions/delivery/event-runner').EventRunner;`,
      'src/event-sourcing/subscriptions/delivery/event-runner.ts',
    ],
    [
      'src/event-sourcing/diagnostics.ts',
      `import type { EventStore } from './event-store/event-store';`,
      'src/event-sourcing/event-store/event-store.ts',
    ],
  ],
  'platform-enters-the-kernel-by-a-door': [
    [
      'src/platform/http/http.module.ts',
      `import { AggregateRoot } from '../../event-sourcing/domain/aggregate-root';`,
      'src/event-sourcing/domain/aggregate-root.ts',
    ],
  ],
  'platform-knows-no-feature': [
    [
      'src/platform/http/http.module.ts',
      `type U = import('../../modules/users').User;`,
      'src/modules/users/index.ts',
    ],
  ],
  'platform-knows-no-operations': [
    [
      'src/platform/http/http.module.ts',
      `import { OperationsModule } from '../../operations';`,
      'src/operations/index.ts',
    ],
  ],
  'platform-takes-little-of-the-kernel': [
    [
      'src/platform/http/http.module.ts',
      `import { LogHoleError, Subscriptions } from '../../event-sourcing';`,
      'src/event-sourcing/index.ts',
    ],
    [
      'src/platform/http/http.module.ts',
      `import type { Subscriptions as EventStore } from '../../event-sourcing';`,
      'src/event-sourcing/index.ts',
    ],
    [
      'src/platform/http/http.module.ts',
      `import * as kernel from '../../event-sourcing';`,
      'src/event-sourcing/index.ts',
    ],
    [
      'src/platform/http/http.module.ts',
      `const { Subscriptions } = await import('../../event-sourcing');`,
      'src/event-sourcing/index.ts',
    ],
  ],
  'operations-know-no-feature': [
    [
      'src/operations/operations.module.ts',
      `import { UsersModule } from '../modules/users';`,
      'src/modules/users/index.ts',
    ],
  ],
  'commands-of-operators-need-the-kernel-alone': [
    [
      'src/operations/cli/verify-command.ts',
      `import { Database } from '../../platform';`,
      'src/platform/index.ts',
    ],
    [
      'src/operations/cli/verify-command.ts',
      `import type { M } from '../operations.module';`,
      'src/operations/operations.module.ts',
    ],
  ],
  'running-commands-needs-no-other-part-of-the-platform': [
    [
      'src/platform/cli/table.ts',
      `import { HttpModule } from '../http/http.module';`,
      'src/platform/http/http.module.ts',
    ],
  ],
  'features-know-no-operations': [
    [
      'src/modules/users/users.module.ts',
      `import { OperationsModule } from '../../operations';`,
      'src/operations/index.ts',
    ],
  ],
  'kernel-platform-and-operations-are-entered-by-a-door': [
    [
      'src/app.module.ts',
      `import { OperationsModule } from './operations/operations.module';`,
      'src/operations/operations.module.ts',
    ],
    [
      'src/operations/operations.module.ts',
      `import { http } from '../platform/http/http.module';`,
      'src/platform/http/http.module.ts',
    ],
    [
      'src/main.ts',
      `import { http } from './platform/http/http.module';`,
      'src/platform/http/http.module.ts',
    ],
    [
      'src/modules/users/users.module.ts',
      `import { EventStore } from '../../event-sourcing/event-store/event-store';`,
      'src/event-sourcing/event-store/event-store.ts',
    ],
    [
      'src/modules/users/users.module.ts',
      `const http = require('../../platform/http/http.module');`,
      'src/platform/http/http.module.ts',
    ],
  ],
  'features-meet-at-their-doors': [
    [
      'src/modules/users/users.module.ts',
      `const orders = await import('../orders/orders.module');`,
      'src/modules/orders/orders.module.ts',
    ],
  ],
  'only-the-app-module-names-features': [
    ['src/main.ts', `import { UsersModule } from './modules/users';`, 'src/modules/users/index.ts'],
    ['src/cli.ts', `import { U } from './modules/users/users.module';`, 'src/modules/users/users.module.ts'],
    [
      'src/app.module.ts',
      `import { User } from './modules/users/domain/user';`,
      'src/modules/users/domain/user.ts',
    ],
  ],
  'nothing-looks-up-to-the-process': [
    [
      'src/platform/http/http.module.ts',
      `import { AppModule } from '../../app.module';`,
      'src/app.module.ts',
    ],
    ['src/modules/users/users.module.ts', `import '../../cli';`, 'src/cli.ts'],
    ['src/app.module.ts', `import './main';`, 'src/main.ts'],
  ],
  'domain-imports-domain': [
    ['src/modules/users/domain/user.ts', `import { v7 } from 'uuid';`, 'uuid'],
    ['src/modules/users/domain/user.ts', `import 'node:crypto';`, 'node:crypto'],
    ['src/modules/users/domain/user.ts', `import '../../../event-sourcing';`, 'src/event-sourcing/index.ts'],
    [
      'src/modules/users/domain/user.ts',
      `import type { O } from '../../orders';`,
      'src/modules/orders/index.ts',
    ],
    [
      'src/modules/users/domain/user.ts',
      `import type { C } from '../http/users.controller';`,
      'src/modules/users/http/users.controller.ts',
    ],
  ],
  'application-knows-no-http': [
    [
      'src/modules/users/application/get-user-by-id.query.ts',
      `import { UsersController } from '../http/users.controller';`,
      'src/modules/users/http/users.controller.ts',
    ],
  ],
  'commands-read-no-read-model': [
    [
      'src/modules/users/application/change-user-email.command.ts',
      `import type { UserRow } from '../read-model/user-row';`,
      'src/modules/users/read-model/user-row.ts',
    ],
    [
      'src/modules/users/application/change-user-email.command.ts',
      `import { GetUserById } from './get-user-by-id.query';`,
      'src/modules/users/application/get-user-by-id.query.ts',
    ],
  ],
  'read-model-knows-no-application': [
    [
      'src/modules/users/read-model/user-row.ts',
      `import type { GetUserById } from '../application/get-user-by-id.query';`,
      'src/modules/users/application/get-user-by-id.query.ts',
    ],
  ],
  'http-reads-through-the-query-bus': [
    [
      'src/modules/users/http/users.controller.ts',
      `import { readRow } from '../read-model/user-row';`,
      'src/modules/users/read-model/user-row.ts',
    ],
  ],
  'imports-can-be-seen': [
    ['src/main.ts', `import { EventStore } from '#event-sourcing';`, '#event-sourcing'],
    ['src/main.ts', `import { gone } from './gone';`, 'src/gone'],
    ['src/main.ts', 'const plugin = await import(process.env.PLUGIN);', 'process.env.PLUGIN'],
  ],
  'packages-are-installed': [
    ['src/main.ts', `import { build } from 'not-declared/sub-path';`, 'not-declared'],
    ['src/main.ts', `import { start } from 'only-optional';`, 'only-optional'],
  ],
};
