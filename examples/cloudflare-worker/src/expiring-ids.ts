import { DurableObject } from 'cloudflare:workers'

// Milliseconds that an id is kept for longer than it counts, because clocks differ.
const MARGIN_MS = 60_000

/**
 * Ids, each until a time in milliseconds since 1970. Isolates share no memory, and KV takes a while until all of them see
 * what one has written. A Durable Object is one for all of them, does one thing at a time, and has it on the disk before
 * anyone hears of it.
 */
export class ExpiringIds extends DurableObject<Cloudflare.Env> {
  readonly #sql = this.ctx.storage.sql

  constructor(state: DurableObjectState, env: Cloudflare.Env) {
    super(state, env)
    this.#sql.exec('CREATE TABLE IF NOT EXISTS ids (id TEXT PRIMARY KEY, until REAL NOT NULL)')
    this.#sql.exec('CREATE INDEX IF NOT EXISTS by_until ON ids (until)')
  }

  /** Whether it was not there. Those that count no more go meanwhile. */
  add(id: string, until: number): boolean {
    this.#sql.exec('DELETE FROM ids WHERE until < ?', Date.now() - MARGIN_MS)
    const added = this.#sql.exec(
      'INSERT INTO ids VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING id',
      id,
      until,
    )
    return added.toArray().length === 1
  }

  has(id: string): boolean {
    return this.#sql.exec('SELECT id FROM ids WHERE id = ?', id).toArray().length === 1
  }
}
