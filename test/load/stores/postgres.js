import { sqlReplay } from 'cacao-session/sql'
import pg from 'pg'
import postgres from 'postgres'

// Apps use either package: the last server uses a different one than the first ones.

function poolOfPg() {
  const pool = new pg.Pool({ connectionString: process.env.PLACE })
  pool.on('error', () => {})
  return pool
}

export const replay = sqlReplay(
  process.env.SERVER === '2'
    ? postgres(process.env.PLACE, { backoff: 0.05, onnotice: () => {} })
    : poolOfPg(),
)
