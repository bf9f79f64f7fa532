import { EventSourcingModule } from '@annals/nestjs';
import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CancellationsModule } from './cancellations/cancellations.module.js';
import { connectionString } from './database.js';
import { ErrorsFilter } from './errors.filter.js';
import { OrdersModule } from './orders/orders.module.js';
import { UsersModule } from './users/users.module.js';

@Module({
  imports: [
    // `synchronize` makes the tables of the entities. Migrations of your own do that in production.
    TypeOrmModule.forRoot({
      type: 'postgres',
      url: connectionString,
      autoLoadEntities: true,
      synchronize: true,
    }),
    EventSourcingModule.forRoot({ store: { connection: { connectionString } } }),
    OrdersModule,
    UsersModule,
    CancellationsModule,
  ],
  providers: [{ provide: APP_FILTER, useClass: ErrorsFilter }],
})
export class AppModule {}
