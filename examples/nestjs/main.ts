// A cache as a NestJS provider: one for the application, injected where it is needed, closed on shutdown.
//
// Node runs this file without a compiler, and decorators need one; so they are called as the functions that they are.
// In your project write `@Injectable()`, `@Inject(USERS)` and `@Module({ ... })`.
import 'reflect-metadata';
import { createTtlCache, type TtlCache } from '@corral/ttl-cache';
import { Inject, Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

interface User {
  id: string;
  name: string;
}

const USERS = Symbol('users cache');
const usersCache = {
  provide: USERS,
  useFactory: () => createTtlCache<User>({ ttlMs: 60_000, jitter: 0.1, staleIfErrorMs: 600_000 }),
};

class UserRepository {
  queries = 0;
  async find(id: string): Promise<User> {
    this.queries++;
    return { id, name: `user ${id}` };
  }
}
Injectable()(UserRepository);

class UserService implements OnApplicationShutdown {
  readonly #cache: TtlCache<User>;
  readonly #repository: UserRepository;

  constructor(cache: TtlCache<User>, repository: UserRepository) {
    this.#cache = cache;
    this.#repository = repository;
  }

  userOf(id: string): Promise<User | undefined> {
    return this.#cache.getOrLoad(id, ({ key }) => this.#repository.find(key));
  }

  onApplicationShutdown(): void {
    this.#cache.close();
    console.log('the cache is closed');
  }
}
Injectable()(UserService);
Inject(USERS)(UserService, undefined, 0);
Inject(UserRepository)(UserService, undefined, 1);

class AppModule {}
Module({ providers: [usersCache, UserRepository, UserService] })(AppModule);

const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
const users = app.get(UserService);
const answers = await Promise.all(Array.from({ length: 200 }, () => users.userOf('7')));
console.log(`200 callers got ${answers[199]!.name}, ${app.get(UserRepository).queries} query`);
await app.close();
