import { DeclaredRoles } from './roles';

describe('the roles of a service', () => {
  const roles = new DeclaredRoles(
    { 'orders:read': {}, 'orders:write': { includes: ['orders:read'] }, 'orders:own': { isOwn: true } },
    { 'stock:count': { includes: ['orders:write'] } },
  );

  it('are those of all features in their order, and admin', () => {
    expect(roles.names).toEqual(['orders:read', 'orders:write', 'orders:own', 'stock:count', 'admin']);
    expect([roles.has('orders:own'), roles.has('admin'), roles.has('root'), roles.has(7)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('bring others with them, at any depth, and admin brings all', () => {
    expect([...roles.withIncluded(['stock:count'])].sort()).toEqual([
      'orders:read',
      'orders:write',
      'stock:count',
    ]);
    expect([...roles.withIncluded(['admin'])].sort()).toEqual([...roles.names].sort());
    expect([...roles.withIncluded([])]).toEqual([]);
  });

  it('may reach only what is the caller’s own, where they say so', () => {
    expect(roles.names.filter((role) => roles.isOwn(role))).toEqual(['orders:own']);
  });

  it.each([
    [{ 'orders:read': {} }, 'The role "orders:read" is declared twice. Rename one of the two.'],
    [{ admin: {} }, 'The role "admin" is declared twice. Rename one of the two.'],
    [{ b: { includes: ['c'] } }, 'The role "c" is included, and no feature declares it.'],
  ])('are refused when they contradict each other: %j', (more, message) => {
    expect(() => new DeclaredRoles({ 'orders:read': {} }, more)).toThrow(message);
  });
});
