import { EventSourcedRepository, EventSourcingModule, InjectAggregate } from '@annals/nestjs';
import { Body, Controller, Module, Param, Post } from '@nestjs/common';
import { User } from './user.js';

@Controller('users')
export class UsersController {
  constructor(@InjectAggregate(User) private readonly users: EventSourcedRepository<User>) {}

  @Post()
  async register(@Body('userId') userId: string, @Body('name') name: string): Promise<{ userId: string }> {
    await this.users.save(User.register(userId, name));
    return { userId };
  }

  @Post(':userId/deactivation')
  async deactivate(@Param('userId') userId: string): Promise<{ userId: string }> {
    await this.users.update(userId, (user) => user.deactivate());
    return { userId };
  }
}

@Module({
  imports: [EventSourcingModule.forFeature({ aggregates: [User] })],
  controllers: [UsersController],
})
export class UsersModule {}
