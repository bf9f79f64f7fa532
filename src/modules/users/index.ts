// The events, for handlers and projectors of other features
export {
  UserCreated,
  UserDeactivated,
  UserEmailChanged,
  UserReactivated,
  UserRenamed,
} from './domain/user-events';

// Wiring
export { addUserCommands } from './cli/user-commands';
export { UsersModule } from './users.module';
