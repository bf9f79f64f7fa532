import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EventSourcingModule } from '../../event-sourcing';
import { AnnounceUserCreated } from './application/announce-user-created';
import { ChangeUserEmailHandler } from './application/change-user-email.command';
import { CreateUserHandler } from './application/create-user.command';
import { DeactivateUserHandler } from './application/deactivate-user.command';
import { GetUserByIdHandler } from './application/get-user-by-id.query';
import { GetUserHistoryHandler } from './application/get-user-history.query';
import { ImportUserHandler } from './application/import-user.command';
import { ReactivateUserHandler } from './application/reactivate-user.command';
import { RenameUserHandler } from './application/rename-user.command';
import { SearchUsersHandler } from './application/search-users.query';
import { WelcomeMessageEntity } from './application/welcome-message.entity';
import { WelcomeNewUser } from './application/welcome-new-user';
import { User } from './domain/user';
import { LiveModule } from '../../extensions/live';
import { EventStreamsModule } from '../../platform';
import { UserCommandsController } from './http/user-commands.controller';
import { UserLiveController } from './http/user-live.controller';
import { UserQueriesController } from './http/user-queries.controller';
import { UserReadModelRepository } from './read-model/user-read-model.repository';
import { UserEntity } from './read-model/user.entity';
import { UsersProjector } from './read-model/users.projector';

const commandHandlers = [
  CreateUserHandler,
  RenameUserHandler,
  ChangeUserEmailHandler,
  DeactivateUserHandler,
  ReactivateUserHandler,
  ImportUserHandler,
];
const queryHandlers = [GetUserByIdHandler, SearchUsersHandler, GetUserHistoryHandler];

@Module({
  imports: [
    TypeOrmModule.forFeature([UserEntity, WelcomeMessageEntity]),
    LiveModule,
    EventStreamsModule,
    EventSourcingModule.forFeature({ aggregates: [User], projectors: [UsersProjector] }),
  ],
  controllers: [UserCommandsController, UserQueriesController, UserLiveController],
  providers: [
    ...commandHandlers,
    ...queryHandlers,
    AnnounceUserCreated,
    WelcomeNewUser,
    UserReadModelRepository,
  ],
})
export class UsersModule {}
