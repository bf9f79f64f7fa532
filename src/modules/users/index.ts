export { addUserCommands } from './cli/user-commands';
export { UsersModule } from './users.module';
