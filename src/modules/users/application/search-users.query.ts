import { IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { UserPage, UserReadModelRepository, UserSearch } from '../read-model/user-read-model.repository';

export class SearchUsers extends Query<UserPage> {
  constructor(readonly search: UserSearch) {
    super();
  }
}

@QueryHandler(SearchUsers)
export class SearchUsersHandler implements IQueryHandler<SearchUsers> {
  constructor(private readonly users: UserReadModelRepository) {}

  async execute({ search }: SearchUsers): Promise<UserPage> {
    return this.users.search(search);
  }
}
