import { DurableObject } from 'cloudflare:workers'

// How long an id is kept after its expiry, in milliseconds, because clocks differ.
const MARGIN_MS = 60_000

/**
 * A set of ids, each with an expiry in milliseconds since 1970. Isolates share no memory, and with KV it takes a while until
 * all isolates see a write. They share one Durable Object, which handles one call at a time and writes to disk before it
 * answers.
 */
export class ExpiringIds extends DurableObject<Cloudflare.Env> {
  readonly #sql = this.ctx.storage.sql

  constructor(state: DurableObjectState, env: Cloudflare.Env) {
    super(state, env)
    this.#sql.exec('CREATE TABLE IF NOT EXISTS ids (id TEXT PRIMARY KEY, until REAL NOT NULL)')
    this.#sql.exec('CREATE INDEX IF NOT EXISTS by_until ON ids (until)')
  }

  /** Adds an id, and deletes expired ids. Returns false if the id was already there. */
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
