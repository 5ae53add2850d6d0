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
  // Ids that expired before this time have been deleted.
  #deletedUntil: number
  // The latest time that the clock has shown. If the clock is set back, an id that has expired stays expired.
  #latest: number

  constructor(state: DurableObjectState, env: Cloudflare.Env) {
    super(state, env)
    this.#sql.exec('CREATE TABLE IF NOT EXISTS ids (id TEXT PRIMARY KEY, until REAL NOT NULL)')
    this.#sql.exec('CREATE INDEX IF NOT EXISTS by_until ON ids (until)')
    this.#sql.exec('CREATE TABLE IF NOT EXISTS deletions (until REAL NOT NULL)')
    const [row] = this.#sql.exec('SELECT max(until) AS until FROM deletions').toArray()
    this.#deletedUntil = Number(row?.['until'] ?? 0)
    this.#latest = this.#deletedUntil
  }

  /**
   * Adds an id, or extends the expiry of a known one. Returns false if the id was already there, or has expired: an expired id may
   * have been there, and was deleted.
   */
  add(id: string, until: number): boolean {
    this.#latest = Math.max(this.#latest, Date.now())
    this.#deleteExpired(this.#latest - MARGIN_MS)
    if (!(Number.isFinite(until) && until > this.#latest)) return false
    const isNew = !this.has(id, until)
    this.#sql.exec(
      'INSERT INTO ids VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET until = max(until, excluded.until)',
      id,
      until,
    )
    return isNew
  }

  /** Whether the id is there, or was deleted because it had expired. */
  has(id: string, until: number): boolean {
    if (until < this.#deletedUntil) return true
    return this.#sql.exec('SELECT id FROM ids WHERE id = ?', id).toArray().length === 1
  }

  #deleteExpired(time: number): void {
    const deleted = this.#sql.exec('DELETE FROM ids WHERE until < ? RETURNING id', time).toArray()
    if (deleted.length === 0) return
    this.#sql.exec('DELETE FROM deletions')
    this.#sql.exec('INSERT INTO deletions VALUES (?)', time)
    this.#deletedUntil = time
  }
}
