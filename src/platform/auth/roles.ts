/** What a caller may do, by its name: `orders:read`. */
export type Role = string;

export interface RoleDeclaration {
  /** Roles that it brings with it. */
  readonly includes?: readonly Role[];
  /** It reaches only what is the caller's own: routes that have it name the owner by `@OwnResource(…)`. */
  readonly isOwn?: true;
}

/** The roles of a feature, by their names. */
export type RoleDeclarations = Readonly<Record<Role, RoleDeclaration>>;

/** The one role that the platform has: it may do everything. */
export const ADMIN = 'admin';

/** Roles that contradict each other; the process must not start with them. */
export class RoleDeclarationError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RoleDeclarationError';
  }
}

/** Every role of the service: those that its features declare, and `admin`, which has all of them. */
export class DeclaredRoles {
  private readonly declarations: ReadonlyMap<Role, RoleDeclaration>;

  /** @throws RoleDeclarationError */
  constructor(...features: readonly RoleDeclarations[]) {
    const declarations = new Map<Role, RoleDeclaration>();
    for (const [role, declaration] of features.flatMap((feature) => Object.entries(feature))) {
      if (role === ADMIN || declarations.has(role))
        throw new RoleDeclarationError(`The role "${role}" is declared twice. Rename one of the two.`);
      declarations.set(role, declaration);
    }
    this.declarations = declarations.set(ADMIN, { includes: [...declarations.keys()] });
    for (const role of [...declarations.values()].flatMap(({ includes = [] }) => includes))
      if (!declarations.has(role))
        throw new RoleDeclarationError(`The role "${role}" is included, and no feature declares it.`);
  }

  get names(): readonly Role[] {
    return [...this.declarations.keys()];
  }

  has(text: unknown): text is Role {
    return typeof text === 'string' && this.declarations.has(text);
  }

  isOwn(role: Role): boolean {
    return this.declarations.get(role)?.isOwn === true;
  }

  /** These roles, and all that they bring with them. */
  withIncluded(given: readonly Role[]): ReadonlySet<Role> {
    const all = new Set(given);
    for (const role of all) for (const more of this.declarations.get(role)?.includes ?? []) all.add(more);
    return all;
  }
}
