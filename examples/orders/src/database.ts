export const connectionString = process.env.DATABASE_URL ?? 'postgres://postgres:shop@127.0.0.1/postgres';
